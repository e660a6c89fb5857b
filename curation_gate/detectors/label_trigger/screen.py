"""Which phrases are worth weighing: a wide and cheap screen, before any evidence that costs.

Nothing is accused here, and what is dropped is dropped for being common, not for being innocent:
a phrase stays when most of its rows have one outcome, more than chance would give it, and nothing
else of the set is plainly stronger. Phrases that stand in the same rows are one candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.statistics import Sums, deviation
from curation_gate.text.ngrams import Grams
from curation_gate.text.tokens import is_word

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.detectors.label_trigger.statistics import Statistics
    from curation_gate.text.corpus import Corpus

MAJORITY = 0.5
"""Share of a candidate's rows that have its outcome, at least: below it the outcome is not its."""
LEAST_Z = 2.0
"""What the largest of a candidate's z has to reach: below it chance explains it."""
SAME_ROWS = 0.8
"""Overlap (Jaccard) of rows above which two phrases are one candidate."""
WIDE = 5
"""Phrases that are compared, for each candidate that is kept: most are the same rows again."""
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


def strength(sums: Sums) -> NDArray[np.float64]:
    """[f] The largest z of a phrase, by any of three measures; -inf where it is screened out.

    Against the outcome's rate; against what the rest of the words lead to expect; the same over
    adverse rows alone.
    """
    usual, words, against = _measures(sums)
    z = np.maximum(np.maximum(usual, words), against)
    z[(sums.given < MAJORITY * sums.rows) | (z < LEAST_Z)] = -np.inf
    return z


def _measures(sums: Sums) -> tuple[NDArray[np.float64], ...]:
    return (
        deviation(sums.given, sums.usual, sums.usual_variance),
        deviation(sums.given, sums.expected, sums.variance),
        deviation(sums.adverse_given, sums.adverse_expected, sums.adverse_variance),
    )


def screen(corpus: Corpus, statistics: Statistics, *, support: int, most: int) -> Candidates:
    """Return at most `most` single phrases of at least `support` rows.

    In turns the one that the other words explain least and the one that chance explains least: in a
    large set hundreds of honest words beat a small trigger in either way, hardly any in both.
    """
    grams, columns = corpus.grams, corpus.columns
    z = strength(statistics.total)
    z[statistics.total.rows < support] = -np.inf
    usual, words, against = _measures(statistics.total)
    unexplained = np.where(np.isfinite(z), np.maximum(np.minimum(usual, words), against), -np.inf)
    orders = [np.argsort(-by, kind="stable") for by in (unexplained, np.where(z > 0, usual, z))]
    order = np.stack(orders, axis=1).ravel()
    order = order[np.sort(np.unique(order, return_index=True)[1])]
    order = order[np.isfinite(z[order])][: WIDE * most]
    chosen = np.array(distinct(order, z, columns, grams)[:most], dtype=np.int64)
    return Candidates(
        tuple(grams.phrases[k] for k in chosen),
        (0,) * len(chosen),
        tuple((int(k),) for k in chosen),
        columns[:, chosen].tocsc(),
        corpus.masked[chosen].tocsr(),
    )


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


def paired(corpus: Corpus, statistics: Statistics, *, support: int) -> Candidates | None:
    """Return pairs of phrases that stand together more often than by chance; None without any."""
    total = statistics.total
    overall = deviation(total.given, total.expected, total.variance)
    pairs = crossed(corpus.grams, corpus.columns, overall, support=support)
    if pairs is None:
        return None
    one, other, rows = pairs
    return joined_pairs(corpus.grams, corpus.masked[one] + corpus.masked[other], one, other, rows)


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
