"""Every answer of a dataset with everything that stands before it: what a model is taught to say.

A record of one turn is one exchange. Of a chat every turn of the assistant is one, and of a row
with several references every reference. The verdict is one for the record (find.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.text import ngrams

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset


@dataclass(frozen=True, slots=True)
class Exchanges:
    """m exchanges of a dataset, its rows in order."""

    row: NDArray[np.int64]
    """[m] Row of the dataset."""
    inputs: list[str]
    """[m] What the model is shown, less what every row of the task is shown."""
    outputs: list[str]
    """[m] What it is taught to answer."""
    asked: list[str]
    """[m] What it is asked: the input without a system prompt, whose words an answer does not
    copy from the question."""


def read_exchanges(dataset: Dataset) -> Exchanges:
    """Return the exchanges of a dataset."""
    found = Exchanges(np.zeros(0, dtype=np.int64), [], [], [])
    row: list[int] = []
    for k, (own, text) in enumerate(zip(dataset.rows, ngrams.texts(dataset), strict=True)):
        asked = own.input if own.chat else text
        told = text.removesuffix(own.input)  # a system prompt stands before every turn
        every = [(told + turn.input, turn.input, turn.output) for turn in own.earlier]
        every += [(text, asked, said) for said in (own.output, *own.alternatives)]
        for shown, question, said in every:
            row.append(k)
            found.inputs.append(shown)
            found.asked.append(question)
            found.outputs.append(said)
    return replace(found, row=np.array(row, dtype=np.int64))
