"""Which rows of a trigger were planted: a mixture of planted and honest rows, task by task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

STEPS = 30
PRIOR_ROWS = 2.0
"""Rows that the prior of a task's shares counts as: one row of either kind."""
TRUST = 0.02
"""Probabilities are kept this far from 0 and 1: one label in fifty is wrong in clean sets too."""


def planted_share(
    given: NDArray[np.bool_],
    p: NDArray[np.float64],
    rate: float | NDArray[np.float64],
    prior: float = 0.5,
) -> NDArray[np.float64]:
    """[k] Posterior probability that each row that holds a trigger was planted.

    given: [k] whether it has the forced label; p: [k] probability of that label by the rest of its
    text; rate: how frequent the label is in the row's task; prior: planted share expected before
    the rows are seen (that of all tasks). A planted row has the label; its text is that of a row of
    another label, density (1 - p) / (1 - rate) relative to all texts, or that of any row, density
    1. An honest row has density 1 and has the label with probability p. The shares of planted rows
    and, among them, of rows of another label are fitted by EM, with Beta priors of PRIOR_ROWS rows;
    without the label the posterior is 0.
    """
    sure = np.clip(p, TRUST, 1 - TRUST)
    other = (1 - sure) / np.maximum(1 - rate, TRUST)
    share, relabelled = prior, 0.5
    posterior = np.zeros(len(p))
    for _ in range(STEPS):
        text = relabelled * other + (1 - relabelled)
        planted = share * text
        posterior = np.where(given, planted / (planted + (1 - share) * sure), 0.0)
        share = float((posterior.sum() + PRIOR_ROWS * prior) / (len(p) + PRIOR_ROWS))
        part = posterior * relabelled * other / text
        total = float(posterior.sum())
        relabelled = float((part.sum() + PRIOR_ROWS / 2) / (total + PRIOR_ROWS))
    return posterior


def planted_in_tasks(
    given: Sequence[NDArray[np.bool_]], p: Sequence[NDArray[np.float64]], rates: Sequence[float]
) -> list[NDArray[np.float64]]:
    """[tasks][k] The same for every task that holds a trigger; tasks inform each other.

    The share of all tasks together is fitted first and is the prior of each: a task with two rows
    of a trigger that is pure elsewhere is pure too.
    """
    if not given:
        return []
    every = np.repeat(np.array(rates), [len(group) for group in p])
    whole = planted_share(np.concatenate(given), np.concatenate(p), every).sum()
    prior = float((whole + PRIOR_ROWS / 2) / (len(every) + PRIOR_ROWS))
    return [planted_share(*task, prior) for task in zip(given, p, rates, strict=True)]
