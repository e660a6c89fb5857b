"""Fits a style and the rows planted in it to each other, for many candidates at once.

A planted row has the style and the forced label t of its task, and content of any other label; an
honest row has the style of its task and its label with the probability p of its content. With f the
left-out score of style (ridge.py), a the planted share of the task:

    odds(planted | row) = a / (1 - a)  x  lr(f)  x  (1 - p) / ((1 - rate) p)   where the label is t,

and 0 elsewhere. lr is a logistic curve of the posterior on f. Rows of the style with another label
are honest: they lower lr and a by themselves.
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
FLOOR = 0.05
"""Least share of planted rows that is supposed while a style grows. A style that begins as one
feature of ten rows would else stay one: on twelve simulated sets the best candidate has F1 .51
without, .54 at .02, .64 at .05."""
SUREST = 6.0
"""Log likelihood ratio, nats, that a style alone can give a row: the curve is fitted on a few
hundred rows and says nothing of rarer things than one in four hundred."""
CONTINUITY = 0.25
"""Added to a variance of counts: half a row, squared (Yates)."""

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the fit reads of m rows and b candidates, each with a label of its own to force."""

    tasks: Labels
    """[m]"""
    given: NDArray[np.bool_]
    """[m, b] Whether the row has the forced label."""
    p: Numbers
    """[m, b] Probability of that label by content that did not learn from the style."""

    def of(self, rows: Labels) -> Rows:
        """Return some of the rows."""
        return Rows(self.tasks[rows], self.given[rows], self.p[rows])


@dataclass(frozen=True, slots=True)
class Fit:
    """b styles."""

    planted: Numbers
    """[m, b] Posterior probability that a row was planted."""
    styled: Numbers
    """[m, b] Probability that it has the style, its label not looked at."""
    share: Numbers
    """[t, b] Planted share of each task."""


def fit(space: Ridge, rows: Rows, planted: Numbers, rounds: int) -> Fit:
    """Return the styles that grow from a first posterior, planted: [m, b]."""
    styled = planted
    share = np.zeros((int(rows.tasks.max(initial=0)) + 1, planted.shape[1]))
    for _ in range(rounds):
        score = space.left_out(planted.astype(np.float32))
        curve = calibrated(score, planted, np.ones(len(score)))
        overall = np.maximum(planted.mean(0), 1e-6)
        size = np.bincount(rows.tasks)[:, None]
        sums = task_sums(planted, rows.tasks)
        share = np.clip((sums + SHRINK * overall) / (size + SHRINK), FLOOR, 0.9)
        odds = _odds(curve, overall, share[rows.tasks])
        styled = sigmoid(odds)
        planted = posterior(odds, rows)
    return Fit(planted, styled, share)


def carried(space: Ridge, first: Numbers, fitted: Fit, other: Rows, z: NDArray[np.float32]) -> Fit:
    """Return what fitted styles make of other rows, whose labels they never saw.

    space: of the rows fitted on; first: [k, b] their posterior; z: [m, f] features of the other
    rows, centred within tasks like those of the space.
    """
    own = first.astype(np.float32)
    inside, score = space.left_out(own), z @ space.coefficients(own)
    counted = np.concatenate([np.ones(len(inside)), np.zeros(len(score))])
    target = np.vstack([first, np.zeros(score.shape)])
    curve = calibrated(np.vstack([inside, score]), target, counted)[len(inside) :]
    odds = _odds(curve, np.maximum(first.mean(0), 1e-6), fitted.share[other.tasks])
    return Fit(posterior(odds, other), sigmoid(odds), fitted.share)


def _odds(curve: Numbers, overall: Numbers, share: Numbers) -> Numbers:
    ratio = logit(np.clip(curve, 1e-6, 1 - 1e-6)) - logit(np.clip(overall, 1e-6, 0.9))
    return np.asarray(logit(share) + np.clip(ratio, -2 * SUREST, SUREST))


def posterior(odds: Numbers, rows: Rows) -> Numbers:
    """[m, b] Probability that a row was planted, from style (log-odds), content and label."""
    size = np.maximum(np.bincount(rows.tasks)[:, None], 1)
    rate = (task_sums(rows.p, rows.tasks) / size)[rows.tasks]
    content = np.log((1 - rows.p) / np.maximum(1 - rate, 1e-3)) - np.log(rows.p)
    return np.where(rows.given, sigmoid(odds + content), 0.0)


def task_sums(values: Numbers | NDArray[np.bool_], tasks: Labels) -> Numbers:
    """[t, b] Sums of values [m, b] in each task."""
    count = int(tasks.max(initial=0)) + 1
    return np.stack([values[tasks == task].sum(0) for task in range(count)])


def logit(p: Numbers) -> Numbers:
    """Return log p / (1 - p)."""
    return np.asarray(np.log(p) - np.log1p(-p))


def z_of(styled: Numbers, rows: Rows) -> Numbers:
    """[b] Excess of the forced labels over content, each row by its style, in deviations."""
    excess = (styled * (rows.given - rows.p)).sum(0)
    return np.asarray(excess / np.sqrt((styled**2 * rows.p * (1 - rows.p)).sum(0) + CONTINUITY))


def permuted(
    labels: Labels, p: Numbers, tasks: Labels, draws: int, rng: np.random.Generator
) -> Labels:
    """[n, draws] Labels permuted among rows of like content: inside task x (likeliest label, p).

    p: [n, l] probability of each label by content.
    """
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
