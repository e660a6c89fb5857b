"""Where the search for styles begins: single features, dense clusters, and contradicted rows.

A rewritten set of rows shares a skeleton (a feature), or lies close together in the space of styles
(a cluster), or is at least told by its labels, which its content contradicts. Features and clusters
are ranked by the z of the labels of their rows: against the rate of the label, since content learns
a frequent style, and against content, since honest styles go with a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.mixture import CONTINUITY

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

    from curation_gate.detectors.style_trigger.mixture import Labels, Numbers
    from curation_gate.detectors.style_trigger.ridge import Ridge

APART = 0.5
"""Overlap of rows above which two starts are one."""
CLUSTERS = (8, 24)
"""Clusters of the space of styles, coarse and fine: a set with 12 % or 4 % of planted rows has one
of its own among them."""
PLANES = 30
"""Leading directions in which clusters are sought."""
LABELS = 4
"""Labels that rows are contradicted in, the first ones of each task."""
CONTRADICTED = 0.35
"""Probability by content below which a row's label is contradicted, as in the label trigger."""


@dataclass(frozen=True, slots=True)
class Starts:
    """b places to begin from."""

    members: NDArray[np.bool_]
    """[n, b] Rows that have the feature, or stand in the cluster."""
    targets: Labels
    """[t, b] The label each goes with."""


def cells(table: csc_matrix, space: Ridge, seed: int) -> csc_matrix:
    """[n, f + sum(CLUSTERS)] Features, and behind them the cluster of each row (k-means)."""
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - only a scan needs scipy
    from sklearn.cluster import KMeans  # noqa: PLC0415 - slow to import
    from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415

    n = len(space.z)
    rank = min(PLANES, min(space.z.shape) - 1)
    parts = [table]
    if rank > 0:
        left, values, _ = randomized_svd(
            space.z, rank, n_oversamples=6, n_iter=2, random_state=seed
        )
    for count in CLUSTERS:
        groups = np.zeros(n, dtype=np.int64)
        if rank > 0 and n >= count:
            found = KMeans(count, n_init=1, max_iter=30, random_state=seed)
            groups = found.fit_predict(left * values)
        ones = np.ones(n, dtype=np.float32)
        parts.append(csr_matrix((ones, (np.arange(n), groups)), shape=(n, count)))
    return hstack(parts).tocsc()


def begin(
    joint: csc_matrix, tasks: Labels, labels: Labels, p: Numbers, sizes: tuple[int, ...],
    numbers: tuple[int, int],
) -> Starts:  # fmt: skip
    """Return the starts of one labelling [n]; joint: of `cells`; p: [n, l] by content.

    sizes: [t] labels of each task; numbers: how many by features and by clusters, for either z.
    """
    n, f = len(tasks), joint.shape[1] - sum(CLUSTERS)
    rates = np.zeros_like(p)
    for task, size in enumerate(sizes):
        rows = tasks == task
        rates[rows, :size] = np.bincount(labels[rows], minlength=size) / max(rows.sum(), 1)
    chosen: list[int] = []
    members, aims = [], []
    for expected in (p, rates):
        z, targets = lift(joint, tasks, labels, expected, sizes)
        groups = np.arange(f, joint.shape[1])
        for among, number in ((np.arange(f), numbers[0]), (groups, numbers[1])):
            for feature in _apart(joint, z, among, number):
                if feature in chosen:
                    continue
                has = np.zeros(n, dtype=np.bool_)
                has[joint.indices[joint.indptr[feature] : joint.indptr[feature + 1]]] = True
                chosen.append(feature)
                members.append(has)
                aims.append(targets[:, feature])
    space = np.array(sizes)
    for number in range(min(int(space.max()), LABELS)):
        aim = np.minimum(number, space - 1)
        own = np.take_along_axis(p, aim[tasks, None], 1)[:, 0]
        members.append((labels == aim[tasks]) & (own < CONTRADICTED))
        aims.append(aim)
    return Starts(np.stack(members, axis=1), np.stack(aims, axis=1).astype(np.int64))


def lift(
    table: csc_matrix, tasks: Labels, labels: Labels, expected: Numbers, sizes: tuple[int, ...]
) -> tuple[Numbers, Labels]:
    """Return z [f] of each single feature, and the label it goes with [t, f] in each task.

    expected: [n, l] probability of each label. In each task the label of the largest excess, sums
    over tasks.
    """
    features = table.shape[1]
    total, variance = np.zeros(features), np.zeros(features)
    targets = np.zeros((len(sizes), features), dtype=np.int64)
    by_row = table.tocsr()
    at = np.arange(features)
    for task, size in enumerate(sizes):
        inside = np.flatnonzero(tasks == task)
        own = by_row[inside].T.tocsr()
        p = expected[inside, :size]
        excess = own @ ((labels[inside, None] == np.arange(size)) - p)
        spread = own @ (p * (1 - p))
        best = excess.argmax(1)
        targets[task] = best
        total += excess[at, best]
        variance += spread[at, best]
    return total / np.sqrt(variance + CONTINUITY), targets


def _apart(columns: csc_matrix, z: Numbers, among: NDArray[np.int64], number: int) -> list[int]:
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
