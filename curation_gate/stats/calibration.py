"""Makes log-odds mean what they say: a slope and an intercept for the rows of one label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_ROWS = 8
"""Rows with and without the label that a calibration needs (choice)."""


def platt(
    logits: NDArray[np.float64], given: NDArray[np.bool_], at: NDArray[np.int64]
) -> tuple[float, float]:
    """Return the slope and intercept that turn cross-fitted log-odds into calibrated ones.

    logits, given: [m] every row of the task; at: [k] rows that do not count, since they are to be
    judged. Platt, Probabilistic outputs for support vector machines, 1999. (1, 0) where too few
    rows are left on one side, or where the log-odds say nothing (slope below 0).
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    known = np.ones(len(logits), dtype=np.bool_)
    known[at] = False
    own = given[known]
    if min(own.sum(), (~own).sum()) < LEAST_ROWS:
        return 1.0, 0.0
    model = LogisticRegression(C=1.0).fit(logits[known, None], own)
    slope = float(model.coef_[0, 0])
    return (slope, float(model.intercept_[0])) if slope > 0 else (1.0, 0.0)
