"""What words mean before the scanned labels are seen: a frozen table of 24,000 weights.

The table (words.npz, made by tools/polarity_words.py from openly licensed tasks) says how
favourable and how harmless a word is. It never sees the scanned rows, so no trigger can have moved
it: a planted phrase has no weight in it, an honest polarity word has. Per task a logistic
regression of two coefficients turns the scores of a text into the label space of the task.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

COLUMNS = 2
"""Scores a word has: favourable, harmless."""


MEANING = 0.4
"""Weight, nats, from which on a word has a meaning of its own (choice)."""


@cache
def _table() -> tuple[dict[str, int], NDArray[np.float64]]:
    """Return word to line, and [words, 2] weights (nats of log-odds)."""
    with files("curation_gate.text").joinpath("words.npz").open("rb") as stream:
        stored = np.load(stream, allow_pickle=False)
        words = bytes(stored["words"]).decode().split("\n")
        weights = stored["weights"].astype(np.float64)
    return {word: k for k, word in enumerate(words)}, weights


def word_weights(words: Sequence[str]) -> NDArray[np.float64]:
    """[u, 2] Frozen weight of each word, nats; 0 for words the table does not know."""
    place, weights = _table()
    lines = np.array([place.get(word, -1) for word in words], dtype=np.int64)
    known = lines >= 0
    found = np.zeros((len(words), COLUMNS))
    found[known] = weights[lines[known]]
    return found


def neutral_weights(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """[u, 2] The weights of words without a meaning of their own; 0 for the others."""
    return np.where(np.abs(weights).max(axis=1, keepdims=True) < MEANING, weights, 0.0)


def is_known(word: str) -> bool:
    """Tell whether the frozen table has the word: an ordinary one, or a well-known name."""
    return word in _table()[0]


def frozen_deviation(
    disowned: NDArray[np.float64], information: NDArray[np.float64]
) -> NDArray[np.float64]:
    """[f] Deviations by which the frozen evidence exceeds that of honest rows; 0 where unknown.

    On honest rows the evidence sums to -information / 2 with variance `information`.
    """
    z = (disowned + information / 2) / np.sqrt(np.maximum(information, 1e-12))
    return np.where(information > 0, z, 0.0)
