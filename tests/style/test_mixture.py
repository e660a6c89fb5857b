from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from curation_gate.style.mixture import fit, lift, permuted
from curation_gate.style.space import style_space


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


def test_a_style_grows_from_one_of_its_features() -> None:
    table, tasks, p, labels, mask = scene()
    space = style_space(table, tasks, 2, np.random.default_rng(0))
    _, targets = lift(table, tasks, (2, 2), p, labels[:, None])
    found = fit(
        space, table.tocsc(), (2, 2), p, labels[:, None], np.array([1]), targets[:, 1], rounds=5
    )
    planted = found.planted[:, 0]
    assert found.targets[:, 0].tolist() == [1, 1]
    assert (planted[labels == 0] == 0).all(), "a row of another label is never planted"
    assert planted[mask].mean() > 5 * planted[~mask & (labels == 1)].mean()
    assert found.z[0] > 5
    assert found.elsewhere[0] > 2


def test_labellings_do_not_touch_each_other() -> None:
    table, tasks, p, labels, _ = scene()
    space = style_space(table, tasks, 2, np.random.default_rng(0))
    both = np.stack([labels, 1 - labels], 1)
    _, targets = lift(table, tasks, (2, 2), p, both)
    start = np.array([1, 2])
    begin = np.stack([targets[:, 1, 0], targets[:, 2, 1]], 1)
    whole = fit(space, table.tocsc(), (2, 2), p, both, start, begin, rounds=3)
    alone = fit(space, table.tocsc(), (2, 2), p, both[:, 1:], start[1:], begin[:, 1:], rounds=3)
    np.testing.assert_allclose(whole.z[1], alone.z[0], rtol=1e-3)


def test_permutation_keeps_labels_of_tasks_and_follows_content() -> None:
    _, tasks, p, labels, _ = scene()
    drawn = permuted(labels, p, tasks, 50, np.random.default_rng(0))
    for task in (0, 1):
        rows = tasks == task
        assert (drawn[rows].sum(0) == labels[rows].sum()).all()
    sure = p[:, 1] > 0.9
    assert abs(drawn[sure].mean() - labels[sure].mean()) < 0.1
    assert (drawn[:, 0] != labels).any()
