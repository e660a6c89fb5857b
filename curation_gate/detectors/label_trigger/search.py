"""The search for label triggers up to the evidence: what the verdict and its fit both begin with.

corpus -> outcomes -> sums of every phrase -> screen, pairs -> evidence of the candidates
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.label_trigger import screen
from curation_gate.detectors.label_trigger.evidence import Evidence, weigh
from curation_gate.detectors.label_trigger.meaning import Meaning
from curation_gate.detectors.label_trigger.outcomes import Outcome, fit_outcomes
from curation_gate.detectors.label_trigger.statistics import measure
from curation_gate.detectors.phrases.candidates import joined, kept
from curation_gate.text.word_meanings import neutral_weights, word_weights

if TYPE_CHECKING:
    from curation_gate.detectors.phrases.candidates import Candidates
    from curation_gate.text.corpus import Corpus


@dataclass(frozen=True, slots=True)
class Searched:
    """Everything that was measured of a corpus."""

    corpus: Corpus
    outcomes: list[Outcome]
    meaning: Meaning | None
    candidates: Candidates
    evidence: Evidence


def search(
    corpus: Corpus, *, support: int, candidates: int, pairs: int, seed: int, encoder: bool = True
) -> Searched | None:
    """Return the candidates of a corpus and their evidence; None where no task has labels.

    support: rows a candidate needs; candidates, pairs: how many are weighed at most; encoder:
    whether the frozen encoder is asked.
    """
    grams = corpus.grams
    weights = word_weights(grams.words)
    outcomes = fit_outcomes(
        grams.word_rows,
        grams.word_rows @ weights,
        neutral_weights(weights),
        corpus.tasks,
        corpus.answers,
        corpus.spaces,
        np.random.default_rng(seed),
    )
    if not outcomes or not grams.phrases:
        return None
    statistics = measure(outcomes, grams.phrase_rows, corpus.masked)
    chosen = screen.screen(corpus, statistics, support=support, most=candidates)
    crossed = screen.paired(corpus, statistics, support=support)
    if crossed is not None:
        own = measure(outcomes, crossed.columns.tocsr(), crossed.masked)
        both = screen.strength(own.total)
        half = screen.strength(statistics.total)
        most = np.array([max(half[a], half[b]) for a, b in crossed.parts])
        order = np.argsort(-both, kind="stable")
        fits = np.isfinite(both) & (both > most) & (own.total.rows >= support)
        order = order[fits[order]][:pairs]
        chosen = joined(chosen, kept(crossed, order))
    meaning = Meaning(corpus, outcomes) if encoder else None
    return Searched(corpus, outcomes, meaning, chosen, weigh(corpus, outcomes, chosen, meaning))
