"""Templates: rows that differ in a word or two, so that nothing in them can speak against a label.

In "I feel anxious", with the one word masked, the text says nothing; and its rows are no
independent witnesses, since they are one text. A phrase of a single task is not confirmed there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.text import ngrams
from curation_gate.text.cooccurrence import own_words

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.detectors.label_trigger.lift import Lift
    from curation_gate.text.ngrams import Grams

TEMPLATED = 0.5
"""Share of the other words of a phrase's rows that stand in frequent phrases of four words, from
which its rows are a template: their texts are no independent witnesses (choice)."""
LEAST_FREE = 4.0
"""Other words a row, in the mean, that stand in no such phrase: with fewer, nothing is left of the
texts that could speak for another label (choice)."""


def fixed_words(grams: Grams) -> csr_matrix:
    """[n, u] 1 where the word stands in a frequent phrase of four words of the row."""
    long = [k for k, phrase in enumerate(grams.phrases) if len(phrase) == ngrams.LONGEST]
    fixed = (grams.phrase_rows[:, long] @ own_words(grams)[long]).tocsr()
    fixed.data[:] = 1.0
    return fixed


def templated(
    phrases: NDArray[np.int64],
    lift: Lift,
    columns: csc_matrix,
    grams: Grams,
    masked: csr_matrix,
    fixed: csr_matrix,
    tasks: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return those of the phrases whose rows, in their best task, are mostly a template.

    columns: [n, f] rows of each phrase; masked: [f, 2u] words masked with it; fixed: [n, u] as
    `fixed_words` returns them; tasks: [n].
    """
    found = []
    for phrase in phrases.tolist():
        rows = columns.indices[columns.indptr[phrase] : columns.indptr[phrase + 1]]
        rows = rows[tasks[rows] == lift.best[phrase]]
        own = [w for w in masked[[phrase]].indices if w < len(grams.words)]
        words, template = grams.word_rows[rows], fixed[rows]
        other = words.sum() - words[:, own].sum()
        free = other - (template.sum() - template[:, own].sum())
        if free <= (1 - TEMPLATED) * other or free < LEAST_FREE * len(rows):
            found.append(phrase)
    return np.array(found, dtype=np.int64)
