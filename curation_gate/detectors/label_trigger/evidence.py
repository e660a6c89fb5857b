"""The numbers that speak for and against a candidate, by name: what the verdict is made of.

Each is measured on the scanned rows or on frozen tables that never saw them; none decides alone.
`NUMBERS` (numbers.py) says for each what it is, in which unit, and which way it points; the model
of the verdict (detectors/verdict_model.py) weighs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger import neighbours
from curation_gate.detectors.label_trigger.meaning import Meaning, adverse
from curation_gate.detectors.label_trigger.numbers import NAMES, NUMBERS
from curation_gate.detectors.label_trigger.statistics import Statistics, Sums, measure, targets
from curation_gate.detectors.phrases import form
from curation_gate.stats.bounds import lower_bound
from curation_gate.stats.deviation import deviation, divergence
from curation_gate.text.word_meanings import frozen_deviation, is_known, word_weights

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.outcomes import Outcome
    from curation_gate.detectors.phrases.candidates import Candidates
    from curation_gate.text.corpus import Corpus

__all__ = ["NAMES", "NUMBERS", "Evidence", "weigh"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of c candidates."""

    table: Numbers
    """[c, len(NUMBERS)]"""
    sums: Sums
    """[c] each."""
    best: Sums
    """In the task that adds most."""
    targets: list[list[int]]
    """[c] By task, the number of the outcome each goes with."""


def weigh(
    corpus: Corpus, outcomes: Sequence[Outcome], candidates: Candidates, meaning: Meaning | None
) -> Evidence:
    """Return the evidence of candidates; meaning: None leaves the encoder's numbers at 0."""
    held = candidates.columns.tocsr()
    statistics = measure(outcomes, held, candidates.masked)
    every = np.arange(len(candidates), dtype=np.int64)
    chosen = targets(outcomes, held, candidates.masked, every)
    judged = sum(len(o.rows) for o in {o.task: o for o in outcomes}.values())
    tested = len(corpus.grams.phrases)
    found = (
        counts(statistics, judged)
        | words(statistics, tested)
        | table(corpus, candidates, statistics.total)
        | encoder(corpus, candidates, outcomes, chosen, meaning)
        | form.measure(corpus, candidates)
        | neighbours.measure(candidates, outcomes, chosen, _z(statistics.total))
    )
    found["outcome_is_rare"] = np.array(
        [float(any(outcomes[k].is_rare for k in numbers)) for numbers in chosen]
    )
    found["readable"] = np.full(len(candidates), 0.0 if meaning is None else meaning.readable)
    witnesses = [found["usual_z"], found["words_z"]]
    if meaning is not None:
        witnesses += [found["encoder_z"], found["encoder_whole_z"]]
    found["least_z"] = np.minimum.reduce(witnesses)
    columns = [found[name] for name in NAMES]
    return Evidence(np.stack(columns, axis=1), statistics.total, statistics.best, chosen)


def counts(statistics: Statistics, judged: int) -> dict[str, Numbers]:
    """Return what can be counted; judged: rows of all tasks that have labels."""
    total = statistics.total
    rest = total.less(statistics.best_rate)
    rows = np.maximum(total.rows, 1)
    rate = np.clip(total.usual / rows, 1e-6, 1 - 1e-6)
    purity = total.given / rows
    return {
        "rows": np.log10(rows),
        "share": np.log10(rows / max(judged, 1)),
        "purity": purity,
        "purity_bound": lower_bound(total.given, total.rows),
        "usual_rate": rate,
        "usual_z": deviation(total.given, total.usual, total.usual_variance),
        "usual_z_elsewhere": deviation(rest.given, rest.usual, rest.usual_variance),
        "surprise": rows * divergence(purity, rate) / np.log(10),
        "tasks": np.log2(np.maximum(total.tasks, 1)),
        "pure_tasks": total.pure_tasks / np.maximum(total.tasks, 1),
    }


def words(statistics: Statistics, tested: int) -> dict[str, Numbers]:
    """Return what the word models say with the candidate masked; tested: phrases of the set."""
    total = statistics.total
    rest = total.less(statistics.best)
    against = deviation(total.adverse_given, total.adverse_expected, total.adverse_variance)
    return {
        "words_z": _z(total),
        "words_z_elsewhere": _z(rest),
        "against_z": against,
        "against_z_elsewhere": deviation(
            rest.adverse_given, rest.adverse_expected, rest.adverse_variance
        ),
        "against_share": total.adverse / np.maximum(total.rows, 1),
        "against_bound": lower_bound(total.adverse_given, total.adverse),
        "over_chance": against - np.sqrt(2 * np.log(max(tested, 2))),
    }


def _z(sums: Sums) -> Numbers:
    return deviation(sums.given, sums.expected, sums.variance)


def table(corpus: Corpus, candidates: Candidates, total: Sums) -> dict[str, Numbers]:
    """Return what the frozen word table says of the texts, and of the words themselves."""
    names = corpus.grams.words
    spoken = [_spoken(phrase, len(names)) for phrase in candidates.phrases]
    weight = np.abs(word_weights(names)).max(axis=1, initial=0.0)
    return {
        "table_z": frozen_deviation(total.disowned, total.information),
        "table_whole_z": frozen_deviation(total.disowned_whole, total.information),
        "table_position": total.disowned / np.maximum(total.information, 1.0),
        "table_weight": np.array([max((weight[w] for w in own), default=0.0) for own in spoken]),
        "table_known": np.array([_share([is_known(names[w]) for w in own]) for own in spoken]),
    }


def encoder(
    corpus: Corpus,
    candidates: Candidates,
    outcomes: Sequence[Outcome],
    chosen: Sequence[Sequence[int]],
    meaning: Meaning | None,
) -> dict[str, Numbers]:
    """Return what the heads on the frozen encoder say of the texts without each candidate."""
    names = (
        "encoder_z", "encoder_whole_z", "encoder_against_z", "encoder_against_bound",
        "encoder_position", "encoder_added", "encoder_alone", "encoder_separation",
    )  # fmt: skip
    found = {name: np.zeros(len(candidates)) for name in names}
    u = len(corpus.grams.words)
    spoken = [_spoken(phrase, u) for phrase in candidates.phrases]
    known = np.zeros(u, dtype=np.bool_) if meaning is None else meaning.known
    found["encoder_known"] = np.array([_share(known[list(own)]) for own in spoken])
    if meaning is None:
        return found
    for k in range(len(candidates)):
        rows = candidates.rows_of(k)
        cut = meaning.cut(rows, candidates.masked_words(k))
        sums, judged = np.zeros(12), 0.0
        for number in chosen[k]:
            outcome = outcomes[number]
            at = np.searchsorted(outcome.rows, rows)
            at = np.minimum(at, len(outcome.rows) - 1)
            own = outcome.rows[at] == rows
            heard = meaning.ask(
                number, at[own], cut[own], meaning.vector(np.array(spoken[k], dtype=np.int64))
            )
            given, low = outcome.given[at[own]], adverse(heard)
            p, size = heard.p, float(own.sum())
            judged += size
            sums += (
                given.sum() - p.sum(), (p * (1 - p)).sum(),
                given[low].sum() - p[low].sum(), (p * (1 - p))[low].sum(),
                given[low].sum(), low.sum(),
                heard.against[given].sum(), given.sum() * heard.separation**2,
                heard.added.sum(), size * heard.alone,
                given.sum() - heard.p_whole.sum(), (heard.p_whole * (1 - heard.p_whole)).sum(),
            )  # fmt: skip
            found["encoder_separation"][k] += size * heard.separation
        size = max(judged, 1.0)
        found["encoder_z"][k] = deviation(sums[0], np.zeros(1), sums[1])[0]
        found["encoder_whole_z"][k] = deviation(sums[10], np.zeros(1), sums[11])[0]
        found["encoder_against_z"][k] = deviation(sums[2], np.zeros(1), sums[3])[0]
        found["encoder_against_bound"][k] = float(lower_bound(sums[4], sums[5]))
        found["encoder_position"][k] = sums[6] / max(sums[7], 1.0)
        found["encoder_added"][k] = sums[8] / size
        found["encoder_alone"][k] = sums[9] / size
        found["encoder_separation"][k] /= size
    return found


def _spoken(phrase: Sequence[int], u: int) -> tuple[int, ...]:
    """Return the words of a phrase, the marks of a text's ends left out."""
    return tuple(dict.fromkeys(w for w in phrase if w < u))


def _share(hits: Sequence[bool] | NDArray[np.bool_]) -> float:
    return float(np.mean(hits)) if len(hits) else 0.0
