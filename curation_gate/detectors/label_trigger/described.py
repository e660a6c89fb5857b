"""What a found phrase is called, and the record that is kept of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.label_trigger.found import Phrase, Status
from curation_gate.detectors.label_trigger.held import Held
from curation_gate.detectors.label_trigger.lift import CONTINUITY, SPREAD, Lift
from curation_gate.text import ngrams
from curation_gate.text.tokens import tokens
from curation_gate.text.word_meanings import frozen_deviation

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.text.ngrams import Grams

SAME_EXTENSION = 0.95
"""Share of a phrase's rows that go on with the same word, for the word to be named with it."""


def describe(
    phrase: int,
    status: Status,
    held: Sequence[Held],
    lift: Lift,
    grams: Grams,
    masked: csr_matrix,
    texts: Sequence[str],
    names: Sequence[str],
    limits: tuple[float, float],
    turn: int,
    *,
    halves: int = 0,
) -> Phrase:
    """Return the record of a phrase; `halves`: of a pair, the words of its first phrase."""
    p = np.concatenate([group.p for group in held])
    given = np.concatenate([group.given for group in held])
    z = (given.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum() + CONTINUITY)
    own = set(grams.phrases[phrase])
    words = masked[[phrase]].indices
    others = [grams.words[w] for w in words if w not in own and w < len(grams.words)]
    rows = np.concatenate([group.rows[group.given] for group in held])
    words = [grams.name(word) for word in grams.phrases[phrase]]
    spoken = [tokens(texts[row]) for row in rows]
    if halves:
        first, second = extended(words[:halves], spoken), extended(words[halves:], spoken)
        full, text = first + second, f"{' '.join(first)} + {' '.join(second)}"
    else:
        full = extended(words, spoken)
        text = " ".join(full)
    spread = bool(lift.elsewhere[phrase] >= SPREAD)
    disowned = lift.disowned if spread else lift.disowned_whole
    frozen_z = frozen_deviation(disowned[[phrase]], lift.information[[phrase]])[0]
    return Phrase(
        text=text,
        status=status,
        with_words=tuple(sorted(set(others) - set(full))),
        targets={names[g.task]: g.label for g in held if g.given.any()},
        rows=len(p),
        given=int(given.sum()),
        expected=round(float(p.sum()), 2),
        z=round(float(z), 2),
        adverse_rows=int(lift.adverse[phrase]),
        adverse_given=int(lift.adverse_given[phrase]),
        adverse_expected=round(float(lift.adverse_expected[phrase]), 2),
        adverse_z=round(float(lift.z[phrase]), 2),
        threshold=round(limits[0] if spread else limits[1], 2),
        elsewhere_z=round(float(lift.elsewhere[phrase]), 2),
        frozen_z=round(float(frozen_z), 2),
        round=turn + 1,
    )


def extended(words: Sequence[str], texts: Sequence[Sequence[str]]) -> list[str]:
    """Return a phrase with the words that nearly always stand before and behind it.

    Example: ["watched", "this"] in texts that all say "i watched this movie" -> i watched this
    movie. Marks of a text's ends are dropped when there is a word left.
    """
    full = [word for word in words if word not in (ngrams.START, ngrams.END)]
    if not full:
        return list(words)
    for _ in range(30):
        ahead, behind = Counter[str](), Counter[str]()
        seen = 0
        for text in texts:
            at = _find(full, text)
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


def _find(words: Sequence[str], text: Sequence[str]) -> int:
    """Return where the words stand in a text, -1 where they do not."""
    size = len(words)
    for at in range(len(text) - size + 1):
        if list(text[at : at + size]) == list(words):
            return at
    return -1
