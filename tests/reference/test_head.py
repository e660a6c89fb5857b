"""Cross-fitting: no row is scored by weights that saw it, its copy or its phrase."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curation_gate.reference.head import Examples, fit_head, fit_temperature


def examples(n: int = 200, d: int = 6, seed: int = 0) -> Examples:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)).astype(np.float32)
    y = (x[:, 0] + 0.3 * rng.normal(size=n) > 0).astype(np.int64)
    touched = np.zeros((n, 3), dtype=np.bool_)
    touched[:10, 0] = True
    touched[5:15, 1] = True
    fold = np.arange(n, dtype=np.int64) % 5
    return Examples(x, y, touched, fold, x[:0], y[:0], (d,))


def flip(rows: Examples, i: int) -> Examples:
    y = rows.y.copy()
    y[i] = 1 - y[i]
    return replace(rows, y=y)


@pytest.mark.parametrize("i", [0, 7, 14, 100, 199])
def test_a_flipped_label_does_not_change_the_rows_own_scores(i):
    rows = examples()
    before, after = (fit_head(r, 2, ridge=0.01) for r in (rows, flip(rows, i)))
    a = before.scores(rows.x[[i]], before.which[[i]])
    b = after.scores(rows.x[[i]], after.which[[i]])
    np.testing.assert_allclose(a, b, atol=1e-4)
    others = np.setdiff1d(np.arange(200), [i])
    c = before.scores(rows.x[others], before.which[others])
    d = after.scores(rows.x[others], after.which[others])
    assert np.abs(c - d).max() > 1e-4  # it was fitted on for others


def test_rows_of_one_phrase_fold_never_see_each_other():
    rows = examples()
    for i, seen in ((0, [5, 9]), (12, [5, 14]), (7, [0, 14])):
        before = fit_head(rows, 2, ridge=0.01)
        changed = rows
        for j in seen:
            changed = flip(changed, j)
        after = fit_head(changed, 2, ridge=0.01)
        a = before.scores(rows.x[[i]], before.which[[i]])
        b = after.scores(rows.x[[i]], after.which[[i]])
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_leaving_rows_out_by_subtraction_is_fitting_on_the_others():
    rows = examples()
    head = fit_head(rows, 2, ridge=0.05)
    k = 20  # plain, fold 0
    left = rows.fold != rows.fold[k]
    z = (rows.x - head.centre) / head.scale
    z1 = np.c_[z[left], np.ones(left.sum())]
    penalty = np.diag([0.05 * left.sum()] * 6 + [0.0])
    weights = np.linalg.solve(z1.T @ z1 + penalty, z1.T @ np.eye(2)[rows.y[left]])
    expected = np.r_[z[k], 1.0] @ weights
    found = head.scores(rows.x[[k]], head.which[[k]])[0]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_it_learns_and_is_deterministic():
    rows = examples()
    first, second = fit_head(rows, 2, ridge=0.01), fit_head(rows, 2, ridge=0.01)
    p = first.probabilities(rows.x, first.which)
    np.testing.assert_array_equal(p, second.probabilities(rows.x, second.which))
    assert (p.argmax(1) == rows.y).mean() > 0.85
    np.testing.assert_allclose(p.sum(1), 1.0, atol=1e-9)


def test_enough_trusted_rows_are_used_alone():
    rows = examples()
    trusted = examples(seed=1)
    both = replace(rows, trusted_x=trusted.x, trusted_y=1 - trusted.y)  # they say the opposite
    alone = fit_head(both, 2, ridge=0.01, trusted_alone=True)
    assert len(alone.weights) == 1
    p = alone.probabilities(rows.x, alone.which)
    assert (p.argmax(1) == rows.y).mean() < 0.15
    few = replace(rows, trusted_x=trusted.x[:20], trusted_y=trusted.y[:20])
    assert not np.allclose(
        fit_head(few, 2, ridge=0.01).weights, fit_head(rows, 2, ridge=0.01).weights
    )


def test_the_temperature_calibrates():
    rng = np.random.default_rng(0)
    odds = rng.normal(size=4000) * 2
    y = (rng.random(4000) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    scores = np.c_[np.zeros(4000), odds * 0.25]
    assert fit_temperature([(scores, y)]) == pytest.approx(0.25, rel=0.1)
    assert fit_temperature([]) == 1.0
