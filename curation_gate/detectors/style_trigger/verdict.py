"""What the model makes of the candidates, and which of them are listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.style_trigger.evidence import HAS, NAMES, Numbers, weigh
from curation_gate.detectors.verdict_model import VerdictModel, probability

if TYPE_CHECKING:
    from curation_gate.detectors.style_trigger.found import Status
    from curation_gate.detectors.style_trigger.search import Searched

COVERED = 0.5
"""Share of a candidate's planted rows that a listed one has too, from which it is that one in other
words and not listed again."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The verdict on c candidates."""

    table: Numbers
    """[c, numbers] Evidence."""
    probability: Numbers
    """[c] P(planted)."""
    names: tuple[str, ...]
    """[t] Numbers that the model reads."""
    contributions: Numbers
    """[c, t] What each adds to the log-odds, nats."""
    intercept: float


def weighed(found: Searched, model: VerdictModel) -> Weighed:
    """Return the verdict of a model on the candidates of a search."""
    table = weigh(found)
    parts = model.first.contributions(NAMES, table)
    odds = model.first.intercept + parts.sum(axis=1)
    return Weighed(table, probability(odds), model.first.names, parts, model.first.intercept)


def listed(
    found: Searched, verdict: Weighed, model: VerdictModel, review: float
) -> list[tuple[int, Status]]:
    """Return the candidates that are listed and what each is, most probable first."""
    planted = found.whole.planted >= HAS
    taken: list[tuple[int, Status]] = []
    for k in np.argsort(-verdict.probability, kind="stable").tolist():
        p, own = float(verdict.probability[k]), planted[:, k]
        if p < min(review, model.threshold) or not own.any():
            continue
        if all((own & planted[:, o]).sum() <= COVERED * own.sum() for o, _ in taken):
            taken.append((k, "confirmed" if p >= model.threshold else "review"))
    return taken
