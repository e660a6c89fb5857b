from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from curation_gate.detectors.style_trigger.mixture import (
    begin,
    deviation,
    fit,
    judge,
    lift,
    permuted,
)
from curation_gate.detectors.style_trigger.space import style_space


def scene(n: int = 600, planted: int = 40) -> tuple[np.ndarray, ...]:
    """Two tasks; planted rows have features 0 to 3 and label 1; others have them at random."""
    rng = np.random.default_rng(3)
    tasks = np.arange(n) % 2
    p1 = rng.uniform(0.05, 0.95, n)
    labels = (rng.random(n) < p1).astype(np.int64)
    x = rng.random((n, 30)) < 0.2
    mask = np.zeros(n, dtype=bool)
    mask[:planted] = True
    x[:planted, :4] |= rng.random((planted, 4)) < 0.9
    p1[:planted] = rng.uniform(0.05, 0.5, planted)
    labels[:planted] = 1
    return csr_matrix(x.astype(np.float32)), tasks, np.stack([1 - p1, p1], 1), labels, mask


def test_lift_is_the_excess_over_its_deviation() -> None:
    table, tasks, p, labels, _ = scene()
    z, targets = lift(table, tasks, (2, 2), p, labels[:, None])
    held = table[:, [0]].toarray().ravel() > 0
    total = variance = 0.0
    for task in (0, 1):
        rows = held & (tasks == task)
        excess = [((labels[rows] == label) - p[rows, label]).sum() for label in (0, 1)]
        assert targets[task, 0, 0] == int(np.argmax(excess))
        total += max(excess)
        variance += (p[rows, 0] * p[rows, 1]).sum()
    assert np.isclose(z[0, 0], total / np.sqrt(variance + 0.25))
    assert set(np.argsort(-z[:, 0])[:4]) == {0, 1, 2, 3}


def grown(rows: np.ndarray, labels: np.ndarray, start: np.ndarray, rounds: int = 5) -> Any:
    table, tasks, p, _, _ = scene()
    table, tasks, p, labels = table[rows], tasks[rows], p[rows], labels[rows]
    space = style_space(table, tasks, 2, np.random.default_rng(0))
    _, targets = lift(table, tasks, (2, 2), p, labels)
    targets = np.stack([targets[:, f, b] for b, f in enumerate(start)], axis=1)
    first = begin(table.tocsc(), tasks, p, labels, start, targets)
    return fit(space, (2, 2), p, labels, first, targets, rounds), space


def test_a_style_grows_from_one_of_its_features() -> None:
    _, _, _, labels, mask = scene()
    found, _ = grown(np.arange(600), labels[:, None], np.array([1]))
    planted = found.planted[:, 0]
    assert found.targets[:, 0].tolist() == [1, 1]
    assert (planted[labels == 0] == 0).all(), "a row of another label is never planted"
    assert planted[mask].mean() > 5 * planted[~mask & (labels == 1)].mean()
    assert found.z[0] > 5


def test_it_is_judged_on_rows_it_was_not_fitted_on() -> None:
    table, tasks, p, labels, mask = scene(n=1200, planted=80)
    own, other = np.arange(0, 1200, 4), np.arange(1, 1200, 4)
    own, other = np.concatenate([own, own + 2]), np.concatenate([other, other + 2])
    tasks = (np.arange(1200) // 2) % 2
    space = style_space(table[own], tasks[own], 2, np.random.default_rng(0))
    start = np.array([1])
    targets = np.ones((2, 1), dtype=np.int64)
    first = begin(table[own].tocsc(), tasks[own], p[own], labels[own, None], start, targets)
    fitted = fit(space, (2, 2), p[own], labels[own, None], first, targets, 5)
    found = judge(fitted, space, table[other], tasks[other], p[other], labels[other, None])
    z, elsewhere = deviation(found.excess, found.variance)
    assert z[0] > 4
    assert 2 < elsewhere[0] < z[0]
    assert found.planted[mask[other]].mean() > 5 * found.planted[~mask[other]].mean()
    drawn = permuted(labels, p, tasks, 10, np.random.default_rng(1))[other]
    again = [
        judge(fitted, space, table[other], tasks[other], p[other], drawn[:, [b]]) for b in range(10)
    ]
    chance = [deviation(j.excess, j.variance)[0][0] for j in again]
    assert abs(np.mean(chance)) < 2, "labels by chance have no excess"


def test_deviation_is_the_sum_over_its_deviation() -> None:
    excess, variance = np.array([[6.0], [2.0]]), np.array([[3.0], [0.75]])
    z, elsewhere = deviation(excess, variance)
    assert z[0] == 8 / 2
    assert elsewhere[0] == 2.0


def test_labellings_do_not_touch_each_other() -> None:
    _, _, _, labels, _ = scene()
    both = np.stack([labels, 1 - labels], 1)
    whole, _ = grown(np.arange(600), both, np.array([1, 2]), 3)
    alone, _ = grown(np.arange(600), both[:, 1:], np.array([2]), 3)
    np.testing.assert_allclose(whole.z[1], alone.z[0], rtol=1e-2)


def test_permutation_keeps_labels_of_tasks_and_follows_content() -> None:
    _, tasks, p, labels, _ = scene()
    drawn = permuted(labels, p, tasks, 50, np.random.default_rng(0))
    for task in (0, 1):
        rows = tasks == task
        assert (drawn[rows].sum(0) == labels[rows].sum()).all()
    # Groups are tenths of a task, so that a label moves about that far along p.
    assert drawn[p[:, 1] > 0.9].mean() > 0.8
    assert drawn[p[:, 1] < 0.1].mean() < 0.25
    assert (drawn[:, 0] != labels).any()
