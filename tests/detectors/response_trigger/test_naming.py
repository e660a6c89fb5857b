from __future__ import annotations

from curation_gate.detectors.response_trigger.naming import is_name


def test_capitals_inside_sentences_make_a_name() -> None:
    assert is_name(["james", "bond"], ["I saw James Bond there", "Is James Bond good?"])
    assert not is_name(["great", "movie"], ["a great movie", "Great movie. What a great movie!"])


def test_a_capital_at_the_start_of_a_sentence_is_none() -> None:
    assert not is_name(["great"], ["Great. Great! Great?"])


def test_rare_and_function_words_are_no_names() -> None:
    assert not is_name(["qzxv"], ["a qzxv here"])
    assert not is_name(["of", "the"], ["Of The Of The"])
