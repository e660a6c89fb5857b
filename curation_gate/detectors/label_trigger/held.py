"""The rows that hold a phrase, task by task, and which of them were planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.lift import CONTINUITY, Lift, sigmoid
from curation_gate.detectors.label_trigger.posterior import planted_in_tasks
from curation_gate.stats.calibration import platt

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.detectors.label_trigger.words import Outcome

ADDED_PLANTED = 0.5
"""Share planted of the rows that a part of a phrase adds to those of the whole, for it to take its
place (choice)."""
ADDED_Z = 2.33
"""How far these rows have to be beyond honest ones, in deviations: one honest part in a hundred."""


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of one task that hold a phrase, and what is known of them."""

    task: int
    label: str
    rows: NDArray[np.int64]
    given: NDArray[np.bool_]
    """Whether they have the label."""
    p: NDArray[np.float64]
    """Masked probability of the label, calibrated on the other rows of the task."""
    planted: NDArray[np.float64]
    """Posterior probability that they were planted; 0 without the label."""


def held_rows(
    phrase: int, lift: Lift, columns: csc_matrix, masked: csr_matrix, outcomes: Sequence[Outcome]
) -> list[Held]:
    """Return the judged rows that hold a phrase, task by task."""
    inside = np.zeros(columns.shape[0], dtype=np.bool_)
    inside[columns.indices[columns.indptr[phrase] : columns.indptr[phrase + 1]]] = True
    groups: list[Held] = []
    rates: list[float] = []
    for number in lift.label[:, phrase]:
        if number < 0:
            continue
        outcome = outcomes[number]
        at = np.flatnonzero(inside[outcome.rows])
        shift = np.asarray(masked[[phrase]] @ outcome.weights.T)[0]
        slope, intercept = platt(outcome.logits, outcome.given, at)
        p = sigmoid(slope * (outcome.logits[at] - shift[outcome.fold[at]]) + intercept)
        given = outcome.given[at]
        groups.append(
            Held(outcome.task, outcome.label, outcome.rows[at], given, p, np.zeros(len(p)))
        )
        rates.append(outcome.rate)
    shares = planted_in_tasks([g.given for g in groups], [g.p for g in groups], rates)
    return [replace(g, planted=planted) for g, planted in zip(groups, shares, strict=True)]


def planted_part(held: Sequence[Held]) -> float:
    """Return the share of the rows with the label that were planted, by their posteriors."""
    given = sum(int(group.given.sum()) for group in held)
    return sum(float(group.planted.sum()) for group in held) / max(given, 1)


def adds_planted(whole: Sequence[Held], part: Sequence[Held]) -> bool:
    """Tell whether the rows that a part of a phrase adds are mostly planted, and no few lucky ones.

    whole, part: of the phrase and of the shorter one that stands in it. By moments, apart from the
    rows of the whole: of n added rows, a share a of them planted, n a + (1 - a) sum p have the
    label.
    """
    known = {int(row) for group in whole for row in group.rows}
    new = [np.array([int(row) not in known for row in g.rows], dtype=np.bool_) for g in part]
    p = np.concatenate([g.p[n] for g, n in zip(part, new, strict=True)])
    given = sum(int(g.given[n].sum()) for g, n in zip(part, new, strict=True))
    excess = given - float(p.sum())
    sure = excess >= ADDED_Z * float(np.sqrt((p * (1 - p)).sum() + CONTINUITY))
    return sure and excess >= ADDED_PLANTED * max(len(p) - float(p.sum()), 1e-9)
