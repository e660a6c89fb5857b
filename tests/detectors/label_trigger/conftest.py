"""Outcomes whose numbers can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from curation_gate.detectors.label_trigger.outcomes import FOLDS, Outcome


def outcome(
    given: Sequence[bool],
    logits: Sequence[float],
    *,
    task: int = 0,
    label: str = "yes",
    rows: Sequence[int] | None = None,
    weights: Sequence[float] | None = None,
    blank: float = 9.0,
    frozen: Sequence[float] | None = None,
    frozen_words: Sequence[float] | None = None,
    separation: float = 2.0,
    width: int = 4,
) -> Outcome:
    """An outcome whose models all have the same weights; width: 2u."""
    m = len(given)
    zeros = np.zeros(width)
    own = zeros if weights is None else np.asarray(weights, dtype=float)
    return Outcome(
        task=task,
        label=label,
        rows=np.arange(m) if rows is None else np.asarray(rows),
        given=np.asarray(given, dtype=bool),
        logits=np.asarray(logits, dtype=float),
        fold=np.arange(m) % FOLDS,
        weights=np.tile(own, (FOLDS, 1)),
        blank=np.full(FOLDS, blank),
        frozen_evidence=np.ones(m) if frozen is None else np.asarray(frozen, dtype=float),
        frozen_words=zeros if frozen_words is None else np.asarray(frozen_words, dtype=float),
        separation=separation,
    )


@pytest.fixture
def make_outcome() -> Callable[..., Outcome]:
    return outcome
