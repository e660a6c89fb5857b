"""What detectors may read: the dataset, and what the stages before measured of every row.

A detector declares what it needs (registry.py); only that is measured, and only that can be read:
asking for anything else raises UndeclaredNeedError, so that a need can be neither forgotten nor
served by numbers that mean "not measured".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from curation_gate.progress import Progress, Silent

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.found import Found
    from curation_gate.detectors.response_trigger.corpus import Answered
    from curation_gate.influence.measure import Contrast
    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset

Measured = TypeVar("Measured")

Need = Literal["candidates", "answers", "reference", "proxy", "influence"]
"""candidates: the phrases of the label-trigger rules; answers: every answer with what stands
before it; reference: what a frozen model expects of each row; proxy: what the fine-tuned proxy says
of each row; influence: what each row does to the probes."""
TEXT: frozenset[Need] = frozenset({"candidates", "answers"})
"""What the text of the rows alone can serve: no model is loaded for it."""

SMALLEST_STRATUM = 8
"""Fewer rows than this have no usable median deviation: they are not judged (z is NaN)."""


class UndeclaredNeedError(AssertionError):
    """A detector asked for what its registry entry does not declare: a mistake in our code."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the proxy says of the rows it was fine-tuned on."""

    loss: NDArray[np.float32]
    """[n] After fine-tuning, nats/token."""
    log_likelihood: NDArray[np.float32]
    """[n] Of the row's answer, summed over its tokens, nats."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What each row does to the probes; nats, positive = pushes them towards their target."""

    original: NDArray[np.float32]
    """[n] On the mean probe."""
    negated: NDArray[np.float32]
    """[n] On the mean negated probe, with the same targets."""
    gradient_norm: NDArray[np.float32]
    """[n] Of the row's loss, over the tracked modules."""
    probes: int
    """Number of probes behind the influences."""
    transform: str
    """Name of the negation."""
    contrasts: tuple[Contrast, ...] = ()
    """What each row does to the difference a phrase makes, before and after the negation."""


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything that was measured of a dataset; None is what nobody asked for."""

    candidates: Mapping[str, Found] | None = None
    """Id of each enabled label-trigger rule to what it found; empty where the pack has none."""
    answers: Mapping[str, Answered] | None = None
    """Id of each enabled rule that reads them to the answers, with what stands before each."""
    reference: ReferenceScores | None = None
    """What an honest answer to each row would be."""
    proxy: Learned | None = None
    influence: Pushed | None = None


@dataclass(frozen=True, slots=True)
class Signals:
    """What one detector reads."""

    dataset: Dataset
    measured: Measurements = Measurements()
    needs: frozenset[Need] = frozenset()
    """What the detector declared; the properties below give this and nothing else."""
    seed: int = 0
    """What the draws of the detectors' nulls begin with."""
    progress: Progress = Silent()  # noqa: RUF009 - stateless
    """Who is told how far a detector is that searches the whole set."""

    @property
    def candidates(self) -> Mapping[str, Found]:
        """Id of each enabled label-trigger rule to what it found. Raises UndeclaredNeedError."""
        return self._declared("candidates", self.measured.candidates)

    @property
    def answers(self) -> Mapping[str, Answered]:
        """Rule id to the distinct exchanges of the rows. Raises UndeclaredNeedError."""
        return self._declared("answers", self.measured.answers)

    @property
    def reference(self) -> ReferenceScores:
        """What an honest answer to each row would be. Raises UndeclaredNeedError."""
        return self._declared("reference", self.measured.reference)

    @property
    def proxy(self) -> Learned:
        """What the fine-tuned proxy says of each row. Raises UndeclaredNeedError."""
        return self._declared("proxy", self.measured.proxy)

    @property
    def influence(self) -> Pushed:
        """What each row does to the probes. Raises UndeclaredNeedError."""
        return self._declared("influence", self.measured.influence)

    def _declared(self, need: Need, value: Measured | None) -> Measured:
        if need not in self.needs:
            raise UndeclaredNeedError(f"this detector reads {need} and does not declare it")
        if value is None:
            raise UndeclaredNeedError(f"this detector declares {need}, and it was not measured")
        return value


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
