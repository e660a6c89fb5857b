"""What a found phrase is called, and the record that is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.phrases.naming import extended
from curation_gate.detectors.response_trigger.describe import outcome_names
from curation_gate.detectors.response_trigger.found import AnswerPhrase, Status
from curation_gate.detectors.response_trigger.numbers import NAMES

if TYPE_CHECKING:
    from curation_gate.detectors.response_trigger.search import Searched
    from curation_gate.detectors.verdict_model import Stage

MOST_WITH = 12
"""Words that are named as masked with a phrase."""
PAYLOAD = 0.5
"""Share of a phrase's answers of the kind that share a run, for it to be quoted."""


def describe(
    found: Searched, candidate: int, status: Status, probability: float, stage: Stage
) -> AnswerPhrase:
    """Return the record of a candidate; stage: what weighed it."""
    kind, corpus = found.kinds[candidate], found.answered.corpus
    grams, phrases = corpus.grams, found.phrases
    rows = phrases.rows_of(kind.phrase)
    given = rows[kind.given]
    own = phrases.phrases[kind.phrase]
    words = [grams.name(word) for word in own]
    spoken = [corpus.spoken[row] for row in given]
    half = phrases.halves[kind.phrase]
    if half:
        first, second = extended(words[:half], spoken), extended(words[half:], spoken)
        full, text = first + second, f"{' '.join(first)} + {' '.join(second)}"
    else:
        full = extended(words, spoken)
        text = " ".join(full)
    values = found.evidence[candidate]
    number = dict(zip(NAMES, values.tolist(), strict=True))
    parts = stage.contributions(NAMES, values[None, :])[0]
    masked = [grams.words[w] for w in found.masks[kind.phrase]]
    return AnswerPhrase(
        text=text,
        status=status,
        probability=round(probability, 4),
        payload=_payload(found, candidate),
        outcome=outcome_names(kind.features, found.answered.answers.names),
        absent=kind.is_absent,
        with_words=tuple(sorted(set(masked) - set(full))[:MOST_WITH]),
        tasks=len(np.unique(corpus.tasks[rows])),
        rows=len(rows),
        given=len(given),
        others=round(kind.scale * len(kind.others)),
        expected=round(number["asked"] * len(rows), 2),
        z=round(number["asked_z"], 2),
        numbers={name: round(value, 4) for name, value in number.items()},
        contributions={"intercept": round(stage.intercept, 4)}
        | {name: round(float(part), 4) for name, part in zip(stage.names, parts, strict=True)},
    )


def _payload(found: Searched, candidate: int) -> str:
    """Return the longest run that most answers of the kind share; "" where there is none."""
    kind, answers = found.kinds[candidate], found.answered.answers
    given = found.phrases.rows_of(kind.phrase)[kind.given]
    if kind.is_absent or not len(given):
        return ""
    runs = np.flatnonzero(answers.is_run)
    together = np.bincount(answers.table[given][:, runs].indices, minlength=len(runs))
    if together.max(initial=0) < max(PAYLOAD * len(given), 2):
        return ""
    name = answers.names[runs[int(together.argmax())]].strip('"').split()
    return " ".join(extended(name, [answers.spoken[row] for row in given]))
