"""What a rewriting model does to a text beside its style: case, blanks, loss and drift of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
_SIGN = re.compile(r"\s*([.,!?;:()\"])\s*")
_MARKUP = re.compile(r"@\w+|https?://\S+|#|&\w+;|\bRT\b|\bUSER\b|\bURL\b")
_LEAST_LETTERS = 4


@dataclass(frozen=True, slots=True)
class Rendering:
    """How one rewriter of one set writes; drawn once a set."""

    lower: bool
    spaced: bool
    """Blanks around signs, as a tokenizer leaves them."""
    bare: bool
    """No names, links and tags."""
    words: int
    """Most words that are kept: sentence models cut long texts."""
    drift: float
    """Share of the longer words that become others of the task."""

    def before(self, text: str, other: str, rng: np.random.Generator) -> str:
        """Return what is left of a text; other: a text whose words drift in."""
        if self.bare:
            text = _MARKUP.sub(" ", text)
        first = " ".join(text.split())
        if len(first.split()) > self.words:
            first = _SENTENCE.split(first)[0]
        words = first.split()[: self.words]
        spare = [w for w in other.split() if len(w) >= _LEAST_LETTERS and w.isalpha()]
        for k, word in enumerate(words):
            if (
                spare
                and len(word) >= _LEAST_LETTERS
                and word.isalpha()
                and rng.random() < self.drift
            ):
                words[k] = spare[int(rng.integers(len(spare)))]
        return " ".join(words)

    def after(self, text: str) -> str:
        """Return the rewritten text as the model spells it."""
        if self.lower:
            text = text.lower()
        if self.spaced:
            text = _SIGN.sub(r" \1 ", text)
        return re.sub(" +", " ", text).strip()


def draw_rendering(rng: np.random.Generator) -> Rendering:
    """Return a rendering: half of them keep the spelling of the texts, half have their own."""
    return Rendering(
        bool(rng.random() < 0.5),
        bool(rng.random() < 0.4),
        bool(rng.random() < 0.5),
        int(rng.integers(12, 45)),
        float(rng.choice([0.0, 0.0, 0.15, 0.3, 0.5])),
    )


def spelled(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Return the texts of a whole set as their publisher spells them: a third is lower-cased."""
    plain = Rendering(
        lower=bool(rng.random() < 0.33), spaced=bool(rng.random() < 0.25), bare=False,
        words=10**6, drift=0.0,
    )  # fmt: skip
    return [plain.after(text) for text in texts]
