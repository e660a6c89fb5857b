"""Fits a style and the rows planted in it to each other, for many labellings at once.

A planted row has the style and the forced label t of its task, and content of any other label; an
honest row has the style of its task and its label with the probability p of its content. With f the
cross-fitted score of style (style_trigger/space.py), a the planted share of the task:

    odds(planted | row) = a / (1 - a)  x  lr(f)  x  (1 - p) / ((1 - rate) p)   where the label is t,

and 0 elsewhere (the mixture of posterior.py, with a learned style for the phrase). lr is a
monotone fit of the posterior on f. Rows of the style with another label are honest: they lower lr
and a by themselves. The target of each task is the label with the largest excess among its rows of
the style, whatever label they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.detectors.style_trigger.space import StyleSpace

ADVERSE = 0.5
"""Probability by content below which a row speaks for another label (choice)."""
CONTINUITY = 0.25
SHRINK = 10.0
"""Rows with which the share of the whole set enters that of a task (choice)."""
SUREST = 6.0
"""Log likelihood ratio, nats, that a style alone can give a row (choice)."""
_LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class Fit:
    """A style and its rows, for each of b labellings."""

    planted: NDArray[np.float64]
    """[n, b] Posterior probability that a row was planted."""
    styled: NDArray[np.float64]
    """[n, b] Probability that it has the style, its label not looked at."""
    targets: NDArray[np.int64]
    """[t, b] Forced label of each task."""
    z: NDArray[np.float64]
    """[b] Excess of the forced label among rows of the style, in deviations; seen in fitting."""
    weights: NDArray[np.float32]
    """[f, b] Of the style score."""
    share: NDArray[np.float64]
    """[t, b] Planted share of each task."""
    overall: NDArray[np.float64]
    """[b] Planted share of all rows."""
    maps: tuple[Any, ...]
    """[b] Monotone fits from style score to posterior."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a style does to rows it was not fitted on, for each of b labellings."""

    planted: NDArray[np.float64]
    """[m, b] Posterior probability that a row was planted."""
    styled: NDArray[np.float64]
    """[m, b] Probability that it has the style."""
    excess: NDArray[np.float64]
    """[t, b] Sum of (label - p) over adverse rows, each by how much it has the style."""
    variance: NDArray[np.float64]
    """[t, b]"""


def deviation(
    excess: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return z [b] of excess [t, b] over all tasks, and the same without the best task."""
    best = excess.argmax(0)[None]
    z = excess.sum(0) / np.sqrt(variance.sum(0) + CONTINUITY)
    rest = excess.sum(0) - np.take_along_axis(excess, best, 0)[0]
    left = variance.sum(0) - np.take_along_axis(variance, best, 0)[0]
    return z, rest / np.sqrt(np.maximum(left, 0) + CONTINUITY)


def lift(
    table: csr_matrix,
    tasks: NDArray[np.int64],
    sizes: tuple[int, ...],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return z [f, b] of each single feature, and the label it goes with [t, f, b] in each task.

    labels: [n, b]. As the lift of a phrase (lift.py): in each task the label of the largest
    excess, sums over tasks.
    """
    features, draws = table.shape[1], labels.shape[1]
    total = np.zeros((features, draws))
    variance = np.zeros((features, draws))
    targets = np.zeros((len(sizes), features, draws), dtype=np.int64)
    for task, size in enumerate(sizes):
        rows = np.flatnonzero(tasks == task)
        own = table[rows].T.tocsr()
        best = np.full((features, draws), -np.inf)
        spread = np.zeros((features, draws))
        for label in range(size):
            expected = p[rows, label]
            excess = own @ ((labels[rows] == label) - expected[:, None])
            higher = excess > best
            best[higher] = excess[higher]
            spread = np.where(higher, (own @ (expected * (1 - expected)))[:, None], spread)
            targets[task][higher] = label
        total += best
        variance += spread
    return total / np.sqrt(variance + CONTINUITY), targets


def begin(
    columns: csc_matrix,
    tasks: NDArray[np.int64],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
    features: NDArray[np.int64],
    targets: NDArray[np.int64],
) -> NDArray[np.float64]:
    """[n, b] A first posterior: rows with a feature and the label it goes with, disowned by p.

    columns: [n, f] features; p: [n, l] by content; labels: [n, b]; features: [b]; targets: [t, b].
    """
    has = np.zeros(labels.shape, dtype=np.bool_)
    for draw, feature in enumerate(features.tolist()):
        has[columns.indices[columns.indptr[feature] : columns.indptr[feature + 1]], draw] = True
    own = _target_probability(p, targets[tasks])
    return np.where(has & (labels == targets[tasks]), 1 - own, 0.0)


def fit(
    space: StyleSpace,
    sizes: tuple[int, ...],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
    planted: NDArray[np.float64],
    targets: NDArray[np.int64],
    rounds: int,
) -> Fit:
    """Return the style that grows from a first posterior, for each labelling.

    p: [n, l] by content; labels: [n, b]; planted: [n, b] to begin with; targets: [t, b] likewise.
    """
    tasks = space.tasks
    for turn in range(rounds):
        score, weights = space.predict(planted.astype(np.float32))
        overall = np.maximum(planted.mean(0), 1e-6)
        share = (space.members @ planted + SHRINK * overall) / (space.sizes[:, None] + SHRINK)
        share = np.clip(share, 1e-6, 0.9)
        maps = tuple(_monotone(score[:, b], planted[:, b]) for b in range(labels.shape[1]))
        odds = _style_odds(score, tasks, share, overall, maps)
        styled = _sigmoid(odds)
        z, targets = _targets(space, sizes, p, labels, styled)
        if turn + 1 < rounds:
            planted = _posterior(odds, p, labels, targets, tasks, space)
    return Fit(planted, styled, targets, z, weights, share, overall, maps)


def judge(
    fitted: Fit,
    space: StyleSpace,
    table: csr_matrix,
    tasks: NDArray[np.int64],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
) -> Judged:
    """Return what a style does to other rows: table [m, f], tasks [m], p [m, l], labels [m, b].

    space: the one it was fitted in. Neither their labels nor their features were seen in fitting.
    """
    score = space.score(table, tasks, fitted.weights)
    odds = _style_odds(score, tasks, fitted.share, fitted.overall, fitted.maps)
    styled = _sigmoid(odds)
    own = _target_probability(p, fitted.targets[tasks])
    adverse = styled * (own < ADVERSE)
    given = labels == fitted.targets[tasks]
    count = len(fitted.share)
    excess = np.zeros(fitted.share.shape)
    variance = np.zeros(fitted.share.shape)
    for task in range(count):
        rows = tasks == task
        excess[task] = (adverse[rows] * (given[rows] - own[rows])).sum(0)
        variance[task] = (adverse[rows] ** 2 * own[rows] * (1 - own[rows])).sum(0)
    planted = _posterior(odds, p, labels, fitted.targets, tasks, space)
    return Judged(planted, styled, excess, variance)


def _style_odds(
    score: NDArray[np.float32],
    tasks: NDArray[np.int64],
    share: NDArray[np.float64],
    overall: NDArray[np.float64],
    maps: tuple[Any, ...],
) -> NDArray[np.float64]:
    """[n, b] Log-odds that a row has the style, from its score and its task."""
    found = np.stack([maps[b].predict(score[:, b]) for b in range(len(maps))], axis=1)
    ratio = np.clip(_logit(np.clip(found, 1e-5, 0.98)) - _logit(overall), -2 * SUREST, SUREST)
    return np.asarray(_logit(share)[tasks] + ratio)


def _posterior(
    odds: NDArray[np.float64],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
    targets: NDArray[np.int64],
    tasks: NDArray[np.int64],
    space: StyleSpace,
) -> NDArray[np.float64]:
    """[n, b] Probability that a row was planted, from style, content and label."""
    own = _target_probability(p, targets[tasks])
    given = labels == targets[tasks]
    rate = np.zeros(targets.shape)
    for task in range(len(space.sizes)):
        rows = tasks == task
        if rows.any():
            rate[task] = own[rows].mean(0)
    content = np.log((1 - own) / np.maximum(1 - rate[tasks], 1e-3)) - np.log(own)
    return np.where(given, _sigmoid(odds + content), 0.0)


def _targets(
    space: StyleSpace,
    sizes: tuple[int, ...],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
    styled: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return z [b] of the labels of the largest excess, and these labels [t, b]."""
    shape = (len(sizes), labels.shape[1])
    whole, variance = np.full(shape, -np.inf), np.zeros(shape)
    targets = np.zeros(shape, dtype=np.int64)
    for label in range(max(sizes)):
        own = p[:, label, None]
        total = np.asarray(space.members @ (styled * ((labels == label) - own)))
        higher = (total > whole) & (np.array(sizes)[:, None] > label)
        targets[higher] = label
        whole = np.where(higher, total, whole)
        variance = np.where(higher, space.members @ (styled**2 * (own * (1 - own))), variance)
    return deviation(whole, variance)[0], targets


def _target_probability(p: NDArray[np.float64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """[n, b] Probability by content of label targets[i, b] of row i."""
    return np.clip(np.take_along_axis(p, targets, 1), 1e-3, 1 - 1e-3)


def _monotone(score: NDArray[np.float32], planted: NDArray[np.float64]) -> Any:
    """Return a monotone fit of the posterior [n] on the score [n]."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - slow to import

    return IsotonicRegression(y_min=1e-5, y_max=0.98, out_of_bounds="clip").fit(score, planted)


def _logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(p) - np.log1p(-p))


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -_LIMIT, _LIMIT))))


def permuted(
    labels: NDArray[np.int64],
    p: NDArray[np.float64],
    tasks: NDArray[np.int64],
    draws: int,
    rng: np.random.Generator,
) -> NDArray[Any]:
    """[n, draws] Labels permuted among rows of like content: inside task x (likeliest label, p)."""
    drawn = np.repeat(labels[:, None], draws, axis=1)
    for task in range(int(tasks.max()) + 1):
        rows = np.flatnonzero(tasks == task)
        if not len(rows):
            continue
        likeliest = p[rows].argmax(1)
        sure = p[rows].max(1)
        # Along one line where there are two labels; by the likeliest label where there are more.
        order = rows[np.lexsort((np.where(likeliest == 0, -sure, sure), likeliest))]
        for group in np.array_split(order, int(np.clip(len(rows) // 20, 1, 10))):
            drawn[group] = rng.permuted(drawn[group], axis=0)
    return drawn
