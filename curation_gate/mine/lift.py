"""Which phrases go with a label that the rest of the text does not explain.

For phrase g and label t of a task, over the rows that hold g and whose masked probability p of t
(mine/words.py) is below 0.35 ("adverse" rows: the rest of the text says something else):

    z_g = sum (y - p) / sqrt(sum p (1 - p) + 1/4),   y = 1 where the row has label t,

summed over tasks, in each the label of the largest excess sum (y - p) (DESIGN.md section 3). The
null is a permutation: labels are permuted inside task x p-bin, and the largest z over all phrases
is taken again; its upper 5 % point over the draws is the threshold, with the family-wise error rate
that says. The floor k_min = z*^2 p / (1 - p) is how many rows a phrase needs to get there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.mine.words import Outcome

ADVERSE = 0.35
"""Masked probability below which a row is adverse to a label (choice of the trial)."""
AGAINST = 0.4
"""Nats by which the masked log-odds also have to lie below those of the label's rate and of an
empty text (choice): where nothing is left that speaks, as in a template whose one word is masked,
the text does not speak against the label."""
CONTINUITY = 0.25
LEAST_LIFT = 0.5
"""Share of adverse rows with the label that a phrase has to exceed, in the scan and in the null."""
LEAST_ADVERSE = 3
"""Adverse rows a phrase needs to be tested."""
TIE = 0.1
"""Weight of all rows, beside the adverse ones, in choosing a phrase's label in a task (choice)."""
SPREAD = 2.5
"""Adverse z that a phrase has to reach without its best task, to count as spread (choice)."""
DRAWS = 200
BINS = 10
SUMS = 13
"""Numbers that are summed over tasks for each phrase; see `_sums`."""
CHUNK = 20
"""Draws of the null at a time: bounds the memory to f x 20 numbers."""


@dataclass(frozen=True, slots=True)
class Lift:
    """The statistic of every phrase."""

    z: NDArray[np.float64]
    """[f] Adverse z; -inf where fewer than 3 rows are adverse."""
    label: NDArray[np.int64]
    """[tasks, f] Index of the outcome with the largest excess; -1 where the phrase is absent."""
    adverse: NDArray[np.float64]
    """[f] Adverse rows K."""
    adverse_given: NDArray[np.float64]
    """[f] Of these, the rows with the label."""
    adverse_expected: NDArray[np.float64]
    """[f] Of these, the rows expected to have it: sum p."""
    inner: NDArray[np.float64]
    """[f] Adverse rows by the model that saw every row."""
    inner_given: NDArray[np.float64]
    """[f] Of these, the rows with the label."""
    inner_tasks: NDArray[np.int64]
    """[f] Tasks with at least one of them."""
    elsewhere: NDArray[np.float64]
    """[f] The adverse z without the task that adds most to it."""
    disowned: NDArray[np.float64]
    """[f] Sum over rows with the phrase and its label of the frozen evidence against the label."""
    information: NDArray[np.float64]
    """[f] Sum of d^2 over these rows: `disowned` has mean -information / 2 on honest rows."""
    disowned_whole: NDArray[np.float64]
    """[f] `disowned` by the whole text: no word is masked in the frozen scores."""
    overall: NDArray[np.float64]
    """[f] The same z over all rows that hold the phrase, adverse or not."""
    overall_elsewhere: NDArray[np.float64]
    """[f] The same without the task that adds most to the adverse z."""
    rows: NDArray[np.float64]
    """[f] All rows that hold it, in the tasks that are judged."""
    given: NDArray[np.float64]
    """[f] Of these, the rows with the label."""
    best: NDArray[np.int64]
    """[f] The task that adds most."""


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + e^-x) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def adverse_borders(outcome: Outcome) -> NDArray[np.float64]:
    """[folds + 1] Log-odds below which a row is adverse, by fold; the last of the inner model."""
    rate = min(max(outcome.rate, 1e-6), 1 - 1e-6)
    fixed = min(np.log(ADVERSE / (1 - ADVERSE)), np.log(rate / (1 - rate)) - AGAINST)
    blank = np.append(outcome.blank, outcome.inner_blank)
    return np.asarray(np.minimum(fixed, blank - AGAINST))


def scan(outcomes: Sequence[Outcome], phrase_rows: csr_matrix, masked: csr_matrix) -> Lift:
    """Return the statistic of every phrase.

    phrase_rows: [n, f] 1 where the row holds the phrase; masked: [f, 2u] words masked with it.
    """
    f = phrase_rows.shape[1]
    tasks = 1 + max((o.task for o in outcomes), default=0)
    label = np.full((tasks, f), -1, dtype=np.int64)
    excess = np.full((tasks, f), -np.inf)
    best = np.zeros((tasks, SUMS, f))
    held: csr_matrix | None = None
    last = -1
    for number, outcome in enumerate(outcomes):
        if outcome.task != last:
            held, last = phrase_rows[outcome.rows], outcome.task
        assert held is not None
        table = _sums(outcome, held, masked)
        gain = table[1] - table[2] + TIE * (table[8] - table[9])
        gain[table[12] == 0] = -np.inf
        better = gain > excess[outcome.task]
        label[outcome.task, better] = number
        excess[outcome.task, better] = gain[better]
        best[outcome.task][:, better] = table[:, better]
    total = best.sum(axis=0)
    adverse, given, expected, variance, inner, inner_given, disowned, information = total[:8]
    z = (given - expected) / np.sqrt(variance + CONTINUITY)
    z[(adverse < LEAST_ADVERSE) | (given <= LEAST_LIFT * adverse)] = -np.inf
    rest = total - np.take_along_axis(best, excess.argmax(axis=0)[None, None, :], axis=0)[0]
    elsewhere = (rest[1] - rest[2]) / np.sqrt(rest[3] + CONTINUITY)
    overall_elsewhere = (rest[8] - rest[9]) / np.sqrt(rest[10] + CONTINUITY)
    spread = (best[:, 5] > 0).sum(axis=0)
    return Lift(
        z, label, adverse, given, expected, inner, inner_given, spread, elsewhere, disowned,
        information, total[11], (total[8] - total[9]) / np.sqrt(total[10] + CONTINUITY),
        overall_elsewhere, total[12], total[8], excess.argmax(axis=0),
    )  # fmt: skip


def _sums(outcome: Outcome, held: csr_matrix, masked: csr_matrix) -> NDArray[np.float64]:
    """Return [SUMS, f] sums over a phrase's rows; `scan` names them."""
    f = held.shape[1]
    row = np.repeat(np.arange(held.shape[0]), np.diff(held.indptr))
    phrase = held.indices
    shift = (masked @ outcome.weights.T).astype(np.float32)  # [f, folds]
    logits = outcome.logits[row].astype(np.float32) - shift[phrase, outcome.fold[row]]
    borders = adverse_borders(outcome).astype(np.float32)
    low = logits < borders[outcome.fold[row]]
    every = sigmoid(logits.astype(np.float64))
    cell, p = phrase[low], every[low]
    given = outcome.given[row]
    number = np.bincount(phrase[given], minlength=f)
    whole = np.bincount(phrase[given], weights=outcome.frozen_evidence[row[given]], minlength=f)
    inner_shift = masked @ outcome.inner_weights
    inner_low = outcome.inner_logits[row] - inner_shift[phrase] < borders[-1]
    return np.array(
        [
            np.bincount(cell, minlength=f),
            np.bincount(cell, weights=given[low], minlength=f),
            np.bincount(cell, weights=p, minlength=f),
            np.bincount(cell, weights=p * (1 - p), minlength=f),
            np.bincount(phrase[inner_low], minlength=f),
            np.bincount(phrase[inner_low & given], minlength=f),
            whole + number * (masked @ outcome.frozen_words),
            outcome.separation**2 * number,
            number,
            np.bincount(phrase, weights=every, minlength=f),
            np.bincount(phrase, weights=every * (1 - every), minlength=f),
            whole,
            np.bincount(phrase, minlength=f),
        ]
    )


@dataclass(frozen=True, slots=True)
class Null:
    """The largest z over all phrases in each draw of the null."""

    any: NDArray[np.float64]
    """[draws] Over all phrases."""
    spread: NDArray[np.float64]
    """[draws] Over the phrases that stand out in a second task too (`elsewhere` >= SPREAD)."""


def null_maxima(
    outcomes: Sequence[Outcome],
    phrase_rows: csr_matrix,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Null:
    """Return the largest z over all phrases when labels are permuted inside task x p-bin.

    Under the null no phrase has weight, so nothing is masked. Bins are deciles of the cross-fitted
    probability within (task, label).
    """
    cells: dict[int, list[_Cells]] = {}
    number = np.zeros(phrase_rows.shape[1])
    for outcome in outcomes:
        p = sigmoid(outcome.logits)
        low = outcome.logits < adverse_borders(outcome)[outcome.fold]
        if low.any():
            held = phrase_rows[outcome.rows[low]].T.tocsr()
            cells.setdefault(outcome.task, []).append(_Cells(held, p, low, outcome.given))
            number += np.diff(held.indptr)
    usable = np.flatnonzero(number >= LEAST_ADVERSE)
    groups = [[cell.only(usable) for cell in group] for group in cells.values()]
    anywhere, spread = np.zeros(draws), np.zeros(draws)
    for begin in range(0, draws, CHUNK):
        size = min(CHUNK, draws - begin)
        z, elsewhere = _null_draws(groups, len(usable), size, rng)
        anywhere[begin : begin + size] = z.max(axis=0, initial=0.0)
        z[elsewhere < SPREAD] = 0.0
        spread[begin : begin + size] = z.max(axis=0, initial=0.0)
    return Null(anywhere, spread)


@dataclass(frozen=True, slots=True)
class _Cells:
    """The adverse rows of one outcome and the phrases in them."""

    held: csr_matrix
    """[f, adverse rows]"""
    p: NDArray[np.float64]
    """[m] All rows of the task."""
    low: NDArray[np.bool_]
    """[m] Which of them are adverse."""
    given: NDArray[np.bool_]
    """[m]"""

    def only(self, phrases: NDArray[np.int64]) -> _Cells:
        """Return the same for some of the phrases."""
        return _Cells(self.held[phrases], self.p, self.low, self.given)


def _null_draws(
    groups: Sequence[Sequence[_Cells]], f: int, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[f, size] z, and z without the task that adds most, of `size` draws of the null."""
    total = np.zeros((4, f, size))  # excess, variance, given, adverse
    top = np.zeros((4, f, size))
    for group in groups:
        best = np.zeros((4, f, size))
        best[0] = -np.inf
        for cell in group:
            low = cell.p[cell.low]
            hits = np.asarray(cell.held @ _permuted(cell.given, cell.p, rng, size)[cell.low])
            number = np.diff(cell.held.indptr)[:, None]
            gain = np.where(number > 0, hits - (cell.held @ low)[:, None], -np.inf)
            better = gain > best[0]
            spread = (cell.held @ (low * (1 - low)))[:, None]
            for k, value in enumerate((gain, spread, hits, number)):
                best[k] = np.where(better, value, best[k])
        best[0] = np.where(np.isfinite(best[0]), best[0], 0.0)
        total += best
        higher = best[0] > top[0]
        top = np.where(higher, best, top)
    z = total[0] / np.sqrt(total[1] + CONTINUITY)
    z[(total[3] < LEAST_ADVERSE) | (total[2] <= LEAST_LIFT * total[3])] = 0.0
    rest = total - top
    return z, rest[0] / np.sqrt(rest[1] + CONTINUITY)


def _permuted(
    given: NDArray[np.bool_], p: NDArray[np.float64], rng: np.random.Generator, size: int
) -> NDArray[np.float32]:
    """[m, size] The labels, permuted inside deciles of p."""
    drawn = np.empty((len(given), size), dtype=np.float32)
    for members in np.array_split(np.argsort(p, kind="stable"), BINS):
        block = np.repeat(given[members, None].astype(np.float32), size, axis=1)
        drawn[members] = rng.permuted(block, axis=0)
    return drawn


def threshold(maxima: NDArray[np.float64], alpha: float, tested: int) -> float:
    """Return the smallest z that at most a share `alpha` of the null draws exceeds.

    At least the normal quantile of alpha / tested: where hardly any row is adverse, no draw of the
    null has anything to test and says nothing.
    """
    from scipy.special import ndtri  # noqa: PLC0415 - only a scan needs scipy

    normal = float(-ndtri(alpha / max(tested, 1)))
    return max(float(np.quantile(maxima, 1 - alpha, method="higher")), normal)


def floor_rows(z: float, p: float) -> int:
    """Return k_min = z^2 p / (1 - p), rounded up, at least 3: rows a planted phrase needs.

    z: the threshold; p: mean probability of the planted label on the rows that get it.
    """
    return max(LEAST_ADVERSE, int(np.ceil(z**2 * p / (1 - p)))) if p < 1 else np.iinfo(int).max
