from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from curation_gate.detectors.style_trigger.space import style_space


def problem(n: int = 120, f: int = 15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = (rng.random((n, f)) < 0.3).astype(np.float32)
    tasks = rng.integers(3, size=n)
    return x, tasks, rng.random((n, 2)).astype(np.float32)


def test_prediction_is_ridge_regression_on_the_other_folds() -> None:
    x, tasks, y = problem()
    space = style_space(csr_matrix(x), tasks, 3, np.random.default_rng(1), ridge=0.5)
    share = x.mean(0)
    scaled = x * (share * (1 - share)) ** -0.25
    for values in (scaled, y):
        for task in range(3):
            values[tasks == task] -= values[tasks == task].mean(0)
    found, _ = space.predict(problem()[2])
    for rows in space.folds:
        rest = np.setdiff1d(np.arange(len(x)), rows)
        gram = scaled[rest].T @ scaled[rest]
        gram += np.eye(len(gram)) * (0.5 * np.trace(gram) / len(gram) + 1e-3)
        weights = np.linalg.solve(gram, scaled[rest].T @ y[rest])
        np.testing.assert_allclose(found[rows], scaled[rows] @ weights, atol=2e-4)


def test_a_shift_of_a_whole_task_counts_for_nothing() -> None:
    x, tasks, y = problem()
    space = style_space(csr_matrix(x), tasks, 3, np.random.default_rng(1))
    shifted = y + np.array([0.0, 5.0, -3.0], dtype=np.float32)[tasks, None]
    np.testing.assert_allclose(space.predict(shifted)[0], space.predict(y)[0], atol=1e-4)


def test_every_column_is_a_problem_of_its_own() -> None:
    x, tasks, y = problem()
    space = style_space(csr_matrix(x), tasks, 3, np.random.default_rng(1))
    np.testing.assert_allclose(space.predict(y)[0][:, :1], space.predict(y[:, :1])[0], atol=1e-5)


def test_other_rows_are_scored_like_rows_of_the_space() -> None:
    x, tasks, y = problem()
    space = style_space(csr_matrix(x), tasks, 3, np.random.default_rng(1), ridge=100.0)
    found, weights = space.predict(y)
    again = space.score(csr_matrix(x), tasks, weights)
    assert np.corrcoef(found.ravel(), again.ravel())[0, 1] > 0.5
    assert again.shape == y.shape
