"""How well a score tells some rows from others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def chance_above(
    own: NDArray[np.floating[Any]],
    others: NDArray[np.floating[Any]],
    weight: NDArray[np.float64] | None = None,
) -> float:
    """Return the chance that one of `own` is above one of `others`, ties half: the AUROC.

    weight: [others] what each of the others counts; all alike without.
    """
    order = np.argsort(others, kind="stable")
    counted = np.ones(len(others)) if weight is None else weight[order]
    cumulated = np.concatenate(([0.0], np.cumsum(counted)))
    below = cumulated[np.searchsorted(others[order], own, side="left")]
    upto = cumulated[np.searchsorted(others[order], own, side="right")]
    return float(((below + upto) / 2).mean() / max(cumulated[-1], 1e-12))
