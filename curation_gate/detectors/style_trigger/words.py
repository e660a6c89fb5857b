"""Function words, by what is measured of a language and not by a list of styles.

A function word is a word that English uses often (text/commonness.npz) and that says next to
nothing about what a text is about: its vector in the encoder is short (text/encoder.npz). Both
tables are frozen and know neither the scanned rows nor any style; every other word is content and
enters a skeleton blanked, by its ending.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curation_gate.text import encoder

COMMON = 5.3
"""Zipf frequency (log10 of uses in a billion words) from which a word can be a function word: 541
words. Stylometry reads the 150 to 500 most frequent ones (Burrows' Delta, Literary and Linguistic
Computing 17, 2002)."""
SAYS_LITTLE = 0.9
"""Length of its vector up to which it is one, 245 of these: the median of all tokens is 1.5."""
PUNCTUATION = (",", ".", "!", "?", ";", ":", "'", '"', "-", "(", ")", "...", "!!", "??", "/", "*",
               "$", "%", "&", "other-sign")  # fmt: skip
SPECIAL = ("#tag", "@name", "link", "number", "emoji", "newline")
START, END = "^", "$end"


def function_words(words: Sequence[str]) -> frozenset[str]:
    """Return which of some folded words are function words. Raises ModelError: damaged tables."""
    if not words:
        return frozenset()
    often = encoder.commonness(words) >= COMMON
    length = np.sqrt((encoder.vectors(words).astype(np.float64) ** 2).sum(axis=1))
    short = (length <= SAYS_LITTLE) & (length > 0)
    return frozenset(w for w, o, s in zip(words, often, short, strict=True) if o and s)
