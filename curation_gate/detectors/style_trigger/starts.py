"""Where the search for styles begins: single features, dense clusters, and contradicted rows.

A rewritten set of rows shares a skeleton (a feature), or lies close together in the space of styles
(a cluster), or is at least told by its labels, which its content contradicts. Features and clusters
are ranked by the z of the labels of their rows against content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.mixture import CONTINUITY

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.detectors.style_trigger.mixture import Numbers, Rows
    from curation_gate.detectors.style_trigger.ridge import Ridge

APART = 0.5
"""Overlap of rows above which two starts are one."""
CLUSTERS = 24
"""Clusters of the space of styles: a set with 4 % of planted rows has one of its own."""
PLANES = 30
"""Leading directions in which clusters are sought."""
LABELS = 4
"""Labels that rows are contradicted in, the first ones of each task."""
CONTRADICTED = 0.35
"""Probability by content below which a row's label is contradicted, as in the label trigger."""


def clusters(space: Ridge, seed: int) -> NDArray[np.int64]:
    """[n] The cluster of each row in the leading directions of style (k-means)."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - slow to import
    from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415

    rank = min(PLANES, min(space.z.shape) - 1)
    if rank < 1 or len(space.z) < CLUSTERS:
        return np.zeros(len(space.z), dtype=np.int64)
    left, values, _ = randomized_svd(space.z, rank, n_oversamples=6, n_iter=2, random_state=seed)
    found = KMeans(CLUSTERS, n_init=1, max_iter=30, random_state=seed).fit_predict(left * values)
    return np.asarray(found, dtype=np.int64)


def begin(
    table: csr_matrix, groups: NDArray[np.int64], rows: Rows, numbers: tuple[int, int]
) -> tuple[Numbers, NDArray[np.int64]]:
    """Return first posteriors [n, b] and targets [t, b] for one labelling (rows.labels: [n, 1]).

    table: [n, f] features; groups: [n] clusters; numbers: starts from features, from clusters.
    """
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - only a scan needs scipy

    n = len(groups)
    cells = csr_matrix(
        (np.ones(n, dtype=np.float32), (np.arange(n), groups)), shape=(n, CLUSTERS)
    )
    f = table.shape[1]
    joint = hstack([table, cells]).tocsc()
    z, targets = lift(joint, rows)
    chosen = _apart(joint, z, np.arange(f), numbers[0])
    chosen += _apart(joint, z, np.arange(f, f + CLUSTERS), numbers[1])
    label = rows.labels[:, 0]
    first, aims = [], []
    for feature in chosen:
        has = np.zeros(n, dtype=np.bool_)
        has[joint.indices[joint.indptr[feature] : joint.indptr[feature + 1]]] = True
        aim = targets[:, feature]
        own = np.take_along_axis(rows.p, aim[rows.tasks, None], 1)[:, 0]
        first.append(np.where(has & (label == aim[rows.tasks]), 1 - own, 0.0))
        aims.append(aim)
    sizes = np.array(rows.sizes)
    for number in range(min(int(sizes.max()), LABELS)):
        aim = np.minimum(number, sizes - 1)
        own = np.take_along_axis(rows.p, aim[rows.tasks, None], 1)[:, 0]
        first.append(
            np.where((label == aim[rows.tasks]) & (own < CONTRADICTED), 1 - own, 0.0)
        )
        aims.append(aim)
    return np.stack(first, axis=1), np.stack(aims, axis=1).astype(np.int64)


def lift(table: csr_matrix, rows: Rows) -> tuple[Numbers, NDArray[np.int64]]:
    """Return z [f] of each single feature, and the label it goes with [t, f] in each task.

    In each task the label of the largest excess over content, sums over tasks.
    """
    features = table.shape[1]
    total, variance = np.zeros(features), np.zeros(features)
    targets = np.zeros((len(rows.sizes), features), dtype=np.int64)
    label = rows.labels[:, 0]
    by_row = table.tocsr()
    for task, size in enumerate(rows.sizes):
        inside = np.flatnonzero(rows.tasks == task)
        own = by_row[inside].T.tocsr()
        p = rows.p[inside, :size]
        given = label[inside, None] == np.arange(size)
        excess = own @ (given - p)
        spread = own @ (p * (1 - p))
        best = excess.argmax(1)
        targets[task] = best
        at = np.arange(features)
        total += excess[at, best]
        variance += spread[at, best]
    return total / np.sqrt(variance + CONTINUITY), targets


def _apart(
    columns: csr_matrix, z: Numbers, among: NDArray[np.int64], number: int
) -> list[int]:
    """Return the features of the largest z that hardly share rows."""
    chosen: list[int] = []
    held: list[NDArray[np.int32]] = []
    for feature in among[np.argsort(-z[among], kind="stable")][: 20 * max(number, 1)].tolist():
        rows = columns.indices[columns.indptr[feature] : columns.indptr[feature + 1]]
        shared = [len(np.intersect1d(rows, h)) / max(min(len(rows), len(h)), 1) for h in held]
        if len(rows) and all(share < APART for share in shared):
            chosen.append(feature)
            held.append(rows)
        if len(chosen) == number:
            break
    return chosen
