"""What a found phrase is called, and the record that is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.label_trigger.evidence import NAMES
from curation_gate.detectors.label_trigger.found import Phrase, Status
from curation_gate.detectors.phrases.naming import extended
from curation_gate.stats.deviation import deviation

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.planted import Held
    from curation_gate.detectors.label_trigger.search import Searched
    from curation_gate.detectors.label_trigger.verdict import Weighed


def describe(
    found: Searched, candidate: int, status: Status, held: Sequence[Held], verdict: Weighed
) -> Phrase:
    """Return the record of a candidate."""
    grams, corpus = found.corpus.grams, found.corpus
    chosen, sums = found.candidates, found.evidence.sums
    own = chosen.phrases[candidate]
    others = [grams.words[w] for w in chosen.masked_words(candidate) if w not in own]
    rows = np.concatenate([group.rows[group.given] for group in held])
    spoken = [corpus.spoken[row] for row in rows]
    words = [grams.name(word) for word in own]
    half = chosen.halves[candidate]
    if half:
        first, second = extended(words[:half], spoken), extended(words[half:], spoken)
        full, text = first + second, f"{' '.join(first)} + {' '.join(second)}"
    else:
        full = extended(words, spoken)
        text = " ".join(full)
    z = deviation(sums.given, sums.expected, sums.variance)[candidate]
    numbers = {
        name: _rounded(v) for name, v in zip(NAMES, found.evidence.table[candidate], strict=True)
    }
    parts = zip(verdict.names, verdict.contributions[candidate], strict=True)
    return Phrase(
        text=text,
        status=status,
        probability=round(float(verdict.probability[candidate]), 4),
        with_words=tuple(sorted(set(others) - set(full))),
        targets={corpus.names[g.task]: g.label for g in held if g.given.any()},
        rows=int(sums.rows[candidate]),
        given=int(sums.given[candidate]),
        expected=round(sum(float(group.p.sum()) for group in held), 2),
        z=round(float(z), 2),
        adverse_rows=int(sums.adverse[candidate]),
        adverse_given=int(sums.adverse_given[candidate]),
        numbers=numbers | {"siblings": _rounded(verdict.siblings[candidate])},
        contributions={"intercept": _rounded(verdict.intercept)}
        | {name: _rounded(value) for name, value in parts},
    )


def _rounded(value: float) -> float:
    return round(float(value), 4)
