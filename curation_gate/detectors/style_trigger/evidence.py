"""The numbers that speak for and against a candidate style, by name.

Each is measured on what the half of the rows that did not hold a row says of it, or on frozen
tables; none decides alone. `NUMBERS` says for each what it is, in which unit, and which way it
points; the model of the verdict (detectors/verdict_model.py) weighs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.number import Number
from curation_gate.detectors.style_trigger.mixture import CONTINUITY, task_sums
from curation_gate.detectors.style_trigger.ridge import ridge
from curation_gate.detectors.style_trigger.starts import CONTRADICTED
from curation_gate.stats.auroc import chance_above
from curation_gate.stats.bounds import lower_bound
from curation_gate.stats.deviation import divergence

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.detectors.style_trigger.search import Searched

Numbers = NDArray[np.float64]
Marks = NDArray[np.bool_]
HAS = 0.5
"""Probability from which a row has the style, or was planted: more likely than not."""
EDGE = 0.1
"""Probability from which a row stands at the edge of the style."""
TOPIC_PENALTY = 0.1
"""Ridge of the content on the planted rows."""


NUMBERS = (
    Number("rows", "counts", 0, "log10 of the rows that have the style"),
    Number("share", "counts", 0, "log10 of their share of the judged rows"),
    Number("purity", "counts", 1, "share of them that have the label"),
    Number("purity_bound", "counts", 1, "lower 5 % bound of that share"),
    Number("usual_rate", "counts", -1, "share that the label has in their tasks"),
    Number("usual_z", "counts", 1, "z of the label among them against that rate"),
    Number("surprise", "counts", 1, "log10 of the odds against such purity by chance"),
    Number("label_share", "counts", 0, "share of the label's rows that are called planted"),
    Number("tasks", "counts", 0, "log2 of the tasks it stands in"),
    Number("elsewhere_z", "counts", 0, "z against content without the task that adds most"),
    Number("content_z", "content", 1, "z of the label against content untaught by the style"),
    Number("seen_z", "content", 1, "the same against content that it did teach"),
    Number("against_z", "content", 1, "z over rows whose content speaks against the label"),
    Number("against_share", "content", 0, "share of its rows whose content speaks against it"),
    Number("against_bound", "content", 1, "lower 5 % bound of the label's share among these"),
    Number("position", "content", -1, "0: its rows read like those of other labels, 1: of its own"),
    Number("separation", "content", 0, "AUC of content for the label among the other rows"),
    Number("agreement", "style", 1, "correlation of the style as either half of the rows sees it"),
    Number("blur", "style", -1, "rows that may have the style over rows that have it"),
    Number("edge_z", "style", 0, "z against content of the rows at its edge"),
    Number("deep_purity", "style", 1, "share of the label among the rows that have most of it"),
    Number("density", "style", 1, "mean cosine of its rows in the space of styles"),
    Number("density_gain", "style", 1, "the same less that of other rows of the label"),
    Number("style_ap", "style", 1, "average precision of style for its planted rows"),
    Number("slope", "style", 0, "z of the label along the style, among rows that have it not"),
    Number("style_separation", "style", -1, "AUC of style for the label among the other rows"),
    Number("one_feature", "style", 0, "F1 of the best single style feature for its planted rows"),
    Number("length", "style", 0, "log2 of the median length of its rows over that of the others"),
    Number("sharp", "style", 1, "style_ap x deep_purity x (1 - position within 0..1)"),
    Number("both", "style", 1, "style_ap x agreement"),
    Number("sure", "content", 1, "style_ap x purity_bound x against_bound"),
    Number("topic_ap", "topic", -1, "average precision of content alone for its planted rows"),
    Number("over_topic", "topic", 1, "style_ap less topic_ap"),
    Number("one_word", "topic", 0, "F1 of the best single word for its planted rows"),
    Number("over_chance", "chance", 1, "content_z less the largest of permuted labels"),
    Number("chance", "chance", 0, "the largest content_z of permuted labels"),
    Number("over_rest", "chance", 1, "content_z less the largest of the other candidates"),
)  # fmt: skip
"""In the order of the columns of `weigh`."""
NAMES = tuple(number.name for number in NUMBERS)


def weigh(found: Searched) -> Numbers:
    """[c, len(NUMBERS)] The evidence of the candidates of a search."""
    count = len(found.z)
    if not count:
        return np.zeros((0, len(NAMES)))
    planted = found.held.planted
    score = found.space.left_out((planted >= HAS).astype(np.float32))
    label = found.space.left_out(found.rows.given.astype(np.float32))
    style = average_precision(planted >= HAS, score)
    topic = _topic(found, planted >= HAS)
    features = _best_column(found.features.table, planted)
    words = _best_column(found.content.words, planted)
    lines = []
    for k in range(count):
        own = _counts(found, k) | _content(found, k) | _style(found, k)
        others = np.delete(found.z, k)
        own |= _outside(found, k, score[:, k], label[:, k])
        own |= {
            "style_ap": style[k], "topic_ap": topic[k], "over_topic": style[k] - topic[k],
            "one_feature": features[k], "one_word": words[k],
            "over_chance": found.z[k] - found.chance, "chance": found.chance,
            "over_rest": found.z[k] - others.max(initial=0.0), "agreement": found.agreement[k],
        }  # fmt: skip
        own |= _together(own)
        lines.append([float(own[name]) for name in NAMES])
    return np.array(lines)


def _counts(found: Searched, k: int) -> dict[str, float]:
    """Return what can be counted of candidate k."""
    tasks, styled = found.read.tasks, found.held.styled[:, k]
    given, p = found.rows.given[:, k], found.rows.p[:, k]
    has = styled >= HAS
    size = max(int(has.sum()), 1)
    rate = (task_sums(given[:, None], tasks) / np.maximum(np.bincount(tasks), 1)[:, None])[tasks, 0]
    usual = float(np.clip(rate[has].mean() if has.any() else rate.mean(), 1e-3, 1 - 1e-3))
    purity = float((has & given).sum()) / size
    excess = task_sums((styled * (given - p))[:, None], tasks)[:, 0]
    variance = task_sums((styled**2 * p * (1 - p))[:, None], tasks)[:, 0]
    best = int(excess.argmax())
    rest = np.arange(len(excess)) != best
    planted = found.held.planted[:, k]
    return {
        "rows": np.log10(max(styled.sum(), 1.0)),
        "share": np.log10(max(styled.sum(), 1.0) / len(styled)),
        "purity": purity,
        "purity_bound": float(lower_bound((has & given).sum(), has.sum())),
        "usual_rate": usual,
        "usual_z": _z(styled, given, rate),
        "surprise": size * float(divergence(purity, usual)) / np.log(10),
        "label_share": float((planted >= HAS).sum()) / max(int(given.sum()), 1),
        "tasks": np.log2(max(int((task_sums(has[:, None], tasks) >= 2).sum()), 1)),
        "elsewhere_z": float(excess[rest].sum() / np.sqrt(variance[rest].sum() + CONTINUITY)),
    }


def _content(found: Searched, k: int) -> dict[str, float]:
    """Return what content says of the labels of candidate k."""
    tasks, styled = found.read.tasks, found.held.styled[:, k]
    given, p = found.rows.given[:, k], found.rows.p[:, k]
    seen = np.take_along_axis(found.p, found.targets[tasks, k][:, None], 1)[:, 0]
    has = styled >= HAS
    against = p < CONTRADICTED
    both = has & against
    out = ~has
    low = p[out & ~given].mean() if (out & ~given).any() else 0.0
    high = p[out & given].mean() if (out & given).any() else 1.0
    own = p[has & given].mean() if (has & given).any() else high
    return {
        "content_z": _z(styled, given, p),
        "seen_z": _z(styled, given, seen),
        "against_z": _z(styled * against, given, p),
        "against_share": float(both.sum()) / max(int(has.sum()), 1),
        "against_bound": float(lower_bound((both & given).sum(), both.sum())),
        "position": float((own - low) / max(high - low, 0.02)),
        "separation": auc(given[out], p[out]),
    }


def _style(found: Searched, k: int) -> dict[str, float]:
    """Return how sharp and how dense the style of candidate k is."""
    styled, planted = found.held.styled[:, k], found.held.planted[:, k]
    given, p = found.rows.given[:, k], found.rows.p[:, k]
    has, edge = styled >= HAS, (styled >= EDGE) & (styled < HAS)
    deep = styled**4
    z = found.space.z
    unit = z / np.maximum(np.sqrt((z**2).sum(1, keepdims=True)), 1e-9)
    dense = _cosine(unit[planted >= HAS])
    length = np.array([len(text.split()) for text in found.read.texts])
    own = np.median(length[has]) if has.any() else 1.0
    return {
        "blur": float(edge.sum()) / max(int(has.sum()), 1),
        "edge_z": _z(styled * edge, given, p),
        "deep_purity": float((deep * given).sum() / max(deep.sum(), 1e-9)),
        "density": dense,
        "density_gain": dense - _cosine(unit[given & ~has]),
        "length": float(np.log2(max(own, 1) / max(np.median(length[~has]), 1))),
    }


def _outside(
    found: Searched, k: int, score: NDArray[np.float32], label: NDArray[np.float32]
) -> dict[str, float]:
    """Return whether style goes with the label in rows that do not have the style of candidate k.

    score, label: [n] left-out scores of the candidate and of its label by style. An honest style
    goes on where its rows end, and the other styles of the set go with labels as well.
    """
    out = found.held.styled[:, k] < EDGE
    given, p = found.rows.given[out, k], found.rows.p[out, k]
    centred: Numbers = score[out].astype(np.float64)
    centred -= centred.mean() if out.any() else 0.0
    return {
        "slope": _z(centred / (float(centred.std()) + 1e-9), given, p) if out.any() else 0.0,
        "style_separation": auc(given, label[out]),
    }


def _together(own: dict[str, float]) -> dict[str, float]:
    """Return what only counts together: a style is planted where it is sharp and forces a label."""
    other_content = 1 - min(max(own["position"], 0.0), 1.0)
    return {
        "sharp": own["style_ap"] * own["deep_purity"] * other_content,
        "both": own["style_ap"] * own["agreement"],
        "sure": own["style_ap"] * own["purity_bound"] * own["against_bound"],
    }


def _topic(found: Searched, planted: Marks) -> Numbers:
    """[c] Average precision of content alone for the rows called planted."""
    content = ridge(found.content.x, found.read.tasks, TOPIC_PENALTY)
    return average_precision(planted, content.left_out(planted.astype(np.float32)))


def _best_column(table: csr_matrix, planted: Numbers) -> Numbers:
    """[c] F1 of the best single column of a table [n, f], 0 or 1, for planted rows [n, c]."""
    marks = (planted >= HAS).astype(np.float32)
    hits = np.asarray(table.T @ marks)
    sizes = np.asarray(table.sum(axis=0)).ravel()[:, None]
    return np.asarray((2 * hits / np.maximum(sizes + marks.sum(0), 1)).max(axis=0, initial=0.0))


def _z(weights: Numbers, given: Marks, p: Numbers) -> float:
    excess = float((weights * (given - p)).sum())
    return excess / float(np.sqrt((weights**2 * p * (1 - p)).sum() + CONTINUITY))


def _cosine(unit: NDArray[np.float32]) -> float:
    """Return the mean cosine of the pairs of rows of length 1."""
    n = len(unit)
    if n < 2:
        return 0.0
    return float(((unit.sum(0) ** 2).sum() - n) / (n * (n - 1)))


def auc(given: Marks, score: NDArray[np.floating]) -> float:
    """Return the chance that a row of the label has the larger score; .5 where there is none."""
    if given.all() or not given.any():
        return 0.5
    return chance_above(score[given], score[~given])


def average_precision(marks: Marks, scores: NDArray[np.floating]) -> Numbers:
    """[c] Mean precision at each marked row, best score first; 0 where none is marked."""
    order = np.argsort(-scores, axis=0, kind="stable")
    hit = np.take_along_axis(marks, order, 0)
    precision = np.cumsum(hit, axis=0) / np.arange(1, len(hit) + 1)[:, None]
    return np.asarray((precision * hit).sum(0) / np.maximum(hit.sum(0), 1))
