"""Ridge regression on a few hundred columns, its penalty chosen by leaving one row out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""lambda: the one of the smallest leave-one-out error is taken."""
UNPENALISED = 1e-6
"""lambda of the last column, the constant."""

Numbers = NDArray[np.float64]


def fit_ridge(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return (X'X + lambda I)^-1 and the leverages [m], lambda of the least leave-one-out error.

    x: [m, d + 1], the last column not penalised; y: [m, targets].
    """
    gram, right = x.T @ x, x.T @ y
    best: tuple[float, Numbers, Numbers] | None = None
    for penalty in PENALTIES:
        ridge = np.full(len(gram), penalty)
        ridge[-1] = UNPENALISED
        inverse: Numbers = np.asarray(np.linalg.inv(gram + np.diag(ridge)))
        leverage: Numbers = np.minimum(((x @ inverse) * x).sum(axis=1), 0.99)
        residual = (y - x @ (inverse @ right)) / (1 - leverage)[:, None]
        error = float((residual**2).sum())
        if best is None or error < best[0]:
            best = error, inverse, leverage
    assert best is not None
    return best[1], best[2]


def without_rows(inverse: Numbers, weights: Numbers, own: Numbers, given: Numbers) -> Numbers:
    """[d + 1] The coefficients without the rows `own` [k, d + 1] of targets `given` [k].

    inverse, weights: of all rows (fit_ridge). Sherman, Morrison, Woodbury; Cook and Weisberg,
    Residuals and Influence in Regression, 1982, 2.2.
    """
    reach = own @ inverse
    if len(own) > own.shape[1]:  # cheaper in the other direction
        small = np.eye(len(inverse)) - own.T @ reach
        shift = np.linalg.solve(small, own.T @ (given - own @ weights))
        return np.asarray(weights - inverse @ shift)
    hat = np.eye(len(own)) - reach @ own.T
    return np.asarray(weights - reach.T @ np.linalg.solve(hat, given - own @ weights))
