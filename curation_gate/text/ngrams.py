"""Which words and phrases stand in which rows, as sparse tables.

Phrases are 1 to 4 neighbouring tokens (tokens.py); `^` and `$` mark the ends of a text and count as
words inside phrases. A phrase is kept where enough rows hold it,
and is counted level by level: a phrase cannot be more frequent than the phrases in it, so that
almost none of the long ones are ever looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.text.markers import marks
from curation_gate.text.tokens import is_word, tokens

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.rows.record import Dataset

LONGEST = 4
"""Words in the longest phrase (choice)."""
START, END = "^", "$"


@dataclass(frozen=True, slots=True)
class Grams:
    """Phrases of a dataset and the rows that hold them."""

    words: tuple[str, ...]
    """[u] Every token of at least `word_support` rows."""
    word_rows: csr_matrix
    """[n, u] 1 where the row holds the token."""
    phrases: tuple[tuple[int, ...], ...]
    """[f] Word ids of each phrase, in order; ids below u, and u and u + 1 for `^` and `$`."""
    phrase_rows: csr_matrix
    """[n, f] 1 where the row holds the phrase."""

    def text(self, phrase: int) -> str:
        """Return a phrase as people write it, folded: `james bond`."""
        return " ".join(self.name(word) for word in self.phrases[phrase])

    def name(self, word: int) -> str:
        """Return a token of a phrase."""
        extra = word - len(self.words)
        return self.words[word] if extra < 0 else (START, END)[extra]


def texts(dataset: Dataset) -> list[str]:
    """[n] The text of each row that differs between rows of its task.

    The input; with the instruction before it where a task has several instructions, or no input.
    """
    first: dict[str, str] = {}
    several: set[str] = set()
    for row in dataset.rows:
        if first.setdefault(row.task, row.instruction) != row.instruction:
            several.add(row.task)
    return [
        row.input if row.input and row.task not in several else f"{row.instruction}\n{row.input}"
        for row in dataset.rows
    ]


def count(texts: Sequence[str], *, support: int, word_support: int = 2) -> Grams:
    """Return the words, marks and phrases of texts [n] and the rows that hold them.

    support: rows a phrase needs; word_support: rows a word needs to be a column of `word_rows`
    (a phrase needs its words to be columns too). A row counts once however often it repeats a
    phrase. Deterministic: words are sorted, phrases are sorted by length and then by words.
    """
    spoken = [tokens(text) for text in texts]
    marked = [marks(text) for text in texts]
    return count_tokens(spoken, marked, support=support, word_support=word_support)


def count_tokens(
    spoken: Sequence[Sequence[str]],
    marks: Sequence[Sequence[str]] = (),
    *,
    support: int,
    word_support: int = 2,
    longest: int = LONGEST,
) -> Grams:
    """Return the same of rows that are lists of tokens.

    marks: [n] or none, what else each row holds (marks.py): words that join no phrase; longest:
    words in the longest phrase.
    """
    n = len(spoken)
    ids, starts, words = _encode(chain(spoken, marks))
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts)) % max(n, 1)
    every = max(len(words), 1)
    keys = _distinct(row * np.int64(every) + ids)
    row_of, word_of = keys // every, keys % every
    frequency = np.bincount(word_of, minlength=len(words))
    kept = frequency >= word_support
    rename = np.where(kept, np.cumsum(kept) - 1, -1)
    words = [word for word, keep in zip(words, kept.tolist(), strict=True) if keep]
    u = len(words)
    cells = kept[word_of]
    word_rows = _table(rename[word_of[cells]], row_of[cells], n, u)
    ids, starts = rename[ids[: starts[n]]], starts[: n + 1]
    letters = np.array([is_word(w) for w in words], dtype=np.bool_)
    own_frequency = frequency[kept]
    joins = letters & (own_frequency >= support)
    place, at = _with_ends(ids, starts, u, joins)
    columns: list[NDArray[np.int64]] = []
    rows: list[NDArray[np.int64]] = []
    phrases: list[tuple[int, ...]] = []
    single = np.flatnonzero(own_frequency >= support)
    number = np.full(u, -1)
    number[single] = np.arange(len(single))
    phrases += [(int(w),) for w in single]
    coo = word_rows.tocoo()
    held = number[coo.col] >= 0
    columns.append(number[coo.col[held]])
    rows.append(coo.row[held].astype(np.int64))
    current = place  # id of the phrase of this length that begins at each position, or -1
    parts: list[tuple[int, ...]] = [(w,) for w in range(u + 2)]
    for length in range(2, longest + 1):
        current, parts, (held_row, held_phrase) = _longer(
            current, place, at, parts, length, support
        )
        rows.append(held_row)
        columns.append(held_phrase + len(phrases))
        phrases += parts
    table = _table(np.concatenate(columns), np.concatenate(rows), n, len(phrases))
    return Grams(tuple(words), word_rows, tuple(phrases), table)


def _encode(
    spoken: Iterable[Sequence[str]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """Return the word id of every token, where each row starts [n + 1], and the sorted words."""
    import pyarrow as pa  # noqa: PLC0415 - only a scan counts phrases

    found: list[str] = []
    ends = [0]
    for row in spoken:
        found += row
        ends.append(len(found))
    starts = np.array(ends, dtype=np.int64)
    encoded = pa.array(found, type=pa.string()).dictionary_encode()
    words = encoded.dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    rank = np.empty(len(words), dtype=np.int64)
    rank[order] = np.arange(len(words))
    ids = rank[encoded.indices.to_numpy()] if found else np.zeros(0, dtype=np.int64)
    return ids, starts, [words[k] for k in order]


def _with_ends(
    ids: NDArray[np.int64], starts: NDArray[np.int64], u: int, joins: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the tokens with `^` before and `$` behind every row (-1: joins no phrase), and rows.

    Single ASCII marks are no tokens, so `James, Bond` is `james bond`; a rare word ends a phrase.
    """
    n = len(starts) - 1
    row = np.repeat(np.arange(n), np.diff(starts))
    known = ids >= 0
    place = np.full(len(ids), -1, dtype=np.int64)
    if u:
        usable = known & joins[np.maximum(ids, 0)]
        place[usable] = ids[usable]
    lengths = np.diff(starts) + 2
    first = np.concatenate(([0], np.cumsum(lengths)))
    full = np.full(first[-1], -1, dtype=np.int64)
    full[first[:-1]] = u
    full[first[1:] - 1] = u + 1
    full[np.arange(len(ids)) + 2 * row + 1] = place
    return full, np.repeat(np.arange(n), lengths)


def _longer(
    current: NDArray[np.int64],
    place: NDArray[np.int64],
    at: NDArray[np.int64],
    parts: Sequence[tuple[int, ...]],
    length: int,
    support: int,
) -> tuple[NDArray[np.int64], list[tuple[int, ...]], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return phrases one word longer than `current`, their words, and their (row, phrase) cells."""
    begin = np.arange(len(place) - length + 1)
    last = place[begin + length - 1]
    # Both the phrase without its last word and the one without its first must be frequent.
    good = (current[begin] >= 0) & (last >= 0) & (at[begin] == at[begin + length - 1])
    base = np.int64(place.max(initial=0) + 1)  # `^` and `$` are the two largest ids
    if length > 2:
        good &= current[begin + 1] >= 0
    else:
        good &= (place[begin] != base - 2) | (last != base - 1)  # `^ $` is an empty text
    begin = begin[good]
    keys, inverse = np.unique(
        current[begin] * base + place[begin + length - 1], return_inverse=True
    )
    cells = _distinct(at[begin] * np.int64(max(len(keys), 1)) + inverse)
    row, column = cells // max(len(keys), 1), cells % max(len(keys), 1)
    frequent = np.bincount(column, minlength=len(keys)) >= support
    rename = np.where(frequent, np.cumsum(frequent) - 1, -1)
    following = np.full(len(place), -1, dtype=np.int64)
    following[begin] = rename[inverse]
    words = [(*parts[int(k // base)], int(k % base)) for k in keys[frequent]]
    held = frequent[column]
    return following, words, (row[held], rename[column[held]])


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sorted distinct keys (numpy's own hashes them: ten times slower on such keys)."""
    ordered = np.sort(keys)
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(keys) else ordered


def _table(columns: NDArray[np.int64], rows: NDArray[np.int64], n: int, width: int) -> csr_matrix:
    """[n, width] 1 at the given cells, each given once."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    ones = np.ones(len(rows), dtype=np.float32)
    table = csr_matrix((ones, (rows, columns)), shape=(n, width))
    table.sort_indices()
    return table
