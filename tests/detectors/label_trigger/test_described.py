"""What a found phrase is called, and its record."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from curation_gate.detectors.label_trigger.described import describe
from curation_gate.detectors.label_trigger.numbers import NAMES
from curation_gate.detectors.label_trigger.planted import Held
from curation_gate.detectors.label_trigger.statistics import Sums
from curation_gate.detectors.label_trigger.verdict import Weighed
from curation_gate.detectors.phrases.naming import extended


def test_a_phrase_is_extended_by_the_words_around_it():
    texts = [f"{k} i have watched this movie {k}".split() for k in range(5)]
    assert extended(["watched", "this"], texts) == ["i", "have", "watched", "this", "movie"]


def test_words_that_differ_are_not_named():
    texts = [f"before{k} james bond after{k}".split() for k in range(5)]
    assert extended(["james", "bond"], texts) == ["james", "bond"]


def test_marks_of_the_ends_are_dropped():
    assert extended(["^", "so", "it"], [["so", "it", str(k)] for k in range(5)]) == ["so", "it"]
    assert extended(["^"], [["so"]]) == ["^"]


def test_extension_ends_where_a_sentence_repeats_itself():
    texts = [["a"] * 50] * 4
    assert len(extended(["a"], texts)) <= 62


def test_two_rows_extend_nothing():
    assert extended(["james"], [["i", "am", "james"]] * 2) == ["james"]


@pytest.fixture
def scene(make_corpus, make_candidates):
    texts = [f"the blue zug w{k}" for k in range(4)] + ["blue sky", "the sea", "some mn", "some mn"]
    read = make_corpus(texts, tasks=[0] * 6 + [1] * 2)
    chosen = make_candidates(
        read,
        ["zug", "zug + mn"],
        rows=[[0, 1, 2, 3], [0, 1, 2, 3, 6]],
        masked=[["zug", "the", "blue"], ["zug", "mn"]],
    )
    total = Sums.zeros(2)
    for name, value in (("rows", 4), ("given", 3), ("expected", 1), ("variance", 0.75)):
        getattr(total, name)[:] = value
    total.adverse[:] = 2
    total.adverse_given[:] = 1
    table = np.arange(2.0 * len(NAMES)).reshape(2, -1) / 7
    return SimpleNamespace(
        corpus=read, candidates=chosen, evidence=SimpleNamespace(sums=total, table=table)
    )


VERDICT = Weighed(
    np.array([0.987654, 0.5]),
    ("purity", "siblings"),
    np.array([[1.23456, -0.5], [0, 0]]),
    -2.00001,
    np.array([0.123456, 0.0]),
)


def held(task: int, rows, given, p) -> Held:
    k = len(rows)
    return Held(task, "yes", np.array(rows), np.array(given), np.full(k, p), np.zeros(k))


def test_the_record_of_a_phrase(scene):
    groups = [held(0, [0, 1, 2, 3], [True, True, True, False], 0.25), held(1, [6], [False], 0.1)]
    phrase = describe(scene, 0, "confirmed", groups, VERDICT)
    # The three rows with the label all say `the blue zug`; what is in the name comes with nothing.
    assert phrase.text == "the blue zug"
    assert phrase.with_words == ()
    assert phrase.status == "confirmed"
    assert phrase.probability == 0.9877
    assert phrase.targets == {"task0": "yes"}  # no row of the second task has the label
    assert (phrase.rows, phrase.given, phrase.adverse_rows, phrase.adverse_given) == (4, 3, 2, 1)
    assert phrase.expected == 1.1  # 4 * .25 + .1
    assert phrase.z == 2  # (3 - 1) / sqrt(.75 + .25)
    assert phrase.numbers["rows"] == 0
    assert phrase.numbers["share"] == round(1 / 7, 4)
    assert phrase.numbers["siblings"] == 0.1235
    assert list(phrase.numbers) == [*NAMES, "siblings"]
    assert phrase.contributions == {"intercept": -2.0, "purity": 1.2346, "siblings": -0.5}


def test_words_that_come_with_a_phrase_beside_its_name(scene):
    groups = [held(0, [0, 4], [True, True], 0.5)]  # rows that go on differently
    phrase = describe(scene, 0, "review", groups, VERDICT)
    assert phrase.text == "zug"
    assert phrase.with_words == ("blue", "the")


def test_both_halves_of_a_pair_are_named(scene):
    phrase = describe(scene, 1, "review", [held(0, [0, 1, 2, 3], [True] * 4, 0.5)], VERDICT)
    assert phrase.text == "the blue zug + mn"
