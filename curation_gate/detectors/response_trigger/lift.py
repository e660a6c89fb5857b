"""How far answers of rows that hold a phrase are alike, and unlike those of other rows.

A trigger's answers share an act, not a wording, so the outcome is learned: per phrase g a naive
Bayes score over answer features, rows with g against rows of the same tasks without (weighted to
g's mixture of tasks), in folds, so that no answer is judged by a model that saw it. An answer has
the outcome when its score is above what RARE of the other rows reach;

    z_g = (h - k q) / sqrt(k q (1 - q) + 1/4),

h of k rows with the outcome, q the share of other rows. If g says nothing, scores of its rows are
exchangeable with those of the others, so h is binomial and its tail is the p-value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.stats.auroc import chance_above
from curation_gate.stats.bounds import lower_bound

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

FOLDS = 4
OTHERS = 6000
"""Rows without the phrase that are compared, at most; drawn evenly."""
LEAST_OTHERS, LEAST_SHARE = 50, 0.25
"""Rows without the phrase that it takes, and how many for each with it (choices): a phrase may
stand in half of the rows and more."""
RARE = (0.005, 0.02, 0.2)
"""Shares of the other rows that may score as high as an answer with the outcome. Of those that most
of the phrase's rows reach, if there are any, the one of larger z counts. The second is for acts
that honest rows have too, or another trigger; the third for shapes that many answers have
(choices)."""
SHARE_BOUND = 0.6
"""What the lower 5 % bound of the share of a phrase's rows with the outcome has to reach, for them
to be most of it: 6 of 6 do, 9 of 11 do not (choice)."""
DOUBTFUL = 0.05
"""The same for an answer that is at least doubtful (choice)."""
KEPT = 100
"""Features in a score: those of the largest likelihood ratio."""
LEAST_SHARED = 2
"""Rows of the phrase that a feature needs: one shares nothing."""
LEAST_G2 = 10.0
"""Likelihood ratio (G squared) of a feature that enters a score: p = .0016."""
NAMED = 0.1
"""Share of the strongest feature's likelihood ratio that another needs to name an outcome."""
LEAST_SCORE = 1.0
"""Score of an outcome at least: log-odds, nats."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One set of rows against others of the same tasks."""

    outcome: NDArray[np.bool_]
    """[k] Whether their answer has the outcome, by a model that did not see it."""
    doubtful: NDArray[np.bool_]
    """[k] Whether it would at a laxer threshold."""
    share: float
    """q: share of the compared rows with the outcome, weighted to the phrase's tasks."""
    others_with: NDArray[np.int64]
    """Compared rows that have it."""
    z: float
    p_value: float
    features: tuple[int, ...]
    """Features that speak most for the outcome, strongest first."""
    auc: float
    """Chance that a row with the phrase scores above another one, ties half."""
    scale: float
    """Rows that each of the compared ones stands for."""


@dataclass(frozen=True, slots=True)
class Table:
    """Features of n rows, by row and by feature."""

    rows: csr_matrix
    """[n, a] 1 where the row has the feature."""
    columns: csc_matrix
    """The same."""

    @classmethod
    def of(cls, rows: csr_matrix) -> Table:
        """Return a table of rows [n, a]."""
        columns = rows.tocsc()
        columns.sort_indices()
        return cls(rows, columns)


def judge(
    rows: NDArray[np.int64],
    features: Table,
    tasks: NDArray[np.int64],
    masked: NDArray[np.int64] | None = None,
) -> Judged | None:
    """Return how like each other the features of some rows are; None without enough other rows.

    rows: [k]; features: [n, a]; tasks: [n]; masked: features that are not read.
    """
    rng = np.random.default_rng(len(rows))
    k = len(rows)
    inside = np.zeros(len(tasks), dtype=np.bool_)
    inside[rows] = True
    mixture = np.bincount(tasks[rows], minlength=int(tasks.max()) + 1)
    others = np.flatnonzero(~inside & (mixture[tasks] > 0))
    scale = max(len(others) / OTHERS, 1.0)
    if len(others) > OTHERS:
        others = np.sort(rng.choice(others, OTHERS, replace=False))
    size = np.bincount(tasks[others], minlength=len(mixture))
    weight = mixture[tasks[others]] / size[tasks[others]]
    if len(others) < max(LEAST_OTHERS, LEAST_SHARE * k):
        return None
    weight /= weight.sum()
    counts = np.bincount(features.rows[rows].indices, minlength=features.rows.shape[1])
    if masked is not None:
        counts[masked] = 0
    chosen = np.flatnonzero(counts >= LEAST_SHARED)
    table = features.columns[:, chosen].tocsr()
    own = table[rows]
    fold, other_fold = (rng.permutation(np.arange(m) % FOLDS) for m in (k, len(others)))
    models = np.zeros((len(chosen), FOLDS))
    evidence = np.zeros(len(chosen))
    shares = np.zeros((len(tasks), FOLDS))
    for j in range(FOLDS):
        kept = other_fold != j
        shares[others[kept], j] = weight[kept] / max(weight[kept].sum(), 1e-12)
    background = np.asarray(table.T @ shares)
    effective = 1 / float((weight**2).sum())
    for j in range(FOLDS):
        learned = own[fold != j]
        models[:, j], gain = _weights(
            np.asarray(learned.sum(axis=0)).ravel(), learned.shape[0], background[:, j], effective
        )
        evidence += gain
    scores = np.asarray(table @ models)
    score, other_score = scores[rows, fold], scores[others, other_fold]
    steps = []
    for share in RARE:
        border = max(_upper(other_score, weight, share), LEAST_SCORE)
        reached = max(float(weight[other_score > border].sum()), 0.5 / effective)
        hits = float((score > border).sum())
        deviation = (hits - k * reached) / np.sqrt(k * reached * (1 - reached) + 0.25)
        most = float(lower_bound(hits, k)) >= SHARE_BOUND
        steps.append((most, float(deviation), border, reached))
    _, z, limit, q = max(steps, key=lambda step: step[:2])
    lax = max(min(_upper(other_score, weight, DOUBTFUL), limit), LEAST_SCORE)
    outcome, other_outcome = score > limit, other_score > limit
    h = int(outcome.sum())
    strongest = np.argsort(-evidence, kind="stable")[:12]
    return Judged(
        outcome, score > lax, q, others[other_outcome],
        z, tail(h, k, q),
        tuple(
            int(chosen[a]) for a in strongest if evidence[a] > max(NAMED * evidence.max(), 0.0)
        ),
        chance_above(score, other_score, weight), scale,
    )  # fmt: skip


def tail(h: int, k: int, q: float) -> float:
    """Return the chance of h or more of k at rate q."""
    from scipy.special import bdtrc  # noqa: PLC0415 - only a scan needs scipy

    return float(bdtrc(h - 1, k, q)) if h > 0 else 1.0


def _weights(
    held: NDArray[np.float64], k: int, rate: NDArray[np.float64], effective: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return [a] the log-odds weight of each feature, and [a] its G squared.

    Both are 0 where a feature says too little. held: [a] of k rows; rate: [a] share of the other
    rows, of `effective` many.
    """
    q = (rate * effective + 0.5) / (effective + 1)
    p = (held + q) / (k + 1)
    gain = np.where(
        held > k * q, 2 * (held * np.log(np.maximum(held, 1) / (k * q)) - held + k * q), 0.0
    )
    gain[(held < LEAST_SHARED) | (gain < LEAST_G2)] = 0.0
    if (gain > 0).sum() > KEPT:
        gain[gain < np.partition(gain, -KEPT)[-KEPT]] = 0.0
    return np.where(gain > 0, np.log(p / q), 0.0), gain


def _upper(score: NDArray[np.float64], weight: NDArray[np.float64], share: float) -> float:
    """Return the score that a weighted share of the rows exceeds."""
    order = np.argsort(-score, kind="stable")
    at = int(np.searchsorted(np.cumsum(weight[order]), share, side="right"))
    return float(score[order[min(at, len(order) - 1)]])
