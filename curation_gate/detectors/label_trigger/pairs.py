"""Pairs of phrases that act only together: each alone is honest in half of its rows.

The search for single phrases misses them, since honest rows dilute the lift of each half. Halves
still stand out over all their rows, so the strongest few hundred phrases are crossed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curation_gate.text.ngrams import Grams

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.detectors.label_trigger.lift import Lift

HALVES = 200
"""Phrases that are crossed with each other (choice)."""
LEAST_ROWS = 6
"""Rows that have to hold both."""
MOST_SHARED = 0.8
"""Share of a phrase's rows that hold the other, above which they are one phrase."""
TOGETHER = 1.5
"""Times as often together as by chance."""


def cross(
    lift: Lift, grams: Grams, columns: csc_matrix, masked: csr_matrix
) -> tuple[Grams, csr_matrix, list[int]]:
    """Return pairs of phrases as phrases, the words masked with each, and the length of its half.

    columns: [n, f] rows of each phrase; masked: [f, 2u].
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    size = np.diff(columns.indptr)
    halves = np.argsort(-np.where(size >= LEAST_ROWS, lift.overall, -np.inf), kind="stable")
    halves = halves[:HALVES]
    halves = halves[lift.overall[halves] > 0]
    held = columns[:, halves]
    both = np.asarray((held.T @ held).todense())
    own = np.maximum(np.diag(both), 1)
    chance = np.outer(own, own) / columns.shape[0]
    fits = np.triu(both >= LEAST_ROWS, 1) & (both >= TOGETHER * chance)
    fits &= both <= MOST_SHARED * np.minimum.outer(own, own)
    left, right = np.nonzero(fits)
    rows = (held[:, left].multiply(held[:, right])).tocsr() if len(left) else held[:, :0].tocsr()
    rows.sort_indices()
    one, other = halves[left], halves[right]
    union = (masked[one] + masked[other]).tocsr()
    union.data[:] = 1.0
    phrases = tuple(grams.phrases[a] + grams.phrases[b] for a, b in zip(one, other, strict=True))
    table = csr_matrix(rows, shape=(columns.shape[0], len(phrases)))
    halves_long = [len(grams.phrases[a]) for a in one]
    return Grams(grams.words, grams.word_rows, phrases, table), union, halves_long
