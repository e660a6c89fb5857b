"""Fits a style and the rows planted in it to each other, for many candidates at once.

A planted row has the style and the forced label t of its task, and content of any other label; an
honest row has the style of its task and its label with the probability p of its content. With f the
left-out score of style (ridge.py), a the planted share of the task:

    odds(planted | row) = a / (1 - a)  x  lr(f)  x  (1 - p) / ((1 - rate) p)   where the label is t,

and 0 elsewhere. lr is a logistic curve of the posterior on f. Rows of the style with another label
are honest: they lower lr and a by themselves. The target of each task is the label with the largest
excess among its rows of the style, whatever label they have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.content import calibrated, sigmoid
from curation_gate.detectors.style_trigger.ridge import Ridge

SHRINK = 10.0
"""Rows with which the share of the whole set enters that of a task: a task of ten rows tells
half of its share by itself."""
FLOOR = 0.01
SUREST = 6.0
"""Log likelihood ratio, nats, that a style alone can give a row: the curve is fitted on a few
hundred rows and says nothing of rarer things than one in four hundred."""
CONTINUITY = 0.25
"""Added to a variance of counts: half a row, squared (Yates)."""

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the fit reads of m rows of t tasks."""

    tasks: Labels
    """[m]"""
    labels: NDArray[np.int64]
    """[m, b] Labels, one column a candidate: the given ones, or permuted for the null."""
    p: Numbers
    """[m, l] Probability of each label by content."""
    sizes: tuple[int, ...]
    """[t] Labels of each task."""

    def of(self, rows: Labels) -> Rows:
        """Return some of the rows."""
        return Rows(self.tasks[rows], self.labels[rows], self.p[rows], self.sizes)

    def sums(self, values: Numbers) -> Numbers:
        """[t, b] Sums of values [m, b] in each task."""
        return np.stack([values[self.tasks == t].sum(0) for t in range(len(self.sizes))])


@dataclass(frozen=True, slots=True)
class Fit:
    """b styles."""

    planted: Numbers
    """[m, b] Posterior probability that a row was planted."""
    styled: Numbers
    """[m, b] Probability that it has the style, its label not looked at."""
    targets: Labels
    """[t, b] Forced label of each task."""
    share: Numbers
    """[t, b] Planted share of each task."""


def fit(
    space: Ridge, rows: Rows, planted: Numbers, targets: Labels, rounds: int, *, free: bool = True
) -> Fit:
    """Return the styles that grow from a first posterior.

    planted: [m, b] to begin with; targets: [t, b] likewise; free: targets follow the rows.
    """
    styled = planted
    share = np.zeros(targets.shape)
    for _ in range(rounds):
        score = space.left_out(planted.astype(np.float32))
        styled, share, odds = _styled(score, planted, rows)
        if free:
            targets = _targets(rows, styled, targets)
        planted = posterior(odds, rows, targets)
    return Fit(planted, styled, targets, share)


def carried(space: Ridge, own: Rows, other: Rows, fitted: Fit, z: NDArray[np.float32]) -> Fit:
    """Return what styles fitted on `own` make of other rows, whose labels they never saw.

    space: of `own`; z: [m, f] features of the other rows, centred within tasks like those of own.
    """
    first = fitted.planted.astype(np.float32)
    weights = space.coefficients(first)
    inside = space.left_out(first)
    score = np.asarray(z @ weights, dtype=np.float32)
    both = np.vstack([inside, score])
    counted = np.concatenate([np.ones(len(inside)), np.zeros(len(score))])
    target = np.vstack([fitted.planted, np.zeros(score.shape)])
    curve = calibrated(both, target, counted)[len(inside) :]
    odds = _odds(curve, fitted.planted.mean(0), fitted.share[other.tasks])
    return Fit(
        posterior(odds, other, fitted.targets), sigmoid(odds), fitted.targets, fitted.share
    )


def _styled(score: NDArray[np.float32], planted: Numbers, rows: Rows) -> tuple[Numbers, ...]:
    """Return P(style) [m, b], planted shares [t, b] and the log-odds of the style [m, b]."""
    curve = calibrated(score, planted, np.ones(len(score)))
    overall = np.maximum(planted.mean(0), 1e-6)
    size = np.bincount(rows.tasks, minlength=len(rows.sizes))[:, None]
    share = np.clip((rows.sums(planted) + SHRINK * overall) / (size + SHRINK), FLOOR, 0.9)
    odds = _odds(curve, overall, share[rows.tasks])
    return sigmoid(odds), share, odds


def _odds(curve: Numbers, overall: Numbers, share: Numbers) -> Numbers:
    ratio = logit(np.clip(curve, 1e-6, 1 - 1e-6)) - logit(np.clip(overall, 1e-6, 0.9))
    return np.asarray(logit(share) + np.clip(ratio, -2 * SUREST, SUREST))


def posterior(odds: Numbers, rows: Rows, targets: Labels) -> Numbers:
    """[m, b] Probability that a row was planted, from style (log-odds), content and label."""
    chosen = targets[rows.tasks]
    own = of_target(rows.p, chosen)
    rate = _means(own, rows)[rows.tasks]
    content = np.log((1 - own) / np.maximum(1 - rate, 1e-3)) - np.log(own)
    return np.where(rows.labels == chosen, sigmoid(odds + content), 0.0)


def _means(values: Numbers, rows: Rows) -> Numbers:
    size = np.bincount(rows.tasks, minlength=len(rows.sizes))[:, None]
    return np.asarray(rows.sums(values) / np.maximum(size, 1))


def _targets(rows: Rows, styled: Numbers, before: Labels) -> Labels:
    """[t, b] The label of the largest excess of each task."""
    whole = np.full(before.shape, -np.inf)
    targets = before.copy()
    sizes = np.array(rows.sizes)[:, None]
    for label in range(max(rows.sizes)):
        total = rows.sums(styled * ((rows.labels == label) - rows.p[:, label, None]))
        higher = (total > whole) & (sizes > label)
        targets[higher] = label
        whole = np.where(higher, total, whole)
    return targets


def of_target(p: Numbers, chosen: Labels) -> Numbers:
    """[m, b] Probability by content of label chosen[i, b] of row i."""
    return np.clip(np.take_along_axis(p, chosen, 1), 1e-3, 1 - 1e-3)


def logit(p: Numbers) -> Numbers:
    """Return log p / (1 - p)."""
    return np.asarray(np.log(p) - np.log1p(-p))


def permuted(
    labels: Labels, p: Numbers, tasks: Labels, draws: int, rng: np.random.Generator
) -> Labels:
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
