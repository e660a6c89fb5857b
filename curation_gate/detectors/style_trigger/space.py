"""Ridge regression in the space of style features, cross-fitted, for many outcomes at once.

Features are centred within tasks, so that honest differences of style between tasks count for
nothing. All outcomes (the given labels and every draw of the null) share one factorised Gram
matrix per fold: what a draw costs is two sparse products and a triangular solve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FOLDS = 5
RIDGE = 0.5
"""Penalty in units of the mean variance of a feature: 0.02 costs 0.05 of average precision."""


@dataclass(frozen=True, slots=True)
class StyleSpace:
    """Scaled features of rows, split into folds, with a factorised Gram matrix for each."""

    tasks: NDArray[np.int64]
    """[n]"""
    members: csr_matrix
    """[t, n] 1 where the row is of the task."""
    sizes: NDArray[np.int64]
    """[t] Rows of each task."""
    scale: NDArray[np.float32]
    """[f] What features were multiplied with."""
    means: NDArray[np.float32]
    """[t, f] Mean of each feature in each task."""
    folds: tuple[NDArray[np.int64], ...]
    """Rows of each fold."""
    tables: tuple[csr_matrix, ...]
    """[rows of the fold, f] Features of each fold."""
    factors: tuple[Any, ...]
    """Cholesky factor of the centred Gram matrix of the other folds, for each fold."""

    def task_means(self, values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """[t, b] Mean of values [n, b] in each task."""
        return np.asarray(self.members @ values) / np.maximum(self.sizes, 1)[:, None]

    def predict(
        self, outcomes: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what style says of outcomes [n, b] by the other folds, and mean weights [f, b]."""
        from scipy.linalg import cho_solve  # noqa: PLC0415 - only a scan needs scipy

        centred = outcomes - self.task_means(outcomes).astype(np.float32)[self.tasks]
        parts = []
        for rows, table in zip(self.folds, self.tables, strict=True):
            own = centred[rows]
            by_task = np.asarray(self.members[:, rows] @ own, dtype=np.float32)
            parts.append(np.asarray(table.T @ own) - self.means.T @ by_task)
        total = np.sum(parts, axis=0, dtype=np.float32)
        found = np.empty_like(centred)
        mean = np.zeros_like(total)
        for rows, table, factor, part in zip(
            self.folds, self.tables, self.factors, parts, strict=True
        ):
            weights = cho_solve(factor, total - part, check_finite=False)
            found[rows] = table @ weights - (self.means @ weights)[self.tasks[rows]]
            mean += weights / FOLDS
        return found, mean

    def score(
        self, table: csr_matrix, tasks: NDArray[np.int64], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """[m, b] What weights [f, b] say of other rows of the same tasks; table: [m, f], 0 or 1."""
        return np.asarray(table @ (weights * self.scale[:, None]) - (self.means @ weights)[tasks])


def style_space(
    table: csr_matrix,
    tasks: NDArray[np.int64],
    count: int,
    rng: np.random.Generator,
    *,
    ridge: float = RIDGE,
) -> StyleSpace:
    """Return the space of features table [n, f], 0 or 1, of rows of `count` tasks."""
    from scipy.linalg import cho_factor  # noqa: PLC0415 - only a scan needs scipy
    from scipy.sparse import csr_matrix, diags  # noqa: PLC0415

    n = table.shape[0]
    share = np.asarray(table.mean(0), dtype=np.float64).ravel()
    # Between plain and standardised: rare features count more than plainly, less than equally.
    scale = (np.maximum(share * (1 - share), 1e-6) ** -0.25).astype(np.float32)
    scaled = (table @ diags(scale)).tocsr().astype(np.float32)
    members = csr_matrix((np.ones(n, dtype=np.float32), (tasks, np.arange(n))), shape=(count, n))
    sizes = np.bincount(tasks, minlength=count)
    means = (members @ scaled).toarray() / np.maximum(sizes, 1)[:, None].astype(np.float32)
    fold = rng.permutation(n) % FOLDS
    folds = tuple(np.flatnonzero(fold == k) for k in range(FOLDS))
    tables = tuple(scaled[rows] for rows in folds)
    grams = []
    for rows, own in zip(folds, tables, strict=True):
        sums = (members[:, rows] @ own).toarray()
        cross = sums.T @ means
        inner = np.bincount(tasks[rows], minlength=count).astype(np.float32)
        gram = (own.T @ own).toarray() - cross - cross.T + (means.T * inner) @ means
        grams.append(gram.astype(np.float32))
    total = np.sum(grams, axis=0, dtype=np.float32)
    factors = []
    for gram in grams:
        rest = total - gram
        size = len(rest)
        rest[np.diag_indices(size)] += ridge * float(np.trace(rest)) / max(size, 1) + 1e-3
        factors.append(cho_factor(rest, lower=True, overwrite_a=True, check_finite=False))
    return StyleSpace(tasks, members, sizes, scale, means, folds, tables, tuple(factors))
