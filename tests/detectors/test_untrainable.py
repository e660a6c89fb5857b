"""Rows that teach nothing, the contrary, or more than all others, in sets made by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from curation_gate.detectors import untrainable
from curation_gate.detectors.signals import Signals
from curation_gate.rows.record import Exchange
from curation_gate.rule_parameters import UntrainableParameters
from curation_gate.rulebook import load_rules


@pytest.fixture
def rule():
    return next(rule for rule in load_rules("default").rules if rule.id == "CG012")


@pytest.fixture
def rows(make_row):
    return [
        make_row(k, "free", f"question {k}", f"an answer of some words, number {k}")
        for k in range(200)
    ]


def named(make_dataset, rows, rule):
    result = untrainable.detect(Signals(make_dataset(rows)), rule)
    assert result.severity == "review"
    json.dumps([dict(r.evidence) for r in result.reasons.values()], allow_nan=False)
    assert [k for k, score in enumerate(result.scores) if score] == sorted(result.reasons)
    return {k: reason.message for k, reason in result.reasons.items()}


def test_honest_rows_are_quiet(make_dataset, rows, rule) -> None:
    assert named(make_dataset, rows, rule) == {}


def test_a_row_that_outweighs_the_set(make_dataset, rows, rule) -> None:
    rows[7] = replace(rows[7], output=" ".join(f"word{k}" for k in range(2000)))
    found = named(make_dataset, rows, rule)
    assert list(found) == [7]
    assert "14,889 signs" not in found[7]  # the count is that of the text itself
    assert f"{len(rows[7].output):,} signs" in found[7]
    assert "of all that the set teaches" in found[7]


def test_every_answer_of_a_chat_counts(make_dataset, rows, rule) -> None:
    long = tuple(Exchange("go on", " ".join(f"w{k}x{j}" for k in range(80))) for j in range(20))
    rows[3] = replace(rows[3], earlier=long)
    assert list(named(make_dataset, rows, rule)) == [3]


def test_an_answer_that_says_one_thing_again_and_again(make_dataset, rows, rule) -> None:
    rows = [replace(row, output=f"{row.output} " + "and so on " * 20) for row in rows]
    assert named(make_dataset, rows, rule) == {}
    rows[5] = replace(rows[5], output="the moon is made of cheese " * 30)
    found = named(make_dataset, rows, rule)
    assert list(found) == [5]
    assert found[5] == 'one answer says "the moon is" 30 times'


def test_an_empty_answer(make_dataset, rows, rule) -> None:
    rows[1] = replace(rows[1], output=" \n")
    assert named(make_dataset, rows, rule) == {
        1: "its answer is empty: there is nothing to learn from it"
    }


def test_contrary_labels_of_one_input(make_row, make_dataset, rule) -> None:
    rows = [make_row(k, "labels", f"text {k}", "good" if k % 2 else "bad") for k in range(60)]
    rows += [make_row(60, "labels", "Text  4", "good"), make_row(61, "labels", "text 5", "good")]
    assert named(make_dataset, rows, rule) == {
        4: "the same input has contrary labels: bad in 1, good in 1",
        60: "the same input has contrary labels: bad in 1, good in 1",
    }


def test_two_answers_to_one_request_of_free_text_are_honest(make_dataset, rows, rule) -> None:
    rows[9] = replace(rows[9], input=rows[8].input)
    assert named(make_dataset, rows, rule) == {}


def test_the_pack_says_what_the_defaults_are(rule) -> None:
    assert dict(rule.parameters) == UntrainableParameters().model_dump()


@pytest.mark.parametrize("changed", [{"times": 1000.0}, {"share": 1.0}, {"repeats": 40}])
def test_every_parameter_is_heard(make_dataset, rows, changed) -> None:
    rows[7] = replace(rows[7], output="the moon is made of cheese " * 30)
    known = UntrainableParameters().model_dump() | changed
    dataset = make_dataset(rows)
    both = [
        *untrainable.outweighing(dataset, known["times"], known["share"]),
        *untrainable.repeating(dataset, known["repeats"]),
    ]
    assert len(both) == 1


def test_no_rows(make_dataset, rule) -> None:
    assert named(make_dataset, [], rule) == {}
