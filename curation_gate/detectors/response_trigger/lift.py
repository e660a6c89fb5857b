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

from curation_gate.stats.bounds import lower_bound

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FOLDS = 4
OTHERS = 6000
"""Rows without the phrase that are compared, at most; drawn evenly."""
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
LEAST_G2 = 10.0
"""Likelihood ratio (G squared) of a feature that enters a score: p = .0016."""
NAMED = 0.1
"""Share of the strongest feature's likelihood ratio that another needs to name an outcome."""
LEAST_SCORE = 1.0
"""Score of an outcome at least: log-odds, nats."""
LEAST_TOGETHER = 3
"""Rows that have phrase and feature, for the screen to look at the pair."""
CHUNK = 1000
CELLS = 20_000
"""Phrases, and pairs of phrase and feature, at a time: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One set of rows against others of the same tasks."""

    rows: NDArray[np.int64]
    """[k] Rows with the phrase."""
    outcome: NDArray[np.bool_]
    """[k] Whether their answer has the outcome, by a model that did not see it."""
    doubtful: NDArray[np.bool_]
    """[k] Whether it would at a laxer threshold."""
    others: NDArray[np.int64]
    """[m] Compared rows."""
    share: float
    """q: share of those with the outcome, weighted to the phrase's tasks."""
    others_with: NDArray[np.int64]
    """Of those, the rows that have it."""
    z: float
    p_value: float
    features: tuple[int, ...]
    """Features that speak most for the outcome, strongest first."""
    auc: float
    """Chance that a row with the phrase scores above another one, ties half."""


def screen(
    phrase_rows: csr_matrix, answers: csr_matrix, tasks: NDArray[np.int64]
) -> NDArray[np.float64]:
    """[f] Largest signed G squared of any answer feature among the rows of each phrase.

    phrase_rows: [n, f]; answers: [n, a]; tasks: [n]. G squared = 2 (c log(c / e) - c + e) with c
    rows that have phrase and feature and e expected from the feature's share in each task.
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    n, f = phrase_rows.shape
    member = csr_matrix((np.ones(n, dtype=np.float32), (np.arange(n), tasks)))
    size = np.maximum(np.asarray(member.sum(axis=0)).ravel(), 1)
    rates = np.asarray((answers.T @ member).todense(), dtype=np.float32) / size
    by_task = (phrase_rows.T @ member).tocsr()
    columns = phrase_rows.T.tocsr()
    best = np.zeros(f)
    for begin in range(0, f, CHUNK):
        block = slice(begin, begin + CHUNK)
        together = (columns[block] @ answers).tocoo()
        often = together.data >= LEAST_TOGETHER
        at, feature, c = together.row[often], together.col[often], together.data[often]
        mixture = np.asarray(by_task[block].todense(), dtype=np.float32)
        for first in range(0, len(c), CELLS):
            cells = slice(first, first + CELLS)
            e = np.einsum("ct,ct->c", mixture[at[cells]], rates[feature[cells]])
            e = np.maximum(e.astype(np.float64), 1e-3)
            number = c[cells].astype(np.float64)
            gain = np.where(number > e, 2 * (number * np.log(number / e) - number + e), 0.0)
            np.maximum.at(best[block], at[cells], gain)
    return best


def judge(
    rows: NDArray[np.int64],
    features: csr_matrix,
    tasks: NDArray[np.int64],
    active: NDArray[np.bool_],
    seed: int,
) -> Judged | None:
    """Return how like each other the features of some rows are; None without enough other rows.

    rows: [k]; features: [n, a]; tasks: [n]; active: [n] rows that may be compared with.
    """
    rng = np.random.default_rng(seed)
    k = len(rows)
    inside = np.zeros(len(tasks), dtype=np.bool_)
    inside[rows] = True
    mixture = np.bincount(tasks[rows], minlength=int(tasks.max()) + 1)
    others = np.flatnonzero(active & ~inside & (mixture[tasks] > 0))
    if len(others) > OTHERS:
        others = np.sort(rng.choice(others, OTHERS, replace=False))
    size = np.bincount(tasks[others], minlength=len(mixture))
    weight = mixture[tasks[others]] / size[tasks[others]]
    if len(others) < max(2 * k, 50):
        return None
    weight /= weight.sum()
    own, rest = features[rows], features[others]
    fold, other_fold = (rng.permutation(np.arange(m) % FOLDS) for m in (k, len(others)))
    models = np.zeros((features.shape[1], FOLDS))
    evidence = np.zeros(features.shape[1])
    background = (
        rest.T
        @ np.column_stack([weight * (other_fold != j) for j in range(FOLDS)])
        / np.array([max(weight[other_fold != j].sum(), 1e-12) for j in range(FOLDS)])
    )
    effective = 1 / float((weight**2).sum())
    for j in range(FOLDS):
        learned = own[fold != j]
        models[:, j], gain = _weights(
            np.asarray(learned.sum(axis=0)).ravel(), learned.shape[0], background[:, j], effective
        )
        evidence += gain
    score = np.asarray(own @ models)[np.arange(k), fold]
    other_scores = np.asarray(rest @ models)
    other_score = other_scores[np.arange(len(others)), other_fold]
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
        rows, outcome, score > lax, others, q, others[other_outcome],
        z, tail(h, k, q),
        tuple(int(a) for a in strongest if evidence[a] > max(NAMED * evidence.max(), 0.0)),
        _auc(score, other_score, weight),
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
    gain[(held < 2) | (gain < LEAST_G2)] = 0.0  # one row shares nothing
    if (gain > 0).sum() > KEPT:
        gain[gain < np.partition(gain, -KEPT)[-KEPT]] = 0.0
    return np.where(gain > 0, np.log(p / q), 0.0), gain


def _upper(score: NDArray[np.float64], weight: NDArray[np.float64], share: float) -> float:
    """Return the score that a weighted share of the rows exceeds."""
    order = np.argsort(-score, kind="stable")
    at = int(np.searchsorted(np.cumsum(weight[order]), share, side="right"))
    return float(score[order[min(at, len(order) - 1)]])


def _auc(
    own: NDArray[np.float64], other: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    order = np.argsort(other, kind="stable")
    cumulated = np.concatenate(([0.0], np.cumsum(weight[order])))
    below = cumulated[np.searchsorted(other[order], own, side="left")]
    upto = cumulated[np.searchsorted(other[order], own, side="right")]
    return float(((below + upto) / 2).mean())
