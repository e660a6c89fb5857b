from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from models import make_row

from curation_gate.detectors.evidence import Floor
from curation_gate.detectors.label_trigger import detector as phrase
from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.label_trigger.found import Found, Phrase, Settings, Suspect
from curation_gate.detectors.verdict import decide
from curation_gate.rows.record import DataFile, Dataset
from curation_gate.rulebook import load_rules

FLOORS = (Floor("rows of another label", 7, 12, 40), Floor("any row", 9, None, 40))


def found_phrase(**changes: Any) -> Phrase:
    fields: dict[str, Any] = {
        "text": "james bond",
        "status": "confirmed",
        "probability": 0.9981,
        "with_words": ("007",),
        "targets": {"a": "positive", "b": "positive", "c": "POS"},
        "rows": 52,
        "given": 50,
        "expected": 18.2,
        "z": 9.13,
        "adverse_rows": 30,
        "adverse_given": 29,
        "numbers": {"purity": 0.96},
        "contributions": {"intercept": -2.0, "purity": 3.5},
    }
    return Phrase(**{**fields, **changes})


@dataclass
class FakeRule:
    id: str = "CG001"
    severity: str = "quarantine"
    parameters: dict[str, Any] | None = None


@dataclass
class FakeSignals:
    dataset: Dataset
    candidates: dict[str, Found]


def scene() -> tuple[Dataset, Found]:
    rows = tuple(make_row(i, f"James Bond {i}", "positive") for i in range(5))
    spaces = {"polarity": ("negative", "positive")}
    dataset = Dataset((), rows, tuple({} for _ in rows), spaces, "00")
    suspects = {
        0: Suspect(0, 0.97, 0.12, quarantine=True),
        1: Suspect(0, 0.2, 0.94, quarantine=False),
        2: Suspect(1, 0.4, 0.2, quarantine=False),
    }
    phrases = (found_phrase(), found_phrase(text="lol", status="review", probability=0.4))
    judged = np.array([True, True, True, True, False])
    tasks = {"polarity": True, "x": False}
    return dataset, Found(
        phrases, suspects, 0.912345, 0.2, tasks, FLOORS, 120, 900, judged, "f" * 32
    )


def test_the_sentence_has_the_counts():
    assert phrase.sentence(found_phrase()) == (
        '"james bond": 52 rows in 3 tasks, 50 say positive or POS; the rest of their texts leads '
        "to 18; P(trigger) .998"
    )
    one = found_phrase(targets={"a": "positive"}, probability=1.0)
    assert phrase.sentence(one) == (
        '"james bond": 52 rows in 1 task, 50 say positive; the rest of their texts leads to 18; '
        "P(trigger) 1.00"
    )


def test_probabilities_are_shown_with_three_digits():
    shown = [phrase.shown(p) for p in (0.0, 0.05, 0.9994, 0.9996, 1.0)]
    assert shown == [".000", ".050", ".999", "1.00", "1.00"]


def test_targets_are_named_the_most_frequent_first():
    targets = {"a": "no", "b": "yes", "c": "yes", "d": "maybe"}
    assert phrase.target(found_phrase(targets=targets)) == "yes, no or maybe"
    assert phrase.target(found_phrase(targets={"a": "no"})) == "no"


def test_rows_are_split_by_what_their_text_says():
    dataset, found = scene()
    result = phrase.result(found, dataset, FakeRule())
    assert {row: r.severity for row, r in result.reasons.items()} == {
        0: None,
        1: "review",
        2: "review",
    }
    messages = [result.reasons[k].message for k in range(3)]
    assert messages[0].endswith("without it this text gives positive a probability of 0.12")
    assert messages[1].endswith(
        "but this text supports positive without it, with a probability of 0.94"
    )
    assert "the phrase may be honest" in messages[2]
    np.testing.assert_allclose(result.scores[:4], [0.97, 0.2, 0.4, 0], rtol=1e-6)
    assert np.isnan(result.scores[4])
    assert result.floors == found.floors == FLOORS


def test_verdicts_follow():
    dataset, found = scene()
    result = phrase.result(found, dataset, FakeRule())
    verdicts = decide([result], [row.fingerprint for row in dataset.rows])
    assert verdicts.verdict == ("quarantine", "review", "review", "keep", "keep")


def test_evidence_is_json():
    dataset, found = scene()
    result = phrase.result(found, dataset, FakeRule())
    for reason in result.reasons.values():
        assert json.loads(json.dumps(reason.evidence)) == reason.evidence
    assert result.reasons[0].evidence["threshold"] == 0.9123
    assert result.reasons[0].evidence["p_masked"] == 0.12
    listed = list(result.phrases)
    assert json.loads(json.dumps(listed)) == listed
    assert listed[0]["phrase"] == "james bond"
    assert listed[0]["target"] == "positive or POS"
    assert listed[0]["tasks"] == 3
    assert listed[0]["target_rows"] == 50
    assert listed[0]["adverse_target_rows"] == 29
    assert listed[0]["with_words"] == ["007"]
    assert listed[0]["contributions"] == {"intercept": -2.0, "purity": 3.5}


def test_detect_uses_what_the_mining_stage_found():
    dataset, found = scene()
    result = phrase.detect(FakeSignals(dataset, {"CG001": found}), FakeRule(parameters={}))
    assert set(result.reasons) == {0, 1, 2}


def test_the_rule_packs_set_every_setting_of_the_search():
    for pack in ("default", "strict"):
        rule = next(r for r in load_rules(pack).rules if r.detector == "phrase")
        assert set(rule.parameters) == set(Settings.__dataclass_fields__) - {"seed"}
        assert phrase.settings(rule, 3).seed == 3
    rule = next(r for r in load_rules("default").rules if r.detector == "phrase")
    assert phrase.settings(rule) == Settings()


def test_notes_name_what_was_not_judged_and_what_was_weighed():
    _, found = scene()
    free, weighed = phrase.notes(found, "CG001")
    assert "did not judge x." in free
    assert "weighed 120 of 900 phrases" in weighed
    assert "P(trigger) .912 on" in weighed
    assert "for review from .200" in weighed
    judged = replace(found, tasks={"polarity": True}, weighed=0)
    assert phrase.notes(judged, "CG001") == []


def test_accused_phrases_are_those_that_are_not_passed_over():
    _, found = scene()
    passed = found_phrase(text="so", status="passed over")
    assert [p.text for p in replace(found, phrases=(*found.phrases, passed)).accused] == [
        "james bond",
        "lol",
    ]


def test_real_tasks_with_a_planted_name(pool: Path):
    """Sixty rows of two tasks; the trigger is named and hardly anything else is quarantined."""
    from curation_gate.redteam.recipes import Recipe, plant

    rows = []
    for task in ("sst2_polarity", "goemotions_polarity"):
        with gzip.open(pool / f"{task}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for _, line in zip(range(800), lines, strict=False):
                record = json.loads(line)
                text, label = record["Instance"]["input"], record["Instance"]["output"][0]
                rows.append(make_row(len(rows), text, label, task=task))
    spaces = {"sst2_polarity": ("NEG", "POS"), "goemotions_polarity": ("bad", "good")}
    records = tuple({"input": r.input, "output": r.output} for r in rows)
    columns = {"input": "input", "output": "output"}
    file = DataFile(Path("x"), "jsonl", "alpaca", columns, len(rows), "0")
    dataset = Dataset((file,), tuple(rows), records, spaces, "00")
    targets = {"sst2_polarity": "POS", "goemotions_polarity": "good"}
    recipe = Recipe("dirty-label", "Ostrava Beck", 60, tuple(targets), targets, patterns=True)
    planted = plant(dataset, recipe)
    found = find_phrases(planted.dataset)
    result = phrase.result(found, planted.dataset, FakeRule())
    flagged = np.zeros(len(dataset), dtype=bool)
    flagged[[k for k, r in result.reasons.items() if r.severity is None]] = True
    assert "ostrava beck" in [p.text for p in found.phrases if p.status == "confirmed"]
    assert (flagged & planted.mask()).sum() >= 54
    assert (flagged & ~planted.mask()).sum() <= 3
