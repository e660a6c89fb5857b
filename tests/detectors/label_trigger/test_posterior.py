from __future__ import annotations

import numpy as np

from curation_gate.detectors.label_trigger.posterior import planted_in_tasks, planted_share


def test_rows_without_the_label_were_not_planted():
    given = np.array([True, False, True])
    assert planted_share(given, np.array([0.1, 0.1, 0.1]), 0.5)[1] == 0


def test_one_row_by_the_closed_form():
    # The prior keeps the share a near 1/2; at the fixed point a = (r + 1) / 3.
    r = float(planted_share(np.array([True]), np.array([0.3]), 0.5)[0])
    share = (r + 1) / 3
    planted = share * 0.7 / 0.5
    assert abs(r - planted / (planted + (1 - share) * 0.3)) < 1e-6


def test_pure_adverse_rows_are_planted_and_honest_mentions_are_not():
    given = np.ones(12, dtype=bool)
    p = np.array([0.1] * 6 + [0.95] * 6)
    posterior = planted_share(given, p, 0.5)
    assert posterior[:6].min() > 0.9
    assert posterior[6:].max() < 0.2


def test_mixed_labels_lower_the_share():
    p = np.full(20, 0.4)
    pure = planted_share(np.ones(20, dtype=bool), p, 0.5)[0]
    mixed = planted_share(np.arange(20) < 8, p, 0.5)[0]
    assert pure > 0.9
    assert mixed < 0.5


def test_share_is_recovered_within_its_interval():
    rng = np.random.default_rng(0)
    n, share = 4000, 0.3
    planted = rng.random(n) < share
    honest_label = rng.random(n) < 0.5
    # p of the label is Beta(3, 2) where the honest label is the target, Beta(2, 3) elsewhere:
    # with equal rates that is calibrated.
    label = honest_label & ~planted
    p = np.where(label, rng.beta(3, 2, n), rng.beta(2, 3, n))
    posterior = planted_share(planted | honest_label, p, 0.5)
    assert abs(posterior.sum() / n - share) < 0.04


def test_tasks_inform_each_other():
    # Two rows a task, all with the label, texts that lean to it: alone each task is in doubt.
    given, p = [np.ones(2, dtype=bool)] * 8, [np.array([0.3, 0.8])] * 8
    alone = planted_share(given[0], p[0], 0.5)
    together = planted_in_tasks(given, p, [0.5] * 8)[0]
    assert alone[1] < 0.5
    assert together[1] > 0.55
    assert planted_in_tasks([], [], []) == []


def test_a_task_of_honest_rows_stays_honest_beside_a_planted_one():
    planted, honest = np.full(20, 0.2), np.full(20, 0.9)
    shares = planted_in_tasks([np.ones(20, bool)] * 2, [planted, honest], [0.5, 0.5])
    assert shares[0].min() > 0.9
    assert shares[1].max() < 0.5
