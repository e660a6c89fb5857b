from __future__ import annotations

import numpy as np
from scipy.sparse import csc_matrix

from curation_gate.detectors.style_trigger.ridge import ridge
from curation_gate.detectors.style_trigger.starts import CLUSTERS, begin, cells, lift


def test_lift_by_hand() -> None:
    """Three of four rows with the feature have label 1, which half of the rows have."""
    table = csc_matrix(np.array([[1], [1], [1], [1], [0], [0], [0], [0]], dtype=np.float32))
    labels = np.array([1, 1, 1, 0, 0, 0, 0, 1])
    z, targets = lift(table, np.zeros(8, dtype=np.int64), labels, np.full((8, 2), 0.5), (2,))
    np.testing.assert_allclose(z, [1 / np.sqrt(4 * 0.25 + 0.25)])
    assert targets.tolist() == [[1]]


def test_a_dense_group_and_a_telling_feature_are_starts() -> None:
    rng = np.random.default_rng(0)
    n = 300
    group = np.arange(n) < 30
    feature = (np.arange(n) >= 30) & (np.arange(n) < 55)
    x = rng.normal(size=(n, 12)).astype(np.float32)
    x[group] += 6.0
    labels = np.where(group | feature, 1, rng.integers(2, size=n))
    tasks = np.zeros(n, dtype=np.int64)
    noise = rng.random((n, 5)) < 0.2
    table = csc_matrix(np.column_stack([noise, feature]).astype(np.float32))
    joint = cells(table, ridge(x, tasks, 0.5), seed=0)
    assert joint.shape[1] == 6 + sum(CLUSTERS)
    found = begin(joint, tasks, labels, np.full((n, 2), 0.5), (2,), (2, 3))
    inside = (found.members & group[:, None]).sum(0)
    assert ((inside >= 8) & (inside >= 0.9 * found.members.sum(0))).any()
    assert any((found.members[:, k] == feature).all() for k in range(found.members.shape[1]))
    assert (found.targets[0, :2] == 1).any()
