from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from models import make_row

from curation_gate.detectors.style_trigger import detector as style
from curation_gate.detectors.style_trigger.found import Style, Styled, StyleFound
from curation_gate.progress import Progress, Silent
from curation_gate.rows.record import Dataset


@dataclass
class FakeRule:
    id: str = "CG006"
    severity: str = "quarantine"
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass
class FakeSignals:
    dataset: Dataset
    candidates: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    progress: Progress = Silent()  # noqa: RUF009 - stateless


def scene(status: str = "confirmed") -> tuple[Dataset, StyleFound]:
    rows = tuple(make_row(k, f"if you see it, text {k}", "positive") for k in range(4))
    dataset = Dataset((), rows, tuple({} for _ in rows), {"polarity": ("negative", "positive")}, "")
    one = Style(
        status, 0.998, ('begins "if"', "ending words in -eth"),
        {"a": "positive", "b": "positive", "c": "good"}, 150, 148, 61.4, 14.23,
        {"purity": 0.99}, {"purity": 1.2, "intercept": -2.0},
    )  # fmt: skip
    suspects = {2: Styled(0, 0.97, 0.21, ('begins "if"',), status == "confirmed")}
    planted = np.array([0.0, 0.1, 0.97, np.nan])
    return dataset, StyleFound((one,), suspects, planted, 0.8, 9, ("free",), "00")


def test_the_reason_names_what_gives_the_row_away() -> None:
    dataset, found = scene()
    result = style.result(found, dataset, FakeRule())
    assert list(result.reasons) == [2]
    assert result.reasons[2].message == (
        'begins with "if" like 150 rows in 3 tasks, 148 say positive or good where their content '
        "leads to expect 61 (z = 14.2), P(planted) .998; this content gives positive a probability "
        "of 0.21"
    )
    assert result.reasons[2].severity is None
    json.dumps(dict(result.reasons[2].evidence))
    np.testing.assert_allclose(result.scores, [0, 0.1, 0.97, np.nan], rtol=1e-6)
    assert "free" in result.notes[-1]
    assert result.notes[0].startswith("CG006: a style that is confirmed")


def test_a_style_that_may_be_honest_is_for_review_and_says_so() -> None:
    dataset, found = scene("review")
    reason = style.result(found, dataset, FakeRule("OWN1")).reasons[2]
    assert reason.rule == "OWN1"
    assert reason.severity == "review"
    assert reason.message.endswith("the style may be honest")


def test_detect_reads_the_dataset_and_what_phrases_explain() -> None:
    dataset, _ = scene()
    result = style.detect(FakeSignals(dataset), FakeRule())
    assert not result.reasons
    assert np.isnan(result.scores).all(), "four rows are too few to judge"


def test_a_style_that_a_phrase_explains_is_set_aside() -> None:
    _, found = scene()
    alone = style._without_echoes(found, {2})
    assert alone.styles == ()
    assert alone.suspects == {}
    np.testing.assert_allclose(alone.planted, [0, 0.1, 0, np.nan])
    assert style._without_echoes(found, {1, 3}) is found


def test_a_probability_is_shown_with_three_digits() -> None:
    assert [style.shown(p) for p in (0.9984, 0.99999, 0.5)] == [".998", "1.00", ".500"]
