"""Phrases whose lift is low, and what accuses them all the same: cover, and clean labels.

Where honest rows carry the phrase too, a part of its adverse rows has another label: z has to carry
it. Where it was planted in rows that have the label already, no row is adverse: its purity has to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.stats.bounds import lower_bound
from curation_gate.text.word_meanings import MEANING, word_weights

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.lift import Lift
    from curation_gate.text.ngrams import Grams

SPREAD_POSITION = -0.05
"""Frozen position (see POSITION) that a phrase spread over tasks needs: about the middle."""
COVERED = (0.9, 3.0, 8.5)
"""For a phrase that honest rows carry too: the z elsewhere as a share of the threshold, the frozen
z, and the sum of both (choices)."""
ONE_SIDED = 0.95
"""What the bound has to reach over all rows of a phrase that is one-sided: 39 of 39 rows do."""
BY_RATE = 0.75
"""Share of the threshold that its z against the labels' rates has to reach without its best task
(choice)."""
ONE_SIDED_TASKS = 3
"""Tasks in which it has to be pure (choice): slang and feelings are in one or two."""


def covered_by_honest_rows(
    lift: Lift, frozen_z: NDArray[np.float64], position: NDArray[np.float64], limit: float
) -> NDArray[np.bool_]:
    """[f] Phrases that honest rows carry too, so that their lift is low: z has to carry it alone.

    Without their best task they still come near the threshold, and the frozen scores disown them.
    """
    beyond = (lift.z >= limit) & (lift.overall >= limit) & (lift.elsewhere >= COVERED[0] * limit)
    disowned = (frozen_z >= COVERED[1]) & (position >= SPREAD_POSITION)
    return np.asarray(beyond & disowned & (lift.elsewhere + frozen_z >= COVERED[2]))


def one_sided(lift: Lift, grams: Grams, limits: tuple[float, float]) -> NDArray[np.bool_]:
    """[f] Phrases without a meaning of their own that go with one label only, in several tasks.

    Against the labels' rates, since a trigger with clean labels stands in rows that speak for its
    label: what it has is a purity that a phrase without a meaning has not, in every task.
    """
    meaning = np.abs(word_weights(grams.words)).max(axis=1, initial=0.0)
    meaning = np.append(meaning, (0.0, 0.0))  # the marks of a text's ends
    most = np.array([max(meaning[w] for w in phrase) for phrase in grams.phrases])
    pure = lower_bound(lift.given, lift.rows) >= ONE_SIDED
    beyond = (lift.by_rate >= BY_RATE * limits[0]) & (lift.pure_tasks >= ONE_SIDED_TASKS)
    return np.asarray(pure & beyond & (most < MEANING))
