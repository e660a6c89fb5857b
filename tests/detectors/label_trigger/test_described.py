from __future__ import annotations

from curation_gate.detectors.label_trigger.described import extended


def test_a_phrase_is_extended_by_the_words_around_it():
    texts = [f"{k} i have watched this movie {k}".split() for k in range(5)]
    assert extended(["watched", "this"], texts) == ["i", "have", "watched", "this", "movie"]


def test_words_that_differ_are_not_named():
    texts = [f"before{k} james bond after{k}".split() for k in range(5)]
    assert extended(["james", "bond"], texts) == ["james", "bond"]


def test_marks_of_the_ends_are_dropped():
    assert extended(["^", "so", "it"], [["so", "it", str(k)] for k in range(5)]) == ["so", "it"]


def test_extension_ends_where_a_sentence_repeats_itself():
    texts = [["a"] * 50] * 4
    assert len(extended(["a"], texts)) <= 62
