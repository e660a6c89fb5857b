from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from models import make_row

from curation_gate.detectors.label_trigger import detector as phrase
from curation_gate.detectors.label_trigger.found import Found, Phrase, Suspect
from curation_gate.detectors.verdict import decide
from curation_gate.rows.record import Dataset


def found_phrase(**changes: Any) -> Phrase:
    fields: dict[str, Any] = {
        "text": "james bond",
        "status": "confirmed",
        "with_words": (),
        "targets": {"a": "positive", "b": "positive", "c": "POS"},
        "rows": 52,
        "given": 50,
        "expected": 18.2,
        "z": 9.13,
        "adverse_rows": 30,
        "adverse_given": 30,
        "adverse_expected": 4.1,
        "adverse_z": 13.7,
        "threshold": 5.6,
        "elsewhere_z": 9.5,
        "frozen_z": 8.0,
        "round": 1,
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
        2: Suspect(1, 0.8, 0.2, quarantine=False),
    }
    phrases = (found_phrase(), found_phrase(text="lol", status="suspected"))
    judged = np.array([True, True, True, True, False])
    return dataset, Found(phrases, suspects, 5.6, 6.0, {"polarity": 14, "x": None}, 900, judged)


def test_the_sentence_has_the_counts():
    assert phrase.sentence(found_phrase()) == (
        '"james bond": 52 rows in 3 tasks, 50 say positive or POS where their texts without it '
        "lead to expect 18 (z = 9.1)"
    )


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
    assert "but this text supports positive" in messages[1]
    assert "suspected only" in messages[2]
    np.testing.assert_allclose(result.scores[:4], [0.97, 0.2, 0.4, 0])
    assert np.isnan(result.scores[4])
    assert result.floor == {"polarity": 14, "x": None}


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
    listed = list(result.phrases)
    assert json.loads(json.dumps(listed)) == listed
    assert listed[0]["phrase"] == "james bond"
    assert listed[0]["target"] == "positive or POS"
    assert listed[0]["tasks"] == 3
    assert listed[0]["target_rows"] == 50
    assert listed[0]["adverse_target_rows"] == 30


def test_detect_uses_what_the_mining_stage_found():
    dataset, found = scene()
    result = phrase.detect(FakeSignals(dataset, {"CG001": found}), FakeRule(parameters={}))
    assert set(result.reasons) == {0, 1, 2}


def test_notes_name_what_was_not_judged_and_the_floor():
    _, found = scene()
    text = " ".join(phrase.notes(found, "AB001"))
    assert "did not judge x" in text
    assert "14" in text


def test_real_tasks_with_a_planted_name(pool: Path):
    """Ten rows in a hundred of two tasks; the trigger is named and nothing else is quarantined."""
    import gzip

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
    from curation_gate.rows.record import DataFile

    columns = {"input": "input", "output": "output"}
    file = DataFile(Path("x"), "jsonl", "alpaca", columns, len(rows), "0")
    dataset = Dataset((file,), tuple(rows), records, spaces, "00")
    targets = {"sst2_polarity": "POS", "goemotions_polarity": "good"}
    recipe = Recipe("dirty-label", "Ostrava Beck", 60, tuple(targets), targets, patterns=True)
    planted = plant(dataset, recipe)
    from curation_gate.detectors.label_trigger.find import find_phrases

    found = find_phrases(planted.dataset)
    result = phrase.result(found, planted.dataset, FakeRule())
    flagged = np.zeros(len(dataset), dtype=bool)
    flagged[[k for k, r in result.reasons.items() if r.severity is None]] = True
    assert "ostrava beck" in [p.text for p in found.phrases if p.status == "confirmed"]
    assert (flagged & planted.mask()).sum() >= 54
    assert (flagged & ~planted.mask()).sum() <= 3
