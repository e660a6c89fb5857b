"""Which phrases are worth weighing: a wide and cheap screen, before any evidence that costs.

Nothing is accused here, and what is dropped is dropped for being common, not for being innocent:
a phrase stays when most of its rows have one outcome, more than chance would give it, and nothing
else of the set is plainly stronger. Phrases that stand in the same rows are one candidate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.statistics import Sums
from curation_gate.detectors.phrases.candidates import Candidates, crossed, distinct, joined_pairs
from curation_gate.stats.deviation import deviation

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.statistics import Statistics
    from curation_gate.text.corpus import Corpus

MAJORITY = 0.5
"""Share of a candidate's rows that have its outcome, at least: below it the outcome is not its."""
LEAST_Z = 2.0
"""What the largest of a candidate's z has to reach: below it chance explains it."""
WIDE = 5
"""Phrases that are compared, for each candidate that is kept: most are the same rows again."""


def strength(sums: Sums) -> NDArray[np.float64]:
    """[f] The largest z of a phrase, by any of three measures; -inf where it is screened out.

    Against the outcome's rate; against what the rest of the words lead to expect; the same over
    adverse rows alone.
    """
    usual, words, against = _measures(sums)
    z = np.maximum(np.maximum(usual, words), against)
    z[(sums.given < MAJORITY * sums.rows) | (z < LEAST_Z)] = -np.inf
    return z


def _measures(sums: Sums) -> tuple[NDArray[np.float64], ...]:
    return (
        deviation(sums.given, sums.usual, sums.usual_variance),
        deviation(sums.given, sums.expected, sums.variance),
        deviation(sums.adverse_given, sums.adverse_expected, sums.adverse_variance),
    )


def screen(corpus: Corpus, statistics: Statistics, *, support: int, most: int) -> Candidates:
    """Return at most `most` single phrases of at least `support` rows.

    In turns the one that the other words explain least and the one that chance explains least: in a
    large set hundreds of honest words beat a small trigger in either way, hardly any in both.
    """
    grams, columns = corpus.grams, corpus.columns
    z = strength(statistics.total)
    z[statistics.total.rows < support] = -np.inf
    usual, words, against = _measures(statistics.total)
    unexplained = np.where(np.isfinite(z), np.maximum(np.minimum(usual, words), against), -np.inf)
    orders = [np.argsort(-by, kind="stable") for by in (unexplained, np.where(z > 0, usual, z))]
    order = np.stack(orders, axis=1).ravel()
    order = order[np.sort(np.unique(order, return_index=True)[1])]
    order = order[np.isfinite(z[order])][: WIDE * most]
    chosen = np.array(distinct(order, z, columns, grams)[:most], dtype=np.int64)
    return Candidates(
        tuple(grams.phrases[k] for k in chosen),
        (0,) * len(chosen),
        tuple((int(k),) for k in chosen),
        columns[:, chosen].tocsc(),
        corpus.masked[chosen].tocsr(),
    )


def paired(corpus: Corpus, statistics: Statistics, *, support: int) -> Candidates | None:
    """Return pairs of phrases that stand together more often than by chance; None without any."""
    total = statistics.total
    overall = deviation(total.given, total.expected, total.variance)
    pairs = crossed(corpus.grams, corpus.columns, overall, support=support)
    if pairs is None:
        return None
    one, other, rows = pairs
    return joined_pairs(corpus.grams, corpus.masked[one] + corpus.masked[other], one, other, rows)
