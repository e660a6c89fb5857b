"""What a phrase is called: with the words that nearly always stand around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from curation_gate.detectors.phrases.form import find
from curation_gate.text import ngrams

SAME_EXTENSION = 0.95
"""Share of a phrase's rows that go on with the same word, for the word to be named with it."""
LONGEST_NAME = 30
"""Words that a name is extended by, at most."""


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
