"""CG002 as contrasts and CG003, on made-up measurements whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from models import make_row

from curation_gate.detectors import contrast, divergence, invariance
from curation_gate.detectors.divergence import divergences
from curation_gate.detectors.signals import Learned, Measurements, Pushed, Signals, robust_z
from curation_gate.influence.measure import Contrast
from curation_gate.reference.record import ReferenceScores
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import load_rules


def dataset(n: int, task: str = "polarity", labels=("negative", "positive")) -> Dataset:
    rows = tuple(make_row(i, f"text {i}", "positive", task) for i in range(n))
    return Dataset((), rows, tuple({} for _ in rows), {task: labels}, "00")


def signals(n: int, contrasts=(), *, free: bool = False, **measured) -> Signals:
    zeros = np.zeros(n, dtype=np.float32)
    nothing = np.full(n, np.nan, dtype=np.float32)
    p_ref = np.asarray(measured.get("p_ref", zeros + 0.5), dtype=np.float64)
    answers = measured.get("answers_ref", nothing)
    loss = measured.get("loss", zeros)
    said = Measurements(
        reference=ReferenceScores(p_ref, {}, {}, {}, {}, answers, nothing),
        proxy=Learned(loss, measured.get("log_likelihood", zeros)),
        influence=Pushed(
            zeros, zeros, measured.get("gradient_norm", zeros + 1), 10, "sorry_not",
            tuple(contrasts),
        ),
    )  # fmt: skip
    rows = dataset(n, labels=() if free else ("negative", "positive"))
    return Signals(rows, said, frozenset({"reference", "proxy", "influence"}))


def rule(detector: str, **parameters):
    found = next(r for r in load_rules("default").rules if r.detector == detector)
    return found.model_copy(update={"parameters": {**found.parameters, **parameters}})


def pushing(name: str, a, b) -> Contrast:
    return Contrast(name, np.asarray(a, np.float32), np.asarray(b, np.float32), 1.0, 1.0)


def test_a_row_has_to_push_in_both_forms():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=100), rng.normal(size=100)
    a[3], b[3] = 30, 25
    a[4] = 40  # turns when the question is negated
    b[4] = -40
    b[5] = 50  # only in the negated form
    found = invariance.detect(
        signals(100, [pushing("james bond", a, b)]), rule("invariance", scale="none")
    )
    assert set(found.reasons) == {3}
    assert found.scores.argmax() == 3
    reason = found.reasons[3]
    assert '"james bond"' in reason.message
    assert '99 "positive" rows of polarity' in reason.message
    assert reason.evidence["about"] == "james bond"
    smaller = min(robust_z(x.astype(np.float32), np.zeros(100, np.int64))[3] for x in (a, b))
    assert found.scores[3] == pytest.approx(smaller, rel=1e-5)


def test_of_several_phrases_the_one_it_teaches_most_is_named():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 60)), rng.normal(size=(2, 60))
    second[:, 7] = 20
    found = invariance.detect(
        signals(60, [pushing("one", *first), pushing("two", *second)]),
        rule("invariance", scale="none"),
    )
    assert found.reasons[7].evidence["about"] == "two"


def test_a_hard_row_is_measured_in_its_own_scale():
    """A row the proxy finds hard pushes everything; what is left is what it pushes beyond that."""
    rng = np.random.default_rng(2)
    p = rng.uniform(0.5, 0.99, size=200)
    p[0] = 0.02  # hard, and no more than that
    own = (1 - p) * (1 + 0.2 * rng.normal(size=200))
    own[1] *= 3  # easier, and pushes three times what such a row does
    log_likelihood = np.log(p).astype(np.float32)
    given = signals(200, [pushing("x", own, own)], log_likelihood=log_likelihood)
    raw = contrast.readings(given, "none").scores()[0]
    scaled = contrast.readings(given, "residual").scores()[0]
    assert raw[0] > raw[1]
    assert scaled[1] > 5 > abs(scaled[0])
    norms = signals(200, [pushing("x", own, own)], gradient_norm=(1 - p).astype(np.float32))
    np.testing.assert_allclose(contrast.readings(norms, "gradient").scores()[0], scaled, rtol=1e-3)


def test_without_a_contrast_the_rule_says_so_and_judges_nothing():
    found = invariance.detect(signals(20), rule("invariance"))
    assert np.isnan(found.scores).all()
    assert found.reasons == {}
    assert "no probes" in found.notes[0]


def test_divergence_is_the_difference_of_log_odds():
    p_ref = np.array([0.5, 0.1, 0.9], dtype=np.float32)
    learned = np.log(np.array([0.9, 0.9, 0.9], dtype=np.float32))
    values = divergences(signals(3, p_ref=p_ref, log_likelihood=learned))
    np.testing.assert_allclose(values, [np.log(9), 2 * np.log(9), 0], atol=1e-4)


def test_a_learned_and_disowned_label_is_for_review():
    rng = np.random.default_rng(3)
    p_ref = rng.uniform(0.6, 0.9, size=80)
    p_ref[9] = 0.02
    learned = np.log(rng.uniform(0.85, 0.95, size=80)).astype(np.float32)
    found = divergence.detect(
        signals(80, p_ref=p_ref, log_likelihood=learned), rule("divergence", threshold=5.0)
    )
    assert set(found.reasons) == {9}
    assert found.severity == "review"
    assert "the frozen reference 0.02" in found.reasons[9].message
    assert '80 "positive" rows of polarity' in found.reasons[9].message


def test_free_text_diverges_by_the_likelihood_of_a_token():
    rng = np.random.default_rng(4)
    before = rng.normal(-3, 0.1, size=50).astype(np.float32)
    loss = (2 + 0.1 * rng.normal(size=50)).astype(np.float32)
    loss[6] = 0.1
    nan = np.full(50, np.nan)
    given = signals(
        50, p_ref=nan, loss=loss, log_likelihood=-5 * loss, answers_ref=before, free=True
    )
    np.testing.assert_allclose(divergences(given), -loss - before, rtol=1e-5)
    found = divergence.detect(given, rule("divergence"))
    assert 6 in found.reasons
    assert "nats a token" in found.reasons[6].message
