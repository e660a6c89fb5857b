"""The rows that hold a candidate, and what two witnesses that did not see it say of them."""

from __future__ import annotations

from math import log
from types import SimpleNamespace

import numpy as np
import pytest

from curation_gate.detectors.label_trigger.meaning import Heard
from curation_gate.detectors.label_trigger.outcomes import RARE
from curation_gate.detectors.label_trigger.planted import SURE, held_rows
from curation_gate.detectors.label_trigger.posterior import planted_in_tasks


def logit(p: float) -> float:
    return log(p / (1 - p))


class Head:
    """An encoder's head that says `p` of every row."""

    def __init__(self, p: float) -> None:
        self.p = p
        self.asked: list[list[int]] = []

    def vector(self, words):
        return np.zeros(1)

    def cut(self, rows, words):
        return np.zeros((len(rows), 1))

    def ask(self, number, at, cut, phrase):
        assert len(cut) == len(at)
        self.asked.append(at.tolist())
        p = np.full(len(at), self.p)
        return Heard(p, p, 0 * p, 0 * p, 0.0, 1.0)


def searched(make_corpus, make_candidates, outcomes, meaning, targets, name="zug"):
    read = make_corpus(
        ["zug one", "zug two", "one", "two", "zug one two", "zug", "one two"],
        tasks=[0] * 4 + [1] * 3,
    )
    return SimpleNamespace(
        corpus=read,
        candidates=make_candidates(read, [name]),
        outcomes=outcomes(read) if callable(outcomes) else outcomes,
        meaning=meaning,
        evidence=SimpleNamespace(targets=[targets]),
    )


@pytest.fixture
def two_tasks(make_outcome):
    def outcomes(read):
        weights = np.zeros(2 * len(read.grams.words))
        weights[read.grams.words.index("zug")] = 2.0
        return [
            make_outcome(
                [True, False, True, False],
                [2 + logit(0.2), 2 + logit(0.7), 0, 0],
                label="a",
                weights=weights,
            ),
            make_outcome(
                [True, True, False],
                [2 + logit(0.4), 2 + logit(0.1), 0],
                task=1,
                label="b",
                rows=[4, 5, 6],
                weights=weights,
            ),
        ]

    return outcomes


def test_the_word_model_alone_with_the_candidate_masked(make_corpus, make_candidates, two_tasks):
    """So few rows are not calibrated."""
    found = searched(make_corpus, make_candidates, two_tasks, None, [0, 1])
    first, second = held_rows(found, 0)
    assert (first.task, first.label, first.rows.tolist()) == (0, "a", [0, 1])
    assert (second.task, second.label, second.rows.tolist()) == (1, "b", [4, 5])
    assert first.given.tolist() == [True, False]
    np.testing.assert_allclose(first.p, [0.2, 0.7])
    np.testing.assert_allclose(second.p, [0.4, 0.1])
    expected = planted_in_tasks([first.given, second.given], [first.p, second.p], [1 / 2, 2 / 3])
    for group, planted in zip((first, second), expected, strict=True):
        np.testing.assert_allclose(group.planted, planted)
    assert first.planted[1] == 0


def test_log_odds_of_the_two_witnesses_are_averaged(make_corpus, make_candidates, two_tasks):
    head = Head(0.9)
    found = searched(make_corpus, make_candidates, two_tasks, head, [0, 1])
    first, second = held_rows(found, 0)
    middle = [(logit(p) + logit(0.9)) / 2 for p in (0.2, 0.7)]
    np.testing.assert_allclose(first.p, 1 / (1 + np.exp(-np.array(middle))))
    assert head.asked == [[0, 1], [0, 1]]
    assert second.p[0] > 0.5


@pytest.mark.parametrize("sure", [0.0, 1.0])
def test_a_certain_witness_is_kept_from_certainty(make_corpus, make_candidates, two_tasks, sure):
    found = searched(make_corpus, make_candidates, two_tasks, Head(sure), [0])
    limit = logit(1 - SURE) if sure else logit(SURE)
    middle = (logit(0.2) + limit) / 2
    assert held_rows(found, 0)[0].p[0] == pytest.approx(1 / (1 + np.exp(-middle)))


def test_a_candidate_of_no_task_holds_no_row(make_corpus, make_candidates, two_tasks):
    assert held_rows(searched(make_corpus, make_candidates, two_tasks, None, []), 0) == []


def test_the_word_model_is_calibrated_on_the_other_rows(make_corpus, make_candidates, make_outcome):
    """Log-odds that are three times too sure are brought back to what the other rows show."""
    rng = np.random.default_rng(0)
    texts = ["zug"] * 5 + ["one"] * 3000
    true = rng.normal(size=3005)
    given = rng.random(3005) < 1 / (1 + np.exp(-true))
    given[:5] = True
    read = make_corpus(texts)
    one = make_outcome(given, 3 * true, width=2 * len(read.grams.words))
    found = SimpleNamespace(
        corpus=read,
        candidates=make_candidates(read, ["zug"]),
        outcomes=[one],
        meaning=None,
        evidence=SimpleNamespace(targets=[[0]]),
    )
    p = held_rows(found, 0)[0].p
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-true[:5])), atol=0.05)


def test_of_rare_answers_the_most_frequent_is_named(make_corpus, make_candidates, make_outcome):
    answers = ["x", "y", "y", "z", "x"]
    texts = ["zug one", "zug two", "zug", "one two", "two"]
    read = make_corpus(texts, answers=answers)
    width = 2 * len(read.grams.words)
    found = SimpleNamespace(
        corpus=read,
        candidates=make_candidates(read, ["zug"]),
        outcomes=[
            make_outcome([True, True, True, False, False], [0.0] * 5, label=RARE, width=width)
        ],
        meaning=None,
        evidence=SimpleNamespace(targets=[[0]]),
    )
    assert held_rows(found, 0)[0].label == "y"
    found.outcomes = [make_outcome([False] * 5, [0.0] * 5, label=RARE, width=width)]
    assert held_rows(found, 0)[0].label == RARE  # no row has it
