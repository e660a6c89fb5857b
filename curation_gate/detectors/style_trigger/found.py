"""What the search for styles is told and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Status = Literal["confirmed", "review"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search; defaults as in the rule pack (rule_parameters.StyleParameters)."""

    features: int = 1000
    feature_starts: int = 4
    cluster_starts: int = 3
    rounds: int = 5
    draws: int = 5
    candidates: int = 10
    review: float = 0.2
    """Probability of being planted from which a style's rows are for review."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Style:
    """A style that is, or may be, planted, with its evidence."""

    status: Status
    probability: float
    """P(planted) by the model of the verdict."""
    features: tuple[str, ...]
    """What gives it away, the strongest first, as a reader is told it."""
    targets: Mapping[str, str]
    """Task to the label it forces there; tasks where it hardly stands are left out."""
    rows: int
    """Distinct rows that have the style, whatever their label, in the tasks of `targets`."""
    given: int
    """Of those, rows that have the forced label."""
    expected: float
    """Rows that their content leads to expect to have it."""
    z: float
    """(given - expected) / sqrt(sum p (1 - p) + 1/4), each row by the half that did not hold it."""
    numbers: Mapping[str, float]
    """Every number of evidence (evidence.NUMBERS says what each is)."""
    contributions: Mapping[str, float]
    """What each number adds to the log-odds of being planted, nats, and the `intercept`."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A row of a listed style that was more likely planted than not."""

    style: int
    """Index into StyleFound.styles."""
    planted: float
    """Probability that the row was planted: P(planted) of the style times the row's own."""
    p: float
    """Probability of its label by its content."""
    marks: tuple[str, ...]
    """Which of the style's features the row has."""
    quarantine: bool


@dataclass(frozen=True, slots=True)
class StyleFound:
    """Everything the search has to say of a dataset."""

    styles: tuple[Style, ...]
    """Most probable first."""
    suspects: Mapping[int, Styled]
    planted: NDArray[np.float64]
    """[n] Probability that the row was planted, 0 without a listed style; NaN where not judged."""
    threshold: float
    """P(planted) from which a style is confirmed."""
    weighed: int
    """Candidates that were weighed."""
    unjudged: tuple[str, ...]
    """Tasks that could not be judged: free text, one label, too few rows."""
    model: str
    """Hash of the model of the verdict; "" where nothing was weighed."""
