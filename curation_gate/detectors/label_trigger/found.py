"""What the search is told and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.evidence import Floor

Status = Literal["confirmed", "review", "passed over"]
"""confirmed: its probability of being a trigger reaches the model's threshold. review: it reaches
the pack's `review`, or one of its statistics is extreme. passed over: listed, and no more."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search; defaults as in the rule pack."""

    support: int = 5
    """Rows a phrase needs to be weighed."""
    candidates: int = 300
    """Phrases that are weighed at most."""
    pairs: int = 60
    """Pairs of phrases that are weighed at most."""
    review: float = 0.2
    """Probability from which a phrase is for review."""
    extreme: float = 8.0
    """least_z from which it is for review whatever its probability."""
    floor: int = 2
    """Copies in which phrases are planted to measure the floor; 0: not measured."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A candidate that is listed, with its evidence."""

    text: str
    status: Status
    probability: float
    """P(trigger)."""
    with_words: tuple[str, ...]
    """Co-occurring words: what comes with it in its rows."""
    targets: Mapping[str, str]
    """Task to the label it goes with there."""
    rows: int
    """Distinct rows of judged tasks that hold it."""
    given: int
    """Of these, the rows that have the label."""
    expected: float
    """Rows that the rest of their texts lead to expect to have it."""
    z: float
    """(given - expected) / sqrt(sum p (1 - p) + 1/4), by the word models, over all its rows."""
    adverse_rows: int
    """Rows whose other words speak against the label."""
    adverse_given: int
    numbers: Mapping[str, float]
    """Every number of evidence (evidence.NUMBERS says what each is)."""
    contributions: Mapping[str, float]
    """What each number adds to the log-odds of being a trigger, nats; `intercept` is what a
    candidate has that nothing is known of."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that holds a listed phrase and has its label."""

    phrase: int
    """Index into Found.phrases."""
    planted: float
    """Probability that the row was planted: its posterior, times P(trigger) if that is doubted."""
    p: float
    """Probability of its label by the rest of its text."""
    quarantine: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Everything the search has to say of a dataset."""

    phrases: tuple[Phrase, ...]
    """Most probable first: confirmed, for review, passed over."""
    suspects: Mapping[int, Suspect]
    """Row to what is known of it; rows of phrases that are passed over are not in here."""
    threshold: float
    """P(trigger) from which a phrase is confirmed."""
    review: float
    """P(trigger) from which it is for review."""
    tasks: Mapping[str, bool]
    """Task to whether it could be judged: whether its answers are labels."""
    floors: tuple[Floor, ...]
    """What each kind of attack needs to be seen; () where that was not measured."""
    weighed: int
    """Candidates weighed."""
    tested: int
    """Phrases screened."""
    judged: NDArray[np.bool_]
    """[n] Rows of tasks that could be judged."""
    model: str
    """Hash of the model of the verdict."""

    @property
    def accused(self) -> tuple[Phrase, ...]:
        """Return the phrases that are confirmed or for review."""
        return tuple(p for p in self.phrases if p.status != "passed over")
