"""How far what was counted is from what was expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONTINUITY = 0.25
"""Added to a variance: the half row that a count cannot tell."""

Numbers = NDArray[np.float64]


def deviation(given: Numbers, expected: Numbers, variance: Numbers) -> Numbers:
    """Return (given - expected) / sqrt(variance + 1/4): z, in standard deviations."""
    return np.asarray((given - expected) / np.sqrt(variance + CONTINUITY))


def divergence(share: ArrayLike, rate: ArrayLike) -> Numbers:
    """Return the Kullback-Leibler divergence, nats, of a share from a lower rate; 0 below it.

    k times it bounds the log-odds against such a share of k rows by chance (Chernoff, 1952).
    """
    q = np.clip(np.asarray(share, dtype=np.float64), 1e-12, 1 - 1e-12)
    p = np.asarray(rate, dtype=np.float64)
    nats = q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))
    return np.asarray(np.where(np.asarray(share) > p, nats, 0.0))
