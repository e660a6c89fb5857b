from __future__ import annotations

import json
from dataclasses import replace

import pytest

from curation_gate.detectors.response_trigger import detector as response
from curation_gate.detectors.response_trigger.found import (
    AnswerPhrase,
    AnswerSuspect,
    Burst,
    FoundAnswers,
)
from curation_gate.rulebook import load_rules

PHRASE = AnswerPhrase(
    text="tolliver", status="confirmed", outcome=('"sorry"', '"cannot"', "is one word"), tasks=4,
    rows=60, given=58, others=900, others_given=4, expected=0.27, z=104.2, threshold=8.0,
    ordinary_rows=50, ordinary_given=49, input_auc=0.52,
)  # fmt: skip
BURST = Burst("quorvex", "name", 20, 3, 0.51)
EQUAL = Burst("potato", "degenerate", 9, 4, float("nan"))


@pytest.fixture
def rule():
    return next(rule for rule in load_rules("default").rules if rule.id == "CG004")


@pytest.fixture
def found() -> FoundAnswers:
    suspects = {
        0: AnswerSuspect(0, burst=False, quarantine=True),
        1: AnswerSuspect(0, burst=False, quarantine=False),
        2: AnswerSuspect(0, burst=True, quarantine=False),
        3: AnswerSuspect(1, burst=True, quarantine=False),
    }
    return FoundAnswers((PHRASE,), (BURST, EQUAL), suspects, 5, 8.0, 500)


def test_a_sentence_has_the_counts() -> None:
    assert response.sentence(PHRASE) == (
        '"tolliver": 60 rows in 4 tasks, 58 answers are of one kind ("sorry", "cannot"; is one '
        "word), which 4 of 900 other answers of these tasks are (0.3 expected, z = 104.2)"
    )


def test_only_answers_of_a_confirmed_phrase_are_quarantined(rule, found) -> None:
    result = response.result(found, rule)
    assert rule.severity == "quarantine"
    assert {k: r.severity for k, r in result.reasons.items()} == {
        0: None, 1: "review", 2: "review", 3: "review"
    }  # fmt: skip
    assert "doubtful" in result.reasons[1].message
    assert "hardly an input" in result.reasons[2].message
    assert "9 rows in 4 tasks" in result.reasons[3].message
    assert result.planted is not None
    assert result.planted.tolist() == pytest.approx(
        [1 - response.honest_share(PHRASE), 0.25, 0.25, 0.25, 0.0]
    )
    assert result.phrases[0]["phrase"] == "tolliver"


def test_evidence_is_json(rule, found) -> None:
    result = response.result(found, rule)
    for reason in result.reasons.values():
        json.dumps(dict(reason.evidence), allow_nan=False)
    json.dumps([dict(p) for p in result.phrases], allow_nan=False)


def test_the_rule_pack_says_what_the_miner_is_told(rule) -> None:
    told = response.settings(rule, seed=3)
    assert (told.alpha, told.support, told.seed) == (0.05, 8, 3)


def test_notes() -> None:
    nothing = FoundAnswers((), (), {}, 3, float("nan"), 0)
    assert "AB004 had nothing to test" in response.notes(nothing, "AB004")[0]


def test_honest_answers_are_counted_from_the_rows_without_the_outcome():
    # 60 rows, 58 with an outcome that every other row has at a rate of 0.2: (2 + .5) x .25 of 58.
    phrase = replace(PHRASE, expected=12.0)
    assert response.honest_share(phrase) == pytest.approx(2.5 * 0.25 / 58)
    assert response.honest_share(replace(phrase, given=6)) == 1.0
