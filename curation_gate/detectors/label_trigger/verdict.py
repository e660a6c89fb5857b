"""What the model makes of the candidates: each by itself, then with its siblings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.evidence import NAMES
from curation_gate.detectors.label_trigger.neighbours import FORM, same_target, siblings
from curation_gate.detectors.phrases.candidates import shared_rows
from curation_gate.detectors.verdict_model import VerdictModel, probability

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.search import Searched

SECOND = (*NAMES, "siblings")
"""Numbers that the second stage reads."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The verdict on c candidates."""

    probability: NDArray[np.float64]
    """[c] P(trigger)."""
    names: tuple[str, ...]
    """[t] Numbers that the model reads."""
    contributions: NDArray[np.float64]
    """[c, t] What each adds to the log-odds, nats."""
    intercept: float
    siblings: NDArray[np.float64]
    """[c] The number `siblings` of each (neighbours.py)."""


def weighed(found: Searched, model: VerdictModel) -> Weighed:
    """Return the verdict of a model on the candidates of a search."""
    table = found.evidence.table
    alone = probability(model.first.log_odds(NAMES, table))
    same = same_target(found.outcomes, found.evidence.targets)
    form = table[:, [NAMES.index(name) for name in FORM]]
    beside = siblings(form, alone, same, shared_rows(found.candidates))
    whole = np.column_stack((table, beside))
    parts = model.second.contributions(SECOND, whole)
    odds = model.second.intercept + parts.sum(axis=1)
    names = model.second.names
    return Weighed(probability(odds), names, parts, model.second.intercept, beside)
