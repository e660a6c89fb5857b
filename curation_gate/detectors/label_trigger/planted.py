"""The rows that hold a candidate, task by task, and which of them were planted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.posterior import planted_in_tasks
from curation_gate.detectors.label_trigger.statistics import sigmoid
from curation_gate.stats.calibration import platt

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.outcomes import Outcome
    from curation_gate.detectors.label_trigger.search import Searched

SURE = 1e-3
"""Probabilities are kept this far from 0 and 1 before their log-odds are averaged."""


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of one task that hold a candidate, and what is known of them."""

    task: int
    label: str
    rows: NDArray[np.int64]
    """[k] Distinct rows."""
    given: NDArray[np.bool_]
    """[k] Whether they have the label."""
    p: NDArray[np.float64]
    """[k] Probability of the label by the rest of the text."""
    planted: NDArray[np.float64]
    """[k] Posterior probability that they were planted, if it is a trigger; 0 without the label."""


def held_rows(found: Searched, candidate: int) -> list[Held]:
    """Return the judged rows that hold a candidate, task by task.

    p is of two witnesses that did not see the candidate: the word model with it masked, calibrated
    on the other rows of the task (Platt), and the head on the frozen encoder; their log-odds are
    averaged.
    """
    corpus, candidates = found.corpus, found.candidates
    u = len(corpus.grams.words)
    rows = candidates.rows_of(candidate)
    masked, words = candidates.masked[[candidate]], candidates.masked_words(candidate)
    spoken = np.array([w for w in candidates.phrases[candidate] if w < u], dtype=np.int64)
    cut = None if found.meaning is None else found.meaning.cut(rows, words)
    groups = []
    for number in found.evidence.targets[candidate]:
        outcome = found.outcomes[number]
        at = np.minimum(np.searchsorted(outcome.rows, rows), len(outcome.rows) - 1)
        own = outcome.rows[at] == rows
        at = at[own]
        shift = np.asarray(masked @ outcome.weights.T)[0]
        slope, intercept = platt(outcome.logits, outcome.given, at)
        odds = slope * (outcome.logits[at] - shift[outcome.fold[at]]) + intercept
        if found.meaning is not None and cut is not None:
            heard = found.meaning.ask(number, at, cut[own], found.meaning.vector(spoken))
            second = np.clip(heard.p, SURE, 1 - SURE)
            odds = (odds + np.log(second / (1 - second))) / 2
        groups.append((outcome, outcome.rows[at], outcome.given[at], sigmoid(odds)))
    shares = planted_in_tasks(
        [given for _, _, given, _ in groups], [p for *_, p in groups], [o.rate for o, *_ in groups]
    )
    return [
        Held(outcome.task, _named(found, outcome, held[given]), held, given, p, share)
        for (outcome, held, given, p), share in zip(groups, shares, strict=True)
    ]


def _named(found: Searched, outcome: Outcome, rows: NDArray[np.int64]) -> str:
    """Return the label of an outcome; of rare answers, the one that most of the rows have."""
    if not outcome.is_rare or not len(rows):
        return outcome.label
    counts = Counter(str(found.corpus.answers[row]) for row in rows)
    return min(counts, key=lambda answer: (-counts[answer], answer))
