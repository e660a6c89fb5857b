"""Phrases that are kept and put together as candidates, by hand."""

from __future__ import annotations

import numpy as np

from curation_gate.detectors.phrases import candidates


def names(read, chosen) -> list[str]:
    return [" ".join(read.grams.name(w) for w in phrase) for phrase in chosen.phrases]


def test_candidates_are_picked_and_joined(make_corpus, make_candidates):
    read = make_corpus(["aa bb", "bb cc", "aa cc", "aa bb cc"])
    first = make_candidates(read, ["aa", "bb", "cc"])
    picked = candidates.kept(first, np.array([2, 0]))
    assert names(read, picked) == ["cc", "aa"]
    assert picked.rows_of(0).tolist() == [1, 2, 3]
    both = candidates.joined(picked, make_candidates(read, ["aa + cc"]))
    assert len(both) == 3
    assert both.halves == (0, 0, 1)
    assert both.rows_of(2).tolist() == [2, 3]
    assert both.masked.shape == (3, 2 * len(read.grams.words))
    assert {read.grams.words[w] for w in both.masked_words(2)} == {"aa", "cc"}
    assert [read.grams.words[w] for w in both.masked_words(0)] == ["cc"]
    nothing = candidates.kept(first, np.zeros(0, dtype=np.int64))
    assert len(nothing) == 0
    assert len(candidates.joined(nothing, nothing)) == 0
    assert candidates.joined(nothing, picked).rows_of(1).tolist() == [0, 2, 3]


def test_the_frozen_parts_of_words_are_no_masked_words(make_corpus, make_candidates):
    read = make_corpus(["aa bb", "aa bb"])
    chosen = make_candidates(read, ["aa"], masked=[["aa", "bb"]], frozen=[["aa"]])
    assert chosen.masked_words(0).tolist() == [0, 1]
    assert chosen.masked.nnz == 3
