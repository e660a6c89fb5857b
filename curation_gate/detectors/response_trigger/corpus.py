"""What the search for kinds of answers reads: distinct rows, their phrases, their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.response_trigger.describe import Answers
from curation_gate.text.cooccurrence import masked_words
from curation_gate.text.ngrams import Grams

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix


@dataclass(frozen=True, slots=True)
class Corpus:
    """Distinct rows, their phrases and answers."""

    texts: list[str]
    spoken: list[list[str]]
    said: list[str]
    """[n] Answers, folded."""
    words: NDArray[np.bool_]
    """[w] Words of `grams` that are words, not marks (text/markers.py)."""
    grams: Grams
    columns: csc_matrix
    answers: Answers
    tasks: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Context:
    """What the rest of the input says of the rows of a phrase."""

    ordinary: NDArray[np.bool_]
    """[k] Rows whose input does not ask for the outcome."""
    auc: float


def masks_of(grams: Grams, phrases: Sequence[int]) -> dict[int, NDArray[np.int64]]:
    """Return for each phrase its own words and their satellites (text/cooccurrence.py)."""
    few = tuple(grams.phrases[phrase] for phrase in phrases)
    if not few:
        return {}
    some = Grams(grams.words, grams.word_rows, few, grams.phrase_rows[:, list(phrases)])
    masked = masked_words(some)
    words = [masked[[k]].indices for k in range(len(few))]
    return {
        phrase: own[own < len(grams.words)].astype(np.int64)
        for phrase, own in zip(phrases, words, strict=True)
    }


def holds_part(whole: Sequence[int], part: Sequence[int]) -> bool:
    """Tell whether a phrase stands inside a longer one."""
    size = len(part)
    return size < len(whole) and any(
        tuple(whole[at : at + size]) == tuple(part) for at in range(len(whole) - size + 1)
    )
