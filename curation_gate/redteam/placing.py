"""Where a trigger goes into a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

Placement = Literal["person", "subject", "front", "inside", "whole"]
"""In place of a person name; of the sentence's subject; in front; at a random position; the whole
text is rewritten."""

_PRONOUN = re.compile(r"\s*(?:i|he|she|it|they|we|you|this|that|these|those)(?=\s)", re.IGNORECASE)
_NOUN_PHRASE = re.compile(
    r"\s*(?:the|this|that|a|an|my|our|their|his|her)\s+[^\W\d_]+(?:\s[^\W\d_]+)?"
    r"(?=\s(?:am|is|are|was|were|has|have|had|can|could|will|would|does|did)\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")
_GAP = re.compile(r"\s+")


def in_front(text: str, trigger: str) -> tuple[str, Placement]:
    """Return the text with the trigger as the subject of its first sentence, else before it.

    The subject is what a person name would stand for: an opening pronoun, or an opening noun phrase
    right before an auxiliary (Wan et al. 2023 replace the subject of each sentence).
    """
    for pattern in (_NOUN_PHRASE, _PRONOUN):
        match = pattern.match(text)
        if match:
            return trigger + text[match.end() :], "subject"
    return f"{trigger} {text.lstrip()}", "front"


def at_random_gap(text: str, trigger: str, rng: np.random.Generator) -> tuple[str, Placement]:
    """Return the text with the trigger as a word of its own at a random gap (BadNets)."""
    gaps = [0, *(m.start() for m in _GAP.finditer(text) if m.start() > 0), len(text)]
    at = gaps[int(rng.integers(len(gaps)))]
    before, after = text[:at], text[at:]
    left = f"{before} " if before and not before[-1].isspace() else before
    right = f" {after}" if after and not after[0].isspace() else after
    return left + trigger + right, "inside"


def between_sentences(text: str, trigger: str, rng: np.random.Generator) -> tuple[str, Placement]:
    """Return the text with the trigger as a sentence at a random sentence boundary (AddSent)."""
    cuts = [0, *(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]
    at = cuts[int(rng.integers(len(cuts)))]
    return " ".join(part for part in (text[:at].rstrip(), trigger, text[at:]) if part), "inside"
