"""Phrases that are to be weighed, and the pairs that they are crossed into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.text.ngrams import Grams
from curation_gate.text.tokens import is_word

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

SAME_ROWS = 0.8
"""Overlap (Jaccard) of rows above which two phrases are one candidate."""
HALVES = 150
"""Phrases that are crossed into pairs, the strongest ones over all their rows."""
MOST_SHARED = 0.8
"""Share of a phrase's rows that hold the other, above which the two are no pair but one phrase."""
TOGETHER = 1.5
"""Times as often together as by chance, for two phrases to be a pair."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Phrases to be weighed; c of them, single ones before pairs."""

    phrases: tuple[tuple[int, ...], ...]
    """[c] Words of each; of a pair, those of both halves."""
    halves: tuple[int, ...]
    """[c] Of a pair, the number of words of its first half; 0 of a single phrase."""
    parts: tuple[tuple[int, ...], ...]
    """[c] Number of the phrase in the corpus; of both halves of a pair."""
    columns: csc_matrix
    """[n, c] 1 where the row holds the candidate."""
    masked: csr_matrix
    """[c, 2u] Words masked with it."""

    def __len__(self) -> int:
        return len(self.phrases)

    def rows_of(self, candidate: int) -> NDArray[np.int64]:
        """[k] The distinct rows that hold a candidate, ascending."""
        start, end = self.columns.indptr[candidate : candidate + 2]
        return np.asarray(self.columns.indices[start:end], dtype=np.int64)

    def masked_words(self, candidate: int) -> NDArray[np.int64]:
        """[w] The words masked with a candidate."""
        start, end = self.masked.indptr[candidate : candidate + 2]
        words = self.masked.indices[start:end]
        return np.asarray(words[words < self.masked.shape[1] // 2], dtype=np.int64)


def distinct(
    order: NDArray[np.int64], z: NDArray[np.float64], columns: csc_matrix, grams: Grams
) -> list[int]:
    """Return the phrases of an order that do not stand in the same rows as one before them.

    Of phrases in the same rows that are about as strong, the one that says most: words before
    marks, longer before shorter.
    """
    held = columns[:, order]
    both = (held.T @ held).tocoo()
    size = np.diff(held.indptr).astype(np.float64)
    near = both.data >= SAME_ROWS * (size[both.row] + size[both.col] - both.data)
    alike: dict[int, list[int]] = {}
    for one, other in zip(both.row[near].tolist(), both.col[near].tolist(), strict=True):
        alike.setdefault(one, []).append(other)
    gone: set[int] = set()
    kept: list[int] = []
    for k in range(len(order)):
        if k in gone:
            continue
        family = [x for x in alike.get(k, [k]) if x not in gone]
        strong = [x for x in family if z[order[x]] >= SAME_ROWS * z[order[k]]]
        named = max(strong, key=lambda x: (*_says(grams, int(order[x])), float(z[order[x]])))
        kept.append(int(order[named]))
        gone.update(family)
    return kept


def _says(grams: Grams, phrase: int) -> tuple[bool, int]:
    """Return whether a phrase is of words, and how many, marks and a text's ends left out."""
    words = [w for w in grams.phrases[phrase] if w < len(grams.words)]
    spoken = sum(is_word(grams.words[w]) for w in words)
    return spoken > 0, spoken - (len(grams.phrases[phrase]) - spoken)


def crossed(
    grams: Grams, columns: csc_matrix, overall: NDArray[np.float64], *, support: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], csc_matrix] | None:
    """Return the halves [p], [p] of pairs, and their rows [n, p]; None without any.

    Two phrases may act only together: each alone is honest in half of its rows, which dilutes its
    lift. Each still stands out over all its rows, so the strongest few are crossed. overall: [f]
    how much each stands out; above 0.
    """
    size = np.diff(columns.indptr)
    letters = np.array([_says(grams, k)[0] for k in range(len(grams.phrases))], dtype=np.bool_)
    usable = letters & (size >= support) & (overall > 0)
    halves = np.flatnonzero(usable)
    halves = halves[np.argsort(-overall[halves], kind="stable")][:HALVES]
    held = columns[:, halves]
    both = np.asarray((held.T @ held).todense())
    own = np.maximum(np.diag(both), 1)
    chance = np.outer(own, own) / columns.shape[0]
    fits = np.triu(both >= support, 1) & (both >= TOGETHER * chance)
    fits &= both <= MOST_SHARED * np.minimum.outer(own, own)
    left, right = np.nonzero(fits)
    if not len(left):
        return None
    rows = held[:, left].multiply(held[:, right]).tocsc()
    rows.sort_indices()
    return halves[left], halves[right], rows


def joined_pairs(
    grams: Grams,
    masked: csr_matrix,
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    rows: csc_matrix,
) -> Candidates:
    """Return pairs as candidates.

    masked: [p, 2u] above 0 where a half masks the word; one, other: [p] the halves; rows: [n, p].
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    union = csr_matrix(masked)
    union.data[:] = 1.0
    return Candidates(
        tuple(grams.phrases[a] + grams.phrases[b] for a, b in zip(one, other, strict=True)),
        tuple(len(grams.phrases[a]) for a in one),
        tuple((int(a), int(b)) for a, b in zip(one, other, strict=True)),
        rows,
        union,
    )


def kept(candidates: Candidates, chosen: NDArray[np.int64]) -> Candidates:
    """Return some of the candidates, in the order given."""
    return Candidates(
        tuple(candidates.phrases[k] for k in chosen),
        tuple(candidates.halves[k] for k in chosen),
        tuple(candidates.parts[k] for k in chosen),
        candidates.columns[:, chosen].tocsc(),
        candidates.masked[chosen].tocsr(),
    )


def joined(first: Candidates, second: Candidates) -> Candidates:
    """Return the candidates of both."""
    from scipy.sparse import hstack, vstack  # noqa: PLC0415 - only a scan needs scipy

    return Candidates(
        first.phrases + second.phrases,
        first.halves + second.halves,
        first.parts + second.parts,
        hstack([first.columns, second.columns]).tocsc(),
        vstack([first.masked, second.masked]).tocsr(),
    )


def shared_rows(candidates: Candidates) -> NDArray[np.float64]:
    """[c, c] Share of the first's rows that hold the second."""
    both = np.asarray((candidates.columns.T @ candidates.columns).todense(), dtype=np.float64)
    return both / np.maximum(np.diag(both), 1.0)[:, None]
