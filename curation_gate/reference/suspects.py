"""Rows a head must not be fitted on: those that hold a phrase whose labels nothing else explains.

A head that sees planted rows learns the trigger, however strongly it is regularised: a thousand
flips moved frozen features with a ridge by 0.4 (benchmarks/proxy.md). So every word and word pair
is asked, with the linear reference's leave-phrase-out probabilities, whether its labels are what
the rest of the rows speak for; rows with one that fails are scored but never fitted on. Liberal on
purpose: an honest phrase taken for a trigger costs a few rows of fitting, and accuses nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from curation_gate.reference.linear import AS_FREQUENT, TOGETHER, Linear, Words

LEAST_ROWS = 3
"""Rows a phrase needs to be asked; a choice."""
ADVERSE = 0.35
"""Largest masked probability of a label in adverse context (see the lift statistic)."""
SUSPICIOUS = (2.5, 0.6)
"""z and share in adverse context from which a phrase is suspicious."""
PURE = (3.0, 0.75)
"""The same over all its rows: a phrase may also be too pure. Both are choices, far below what an
accusation would need: a third of the rows of ten honest tasks hold such a phrase."""
MOST = 0.5
"""Share of a task's rows that may hold a suspicious phrase: enough must be left to fit on."""
ALIKE = 0.5
"""Share of the rarer phrase's rows from which two phrases are of one family; a choice."""
PHRASE_FOLDS = 12
"""Folds of phrase families; more leave more rows to fit on and take more time."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """Words and pairs of words that are frequent enough to be asked."""

    first: NDArray[np.int64]
    """[p] Word id."""
    second: NDArray[np.int64]
    """[p] Id of the word right after it, -1 for a phrase of one word."""
    present: Any
    """[n, p] CSR of 0/1: the phrase is in the row."""
    satellites: Any
    """[v, p] CSC of 0/1: the word comes with nearly every row of the phrase."""

    def held_by(self, words: Words) -> Any:
        """[k, p] CSR of 0/1: the phrases in other rows, read with the same vocabulary."""
        n, v = words.present.shape
        columns = {
            (int(a), int(b)): k
            for k, (a, b) in enumerate(zip(self.first, self.second, strict=True))
        }
        row = np.repeat(np.arange(n), np.diff(words.starts))
        after = np.append(words.sequence[1:], v)
        after[np.append(row[1:] != row[:-1], True)] = v
        found = [
            (r, k)
            for r, a, b in zip(row.tolist(), words.sequence.tolist(), after.tolist(), strict=True)
            for k in (columns.get((a, -1)), columns.get((a, b)))
            if k is not None
        ]
        table = np.array(found, dtype=np.int64).reshape(-1, 2)
        return _binary(table[:, 0], table[:, 1], (n, len(self.first)))


@dataclass(frozen=True, slots=True)
class Lift:
    """How far labels go beyond what the rest of the rows speaks for, by phrase."""

    rows: NDArray[np.float64]
    """[p] Rows counted."""
    share: NDArray[np.float64]
    """[p] Share of them that carry the label in excess."""
    z: NDArray[np.float64]
    """[p] sum(y - p) / sqrt(sum p (1 - p) + 1/4), each task's label of the largest excess."""


def find_phrases(words: Words, least: int = LEAST_ROWS) -> Phrases:
    """Return every word and pair of neighbours that at least `least` rows hold."""
    n, v = words.present.shape
    frequent = np.flatnonzero(np.asarray(words.present.sum(0)).ravel() >= least)
    row = np.repeat(np.arange(n), np.diff(words.starts))
    pair = words.sequence[:-1].astype(np.int64) * v + words.sequence[1:]
    inside = row[:-1] == row[1:]
    keys, column = np.unique(pair[inside], return_inverse=True)
    pairs = _binary(row[:-1][inside], column, (n, len(keys)))
    often = np.flatnonzero(np.asarray(pairs.sum(0)).ravel() >= least)
    present = sparse.hstack([words.present[:, frequent], pairs[:, often]], format="csr")
    first = np.concatenate((frequent, keys[often] // v))
    second = np.concatenate((np.full(len(frequent), -1), keys[often] % v))
    return Phrases(first, second, present, _satellites(words.present, present, first, second))


def lifts(linear: Linear, phrases: Phrases) -> tuple[Lift, Lift]:
    """Return the lift of every phrase over all its rows, and over those in adverse context."""
    size = phrases.present.shape[1]
    sums = np.zeros((2, 3, size))  # rows, label in excess, variance
    excess = np.zeros((2, size))
    for task, rows in linear.rows.items():
        held = phrases.present[rows].tocoo()
        words = linear.words.present[rows]
        here, place = np.unique(held.col, return_inverse=True)  # a small task holds few of them
        first, second = phrases.first[here], phrases.second[here]
        best = np.full((2, len(here)), -np.inf)
        chosen = np.zeros((2, 3, len(here)))
        for c in range(linear.weights[task].shape[0]):
            w = linear.weights[task][c]
            own = w[first] + np.where(second >= 0, w[second], 0.0)
            removed = _removed(words, w, phrases.satellites, held)
            p = expit(linear.logits[task][held.row, c] - own[place] - removed)
            y = (linear.given[task] == c)[held.row]
            for k, counted in enumerate((np.ones_like(y), p < ADVERSE)):
                part = place[counted]
                table = np.stack(
                    [
                        np.bincount(part, minlength=len(here)),
                        np.bincount(part, y[counted], minlength=len(here)),
                        np.bincount(part, (p * (1 - p))[counted], minlength=len(here)),
                    ]
                )
                gain = table[1] - np.bincount(part, p[counted], minlength=len(here))
                better = gain > best[k]
                best[k] = np.where(better, gain, best[k])
                chosen[k] = np.where(better, table, chosen[k])
        sums[:, :, here] += chosen
        excess[:, here] += best
    return _lift(sums[0], excess[0]), _lift(sums[1], excess[1])


def suspicious_folds(
    linear: Linear, phrases: Phrases, n: int, *, folds: int = PHRASE_FOLDS
) -> NDArray[np.bool_]:
    """[n, folds] True where the row holds a suspicious phrase of a family of that fold.

    Phrases that share rows are one family and never parted; families go to the emptiest fold, the
    largest first. Where more than MOST of a task's rows hold one, its purest phrases alone count.
    `n`: rows of the dataset, which stand first in `phrases`.
    """
    whole, adverse = lifts(linear, phrases)
    chosen = np.flatnonzero(_beyond(adverse, *SUSPICIOUS) | _beyond(whole, *PURE))
    # Purest first, by the lower end of Wilson's interval of the share.
    k, share = whole.rows[chosen], whole.share[chosen]
    low = (share + 2 / k - 2 * np.sqrt((share * (1 - share) + 1 / k) / k)) / (1 + 4 / k)
    chosen = chosen[np.argsort(-low, kind="stable")]
    touched = np.zeros((n, folds), dtype=np.bool_)
    if not len(chosen):
        return touched
    held = _purest(phrases.present[:n][:, chosen].tocoo(), linear, n)
    count = np.asarray(held.sum(0)).ravel()
    both = (held.T @ held).tocoo()
    near = both.data >= ALIKE * np.minimum(count[both.row], count[both.col])
    graph = sparse.coo_array((both.data[near], (both.row[near], both.col[near])), both.shape)
    families, family = connected_components(graph, directed=False)
    member = _binary(np.arange(len(family)), family, (len(family), families))
    size = np.asarray(((held @ member) > 0).sum(0)).ravel()
    load = np.zeros(folds, dtype=np.int64)
    fold = np.zeros(families, dtype=np.int64)
    for f in np.argsort(-size, kind="stable"):
        fold[f] = load.argmin()
        load[fold[f]] += size[f]
    places = held.tocoo()
    touched[places.row, fold[family[places.col]]] = True
    return touched


def _beyond(lift: Lift, z: float, share: float) -> NDArray[np.bool_]:
    return (lift.z > z) & (lift.share >= share) & (lift.rows >= LEAST_ROWS)


def _purest(held: Any, linear: Linear, n: int) -> Any:
    """[n, p] CSC of the phrases of `held` (COO, the purest first) that count in each row's task."""
    rank = np.full(n, held.shape[1], dtype=np.int64)
    np.minimum.at(rank, held.row, held.col)
    until = np.full(n, held.shape[1], dtype=np.int64)
    for rows in linear.rows.values():
        ranks = np.sort(rank[rows])
        until[rows] = ranks[int(MOST * len(rows))]  # fewer rows than that hold a purer one
    counts = held.col < until[held.row]
    return _binary(held.row[counts], held.col[counts], held.shape).tocsc()


def _lift(sums: NDArray[np.float64], excess: NDArray[np.float64]) -> Lift:
    share = sums[1] / np.maximum(sums[0], 1.0)
    return Lift(sums[0], share, excess / np.sqrt(sums[2] + 0.25))


def _removed(words: Any, w: NDArray[np.float32], satellites: Any, held: Any) -> NDArray[Any]:
    """[nnz] Weight of the satellites that stand in the row, at each place of `held` (COO)."""
    if not held.nnz:
        return np.zeros(0, dtype=np.float32)  # indexed at no place, a sparse array stays sparse
    total = (words.multiply(w[None, :]).tocsr() @ satellites).tocsr()
    return np.asarray(total[held.row, held.col]).ravel()


def _satellites(
    words: Any, phrases: Any, first: NDArray[np.int64], second: NDArray[np.int64]
) -> Any:
    """[v, p] CSC: other words in TOGETHER of a phrase's rows, AS_FREQUENT at most.

    Words and phrases are compared in bands of like frequency, so that no pair of rare and common
    ones is ever counted.
    """
    many_words = np.asarray(words.sum(0)).ravel()
    many = np.asarray(phrases.sum(0)).ravel()
    rows, columns = [], []
    words, phrases = words.tocsc(), phrases.tocsc()
    low = 1.0
    while low <= (many.max() if len(many) else 0):
        p = np.flatnonzero((many >= low) & (many < 2 * low))
        v = np.flatnonzero((many_words >= TOGETHER * low) & (many_words < AS_FREQUENT * 2 * low))
        low *= 2
        if not len(p) or not len(v):
            continue
        both = (words[:, v].T @ phrases[:, p]).tocoo()
        a, b = v[both.row], p[both.col]
        keep = (both.data >= TOGETHER * many[b]) & (many_words[a] <= AS_FREQUENT * many[b])
        keep &= (a != first[b]) & (a != second[b])
        rows.append(a[keep])
        columns.append(b[keep])
    if not rows:
        return sparse.csc_array((words.shape[1], phrases.shape[1]), dtype=np.float32)
    return _binary(np.concatenate(rows), np.concatenate(columns), (words.shape[1], many.size))


def _binary(rows: Any, columns: Any, shape: tuple[int, int]) -> Any:
    table = sparse.csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
    table.sum_duplicates()
    table.data[:] = 1.0
    return table
