"""What the lift of phrases is where none forces a label: the threshold of lift.py.

The null is a permutation: labels are permuted inside task x p-bin, and the largest z over all
phrases is taken again; its upper 5 % point over the draws is the threshold, with the family-wise
error rate that says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.lift import (
    CONTINUITY,
    LEAST_ADVERSE,
    LEAST_LIFT,
    SPREAD,
    adverse_borders,
    sigmoid,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.detectors.label_trigger.words import Outcome

DRAWS = 200
BINS = 10
CHUNK = 20
"""Draws of the null at a time: bounds the memory to f x 20 numbers."""


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
