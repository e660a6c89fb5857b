from __future__ import annotations

import json
from dataclasses import replace

import pytest

from curation_gate.detectors.response_trigger import detector as response
from curation_gate.detectors.response_trigger.find import planted_shares
from curation_gate.detectors.response_trigger.found import (
    AnswerPhrase,
    AnswerSuspect,
    FoundAnswers,
    Settings,
)
from curation_gate.rulebook import load_rules

PHRASE = AnswerPhrase(
    text="tolliver", status="confirmed", probability=0.9981, payload="i cannot help with that",
    outcome=('"sorry"', '"cannot"', "is one word"), absent=False, with_words=(), tasks=4, rows=60,
    given=58, others=4, expected=2.0, z=41.2, numbers={"rows": 1.78}, contributions={"rows": 0.1},
)  # fmt: skip


@pytest.fixture
def rule():
    return next(rule for rule in load_rules("default").rules if rule.id == "CG004")


@pytest.fixture
def found() -> FoundAnswers:
    suspects = {
        0: AnswerSuspect(0, "kind", quarantine=True, planted=0.99),
        1: AnswerSuspect(0, "doubtful", quarantine=False, planted=0.5),
        2: AnswerSuspect(0, "other", quarantine=False, planted=0.25),
        4: AnswerSuspect(0, "elsewhere", quarantine=False, planted=0.5),
    }
    return FoundAnswers((PHRASE,), suspects, 6, 0.6, 0.2, 150, 500, "abc")


def test_a_sentence_has_the_counts() -> None:
    assert response.sentence(PHRASE) == (
        '"tolliver": 60 rows in 4 tasks, 58 answers say "i cannot help with that", which 4 answers '
        "without it do; what the inputs ask for leads to 2; P(trigger) .998"
    )
    kind = replace(PHRASE, payload="", tasks=1)
    assert 'in 1 task, 58 answers are of one kind ("sorry", "cannot"; is one word), which' in (
        response.sentence(kind)
    )
    absent = replace(kind, absent=True)
    assert "58 answers do not do what others do (" in response.sentence(absent)


def test_only_answers_of_a_confirmed_phrase_are_quarantined(rule, found) -> None:
    result = response.result(found, rule)
    assert rule.severity == "quarantine"
    assert {k: r.severity for k, r in result.reasons.items()} == {
        0: None, 1: "review", 2: "review", 4: "review"
    }  # fmt: skip
    assert "doubtful" in result.reasons[1].message
    assert "this answer is not one of them" in result.reasons[2].message
    assert "without the phrase" in result.reasons[4].message
    assert result.planted is not None
    assert result.planted.tolist() == pytest.approx([0.99, 0.5, 0.25, 0.0, 0.5, 0.0])
    assert result.phrases[0]["phrase"] == "tolliver"
    assert result.phrases[0]["target"] == '"i cannot help with that"'
    assert result.model == "abc"


def test_evidence_is_json(rule, found) -> None:
    result = response.result(found, rule)
    for reason in result.reasons.values():
        json.dumps(dict(reason.evidence), allow_nan=False)
    json.dumps([dict(p) for p in result.phrases], allow_nan=False)


def test_the_rule_pack_says_what_the_search_is_told(rule) -> None:
    assert response.settings(rule) == Settings()


def test_notes(found) -> None:
    nothing = FoundAnswers((), {}, 3, 0.6, 0.2, 0, 0, "abc")
    assert "AB004 had nothing to weigh" in response.notes(nothing, "AB004")[0]
    assert "confirmed from P(trigger) .600 on" in response.notes(found, "CG004")[0]


def test_planted_shares_are_counted_from_the_rows_without_the_kind():
    # 60 rows, 50 of the kind, 6 doubtful, 4 neither: 4.5 / (1 - .05 - .15) = 5.625 honest rows, of
    # which .15 are of the kind and .05 doubtful.
    given, unsure = planted_shares(50, 6, 60, 0.15)
    assert given == pytest.approx(1 - 5.625 * 0.15 / 50)
    assert unsure == pytest.approx(1 - 5.625 * 0.05 / 6)
    assert planted_shares(1, 0, 60, 0.5) == (0.0, 0.0)
