"""What a candidate is beside the others: a part of a stronger one, or one of several of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.phrases.candidates import shared_rows

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.outcomes import Outcome
    from curation_gate.detectors.phrases.candidates import Candidates

FORM = ("length", "is_mark", "is_pair", "at_start", "at_end", "rarity", "rows", "purity")
"""Numbers in which candidates of one attacker are alike; each in its own unit."""
APART = 0.2
"""Share of rows in common below which two candidates stand in different rows."""

Numbers = NDArray[np.float64]


def measure(
    candidates: Candidates,
    outcomes: Sequence[Outcome],
    chosen: Sequence[Sequence[int]],
    z: Numbers,
) -> dict[str, Numbers]:
    """Return the numbers of neighbours; z: [c] of each, chosen: [c] its outcomes by task."""
    stronger = (z[None, :] > z[:, None]) & same_target(outcomes, chosen)
    covered = np.where(stronger, shared_rows(candidates), 0.0).max(axis=1, initial=0.0)
    return {"part_of_stronger": covered}


def same_target(outcomes: Sequence[Outcome], chosen: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """[c, c] Whether two candidates go with the same label in a task that both stand in."""
    c = len(chosen)
    table = np.zeros((c, len(outcomes)), dtype=np.float32)
    for k, numbers in enumerate(chosen):
        table[k, list(numbers)] = 1.0
    return np.asarray(table @ table.T > 0)


def siblings(form: Numbers, alone: Numbers, same: NDArray[np.bool_], shared: Numbers) -> Numbers:
    """[c] log2 of 1 + the triggers of the same target and form that stand in other rows.

    An attacker who plants five rare tokens leaves five candidates of a few rows each, which speak
    for each other. form: [c, FORM] of each; alone: [c] P(trigger) of each by itself; same,
    shared: [c, c] (same_target, shared_rows). Each other candidate counts with its probability and
    with its likeness: exp(-d^2 / 2), d the distance of two in form.
    """
    distance = ((form[:, None, :] - form[None, :, :]) ** 2).sum(axis=2)
    counted = same & (shared < APART) & (shared.T < APART)
    np.fill_diagonal(counted, val=False)
    return np.asarray(np.log2(1 + (np.where(counted, np.exp(-distance / 2), 0.0) @ alone)))
