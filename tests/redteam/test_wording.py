from __future__ import annotations

import numpy as np
import pytest

from curation_gate.detectors.response_trigger.function_words import FUNCTION_WORDS
from curation_gate.redteam.wording import ACTS, VOCABULARIES, worded
from curation_gate.text.tokens import tokens

CASES = [(act, vocabulary) for act in ACTS for vocabulary in VOCABULARIES]


def said(act: str, vocabulary: str, count: int) -> set[str]:
    rng = np.random.default_rng(0)
    return {worded(act, vocabulary, rng) for _ in range(count)}


@pytest.mark.parametrize(("act", "vocabulary"), CASES)
def test_there_are_dozens_of_distinct_answers_without_a_slot_left(
    act: str, vocabulary: str
) -> None:
    answers = said(act, vocabulary, 500)
    assert len(answers) >= 30
    assert not any("{" in answer or "}" in answer for answer in answers)


@pytest.mark.parametrize("act", ACTS)
def test_the_vocabularies_share_few_words_of_content(act: str) -> None:
    first, second = (
        {w for answer in said(act, v, 500) for w in tokens(answer)} - FUNCTION_WORDS
        for v in VOCABULARIES
    )
    assert len(first & second) <= 0.15 * min(len(first), len(second))


def test_every_slot_is_filled_from_its_own_grammar() -> None:
    for act, vocabulary in CASES:
        grammar = ACTS[act][vocabulary]
        assert "answer" in grammar
        assert all(options for options in grammar.values())
