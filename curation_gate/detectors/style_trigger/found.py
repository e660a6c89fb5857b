"""What the search for styles is told and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search; defaults as in the rule pack."""

    alpha: float = 0.05
    """Family-wise error rate of the null."""
    draws: int = 20
    rounds: int = 6
    """Times the style and the rows that have it are fitted to each other."""
    starts: int = 2
    """Features from which the search is begun."""
    features: int = 2000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Style:
    """A style that forces a label, with its evidence."""

    status: Literal["confirmed", "suspected"]
    features: tuple[str, ...]
    """What gives it away, the strongest first, as a reader is told it."""
    targets: Mapping[str, str]
    """Task to the label it forces there; tasks where it hardly stands are left out."""
    rows: int
    """Rows that have the style, whatever their label, in the tasks of `targets`."""
    given: int
    """Of those, rows that have the forced label."""
    expected: float
    """Rows that their content leads to expect to have it."""
    z: float
    """Over rows whose content speaks for another label; what is compared with the threshold."""
    elsewhere_z: float
    """The same without the task that adds most."""
    threshold: float
    adverse_rows: int
    """Rows of the style whose content speaks for another label, in tasks in which it stands, as
    the half of the rows that did not hold them sees it."""
    adverse_given: int
    """Of those, rows that have the forced label all the same."""
    purity: float
    """Lower 5 % bound of adverse_given / adverse_rows."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A row that has a found style and the label it forces."""

    style: int
    """Index into StyleFound.styles."""
    planted: float
    """Posterior probability that the row was planted."""
    p: float
    """Probability of its label by its content."""
    marks: tuple[str, ...]
    """Which of the style's features the row has."""
    quarantine: bool


@dataclass(frozen=True, slots=True)
class StyleFound:
    """Everything the search has to say of a dataset."""

    styles: tuple[Style, ...]
    suspects: Mapping[int, Styled]
    planted: NDArray[np.float64]
    """[n] Posterior of the strongest found style; 0 where none was found, NaN where not judged."""
    threshold: float
    """z a style has to reach; NaN where nothing could be tested."""
    tested: int
    """Style features."""
    unjudged: tuple[str, ...]
    """Tasks that could not be judged: free text, one label, too few rows."""
