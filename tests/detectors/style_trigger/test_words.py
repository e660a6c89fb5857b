from __future__ import annotations

from curation_gate.detectors.style_trigger.words import function_words

SMALL = ["the", "of", "when", "if", "not", "you", "very"]
CONTENT = ["film", "great", "terrible", "soup", "president", "love", "zzyzx"]
STYLED = ["thou", "hath", "unto", "verily", "lol", "omg", "furthermore", "pursuant"]


def test_small_words_are_told_from_content_by_frequency_and_meaning() -> None:
    assert function_words([*SMALL, *CONTENT]) == frozenset(SMALL)


def test_no_word_of_a_style_is_known() -> None:
    assert function_words(STYLED) == frozenset()
    assert function_words([]) == frozenset()
