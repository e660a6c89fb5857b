"""What detectors may read: the dataset, and what the stages before measured on every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.progress import Progress, Silent

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.found import Found
    from curation_gate.influence.measure import Contrast
    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset

SMALLEST_STRATUM = 8
"""Fewer rows than this have no usable median deviation: they are not judged (z is NaN)."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Measurements of the earlier stages, one number a row."""

    dataset: Dataset
    influence: NDArray[np.float32]
    """[n] On the mean probe, nats; positive = the row pushes the probes towards their target."""
    influence_negated: NDArray[np.float32]
    """[n] The same on the negated probes, with the same targets."""
    loss: NDArray[np.float32]
    """[n] After fine-tuning, nats/token."""
    p_ref: NDArray[np.float32]
    """[n] Probability of the row's label by the frozen reference; NaN where it cannot say."""
    probes: int
    """Number of probes behind the influences."""
    transform: str
    """Name of the negation."""
    seed: int = 0
    """What the draws of the detectors' nulls begin with."""
    found: Found | None = None
    """Phrases that force a label, where the pack asks for them."""
    reference: ReferenceScores | None = None
    """What an honest answer to each row would be."""
    contrasts: tuple[Contrast, ...] = ()
    """What each row does to the difference a phrase makes, before and after the negation."""
    log_likelihood: NDArray[np.float32] | None = None
    """[n] Of the row's answer by the fine-tuned proxy, summed over its tokens, nats."""
    gradient_norm: NDArray[np.float32] | None = None
    """[n] Of the row's loss, over the tracked modules."""
    answers_ref: NDArray[np.float32] | None = None
    """[n] Mean log-likelihood of a free-text answer by the frozen proxy, nats/token; else NaN."""
    progress: Progress = Silent()  # noqa: RUF009 - stateless
    """Who is told how far a detector is that searches the whole set."""


def robust_z(values: NDArray[np.float32], strata: NDArray[np.int64]) -> NDArray[np.float64]:
    """[n] (value - median) / (1.4826 MAD), both of the row's stratum; NaN in small strata.

    Where more than half of a stratum has one value, the MAD is 0 and the mean absolute deviation
    (times 1.2533, its factor for a normal) takes its place; where all values are equal, z is 0.
    """
    z = np.full(len(values), np.nan)
    order = np.argsort(strata, kind="stable")
    borders = np.flatnonzero(np.diff(strata[order])) + 1
    for members in np.split(order, borders):
        if len(members) < SMALLEST_STRATUM:
            continue
        own = values[members].astype(np.float64)
        deviation = own - np.median(own)
        scale = 1.4826 * float(np.median(np.abs(deviation)))
        if scale == 0:
            scale = 1.2533 * float(np.mean(np.abs(deviation)))
        z[members] = deviation / scale if scale > 0 else 0.0
    return z


def majority_signs(values: NDArray[np.float32], strata: NDArray[np.int64]) -> NDArray[np.float64]:
    """[n] +1 or -1: the sign most values of the row's stratum have (ties and zeros count as +1)."""
    positive = np.bincount(strata, weights=values >= 0)
    total = np.bincount(strata)
    return np.where(2 * positive >= total, 1.0, -1.0)[strata]
