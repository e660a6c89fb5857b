"""Ridge regression: what it says without rows is what a fresh fit says."""

from __future__ import annotations

import numpy as np
import pytest

from curation_gate.stats.ridge import PENALTIES, fit_ridge, without_rows


def ridge(x, y, penalty):
    """[d + 1] Coefficients by the normal equations, the last column hardly penalised."""
    own = np.full(x.shape[1], penalty)
    own[-1] = 1e-6
    return np.linalg.solve(x.T @ x + np.diag(own), x.T @ y)


def inverse_of(x, penalty):
    own = np.full(x.shape[1], penalty)
    own[-1] = 1e-6
    return np.linalg.inv(x.T @ x + np.diag(own))


@pytest.mark.parametrize("left_out", [1, 3, 5, 6, 7, 30])
def test_coefficients_without_rows_are_those_of_a_fresh_fit(left_out):
    """Up to six rows in one direction, more than the five columns in the other."""
    rng = np.random.default_rng(left_out)
    x = np.hstack([rng.normal(size=(60, 4)), np.ones((60, 1))])
    y = (rng.random(60) < 0.4).astype(float)
    at = rng.choice(60, left_out, replace=False)
    rest = np.setdiff1d(np.arange(60), at)
    found = without_rows(inverse_of(x, 2.0), ridge(x, y, 2.0), x[at], y[at])
    np.testing.assert_allclose(found, ridge(x[rest], y[rest], 2.0), rtol=1e-6, atol=1e-9)


def test_coefficients_without_no_row_are_unchanged():
    x = np.hstack([np.eye(3), np.ones((3, 1))])
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    found = without_rows(inverse_of(x, 1.0), weights, x[:0], np.zeros(0))
    assert found.tolist() == weights.tolist()


def test_the_penalty_is_that_of_the_least_leave_one_out_error():
    rng = np.random.default_rng(0)
    x = np.hstack([rng.normal(size=(30, 8)), np.ones((30, 1))])
    y = (x[:, :1] + rng.normal(size=(30, 1)) > 0).astype(float)
    errors = []
    for penalty in PENALTIES:
        left_out = [
            y[k, 0] - x[k] @ ridge(np.delete(x, k, 0), np.delete(y, k, 0), penalty)[:, 0]
            for k in range(30)
        ]
        errors.append(sum(r**2 for r in left_out))
    best = PENALTIES[int(np.argmin(errors))]
    inverse, leverage = fit_ridge(x, y)
    own = np.full(9, best)
    own[-1] = 1e-6
    np.testing.assert_allclose(inverse, np.linalg.inv(x.T @ x + np.diag(own)))
    np.testing.assert_allclose(leverage, [row @ inverse @ row for row in x])
