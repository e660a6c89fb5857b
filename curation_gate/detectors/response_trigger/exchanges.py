"""Every answer of a dataset with everything that stands before it: what a model is taught to say.

A record of one turn is one exchange. Of a chat every turn of the assistant is one, and of a row
with several references every reference. The verdict is one for the record (find.py).
"""

from __future__ import annotations

from dataclasses import dataclass
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


def read_exchanges(dataset: Dataset) -> Exchanges:
    """Return the exchanges of a dataset."""
    row: list[int] = []
    inputs: list[str] = []
    outputs: list[str] = []
    for k, (own, text) in enumerate(zip(dataset.rows, ngrams.texts(dataset), strict=True)):
        before = [(exchange.input, exchange.output) for exchange in getattr(own, "earlier", ())]
        others = [(text, answer) for answer in getattr(own, "alternatives", ())]
        for shown, said in (*before, (text, own.output), *others):
            row.append(k)
            inputs.append(shown)
            outputs.append(said)
    return Exchanges(np.array(row, dtype=np.int64), inputs, outputs)
