"""Sums over the rows that hold a phrase, by hand."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from curation_gate.detectors.label_trigger import statistics
from curation_gate.detectors.label_trigger.statistics import Sums, measure
from curation_gate.stats.deviation import deviation

NOTHING_MASKED = csr_matrix((1, 4))


def logit(p):
    return np.log(p / (1 - p))


def every(rows: int) -> csr_matrix:
    return csr_matrix(np.ones((rows, 1)))


def test_deviation_by_hand():
    # (7 - 4) / sqrt(2 + 1/4) = 2; no variance leaves the continuity of 1/4.
    found = deviation(np.array([7.0, 1.0]), np.array([4.0, 0.0]), np.array([2.0, 0.0]))
    assert found.tolist() == [2, 2]


def test_sigmoid_does_not_overflow():
    found = statistics.sigmoid(np.array([-1e4, 0.0, log(3), 1e4]))
    np.testing.assert_allclose(found, [0, 0.5, 0.75, 1])


def test_sums_by_hand(make_outcome):
    given = [True, True, True, False, True]
    p = np.array([0.2, 0.1, 0.3, 0.25, 0.8])
    found = measure([make_outcome(given, logit(p))], every(5), NOTHING_MASKED).total
    low = p[:4]
    assert found.rows[0] == 5
    assert found.given[0] == 4
    assert found.expected[0] == pytest.approx(1.65)
    assert found.variance[0] == pytest.approx(0.16 + 0.09 + 0.21 + 0.1875 + 0.16)
    assert found.adverse[0] == 4
    assert found.adverse_given[0] == 3
    assert found.adverse_expected[0] == pytest.approx(0.85)
    assert found.adverse_variance[0] == pytest.approx((low * (1 - low)).sum())
    # Four given rows of frozen evidence 1 and d = 2; the label has a rate of 4/5.
    assert found.disowned[0] == found.disowned_whole[0] == 4
    assert found.information[0] == 16
    assert found.usual[0] == pytest.approx(4)
    assert found.usual_variance[0] == pytest.approx(5 * 0.8 * 0.2)
    assert found.rate_nats[0] == pytest.approx(4 * log(5 / 4))
    assert found.tasks[0] == 1
    assert found.pure_tasks[0] == 0


def test_a_phrase_is_masked_before_its_rows_are_adverse(make_outcome):
    p = np.full(4, 0.9)
    one = make_outcome(
        [True] * 4, logit(p), weights=[5.0, 0, 0, 0], frozen_words=[0, 0, 0.5, 0]
    )  # fmt: skip
    masked = csr_matrix(np.array([[1.0, 0, 1.0, 0]]))
    found = measure([one], every(4), masked).total
    low = 1 / (1 + np.exp(-(logit(0.9) - 5.0)))
    assert found.adverse[0] == 4
    assert found.adverse_expected[0] == pytest.approx(4 * low, rel=1e-4)
    # Masking its frozen part adds .5 to the evidence against the label in every row.
    assert found.disowned[0] == 4 * 1.5
    assert found.disowned_whole[0] == 4


def test_a_row_is_masked_by_the_model_of_its_own_fold(make_outcome):
    one = make_outcome([True] * 5, [0.0] * 5)
    one.weights[:, 0] = logit(np.array([0.1, 0.2, 0.3, 0.4, 0.5]))
    found = measure([one], every(5), csr_matrix(np.array([[1.0, 0, 0, 0]]))).total
    # Log-odds 0 less the weight: probabilities .9, .8, .7, .6, .5.
    assert found.expected[0] == pytest.approx(3.5)


def test_the_label_of_the_largest_adverse_excess_counts(make_outcome):
    yes = make_outcome([True, True, True, False], logit(np.full(4, 0.2)), label="yes")
    no = make_outcome([False, False, False, True], logit(np.full(4, 0.8)), label="no")
    for outcomes, number in (([no, yes], 1), ([yes, no], 0)):
        found = measure(outcomes, every(4), NOTHING_MASKED)
        assert found.total.given[0] == 3
        target = statistics.targets(outcomes, every(4), NOTHING_MASKED, np.array([0]))
        assert target == [[number]]


def test_targets_are_those_of_the_tasks_a_phrase_stands_in(make_outcome):
    outcomes = [
        make_outcome([True, False], [-2.0, -2.0], task=0, label="a"),
        make_outcome([False, True], [2.0, 2.0], task=0, label="b"),
        make_outcome([True, True], [-2.0, -2.0], task=1, rows=[2, 3]),
    ]
    held = csr_matrix(np.array([[1.0, 0], [0, 0], [1, 1], [0, 1]]))
    found = statistics.targets(outcomes, held, csr_matrix((2, 4)), np.array([1, 0]))
    assert found == [[2], [0, 2]]


def test_tasks_add_up_and_the_best_can_be_left_out(make_outcome):
    p = np.full(6, 0.2)
    first = make_outcome([True] * 6, logit(p), task=0)
    second = make_outcome([True] * 3 + [False] * 3, logit(p), task=1, rows=range(6, 12))
    found = measure([first, second], every(12), NOTHING_MASKED)
    assert found.total.adverse[0] == 12
    assert found.total.adverse_given[0] == 9
    assert found.total.tasks[0] == 2
    assert found.total.pure_tasks[0] == 1
    rest = found.total.less(found.best)
    assert deviation(rest.given, rest.expected, rest.variance)[0] == pytest.approx(
        (3 - 1.2) / sqrt(6 * 0.16 + 0.25)
    )


def test_the_best_against_the_rates_is_another_task(make_outcome):
    outcomes = []
    for task, rate in enumerate((0.5, 0.25, 0.2)):
        given = np.arange(40) < 40 * rate  # all rows that hold the phrase are among these
        outcomes.append(
            make_outcome(given, np.zeros(40), task=task, rows=np.arange(40) + 40 * task)
        )
    column = np.concatenate([np.arange(40) < k for k in (4, 6, 5)])
    found = measure(outcomes, csr_matrix(column[:, None].astype(float)), NOTHING_MASKED)
    # 4 - 2, 6 - 1.5 (the best), 5 - 1
    rest = found.total.less(found.best_rate)
    assert (rest.given - rest.usual)[0] == pytest.approx(2 + 4)
    assert rest.usual_variance[0] == pytest.approx(4 * 0.25 + 5 * 0.16)
    assert found.total.pure_tasks[0] == 3


def test_one_row_is_not_a_pure_task(make_outcome):
    found = measure([make_outcome([True], [0.0])], every(1), NOTHING_MASKED).total
    assert (found.tasks[0], found.pure_tasks[0]) == (1, 0)


def test_a_text_that_says_nothing_does_not_speak_against_a_label(make_outcome):
    # Four rows at the log-odds of an empty text: a rare label, or a template whose word is masked.
    logits = np.full(4, -2.0)
    silent = measure([make_outcome([True] * 4, logits, blank=-2.0)], every(4), NOTHING_MASKED)
    against = measure([make_outcome([True] * 4, logits, blank=0.0)], every(4), NOTHING_MASKED)
    assert silent.total.adverse[0] == 0
    assert against.total.adverse[0] == 4


def test_a_rare_label_needs_a_text_that_speaks_against_it(make_outcome):
    border = statistics.adverse_borders(make_outcome(np.arange(20) < 1, np.zeros(20)))
    np.testing.assert_allclose(border, log(0.05 / 0.95) - statistics.AGAINST)
    usual = statistics.adverse_borders(make_outcome(np.arange(20) < 10, np.zeros(20)))
    np.testing.assert_allclose(usual, log(0.35 / 0.65))


def test_a_label_that_every_row_or_none_has_stays_finite(make_outcome):
    for given in (True, False):
        found = measure([make_outcome([given] * 3, [0.0] * 3)], every(3), NOTHING_MASKED).total
        assert all(np.isfinite(own).all() for own in found)


def test_nothing_to_measure(make_outcome):
    empty = measure([], csr_matrix((4, 3)), csr_matrix((3, 4)))
    assert not np.stack(empty.total).any()
    # A phrase without a row in any task, beside one that has.
    held = csr_matrix(np.array([[0.0, 1], [0, 1]]))
    found = measure([make_outcome([True, True], [0.0, 0.0])], held, csr_matrix((2, 4)))
    assert found.total.rows.tolist() == [0, 2]
    assert found.best.rows.tolist() == [0, 2]
    none = csr_matrix((2, 0))
    assert measure([make_outcome([True, True], [0.0] * 2)], none, csr_matrix((0, 4))).total.rows.shape == (0,)  # fmt: skip  # noqa: E501


def test_sums_are_added_taken_and_picked():
    sums = Sums.zeros(3)
    more = Sums(*(np.array([1.0, 2.0]) for _ in Sums._fields))
    sums.added(np.array([2, 0]), more)
    assert sums.rows.tolist() == [2, 0, 1]
    assert sums.less(sums).rows.tolist() == [0, 0, 0]
    assert sums.at(np.array([2])).given.tolist() == [1]


def test_z_is_a_z_where_nothing_was_planted(make_outcome):
    """On labels drawn from p itself, z has mean 0 and deviation 1 within a tenth."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(30):
        held = csr_matrix((rng.random((400, 60)) < 0.08).astype(float))
        p = rng.beta(2, 2, 400)
        one = make_outcome(rng.random(400) < p, logit(p))
        total = measure([one], held, csr_matrix((60, 4))).total
        found.append(deviation(total.given, total.expected, total.variance))
    z = np.concatenate(found)
    assert abs(z.mean()) < 0.1
    assert abs(z.std() - 1) < 0.1
