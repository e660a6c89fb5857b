from __future__ import annotations

import numpy as np

from curation_gate.detectors.style_trigger.mixture import (
    Rows,
    fit,
    logit,
    permuted,
    posterior,
    task_sums,
    z_of,
)
from curation_gate.detectors.style_trigger.ridge import ridge


def test_the_posterior_is_bayes_rule() -> None:
    """Odds 1/3 of the style, p = .2 of the label where half the rows have it: 1/3 x .8/.5 / .2."""
    rows = Rows(np.zeros(2, dtype=np.int64), np.array([[True], [False]]), np.array([[0.2], [0.8]]))
    found = posterior(np.full((2, 1), np.log(1 / 3)), rows)
    odds = (1 / 3) * (0.8 / 0.5) / 0.2
    np.testing.assert_allclose(found[:, 0], [odds / (1 + odds), 0.0])


def test_z_is_the_excess_in_deviations() -> None:
    rows = Rows(
        np.zeros(4, dtype=np.int64), np.array([[True]] * 3 + [[False]]), np.full((4, 1), 0.5)
    )
    styled = np.array([[1.0], [1.0], [1.0], [0.0]])
    np.testing.assert_allclose(z_of(styled, rows), [1.5 / np.sqrt(0.75 + 0.25)])


def test_sums_of_tasks() -> None:
    values = np.arange(6.0).reshape(3, 2)
    np.testing.assert_allclose(task_sums(values, np.array([0, 1, 0])), [[4, 6], [2, 3]])


def test_a_style_grows_from_a_part_of_its_rows() -> None:
    rng = np.random.default_rng(0)
    n, planted = 600, 60
    styled = np.arange(n) < planted
    x = rng.normal(size=(n, 20)).astype(np.float32)
    x[styled, :5] += 2.5
    side = rng.random(n) < 0.5
    side[styled] = False
    given = (side | styled)[:, None]
    p = np.where(side, 0.85, 0.15)[:, None]
    rows = Rows(np.zeros(n, dtype=np.int64), given, p)
    begin = np.where((np.arange(n) < 15)[:, None] & given, 0.8, 0.0)
    found = fit(ridge(x, rows.tasks, 0.5), rows, begin, 5)
    flagged = found.planted[:, 0] >= 0.5
    assert (flagged & styled).sum() > 0.85 * planted
    assert (flagged & ~styled).sum() < 0.1 * planted


def test_labels_are_permuted_among_rows_of_like_content() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=400)
    p = np.where(labels == 1, 0.9, 0.1)
    both = np.stack([1 - p, p], axis=1)
    drawn = permuted(labels, both, np.zeros(400, dtype=np.int64), 3, rng)
    assert (drawn == labels[:, None]).mean() > 0.9, "of like content: nearly all alike"
    mixed = permuted(labels, np.full((400, 2), 0.5), np.zeros(400, dtype=np.int64), 3, rng)
    assert (mixed == labels[:, None]).mean() < 0.6
    assert (mixed.sum(0) == labels.sum()).all()


def test_logit() -> None:
    np.testing.assert_allclose(logit(np.array([0.5, 0.75])), [0, np.log(3)])
