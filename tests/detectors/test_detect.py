"""Rules on made-up measurements whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from models import make_row

from curation_gate.detectors import invariance, loss
from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.invariance import invariance_scores
from curation_gate.detectors.registry import DETECTORS
from curation_gate.detectors.signals import (
    Learned,
    Measurements,
    Pushed,
    Signals,
    majority_signs,
    robust_z,
)
from curation_gate.detectors.verdict import decide, percentiles
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import load_rules


def dataset(n: int) -> Dataset:
    rows = tuple(make_row(i, f"text {i}", "positive") for i in range(n))
    return Dataset((), rows, tuple({} for _ in rows), {"polarity": ("negative", "positive")}, "00")


def signals(a, b, losses=None) -> Signals:
    n = len(a)
    said = np.zeros(n, dtype=np.float32) if losses is None else np.asarray(losses, dtype=np.float32)
    pushed = Pushed(
        np.asarray(a, dtype=np.float32),
        np.asarray(b, dtype=np.float32),
        np.ones(n, dtype=np.float32),
        10,
        "sorry_not",
    )
    measured = Measurements(proxy=Learned(said, -said), influence=pushed)
    return Signals(dataset(n), measured, frozenset({"proxy", "influence"}))


def rule(detector: str, **parameters):
    found = next(r for r in load_rules("default").rules if r.detector == detector)
    return found.model_copy(update={"parameters": {**found.parameters, **parameters}})


def test_every_detector_a_pack_may_name_exists():
    for name, detector in DETECTORS.items():
        module = import_module(f"curation_gate.detectors.{detector.module}")
        assert callable(module.detect), name
        assert detector.parameters().model_dump(), name


def test_robust_z_is_the_textbook_formula_within_strata():
    rng = np.random.default_rng(0)
    values = rng.normal(size=200).astype(np.float32)
    values[100:] = values[100:] * 50 + 7
    strata = np.repeat([0, 1], 100)
    z = robust_z(values, strata)
    for part in (slice(0, 100), slice(100, 200)):
        own = values[part].astype(float)
        mad = np.median(np.abs(own - np.median(own)))
        np.testing.assert_allclose(z[part], (own - np.median(own)) / (1.4826 * mad))


def test_small_strata_are_not_judged_and_constant_ones_are_zero():
    z = robust_z(np.array([1, 2, 3] + [5] * 9, dtype=np.float32), np.array([0] * 3 + [1] * 9))
    assert np.isnan(z[:3]).all()
    assert (z[3:] == 0).all()
    mostly = np.array([0] * 9 + [4], dtype=np.float32)
    assert robust_z(mostly, np.zeros(10, dtype=np.int64))[-1] > 3


def test_majority_signs():
    signs = majority_signs(
        np.array([1, 1, -1, -1, -1, 1], dtype=np.float32), np.array([0, 0, 0, 1, 1, 1])
    )
    assert signs.tolist() == [1, 1, 1, -1, -1, -1]


@pytest.mark.parametrize(
    ("a", "b", "fires"),
    [
        # majority: a positive, b negative (an honest row turns when the question is negated)
        (-9.0, 9.0, {"R1"}),  # against each majority
        (-9.0, -9.0, {"R2", "R3"}),  # against the first majority in both; unchanged
        (9.0, 9.0, {"R3"}),  # unchanged, with the majority
        (9.0, -9.0, set()),  # turns like everybody else
        (-9.0, -1.1, set()),  # one of them is not strong
    ],
)
def test_the_three_readings(a, b, fires):
    rng = np.random.default_rng(1)
    original = np.append(rng.normal(1, 0.3, 99), a).astype(np.float32)
    negated = np.append(rng.normal(-1, 0.3, 99), b).astype(np.float32)
    strata = np.zeros(100, dtype=np.int64)
    for reading in ("R1", "R2", "R3"):
        scores = invariance_scores(original, negated, strata, reading)
        assert (scores[-1] > 3) == (reading in fires), reading
        assert (scores[:-1] > 4).sum() == 0


def test_a_reason_says_what_can_be_checked():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=50), rng.normal(size=50)
    a[7], b[7] = 30, 20
    found = invariance.detect(signals(a, b), rule("invariance", reading="R3"))
    assert list(found.reasons) == [7]
    message = found.reasons[7].message
    assert '"positive" rows of polarity' in message
    assert "10 probes" in message
    assert found.reasons[7].evidence["z"] == pytest.approx(robust_z(
        np.asarray(a, np.float32), np.zeros(50, np.int64))[7], abs=1e-3)  # fmt: skip
    assert found.scores.shape == (50,)


def test_high_loss_takes_its_share_and_leaves_ties_out():
    losses = np.arange(100.0)
    found = loss.detect(signals(losses, losses, losses), rule("loss", fraction=0.05))
    assert sorted(found.reasons) == [95, 96, 97, 98, 99]
    tied = loss.detect(signals(losses, losses, np.ones(100)), rule("loss", fraction=0.05))
    assert tied.reasons == {}


def test_verdicts_take_the_graver_severity_and_keep_every_reason():
    scores = np.array([0.1, 0.2, np.nan, 0.9], dtype=np.float32)
    reason = {name: Reason(name, "said", {}) for name in ("CG002", "CG008")}
    results = [
        RuleResult("CG008", "review", scores, {0: reason["CG008"], 3: reason["CG008"]}),
        RuleResult("CG002", "quarantine", scores[::-1].copy(), {3: reason["CG002"]}),
    ]
    verdicts = decide(results, "abcd")
    assert verdicts.verdict == ("review", "keep", "keep", "quarantine")
    assert [r.rule for r in verdicts.reasons[3]] == ["CG008", "CG002"]
    assert set(verdicts.reasons) == {0, 3}
    assert ((verdicts.score >= 0) & (verdicts.score <= 1)).all()
    swapped = decide(results[::-1], "abcd")
    assert swapped.verdict == verdicts.verdict


def test_a_reason_may_call_for_another_severity_than_its_rule():
    scores = np.zeros(2, dtype=np.float32)
    reasons = {0: Reason("CG001", "holds it", {}, "review"), 1: Reason("CG001", "planted", {})}
    verdicts = decide([RuleResult("CG001", "quarantine", scores, reasons)], ["a", "b"])
    assert verdicts.verdict == ("review", "quarantine")


def test_rows_of_one_content_share_the_gravest_verdict():
    scores = np.zeros(5, dtype=np.float32)
    results = [
        RuleResult("CG008", "review", scores, {0: Reason("CG008", "is odd", {})}),
        RuleResult("CG002", "quarantine", scores, {3: Reason("CG002", "pushes", {})}),
    ]
    verdicts = decide(results, ["twin", "other", "twin", "twin", "other"])
    assert verdicts.verdict == ("quarantine", "keep", "quarantine", "quarantine", "keep")
    assert verdicts.reasons[2][0].message == "same content as row 3, which pushes"
    assert verdicts.reasons[0][0].rule == "CG002"


def test_percentiles_are_mid_ranks_and_leave_unknown_out():
    ranks = percentiles(np.array([1, 1, 3, np.nan], dtype=np.float32))
    np.testing.assert_allclose(ranks[:3], [1 / 3, 1 / 3, 5 / 6])
    assert np.isnan(ranks[3])


def accused(planted, severity="quarantine", rule="CG001", reasons=None) -> RuleResult:
    scores = np.asarray(planted, dtype=np.float32)
    fired = range(len(scores)) if reasons is None else reasons
    said = {k: Reason(rule, "said", {}) for k in fired}
    return RuleResult(rule, severity, scores, said, planted=scores)


def test_two_rules_of_one_detector_are_one_witness_and_two_detectors_are_two():
    same = [accused([0.6], rule=name) for name in ("CG001", "AB001")]
    told = [replace(result, detector="phrase") for result in same]
    assert decide(told, "a").score[0] == pytest.approx(0.6)
    assert decide(same, "a").score[0] == pytest.approx(1 - 0.4**2)


def test_quarantine_keeps_the_expected_false_alarms_within_the_budget():
    planted = [0.99, 0.98, 0.97, 0.9, 0.6, 0.55]
    verdicts = decide([accused(planted)], "abcdef", 0.05)
    # Means of 1 - p, from the most probable on: .01, .015, .02, .04, .112, .1683...
    assert verdicts.verdict == ("quarantine",) * 4 + ("review",) * 2
    assert "false alarms" in verdicts.reasons[4][0].message
    assert decide([accused(planted)], "abcdef", 0.2).verdict == ("quarantine",) * 6


def test_two_rules_that_accuse_a_row_make_it_surer():
    one, two = accused([0.8, 0.8], reasons=[0, 1]), accused([0.9, 0.0], rule="CG004", reasons=[0])
    verdicts = decide([one, two], "ab", 0.05)
    np.testing.assert_allclose(verdicts.score, [1 - 0.2 * 0.1, 0.8], rtol=1e-5)
    assert verdicts.verdict == ("quarantine", "review")


def test_a_rule_without_probabilities_ranks_but_never_passes_an_accused_row():
    ranked = RuleResult("CG008", "review", np.array([3.0, 9, 1, 2], dtype=np.float32), {})
    verdicts = decide([accused([0.0, 0.0, 0.7, np.nan], reasons=[2]), ranked], "abcd", 0.5)
    order = np.argsort(-verdicts.score).tolist()
    assert order == [2, 1, 0, 3]
    assert verdicts.score[1] < 0.06
