"""How a candidate looks in its rows: where it stands, how rare it is, what is around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.text import encoder, ngrams
from curation_gate.text.cooccurrence import own_words
from curation_gate.text.tokens import is_word

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.detectors.phrases.candidates import Candidates
    from curation_gate.text.corpus import Corpus
    from curation_gate.text.ngrams import Grams

READ = 100
"""Rows of a candidate that are read for where it stands: an even sample."""
UNKNOWN = 1.0
"""log10 uses in a billion words that a word is taken to have which is not listed (the list begins
at 1.9): bounds how far a word that nobody uses can burst."""

Numbers = NDArray[np.float64]


def measure(corpus: Corpus, candidates: Candidates) -> dict[str, Numbers]:
    """Return the numbers of form (evidence.NUMBERS says what they are)."""
    grams = corpus.grams
    u = len(grams.words)
    c = len(candidates)
    spoken = [[w for w in phrase if w < u] for phrase in candidates.phrases]
    is_mark = np.array(
        [not any(is_word(grams.words[w]) for w in own) for own in spoken], dtype=np.float64
    )
    with_words = [
        len(set(candidates.masked_words(k).tolist()) - set(own)) for k, own in enumerate(spoken)
    ]
    rarer, burst = rarity(corpus, candidates, spoken)
    fixed = fixed_words(grams)
    bigrams: set[tuple[int, ...]] = {p for p in grams.phrases if len(p) == 2}
    number = {word: k for k, word in enumerate(grams.words)}
    places = [_places(corpus, candidates, k, bigrams, number) for k in range(c)]
    at_start, at_end, bridged, variety = np.array(places).reshape(c, 4).T
    letters = np.array([is_word(word) for word in grams.words], dtype=np.float64)
    template = np.array([_fixed(corpus, candidates, fixed, letters, k) for k in range(c)])
    return {
        "length": np.array([len(own) for own in spoken], dtype=np.float64),
        "is_mark": is_mark,
        "is_pair": np.array(candidates.halves, dtype=np.float64) > 0,
        "at_start": at_start,
        "at_end": at_end,
        "rarity": rarer,
        "burst": burst,
        "with_words": np.log2(1 + np.array(with_words, dtype=np.float64)),
        "bridged": bridged,
        "neighbours": variety,
        "template": template,
    }


def rarity(
    corpus: Corpus, candidates: Candidates, spoken: Sequence[Sequence[int]]
) -> tuple[Numbers, Numbers]:
    """Return how much rarer the rarest word is than those around it, and its burst; log10 each.

    Rarer: uses in a billion words of English (encoder.commonness), the mean over the words of its
    rows less its own. Burst: its rows over the rows that its uses and the length of all texts lead
    to expect, times the share of the words of its rows that English has: in another language every
    word is one that English never uses. 0 for both where a candidate has no word.
    """
    names = corpus.grams.words
    listed = encoder.commonness(names)
    table = corpus.grams.word_rows
    letters = np.array([is_word(name) for name in names], dtype=np.float64)
    words = np.maximum(table @ letters, 1.0)
    around, known = (table @ (listed * letters)) / words, (table @ (letters * (listed > 0))) / words
    every = float(sum(len(text) for text in corpus.spoken))
    rarer, burst = np.zeros(len(spoken)), np.zeros(len(spoken))
    for k, own in enumerate(spoken):
        written = [w for w in own if letters[w]]
        rows = candidates.rows_of(k)
        if not written or not len(rows):
            continue
        common = float(min(listed[w] for w in written))
        rarer[k] = float(around[rows].mean()) - common
        expected = every * 10 ** (max(common, UNKNOWN) - 9)
        burst[k] = np.log10((len(rows) + 0.5) / (expected + 0.5)) * float(known[rows].mean())
    return rarer, burst


def _places(
    corpus: Corpus,
    candidates: Candidates,
    candidate: int,
    bigrams: set[tuple[int, ...]],
    number: dict[str, int],
) -> tuple[float, float, float, float]:
    """Return the shares of rows that begin and end with it and are bridged, and its variety.

    Bridged: the words on both sides of it are neighbours in other rows too, so that nothing is
    missed where it is cut out. Variety: different words before it, by row. Of a pair, of its first
    half. 0 for marks, which have no place.
    """
    half = candidates.halves[candidate]
    names = corpus.grams.words
    words = [w for w in candidates.phrases[candidate][: half or None] if w < len(names)]
    sought = [names[w] for w in words]
    rows = candidates.rows_of(candidate)
    rows = rows[:: max(1, len(rows) // READ)]
    last = candidates.phrases[candidate][-1:] == (len(names) + 1,)  # the end of a text
    starts = ends = bridges = seen = inner = 0
    before: set[str] = set()
    for row in rows.tolist():
        text = corpus.spoken[row]
        at = find(sought, text)
        if last and list(text[-len(sought) :]) == sought:
            at = len(text) - len(sought)
        if at < 0:
            continue
        seen += 1
        end = at + len(sought)
        starts += at == 0
        ends += end == len(text)
        if at and end < len(text):
            inner += 1
            sides = number.get(text[at - 1], -1), number.get(text[end], -1)
            bridges += sides in bigrams
        before.add(text[at - 1] if at else ngrams.START)
    if not seen:
        return 0.0, 0.0, 0.0, 0.0
    return starts / seen, ends / seen, bridges / max(inner, 1), len(before) / seen


def find(words: Sequence[str], text: Sequence[str]) -> int:
    """Return where the words stand in a text, -1 where they do not."""
    size = len(words)
    if not size:
        return -1
    for at in range(len(text) - size + 1):
        if text[at] == words[0] and list(text[at : at + size]) == list(words):
            return at
    return -1


def fixed_words(grams: Grams) -> csr_matrix:
    """[n, u] 1 where the word stands in a frequent phrase of four words of the row.

    Rows of a template ("I feel anxious") differ in a word or two: with the phrase masked nothing in
    them can speak against a label, and they are no independent witnesses.
    """
    long = [k for k, phrase in enumerate(grams.phrases) if len(phrase) == ngrams.LONGEST]
    fixed = (grams.phrase_rows[:, long] @ own_words(grams)[long]).tocsr()
    fixed.data[:] = 1.0
    return fixed


def _fixed(
    corpus: Corpus, candidates: Candidates, fixed: csr_matrix, letters: Numbers, candidate: int
) -> float:
    """Return the share of the other words of a candidate's rows that are fixed text.

    letters: [u] 1 for tokens that are words.
    """
    rows = candidates.rows_of(candidate)
    rows = rows[:: max(1, len(rows) // READ)]
    other_words = letters.copy()
    other_words[candidates.masked_words(candidate)] = 0.0
    other = float((corpus.grams.word_rows[rows] @ other_words).sum())
    return float((fixed[rows] @ other_words).sum()) / max(other, 1.0)
