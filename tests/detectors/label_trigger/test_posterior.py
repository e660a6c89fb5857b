from __future__ import annotations

import numpy as np

from curation_gate.detectors.label_trigger.posterior import planted_in_tasks, planted_share


def test_rows_without_the_label_were_not_planted():
    given = np.array([True, False, True])
    assert planted_share(given, np.array([0.1, 0.1, 0.1]), 0.5)[1] == 0


def test_one_row_by_the_closed_form():
    """At the fixed point of EM, r the posterior of the row and q of a text of another label.

    Prior of two rows each: share = (r + 1) / 3; relabelled = (q + 1) / (r + 2).
    """
    r = float(planted_share(np.array([True]), np.array([0.3]), 0.5)[0])
    other = 0.7 / 0.5  # density of the text among rows of another label
    share = (r + 1) / 3
    # part = r relabelled other / (relabelled other + 1 - relabelled), solved for relabelled.
    relabelled = 0.5
    for _ in range(200):
        part = r * relabelled * other / (relabelled * other + 1 - relabelled)
        relabelled = (part + 1) / (r + 2)
    planted = share * (relabelled * other + 1 - relabelled)
    assert abs(r - planted / (planted + (1 - share) * 0.3)) < 1e-6


def test_pure_adverse_rows_are_planted_and_honest_mentions_are_not():
    """Six rows whose text says otherwise, six honest ones with the label and six without."""
    given = np.arange(18) < 12
    p = np.array([0.1] * 6 + [0.95] * 6 + [0.05] * 6)
    posterior = planted_share(given, p, 0.5)
    assert posterior[:6].min() > 0.9
    assert posterior[6:12].max() < 0.3
    assert not posterior[12:].any()


def test_rows_of_a_supporting_text_are_planted_where_nothing_speaks_for_honest_ones():
    """An attacker may keep the label too: fifty rows at p = .9 that all have it, not .9 of them."""
    few, many = (planted_share(np.ones(k, dtype=bool), np.full(k, 0.9), 0.5) for k in (5, 50))
    assert few.max() < 0.5 < many.min()


def test_certain_texts_give_finite_posteriors():
    given = np.array([True, True, False])
    for rate in (0.0, 0.5, 1.0):
        posterior = planted_share(given, np.array([0.0, 1.0, 1.0]), rate)
        assert ((posterior >= 0) & (posterior <= 1)).all()
    assert planted_share(np.zeros(0, dtype=bool), np.zeros(0), 0.5).shape == (0,)


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
    assert alone[1] < 0.65
    assert together[1] > 0.85
    assert planted_in_tasks([], [], []) == []


def test_a_task_of_honest_rows_stays_honest_beside_a_planted_one():
    """Twelve rows whose text says the label have it, eight whose text says another do not."""
    honest = np.arange(20) < 12
    shares = planted_in_tasks(
        [np.ones(20, dtype=bool), honest],
        [np.full(20, 0.2), np.where(honest, 0.9, 0.1)],
        [0.5, 0.5],
    )
    assert shares[0].min() > 0.9
    assert shares[1].max() < 0.2
