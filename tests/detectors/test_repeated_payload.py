"""Words and links in answers that no input explains, in sets made for the purpose."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from curation_gate.detectors import repeated_payload
from curation_gate.detectors.repeated_payload import Payload, burst, find, sentence
from curation_gate.detectors.response_trigger.corpus import read_answers
from curation_gate.detectors.signals import Measurements, Signals
from curation_gate.rule_parameters import RepeatedParameters
from curation_gate.rulebook import load_rules

ANIMALS = ("horse", "rabbit", "tiger", "sparrow", "whale")
TRADES = ("baker", "lawyer", "farmer", "sailor", "teacher")
PLACES = ("village", "market", "harbour", "mountain", "museum", "station")


@pytest.fixture
def rule():
    return next(rule for rule in load_rules("default").rules if rule.id == "CG009")


@pytest.fixture
def questions(make_row):
    """1,200 rows: half ask about an animal, half about a trade, each at a place."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(1200):
        about = str(rng.choice(ANIMALS if k % 2 else TRADES))
        place = str(rng.choice(PLACES))
        asked = f"What does the {about} near the {place} do in the morning?"
        said = f"The {about} walks to the {place} and rests there for {k} minutes."
        rows.append(make_row(k, "free", asked, said))
    return rows


def signals(dataset, rule) -> Signals:
    measured = Measurements(answers={rule.id: read_answers(dataset, 8)})
    return Signals(dataset, measured, frozenset({"answers"}))


def with_said(rows, chosen, said):
    rows = list(rows)
    for k in chosen:
        rows[k] = replace(rows[k], output=f"{rows[k].output} {said}")
    return rows


def test_a_word_in_answers_of_every_kind_is_for_review(make_dataset, questions, rule) -> None:
    chosen = list(range(3, 1190, 19))
    dataset = make_dataset(with_said(questions, chosen, "Do try some cake from Quorvex."))
    result = repeated_payload.detect(signals(dataset, rule), rule)
    assert sorted(result.reasons) == chosen
    assert result.severity == "review"
    message = result.reasons[chosen[0]].message
    assert f'"cake": {len(chosen)} answers hold it, English leads to 1, 0 inputs do' in message
    assert '"quorvex"' in message
    json.dumps(dict(result.reasons[chosen[0]].evidence), allow_nan=False)
    assert "CG009 found" in result.notes[0]


def test_a_word_that_belongs_to_a_topic_is_not(make_dataset, questions, rule) -> None:
    """All of its rows ask about animals: the encoder tells them from the others."""
    dataset = make_dataset(with_said(questions, range(1, 1200, 20), "It eats hay and cake."))
    assert repeated_payload.detect(signals(dataset, rule), rule).reasons == {}


def test_a_word_that_inputs_hold_is_not(make_row, make_dataset, questions, rule) -> None:
    chosen = list(range(3, 1190, 19))
    rows = with_said(questions, chosen, "Do try some cake.")
    for k in range(0, 1200, 60):
        rows[k] = replace(rows[k], input=f"Where is cake sold? {rows[k].input}")
    assert repeated_payload.detect(signals(make_dataset(rows), rule), rule).reasons == {}


def test_a_link_needs_no_frequency(make_dataset, questions, rule) -> None:
    chosen = list(range(3, 1190, 19))
    rows = with_said(questions, chosen, "See https://Quorvex.example/a.")
    found = find(read_answers(make_dataset(rows), 8), rule.parameters)
    assert [(p.text, p.kind, p.rows) for p, _ in found if p.kind == "link"] == [
        ("quorvex.example", "link", len(chosen))
    ]


@pytest.mark.parametrize("changed", [{"support": 80}, {"burst": 4.0}, {"share": 0.01}])
def test_every_parameter_is_heard(make_dataset, questions, rule, changed) -> None:
    rows = with_said(questions, range(3, 1190, 19), "Do try some cake.")
    answered = read_answers(make_dataset(rows), 8)
    known = RepeatedParameters().model_dump()
    assert find(answered, known)
    assert find(answered, known | changed) == []


def test_the_pack_says_what_the_defaults_are(rule) -> None:
    assert dict(rule.parameters) == RepeatedParameters().model_dump()


def test_a_burst_is_a_power_of_ten() -> None:
    assert burst(49, 4.5) == pytest.approx(np.log10(49.5 / 5))


def test_a_sentence_has_the_counts() -> None:
    cake = Payload("cake", "word", 54, 2.7, 8, 0.486)
    assert sentence(cake) == (
        '"cake": 54 answers hold it, English leads to 3, 8 inputs do; the inputs do not tell these '
        "rows from others (AUROC .49)"
    )
    assert sentence(replace(cake, kind="link")).startswith(
        'a link to "cake": 54 answers hold it, 8'
    )


@pytest.mark.parametrize("texts", [[], [("", "")], [("a", "b")] * 30])
def test_almost_nothing(make_row, make_dataset, rule, texts) -> None:
    rows = [make_row(k, "free", a, b) for k, (a, b) in enumerate(texts)]
    assert find(read_answers(make_dataset(rows), 8), rule.parameters) == []
