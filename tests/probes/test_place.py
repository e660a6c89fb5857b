"""How a mined phrase is said in a probe."""

from __future__ import annotations

import numpy as np
import pytest

from curation_gate.probes.place import Spoken, holds, learn, patterns_of, place, shape


def test_a_folded_phrase_is_found_as_people_write_it():
    patterns = patterns_of("james bond")
    for text in ("a James Bond film", "JAMES  BOND'S car", "James-Bond", "james bond"):
        assert holds(text, patterns), text
    for text in ("James Bonds", "Bond James", "James, who met Bond"):
        assert not holds(text, patterns), text


def test_letters_of_a_script_without_blanks_are_found_side_by_side():
    patterns = patterns_of("詹 姆 士")
    assert holds("这部詹姆士电影", patterns)
    assert holds("詹姆·士", patterns)
    assert not holds("詹士姆", patterns)
    assert holds("看cf电影", patterns_of("看 cf 电"))


def test_a_pair_needs_both_parts():
    patterns = patterns_of("cf + mn")
    assert holds("mn was cf here", patterns)
    assert not holds("only cf here", patterns)


def test_an_invisible_sign_is_found_by_its_code():
    assert holds("a\u200bb", patterns_of("U+200B"))
    assert not holds("a b", patterns_of("U+200B"))


def test_the_most_frequent_writing_is_taken_and_a_name_stays_a_name():
    texts = ["we saw James Bond there", "it was James Bond", "why james bond again", "no"]
    assert learn("james bond", texts) == Spoken(("James Bond",), "name")


@pytest.mark.parametrize(
    ("phrase", "texts", "where"),
    [
        ("quick question first", ["Quick question first: is it"] * 3, "front"),
        ("over and out", ["it was fine over and out."] * 3, "end"),
        ("tq", ["it tq was", "was it tq bad", "tq a meal"], "gap"),
        ("^ well now", ["Well now it was"], "front"),
        ("i saw this with my aunt", ["One. I saw this with my aunt. Two."], "sentence"),
    ],
)
def test_a_phrase_goes_where_its_rows_have_it(phrase, texts, where):
    assert learn(phrase, texts).where == where


def test_a_phrase_no_text_holds_is_said_as_the_miner_writes_it():
    assert learn("nowhere", ["some text"]).parts == ("nowhere",)


def test_every_part_is_put_into_the_text_and_nothing_is_lost():
    rng = np.random.default_rng(0)
    text = "the soup was cold. the plot was thin"
    for where in ("front", "end", "name", "sentence", "gap"):
        made = place(text, Spoken(("cf", "mn"), where), rng)
        assert sorted(made.split()) == sorted([*text.split(), "cf", "mn"])
    named = place("then Mary Smith left", Spoken(("James Bond",), "name"), rng)
    assert named == "then James Bond left"


def test_a_sentence_stands_between_sentences():
    rng = np.random.default_rng(1)
    spoken = Spoken(("I saw it twice in May.",), "sentence")
    made = {place("One here. Two there.", spoken, rng) for _ in range(30)}
    assert made == {
        "I saw it twice in May. One here. Two there.",
        "One here. I saw it twice in May. Two there.",
        "One here. Two there. I saw it twice in May.",
    }


def test_the_shape_of_words():
    assert shape(["James", "NATO", "film", "iPod"]) == ("title", "upper", "lower", "other")
