from __future__ import annotations

import numpy as np

from curation_gate.detectors.style_trigger.ridge import ridge


def problem(n: int = 60, f: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, f)).astype(np.float32)
    return x, rng.integers(2, size=n), rng.random((n, 2)).astype(np.float32)


def left_out_by_hand(
    x: np.ndarray, y: np.ndarray, tasks: np.ndarray, w: np.ndarray, penalty: float, k: int
) -> np.ndarray:
    """The score of row k by a regression on the other rows, one intercept a task, around its
    task's mean of all rows."""
    z = (
        x
        - np.stack([np.average(x[tasks == t], axis=0, weights=w[tasks == t]) for t in (0, 1)])[
            tasks
        ]
    )
    trace = np.trace((z * w[:, None]).T @ z) / x.shape[1]
    rest = np.arange(len(x)) != k
    design = np.hstack([z, np.eye(2)[tasks]])
    gram = (design[rest] * w[rest, None]).T @ design[rest]
    gram[: x.shape[1], : x.shape[1]] += np.eye(x.shape[1]) * (penalty * trace + 1e-4)
    weights = np.linalg.solve(gram, (design[rest] * w[rest, None]).T @ y[rest])
    own = tasks == tasks[k]
    return design[k] @ weights - np.average(y[own], axis=0, weights=w[own])


def test_scores_are_those_of_a_fit_without_the_row() -> None:
    x, tasks, y = problem()
    w = np.random.default_rng(1).uniform(0.2, 1, len(x)).astype(np.float32)
    found = ridge(x, tasks, 0.5, w).left_out(y)
    for k in range(0, len(x), 7):
        expected = left_out_by_hand(x, y, tasks, w, 0.5, k)
        np.testing.assert_allclose(found[k], expected, atol=2e-4)


def test_a_row_of_no_weight_teaches_nothing_and_is_scored() -> None:
    x, tasks, y = problem()
    w = np.ones(len(x), dtype=np.float32)
    w[:5] = 0
    changed = y.copy()
    changed[:5] = 100.0
    one, other = (ridge(x, tasks, 0.5, w).left_out(values) for values in (y, changed))
    np.testing.assert_allclose(one[5:], other[5:], atol=1e-5)
    assert np.isfinite(other).all()


def test_a_shift_of_a_whole_task_counts_for_nothing() -> None:
    x, tasks, y = problem()
    shifted = y + np.array([0.0, 5.0], dtype=np.float32)[tasks, None]
    space = ridge(x, tasks, 0.5)
    np.testing.assert_allclose(space.left_out(shifted), space.left_out(y), atol=1e-4)
    np.testing.assert_allclose(space.coefficients(shifted), space.coefficients(y), atol=1e-4)
