"""How well a scan did where the truth is known. Never used by a scan itself.

Ties are exact: rows of one score are ranked together, so a constant score has AUROC 1/2 and an
average precision equal to the base rate. NaN means the rule cannot say and ranks last.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.errors import InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from curation_gate.rows.record import Dataset

METRICS = ("precision", "recall", "f1", "auroc", "average_precision")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one scan against the truth."""

    precision: float
    """Of the flagged rows, the share that was planted; 0 where nothing was flagged."""
    recall: float
    """Of the planted rows, the share that was flagged; NaN where nothing was planted."""
    f1: float
    """2 x hits / (flagged + planted); NaN where both are 0."""
    auroc: float
    """Chance that a planted row scores above an honest one, ties half; NaN where one kind lacks."""
    average_precision: float
    """Sum over thresholds of precision x gain in recall; NaN where nothing was planted."""
    flagged: int
    planted: int
    hits: int
    """Rows both flagged and planted."""
    base_rate: float
    """Planted rows over all rows."""

    @property
    def lift(self) -> float:
        """Return precision over base rate: 1 is what flagging at random gives."""
        return self.precision / self.base_rate if self.base_rate else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for JSON, NaN as null."""
        values = {**asdict(self), "lift": self.lift}
        return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in values.items()}


def score(
    flags: NDArray[np.bool_], scores: NDArray[np.floating[Any]], planted: NDArray[np.bool_]
) -> Evaluation:
    """Return precision, recall, F1, AUROC and average precision.

    flags, planted: [n] bool; scores: [n] float, larger is more suspect, NaN least. AUROC by the
    Mann-Whitney statistic with mid-ranks; average precision as in scikit-learn (no interpolation).
    Raises UsageError where the shapes differ.
    """
    _check(flags, scores, planted)
    return _figures(flags, planted, np.ones(len(planted)), *_ranking(scores))


def bootstrap(
    flags: NDArray[np.bool_],
    scores: NDArray[np.floating[Any]],
    planted: NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    draws: int = 1000,
    level: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Return each metric's interval over `draws` resamples of the rows, percentile method.

    Shapes as in `score`. Rows are resampled within planted and within honest rows, so that the base
    rate stays. NaN draws are left out; both ends are NaN where every draw is (Efron, Tibshirani,
    An Introduction to the Bootstrap, 1993, section 13.3).
    """
    _check(flags, scores, planted)
    order, ends = _ranking(scores)
    values: list[list[float]] = []
    groups = [np.flatnonzero(planted), np.flatnonzero(~planted)]
    for _ in range(draws):
        weights = np.zeros(len(planted))
        for group in groups:
            if len(group):
                weights[group] = rng.multinomial(len(group), np.full(len(group), 1 / len(group)))
        figures = _figures(flags, planted, weights, order, ends)
        values.append([getattr(figures, name) for name in METRICS])
    table = np.array(values)
    tails = [(1 - level) / 2, (1 + level) / 2]
    intervals: dict[str, tuple[float, float]] = {}
    for k, name in enumerate(METRICS):
        column = table[~np.isnan(table[:, k]), k]
        low, high = np.quantile(column, tails) if len(column) else (np.nan, np.nan)
        intervals[name] = (float(low), float(high))
    return intervals


def read_truth(path: Path) -> dict[str, Any]:
    """Return a truth.json as `curate attack` writes it. Raises InputError."""
    try:
        truth = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"no truth file: {error}", path=path) from error
    if not isinstance(truth, dict) or not isinstance(truth.get("planted"), list):
        raise InputError("not a truth file: 'planted' is missing", path=path)
    return truth


def planted_mask(dataset: Dataset, truth: dict[str, Any]) -> NDArray[np.bool_]:
    """Return [n] True on the rows that the truth names. Raises InputError where one is absent."""
    names = set(truth["planted"])
    mask = np.array([row.fingerprint in names for row in dataset.rows], dtype=np.bool_)
    missing = len(names) - len({r.fingerprint for r in dataset.rows} & names)
    if missing:
        raise InputError(f"{missing} of {len(names)} planted rows are not in this dataset")
    return mask


def _check(
    flags: NDArray[np.bool_], scores: NDArray[np.floating[Any]], planted: NDArray[np.bool_]
) -> None:
    shapes = {np.shape(flags), np.shape(scores), np.shape(planted)}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise UsageError(f"flags, scores and planted must be one [n] each, not {sorted(shapes)}")
    if not len(planted):
        raise UsageError("nothing to evaluate: no rows")
    for name, array in (("flags", flags), ("planted", planted)):
        if np.asarray(array).dtype != np.bool_:
            raise UsageError(f"{name} must be booleans, not {np.asarray(array).dtype}")


def _ranking(scores: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of rows, most suspect first, and the last position of each group of ties."""
    values = np.where(np.isnan(scores), -np.inf, scores).astype(np.float64)
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    return order, ends


def _figures(
    flags: NDArray[np.bool_],
    planted: NDArray[np.bool_],
    weights: NDArray[np.float64],
    order: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> Evaluation:
    """Return the figures with every row counted `weights` [n] times."""
    flagged, positive = float(weights[flags].sum()), float(weights[planted].sum())
    hits = float(weights[flags & planted].sum())
    total = float(weights.sum())
    negative = total - positive
    # Cumulated at the end of each group of ties: ties enter together.
    tp = np.cumsum(weights[order] * planted[order])[ends]
    fp = np.cumsum(weights[order] * ~planted[order])[ends]
    gain = np.diff(tp, prepend=0.0)
    auroc = average = float("nan")
    if positive:
        seen = tp + fp
        precision = np.divide(tp, seen, out=np.zeros_like(tp), where=seen > 0)
        average = float((gain * precision).sum() / positive)
    if positive and negative:
        below = negative - (fp + np.concatenate(([0.0], fp[:-1]))) / 2  # ties count half
        auroc = float((gain * below).sum() / (positive * negative))
    return Evaluation(
        precision=hits / flagged if flagged else 0.0,
        recall=hits / positive if positive else float("nan"),
        f1=2 * hits / (flagged + positive) if flagged + positive else float("nan"),
        auroc=auroc,
        average_precision=average,
        flagged=round(flagged),
        planted=round(positive),
        hits=round(hits),
        base_rate=positive / total,
    )
