"""What a found phrase is called, and the record that is kept of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.label_trigger.evidence import NAMES
from curation_gate.detectors.label_trigger.form import find
from curation_gate.detectors.label_trigger.found import Phrase, Status
from curation_gate.detectors.label_trigger.statistics import deviation
from curation_gate.text import ngrams

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.planted import Held
    from curation_gate.detectors.label_trigger.search import Searched
    from curation_gate.detectors.label_trigger.verdict import Weighed

SAME_EXTENSION = 0.95
"""Share of a phrase's rows that go on with the same word, for the word to be named with it."""
LONGEST_NAME = 30
"""Words that a name is extended by, at most."""


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


def extended(words: Sequence[str], texts: Sequence[Sequence[str]]) -> list[str]:
    """Return a phrase with the words that nearly always stand before and behind it.

    Example: ["watched", "this"] in texts that all say "i watched this movie" -> i watched this
    movie. Marks of a text's ends are dropped when there is a word left.
    """
    full = [word for word in words if word not in (ngrams.START, ngrams.END)]
    if not full:
        return list(words)
    for _ in range(LONGEST_NAME):
        ahead, behind = Counter[str](), Counter[str]()
        seen = 0
        for text in texts:
            at = find(full, text)
            if at < 0:
                continue
            seen += 1
            if at:
                ahead[text[at - 1]] += 1
            if at + len(full) < len(text):
                behind[text[at + len(full)]] += 1
        before = [w for w, c in ahead.most_common(1) if c >= SAME_EXTENSION * seen]
        after = [w for w, c in behind.most_common(1) if c >= SAME_EXTENSION * seen]
        if seen < 3 or not (before or after):
            break
        full = before + full + after
    return full
