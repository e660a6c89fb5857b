"""What the miner is told and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.null import DRAWS

Status = Literal["confirmed", "suspected", "one-sided"]
"""confirmed: forces its label. suspected: passes the null alone. one-sided: its words mean nothing,
and all its rows have one label, which their texts speak for: like a clean-label trigger's."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search; defaults as in the rule pack."""

    alpha: float = 0.05
    """Family-wise error rate of the null."""
    draws: int = DRAWS
    support: int = 4
    """Rows a phrase needs to be counted."""
    rounds: int = 5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that forces a label, with its evidence."""

    text: str
    status: Status
    with_words: tuple[str, ...]
    """Satellites: words that come with it."""
    targets: Mapping[str, str]
    """Task to the label it forces there."""
    rows: int
    given: int
    """Rows that have the forced label."""
    expected: float
    """Rows that the masked word models expect to have it: sum p."""
    z: float
    """(given - expected) / sqrt(sum p (1 - p) + 1/4), over all rows that hold it."""
    adverse_rows: int
    adverse_given: int
    adverse_expected: float
    adverse_z: float
    """What is compared with the threshold."""
    threshold: float
    elsewhere_z: float
    """Adverse z without the task that adds most."""
    frozen_z: float
    """How much more its rows look like another label, by scores that saw no label; 0 if honest."""
    round: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that holds a found phrase and has its label."""

    phrase: int
    """Index into Found.phrases."""
    planted: float
    """Posterior probability that the row was planted."""
    p: float
    """Probability of its label with the phrase masked."""
    quarantine: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Everything the miner has to say of a dataset."""

    phrases: tuple[Phrase, ...]
    suspects: Mapping[int, Suspect]
    """Row to what is known of it."""
    threshold: float
    """Adverse z that a phrase has to reach (spread over tasks); NaN where nothing was tested."""
    threshold_alone: float
    """The same for a phrase of a single task."""
    floor: Mapping[str, int | None]
    """Task to the planted rows a phrase needs to be significant; None where it cannot be judged."""
    tested: int
    """Phrases tested."""
    judged: NDArray[np.bool_]
    """[n] Rows of tasks that could be judged."""
