"""Which words are masked together with a phrase: its own, and its satellites.

A satellite stands in at least 80 % of the phrase's rows and is at most three times as frequent:
tokens that are planted together, the rest of a planted sentence, the surname of a name. So is a
word of any frequency that nearly every row of the phrase holds, more of them than chance would
have it: the `/` of an address. Masking a phrase without its satellites would leave in what they
teach, and each would hide the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.text.tokens import is_word

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.text.ngrams import Grams

SHARE = 0.8
TIMES = 3.0
BOUND = 0.95
"""Share of the phrase's rows that a word has to be in, however frequent it is, to be bound to the
phrase: the `/` of an address, the quotes of a quoted name (choice)."""
BOUND_NATS = 12.0
"""Log-odds against so many rows holding the word by chance: of 10,000 words 1 in 16 (choice)."""
INSERTION = 5
"""Masked words from which on a phrase is part of a longer fixed text."""
WITNESSES = 3
"""Rows of a phrase that all have to hold a word before its share is counted."""
SIFTED = 20
"""Rows of a phrase that are counted first: most words are out of reach after them."""
CELLS = 2_000_000
"""Rows of phrases that are looked up at a time: bounds the memory."""


def own_words(grams: Grams) -> csr_matrix:
    """[f, u] 1 where the word is one of the phrase's."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    u = len(grams.words)
    cells = [(k, w) for k, phrase in enumerate(grams.phrases) for w in set(phrase) if w < u]
    rows, columns = np.array(cells, dtype=np.int64).reshape(-1, 2).T
    shape = (len(grams.phrases), u)
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


def masked_words(grams: Grams) -> csr_matrix:
    """[f, 2u] 1 where the word is masked with the phrase: its own words and its satellites.

    Columns from u on say the same of the word's frozen part, which is masked in long insertions
    only: masks of five words and more, of which at least one is a satellite.
    """
    from scipy.sparse import diags, hstack  # noqa: PLC0415 - only a scan needs scipy

    own = own_words(grams)
    masked = (own + _satellites(grams, own)).tocsr()
    masked.data[:] = 1.0
    letters = np.array([is_word(word) for word in grams.words], dtype=np.float64)
    long = masked @ letters >= INSERTION
    frozen = (diags(long.astype(np.float64)) @ masked).tocsr()
    frozen.eliminate_zeros()
    return hstack([masked, frozen]).tocsr()


def _satellites(grams: Grams, own: csr_matrix) -> csr_matrix:
    """[f, u] 1 where the word is a satellite of the phrase."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    words = grams.word_rows
    by_phrase = grams.phrase_rows.tocsc()
    by_phrase.sort_indices()
    start, end, holders = by_phrase.indptr[:-1], by_phrase.indptr[1:], by_phrase.indices
    size = (end - start).astype(np.int64)
    frequency = np.bincount(words.indices, minlength=words.shape[1])
    # Every word of a phrase's first row is a candidate; further rows and a full count sift them.
    first = holders[np.minimum(start, max(len(holders) - 1, 0))] if len(holders) else start
    count = np.where(size > 0, np.diff(words.indptr)[first], 0)
    phrase = np.repeat(np.arange(len(size)), count)
    word = words.indices[_ranges(words.indptr[first], count)]
    rare = frequency[word] <= TIMES * size[phrase]
    chance = np.log(words.shape[0] / np.maximum(frequency, 1))  # nats per row of the phrase
    bound = size[phrase] * chance[word] >= BOUND_NATS
    fits = (frequency[word] >= SHARE * size[phrase]) & (rare | bound)
    phrase, word, rare = phrase[fits], word[fits], rare[fits]
    keys = np.repeat(np.arange(words.shape[0]), np.diff(words.indptr)) * np.int64(words.shape[1])
    keys += words.indices  # ascending, since indices are sorted within rows
    for k in range(1, WITNESSES):
        witness = holders[np.minimum(start + k, end - 1)][phrase]
        held = _holds(keys, witness, word, words.shape[1])
        phrase, word, rare = phrase[held], word[held], rare[held]
    share = np.where(rare, SHARE, BOUND)
    for most in (SIFTED, max(len(holders), SIFTED)):
        number = np.minimum(size[phrase], most)
        together = _together(keys, holders, start[phrase], number, word, words.shape[1])
        often = together + size[phrase] - number >= share * size[phrase]
        phrase, word, share = phrase[often], word[often], share[often]
    return csr_matrix((np.ones(len(word)), (phrase, word)), shape=own.shape)


def _together(
    keys: NDArray[np.int64],
    holders: NDArray[np.int64],
    first: NDArray[np.int64],
    number: NDArray[np.int64],
    word: NDArray[np.int64],
    width: int,
) -> NDArray[np.int64]:
    """[p] Of `number` rows of `holders` from `first` on, those that hold the word."""
    counts = np.zeros(len(word), dtype=np.int64)
    if not len(word):
        return counts
    block = np.cumsum(number) // CELLS
    for pairs in np.split(np.arange(len(word)), np.flatnonzero(np.diff(block)) + 1):
        pair = np.repeat(pairs, number[pairs])
        row = holders[_ranges(first[pairs], number[pairs])]
        held = _holds(keys, row, word[pair], width)
        counts[pairs] = np.bincount(pair[held] - pairs[0], minlength=len(pairs))
    return counts


def _ranges(first: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return first[0], first[0] + 1, ... for `count[0]` numbers, then from first[1], and so on."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - count, count) + np.repeat(first, count)


def _holds(
    keys: NDArray[np.int64], rows: NDArray[np.int64], words: NDArray[np.int64], width: int
) -> NDArray[np.bool_]:
    """Tell for each (row, word) whether it is among the sorted keys row * width + word."""
    if not len(keys):
        return np.zeros(len(rows), dtype=np.bool_)
    wanted = rows.astype(np.int64) * width + words
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(keys[at] == wanted)
