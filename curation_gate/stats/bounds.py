"""How large a share is at least, from the few rows in which it was seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.05
"""Probability that the share is below its bound."""


def lower_bound(hits: ArrayLike, rows: ArrayLike) -> NDArray[np.float64]:
    """[...] Lower 5 % bound of a share of which `hits` of `rows` were seen; 0 where rows is 0.

    hits, rows: [...] numbers that broadcast. The LEVEL quantile of the share given the rows under
    Jeffreys' prior, Beta(hits + 1/2, rows - hits + 1/2); Brown, Cai and DasGupta, Interval
    estimation for a binomial proportion, Statistical Science 16 (2001), section 3.1.
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - only a scan needs scipy

    hit, row = np.asarray(hits, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    bound = betaincinv(hit + 0.5, row - hit + 0.5, LEVEL)
    return np.asarray(np.where(row > 0, bound, 0.0))
