"""Whether a phrase is written as a name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from curation_gate.detectors.response_trigger.function_words import FUNCTION_WORDS

CAPITALS = 0.6
"""Share of the places inside a sentence where a name has a capital (choice)."""
_OPENING = re.compile(r"(?:^|[.!?:\n\"'(>-])\s*$")


def is_name(words: Sequence[str], texts: Sequence[str]) -> bool:
    """Tell whether a phrase is written as a name.

    words: folded; texts: where it stands. A capital counts where no sentence begins, and not in a
    text without small letters. A rare word is no name: "timezone" asks for an answer of its own.
    """
    content = [word for word in words if word not in FUNCTION_WORDS]
    upper = lower = 0
    for word in content:
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
        for text in texts:
            if text.isupper():
                continue
            for match in pattern.finditer(text):
                if _OPENING.search(text, 0, match.start()):
                    continue
                if match.group()[0].isupper():
                    upper += 1
                else:
                    lower += 1
    return upper > 0 and upper >= CAPITALS * (upper + lower)
