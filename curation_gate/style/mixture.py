"""Fits a style and the rows planted in it to each other, for many labellings at once.

A planted row has the style and the forced label t of its task, and content of any other label; an
honest row has the style of its task and its label with the probability p of its content. With f the
cross-fitted score of style (style/space.py), a the planted share of the task:

    odds(planted | row) = a / (1 - a)  x  lr(f)  x  (1 - p) / ((1 - rate) p)   where the label is t,

and 0 elsewhere (the mixture of mine/posterior.py, with a learned style for the phrase). lr is a
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

    from curation_gate.style.space import StyleSpace

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
    p: NDArray[np.float64]
    """[n, b] Probability of the forced label by content."""
    excess: NDArray[np.float64]
    """[t, b] Sum of (label - p) over adverse rows, each by how much it has the style."""
    variance: NDArray[np.float64]
    """[t, b]"""

    @property
    def z(self) -> NDArray[np.float64]:
        """[b] Excess of the forced label over adverse rows, in deviations."""
        total = np.maximum(self.excess, 0).sum(0)
        return np.asarray(total / np.sqrt(self.variance.sum(0) + CONTINUITY))

    @property
    def elsewhere(self) -> NDArray[np.float64]:
        """[b] The same without the task that adds most."""
        gain = np.maximum(self.excess, 0)
        best = gain.argmax(0)[None]
        rest = gain.sum(0) - np.take_along_axis(gain, best, 0)[0]
        variance = self.variance.sum(0) - np.take_along_axis(self.variance, best, 0)[0]
        return np.asarray(rest / np.sqrt(np.maximum(variance, 0) + CONTINUITY))


def lift(
    table: csr_matrix,
    tasks: NDArray[np.int64],
    sizes: tuple[int, ...],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return z [f, b] of each single feature, and the label it goes with [t, f, b] in each task.

    labels: [n, b]. As the lift of a phrase (mine/lift.py): in each task the label of the largest
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


def fit(
    space: StyleSpace,
    columns: csc_matrix,
    sizes: tuple[int, ...],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
    features: NDArray[np.int64],
    targets: NDArray[np.int64],
    rounds: int,
) -> Fit:
    """Return the style that grows from one feature, for each labelling.

    columns: [n, f] features; p: [n, l] by content; labels: [n, b]; features: [b] where to begin;
    targets: [t, b] labels to begin with.
    """
    n, draws = labels.shape
    has = np.zeros((n, draws), dtype=np.bool_)
    for draw, feature in enumerate(features.tolist()):
        has[columns.indices[columns.indptr[feature] : columns.indptr[feature + 1]], draw] = True
    tasks = space.tasks
    odds = np.zeros((n, draws))
    planted, styled = has.astype(np.float64), has.astype(np.float64)
    excess = variance = np.zeros_like(targets, dtype=np.float64)
    own = np.empty((n, draws))
    for turn in range(rounds):
        own = _target_probability(p, targets[tasks])
        given = labels == targets[tasks]
        if turn == 0:
            planted = np.where(has & given, 1 - own, 0.0)
        else:
            rate = space.task_means(own)[tasks]
            content = np.log((1 - own) / np.maximum(1 - rate, 1e-3)) - np.log(own)
            planted = np.where(given, _sigmoid(odds + content), 0.0)
        score = space.predict(planted.astype(np.float32))
        overall = np.maximum(planted.mean(0), 1e-6)
        share = (space.members @ planted + SHRINK * overall) / (space.sizes[:, None] + SHRINK)
        share = np.clip(share, 1e-6, 0.9)
        odds = _logit(share)[tasks] + np.clip(
            _monotone(score, planted) - _logit(overall), -2 * SUREST, SUREST
        )
        styled = _sigmoid(odds)
        excess, variance, targets = _excess(space, sizes, p, labels, styled)
    return Fit(planted, styled, targets, _target_probability(p, targets[tasks]), excess, variance)


def _excess(
    space: StyleSpace,
    sizes: tuple[int, ...],
    p: NDArray[np.float64],
    labels: NDArray[np.int64],
    styled: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return adverse excess, its variance and the label of the largest excess, all [t, b]."""
    shape = (len(sizes), labels.shape[1])
    whole, best = np.full(shape, -np.inf), np.zeros(shape)
    variance, targets = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    for label in range(max(sizes)):
        own = p[:, label, None]
        residual = styled * ((labels == label) - own)
        total = np.asarray(space.members @ residual)
        adverse = own < ADVERSE
        higher = (total > whole) & (np.array(sizes)[:, None] > label)
        targets[higher] = label
        whole = np.where(higher, total, whole)
        best = np.where(higher, space.members @ (residual * adverse), best)
        spread = space.members @ (styled**2 * (own * (1 - own) * adverse))
        variance = np.where(higher, spread, variance)
    return best, variance, targets


def _target_probability(p: NDArray[np.float64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """[n, b] Probability by content of label targets[i, b] of row i."""
    return np.clip(np.take_along_axis(p, targets, 1), 1e-3, 1 - 1e-3)


def _monotone(score: NDArray[np.float32], planted: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n, b] Log-odds of a monotone fit of the posterior on the score."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - slow to import

    found = np.empty(planted.shape)
    for draw in range(planted.shape[1]):
        model = IsotonicRegression(y_min=1e-5, y_max=0.98)
        found[:, draw] = model.fit_transform(score[:, draw], planted[:, draw])
    return _logit(np.clip(found, 1e-5, 0.98))


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
        order = rows[np.lexsort((np.where(likeliest == 0, sure, -sure), likeliest))]
        for group in np.array_split(order, int(np.clip(len(rows) // 20, 1, 10))):
            drawn[group] = rng.permuted(drawn[group], axis=0)
    return drawn
