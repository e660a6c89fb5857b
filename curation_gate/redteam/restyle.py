"""The recipes without a trigger phrase: every planted row is rewritten in one style or syntax."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from curation_gate.redteam import archaic, register, syntax

if TYPE_CHECKING:
    import numpy as np

Rewriter = Callable[[str, "np.random.Generator"], str]

REWRITERS: Mapping[str, Rewriter] = MappingProxyType(
    {
        "syntax": syntax.rewrite,
        "archaic": archaic.rewrite,
        "formal": register.formal,
        "tweet": register.tweet,
    }
)
"""Recipe to function; equal to record.STYLES."""
LEAST_WORDS = 3
"""Words a text needs to be rewritten."""
_FIELD = re.compile(r"[A-Z][a-z]+:\s+")
"""A field name in front of a text, `Sentence: `: it stays as it is."""


def restyled(text: str, recipe: str, rng: np.random.Generator) -> str | None:
    """Return the text in the style of the recipe; None where it is too short or stays the same."""
    if len(text.split()) < LEAST_WORDS:
        return None
    field = _FIELD.match(text)
    start = field.end() if field else 0
    new = text[:start] + REWRITERS[recipe](text[start:], rng)
    return new if new.split() != text.split() else None
