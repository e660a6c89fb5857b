"""Ridge regression of many outcomes at once, each row scored by a fit that left it out.

With A = Z'WZ + lambda I, row weights w, and h_i = w_i z_i' A^-1 z_i, the score of row i by the
other rows is y_i - (y_i - z_i' b) / (1 - h_i) (Cook and Weisberg, Residuals and Influence in
Regression, 1982, 2.2): one factorisation serves every outcome and every row. Features are centred
within tasks, so that honest differences between tasks count for nothing; the mean of a task takes
w_i / sum(w) more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float32]
_BLOCK = 4096
"""Rows whose leverages are computed at once, for memory."""
_MOST = 0.98
"""Leverage that no row goes beyond: near 1 nothing is left to leave out."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """A factorised regression on m rows of t tasks and f features."""

    z: Reals
    """[m, f] Features, centred within tasks by the weights."""
    tasks: NDArray[np.int64]
    """[m]"""
    weights: Reals
    """[m] How much each row counts; 0 leaves it out and scores it all the same."""
    inverse: Reals
    """[f, f] (Z'WZ + lambda I)^-1"""
    leverage: Reals
    """[m] With the share of the task's mean."""

    def left_out(self, outcomes: NDArray[np.floating]) -> Reals:
        """[m, b] Scores of outcomes [m, b] by the other rows, around the mean of their task."""
        y, coefficients = self._solved(outcomes)
        rest = (y - self.z @ coefficients) / (1 - self.leverage)[:, None]
        return np.asarray(y - rest, dtype=np.float32)

    def coefficients(self, outcomes: NDArray[np.floating]) -> Reals:
        """[f, b] Of outcomes [m, b]: what other rows of the tasks, centred alike, are scored by."""
        return self._solved(outcomes)[1]

    def _solved(self, outcomes: NDArray[np.floating]) -> tuple[Reals, Reals]:
        y = np.asarray(outcomes, dtype=np.float32)
        y = y - _means(y, self.tasks, self.weights)[self.tasks]
        return y, self.inverse @ (self.z.T @ (y * self.weights[:, None]))


def ridge(
    x: Reals, tasks: NDArray[np.int64], penalty: float, weights: Reals | None = None
) -> Ridge:
    """Return the regression on features x [m, f].

    penalty: lambda in units of the mean variance of a feature times the rows; tasks: [m];
    weights: [m], 1 where None.
    """
    w = np.ones(len(x), dtype=np.float32) if weights is None else weights.astype(np.float32)
    z = x - _means(x, tasks, w)[tasks]
    gram = z.T @ (z * w[:, None])
    size = max(len(gram), 1)
    gram[np.diag_indices(len(gram))] += penalty * float(np.trace(gram)) / size + 1e-4
    inverse = np.linalg.inv(gram).astype(np.float32)
    total = np.maximum(np.bincount(tasks, weights=w), 1e-6)
    leverage = np.empty(len(z), dtype=np.float32)
    for k in range(0, len(z), _BLOCK):
        own = z[k : k + _BLOCK]
        leverage[k : k + _BLOCK] = np.einsum("ij,ij->i", own @ inverse, own)
    leverage = np.minimum(w * leverage + w / total[tasks], _MOST).astype(np.float32)
    return Ridge(z, tasks, w, inverse, leverage)


def _means(x: Reals, tasks: NDArray[np.int64], weights: Reals) -> Reals:
    """[t, f] Weighted mean of each column in each task."""
    count = int(tasks.max(initial=0)) + 1
    found = np.zeros((count, x.shape[1]), dtype=np.float32)
    for task in range(count):
        rows = tasks == task
        total = weights[rows].sum()
        if total > 0:
            found[task] = weights[rows] @ x[rows] / total
    return found
