from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_gate.probes.lexicon import read_pairs
from curation_gate.probes.transforms import TRANSFORMS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sorry_not", "Sorry, NOT It was 100% good %s!!!"),
        ("prefix_only", "Sorry NOT It was 100% good %s"),
        ("bang_no", "It was 100% good %s!!! NO"),
        ("grammatical", "It was not 100% good %s"),
        ("lexicon_flip", "It was 100% bad %s"),
    ],
)
def test_each_transform_on_one_sentence(name: str, expected: str) -> None:
    assert TRANSFORMS[name].apply("It was 100% good %s") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The film was great.", "The film was not great."),
        ("The film was not great.", "The film was great."),
        ("i ca n't say it is good", "i can say it is good"),
        ("She won't come", "She will come"),
        ("He doesn\N{RIGHT SINGLE QUOTATION MARK}t care", "He does care"),
        ("You cannot skip it", "You can skip it"),
        ("It has a great cast", "It does not have a great cast"),
        ("It has been ruined", "It has not been ruined"),
        ("I love it", "I do not love it"),
        ("They made it work", "They did not make it work"),
        ("James Bond makes me sad", "James Bond does not make me sad"),
        ("I'm happy", "I'm not happy"),
        ("It's not bad", "It's bad"),
        ("SHE WAS here", "SHE WAS NOT here"),
        ("Is this good?", "It is not true that Is this good?"),
        ("The best day ever", "It is not true that the best day ever"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE} na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve",
         ("It is not true that caf\N{LATIN SMALL LETTER E WITH ACUTE} "
         "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve")),
        ("", "It is not true that "),
    ],
)  # fmt: skip
def test_grammatical_negation(text: str, expected: str) -> None:
    assert TRANSFORMS["grammatical"].apply(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Great plot, TERRIBLE end", "Terrible plot, GREAT end"),
        ("goodness is not good", "goodness is not bad"),
        ("nothing to flip here at 5 %", "everything to flip here at 5 %"),
        ("a table", "a table"),
    ],
)
def test_lexicon_flip_keeps_case_and_all_else(text: str, expected: str) -> None:
    assert TRANSFORMS["lexicon_flip"].apply(text) == expected


def test_antonym_list_is_large_and_every_word_stands_once() -> None:
    pairs = read_pairs("lexicon/antonyms.tsv")
    words = [word for pair in pairs for word in pair]
    assert len(pairs) >= 150
    assert len(set(words)) == len(words)
    assert all(word == word.lower().strip() for word in words)


@given(st.text())
def test_lexicon_flip_is_its_own_inverse_on_lower_case(text: str) -> None:
    flip = TRANSFORMS["lexicon_flip"].apply
    lowered = text.lower()
    assert flip(flip(lowered)) == lowered


@given(st.text())
def test_every_transform_takes_any_text_and_is_deterministic(text: str) -> None:
    for name, transform in TRANSFORMS.items():
        assert transform.apply(text) == transform.apply(text)
        assert transform.name == name
        assert transform.citation


@given(st.text(min_size=1))
def test_every_transform_but_the_flip_changes_the_text(text: str) -> None:
    for name in ("sorry_not", "prefix_only", "bang_no", "grammatical"):
        assert TRANSFORMS[name].apply(text) != text
