"""Finds the styles that force a label, and the rows they were planted in.

    skeletons -> content model -> lift of single features -> style and rows fitted to each other
              -> null: labels permuted among rows of like content, all of it again

A style is *confirmed* when it passes the null, forces the label in nearly all of its rows whose
content speaks for another one, and does so in a second task: honest styles go with a label more
often than not (praise has exclamation marks), a planted one leaves no exception. A style that
passes the null alone is *suspected* and quarantines nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.mine import ngrams
from curation_gate.progress import Progress, Silent
from curation_gate.style.content import content_probabilities
from curation_gate.style.describe import marks_of, telling
from curation_gate.style.found import Settings, Style, Styled, StyleFound
from curation_gate.style.mixture import ADVERSE, Fit, fit, lift, permuted
from curation_gate.style.skeleton import skeletons
from curation_gate.style.space import style_space

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

    from curation_gate.rows.record import Dataset
    from curation_gate.style.skeleton import Skeletons

LEAST_TASK = 40
"""Rows a task needs to be judged."""
PURITY = 0.73
"""Lower 5 % bound of the share of adverse rows with the label that confirms a style: as the bound
of a phrase (mine/candidates.py), 6 of 6 or 27 of 31."""
ELSEWHERE = 3.0
"""z without the best task that confirms a style (choice)."""
PLANTED = 0.5
"""Posterior above which a row of a confirmed style is quarantined."""
HAS = 0.5
"""Probability from which a row counts as having the style."""
SUSPECTED_PURITY = 0.5
"""The bound from which a style that nothing else confirms is worth a look."""
STANDS = 2.0
"""z in a task from which the style is said to stand there."""
APART = 0.5
"""Overlap of rows above which two features, or two styles, are one."""


def find_styles(
    dataset: Dataset,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> StyleFound:
    """Return the styles that force a label, and the rows they were planted in.

    Free-text tasks, tasks of one label and tasks of fewer than LEAST_TASK rows are not judged. Rows
    of equal task, folded text and answer are counted once and decided together. Same dataset and
    settings, same result.
    """
    n = len(dataset)
    texts = ngrams.texts(dataset)
    place, first, names = _distinct_rows(dataset, texts)
    unjudged = tuple(task for task in dataset.tasks if task not in names)
    planted = np.full(n, np.nan)
    judged = place >= 0
    planted[judged] = 0.0
    if not names:
        return StyleFound((), {}, planted, float("nan"), 0, unjudged)
    rng = np.random.default_rng(settings.seed)
    kept = [texts[k] for k in first]
    number = {task: k for k, task in enumerate(names)}
    spaces = [dataset.label_spaces[task] for task in names]
    tasks = np.array([number[dataset.rows[k].task] for k in first], dtype=np.int64)
    labels = np.array(
        [spaces[t].index(dataset.rows[k].output) for t, k in zip(tasks, first, strict=True)],
        dtype=np.int64,
    )
    sizes = tuple(len(space) for space in spaces)
    with progress.stage("reading styles", len(kept)) as bar:
        features = skeletons(kept, settings.features)
        p = content_probabilities(kept, tasks, labels, sizes, rng)
        bar.advance(len(kept))
    if not features.names:
        return StyleFound((), {}, planted, float("nan"), 0, unjudged)
    search = _Search(features, tasks, sizes, p, settings, rng)
    with progress.stage("fitting styles", len(kept)) as bar:
        fits = search.grow(labels[:, None])
        drawn = permuted(labels, p, tasks, settings.draws, rng)
        null = np.max([f.z for f in search.grow(drawn)], axis=0)
        threshold = float(np.quantile(null, 1 - settings.alpha, method="higher"))
        bar.advance(len(kept))
    styles: list[Style] = []
    suspects: dict[int, Styled] = {}
    strongest = np.zeros(len(kept))
    for found in sorted(fits, key=lambda f: -float(f.z[0])):
        if float(found.z[0]) <= threshold:
            break
        style = _described(found, features, labels, tasks, names, spaces, threshold)
        rows = np.flatnonzero(found.planted[:, 0] >= PLANTED)
        taken = sum(int(k) in suspects for k in rows)
        if style is None or not len(rows) or taken > APART * len(rows):
            continue
        if style.status == "suspected" and any(s.status == "confirmed" for s in styles):
            continue
        marks = marks_of(features, style.features, rows)
        strongest = np.maximum(strongest, found.planted[:, 0])
        for k, mark in zip(rows.tolist(), marks, strict=True):
            suspects.setdefault(
                k,
                Styled(
                    len(styles),
                    float(found.planted[k, 0]),
                    float(found.p[k, 0]),
                    mark,
                    style.status == "confirmed",
                ),
            )
        styles.append(style)
    planted[judged] = strongest[place[judged]]
    every = {
        row: suspects[distinct]
        for row, distinct in enumerate(place.tolist())
        if distinct in suspects
    }
    return StyleFound(tuple(styles), every, planted, threshold, len(features.names), unjudged)


class _Search:
    """Grows styles from the features of the largest lift."""

    def __init__(
        self,
        features: Skeletons,
        tasks: NDArray[np.int64],
        sizes: tuple[int, ...],
        p: NDArray[np.float64],
        settings: Settings,
        rng: np.random.Generator,
    ) -> None:
        self.table = features.table
        self.columns: csc_matrix = features.table.tocsc()
        self.tasks, self.sizes, self.p, self.settings = tasks, sizes, p, settings
        self.space = style_space(features.table, tasks, len(sizes), rng)

    def grow(self, labels: NDArray[np.int64]) -> list[Fit]:
        """Return the fits from each start, every one for all labellings [n, b]."""
        z, targets = lift(self.table, self.tasks, self.sizes, self.p, labels)
        draws = labels.shape[1]
        starts = np.array([self._starts(z[:, b]) for b in range(draws)])
        return [
            fit(
                self.space,
                self.columns,
                self.sizes,
                self.p,
                labels,
                starts[:, turn],
                np.stack([targets[:, starts[b, turn], b] for b in range(draws)], axis=1),
                self.settings.rounds,
            )
            for turn in range(self.settings.starts)
        ]

    def _starts(self, z: NDArray[np.float64]) -> list[int]:
        """Return the features of the largest lift that hardly share rows, the best one again."""
        chosen: list[int] = []
        held: list[NDArray[np.int32]] = []
        for feature in np.argsort(-z, kind="stable")[: 20 * self.settings.starts].tolist():
            rows = self.columns.indices[
                self.columns.indptr[feature] : self.columns.indptr[feature + 1]
            ]
            shared = [len(np.intersect1d(rows, h)) / max(min(len(rows), len(h)), 1) for h in held]
            if all(share < APART for share in shared):
                chosen.append(feature)
                held.append(rows)
            if len(chosen) == self.settings.starts:
                break
        return chosen + chosen[:1] * (self.settings.starts - len(chosen))


def _described(
    found: Fit,
    features: Skeletons,
    labels: NDArray[np.int64],
    tasks: NDArray[np.int64],
    names: tuple[str, ...],
    spaces: list[tuple[str, ...]],
    threshold: float,
) -> Style | None:
    """Return the style of the given labels; None where its adverse rows are not mostly of one."""
    from scipy.special import betaincinv  # noqa: PLC0415 - only a scan needs scipy

    excess, variance = found.excess[:, 0], found.variance[:, 0]
    stands = excess / np.sqrt(variance + 0.25) >= STANDS
    p, target = found.p[:, 0], found.targets[:, 0]
    given = labels == target[tasks]
    has = (found.styled[:, 0] >= HAS) & stands[tasks]
    adverse = has & (p < ADVERSE)
    hits, misses = int((adverse & given).sum()), int((adverse & ~given).sum())
    purity = float(betaincinv(hits + 0.5, misses + 0.5, 0.05))
    if not has.any() or purity < SUSPECTED_PURITY:
        return None
    elsewhere = float(found.elsewhere[0])
    confirmed = purity >= PURITY and elsewhere >= ELSEWHERE and int(stands.sum()) > 1
    return Style(
        "confirmed" if confirmed else "suspected",
        telling(features, found.planted[:, 0], tasks),
        {names[t]: spaces[t][target[t]] for t in np.flatnonzero(stands).tolist()},
        int(has.sum()),
        int((has & given).sum()),
        float(p[has].sum()),
        float(found.z[0]),
        elsewhere,
        threshold,
        hits + misses,
        hits,
        purity,
    )


def _distinct_rows(
    dataset: Dataset, texts: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Return each row's distinct content [n] (-1: not judged), the first row of each, the tasks."""
    contents: dict[str, set[tuple[str, str]]] = {task: set() for task in dataset.tasks}
    keys = []
    for row, text in zip(dataset.rows, texts, strict=True):
        key = (" ".join(text.casefold().split()), row.output)
        contents[row.task].add(key)
        keys.append((row.task, *key))
    names = tuple(
        task
        for task in dataset.tasks
        if len(dataset.label_spaces[task]) > 1 and len(contents[task]) >= LEAST_TASK
    )
    known = set(names)
    seen: dict[tuple[str, str, str], int] = {}
    first: list[int] = []
    place = np.full(len(keys), -1, dtype=np.int64)
    for k, key in enumerate(keys):
        if key[0] not in known:
            continue
        number = seen.setdefault(key, len(first))
        if number == len(first):
            first.append(k)
        place[k] = number
    return place, np.array(first, dtype=np.int64), names
