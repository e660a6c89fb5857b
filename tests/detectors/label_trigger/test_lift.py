from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from curation_gate.detectors.label_trigger import lift
from curation_gate.detectors.label_trigger import null as null_of_lift
from curation_gate.detectors.label_trigger.words import FOLDS, Outcome


def outcome(given, logits, *, task=0, rows=None, u=2, weights=None, blank=9.0) -> Outcome:
    m = len(given)
    w = np.zeros(2 * u) if weights is None else np.asarray(weights, dtype=float)
    return Outcome(
        task=task,
        label="yes",
        rows=np.arange(m) if rows is None else np.asarray(rows),
        given=np.asarray(given, dtype=bool),
        logits=np.asarray(logits, dtype=float),
        fold=np.arange(m) % FOLDS,
        weights=np.tile(w, (FOLDS, 1)),
        blank=np.full(FOLDS, blank),
        inner_logits=np.asarray(logits, dtype=float),
        inner_weights=w,
        inner_blank=blank,
        frozen_evidence=np.ones(m),
        frozen_words=np.zeros(2 * u),
        separation=2.0,
    )


def logit(p):
    return np.log(p / (1 - p))


def test_z_by_the_closed_form():
    given = [True, True, True, False, True]
    p = np.array([0.2, 0.1, 0.3, 0.25, 0.8])
    held = csr_matrix(np.array([[1.0], [1], [1], [1], [1]]))
    result = lift.scan([outcome(given, logit(p))], held, csr_matrix((1, 4)))
    low = p[:4]
    expected = (3 - low.sum()) / np.sqrt((low * (1 - low)).sum() + 0.25)
    assert abs(result.z[0] - expected) < 1e-5
    assert result.adverse[0] == 4
    assert result.adverse_given[0] == 3
    overall = (4 - p.sum()) / np.sqrt((p * (1 - p)).sum() + 0.25)
    assert abs(result.overall[0] - overall) < 1e-5


def test_the_z_against_the_rates_leaves_out_the_best_task():
    rates, held_rows = (0.5, 0.25, 0.2), (4, 6, 5)
    outcomes = []
    for task, rate in enumerate(rates):
        given = np.arange(40) < 40 * rate  # all rows that hold the phrase are among these
        at = np.arange(40) + 40 * task
        outcomes.append(outcome(given, np.zeros(40), task=task, rows=at))
    column = np.concatenate([np.arange(40) < k for k in held_rows])
    held = csr_matrix(column[:, None].astype(float))
    result = lift.scan(outcomes, held, csr_matrix((1, 4)))
    # 4 - 2, 6 - 1.5 (the best), 5 - 1
    expected = (2 + 4) / np.sqrt(4 * 0.25 + 5 * 0.16 + 0.25)
    assert abs(result.by_rate[0] - expected) < 1e-5
    assert result.pure_tasks[0] == 3


def test_the_phrase_is_masked_before_rows_are_adverse():
    p = np.array([0.9, 0.9, 0.9, 0.9])
    held = csr_matrix(np.ones((4, 1)))
    one = outcome([True] * 4, logit(p), weights=[5.0, 0, 0, 0])
    masked = csr_matrix(np.array([[1.0, 0, 0, 0]]))
    result = lift.scan([one], held, masked)
    low = 1 / (1 + np.exp(-(logit(0.9) - 5.0)))
    assert result.adverse[0] == 4
    assert abs(result.adverse_expected[0] - 4 * low) < 1e-4


def test_tasks_add_up_and_elsewhere_leaves_the_best_out():
    p = np.full(6, 0.2)
    held = csr_matrix(np.ones((12, 1)))
    first = outcome([True] * 6, logit(p), task=0)
    second = outcome([True] * 3 + [False] * 3, logit(p), task=1, rows=np.arange(6, 12))
    result = lift.scan([first, second], held, csr_matrix((1, 4)))
    assert result.adverse[0] == 12
    assert result.adverse_given[0] == 9
    assert abs(result.elsewhere[0] - (3 - 1.2) / np.sqrt(6 * 0.16 + 0.25)) < 1e-5
    assert result.inner_tasks[0] == 2


def test_frozen_evidence_sums_over_rows_with_the_label():
    p = np.full(4, 0.2)
    held = csr_matrix(np.ones((4, 1)))
    result = lift.scan([outcome([True, True, True, False], logit(p))], held, csr_matrix((1, 4)))
    assert result.disowned[0] == 3
    assert result.information[0] == 12


def test_few_adverse_rows_and_low_lift_are_not_tested():
    p = np.full(6, 0.2)
    few = csr_matrix(np.array([[1.0], [1], [0], [0], [0], [0]]))
    assert lift.scan([outcome([True] * 6, logit(p))], few, csr_matrix((1, 4))).z[0] == -np.inf
    low = [True, True, True, False, False, False]
    every = csr_matrix(np.ones((6, 1)))
    assert lift.scan([outcome(low, logit(p))], every, csr_matrix((1, 4))).z[0] == -np.inf


def test_family_wise_error_rate_of_the_null():
    """On labels drawn from p itself, the threshold is exceeded in about 5 % of data sets."""
    rng = np.random.default_rng(7)
    n, f, sets = 400, 120, 120
    exceeded = 0
    for _ in range(sets):
        held = csr_matrix((rng.random((n, f)) < 0.04).astype(float))
        p = rng.beta(1, 1, n)
        one = outcome(rng.random(n) < p, logit(p))
        null = null_of_lift.null_maxima([one], held, rng, draws=60)
        z = lift.scan([one], held, csr_matrix((f, 4))).z
        exceeded += z.max() > null_of_lift.threshold(null.any, 0.05, f)
    # 5 % of 120 is 6; a binomial stays below 15 with probability .999.
    assert exceeded < 15


def test_null_grows_with_the_number_of_phrases():
    rng = np.random.default_rng(1)
    n = 500
    p = rng.beta(1, 1, n)
    one = outcome(rng.random(n) < p, logit(p))
    few = csr_matrix((rng.random((n, 5)) < 0.05).astype(float))
    many = csr_matrix((rng.random((n, 500)) < 0.05).astype(float))
    small = null_of_lift.null_maxima([one], few, rng, draws=40)
    large = null_of_lift.null_maxima([one], many, rng, draws=40)
    assert np.median(large.any) > np.median(small.any)
    assert (large.spread <= large.any).all()


def test_threshold_and_floor():
    assert null_of_lift.threshold(np.arange(100.0), 0.05, 1) == 95
    assert abs(null_of_lift.threshold(np.zeros(9), 0.05, 1) - 1.6449) < 1e-3
    assert abs(null_of_lift.threshold(np.zeros(9), 0.05, 1000) - 3.8906) < 1e-3
    assert lift.floor_rows(5.0, 0.5) == 25
    assert lift.floor_rows(5.0, 0.2) == 7
    assert lift.floor_rows(5.0, 0.01) == lift.LEAST_ADVERSE


def test_nothing_to_test():
    empty = lift.scan([], csr_matrix((4, 3)), csr_matrix((3, 4)))
    assert np.isneginf(empty.z).all()
    null = null_of_lift.null_maxima([], csr_matrix((4, 3)), np.random.default_rng(0), draws=5)
    assert (null.any == 0).all()


def test_a_text_that_says_nothing_does_not_speak_against_a_label():
    # Four rows at the log-odds of an empty text: a rare label, or a template whose word is masked.
    held = csr_matrix(np.ones((4, 1)))
    logits = np.full(4, -2.0)
    silent = lift.scan([outcome([True] * 4, logits, blank=-2.0)], held, csr_matrix((1, 4)))
    against = lift.scan([outcome([True] * 4, logits, blank=0.0)], held, csr_matrix((1, 4)))
    assert silent.adverse[0] == 0
    assert against.adverse[0] == 4


def test_a_rare_label_needs_a_text_that_speaks_against_it():
    given = np.arange(20) < 1
    border = lift.adverse_borders(outcome(given, np.zeros(20)))
    assert np.allclose(border, np.log(0.05 / 0.95) - lift.AGAINST)
