"""Rows of one content are one witness: they are counted once, and decided together."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset


def distinct_rows(
    dataset: Dataset, texts: Sequence[str], *, left_out: Container[int] = ()
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each row the number of its content, and for each content its first row.

    texts: [n] what is read of each row. Rows of equal task, folded text and folded answer are of
    one content. Rows that are left out have the number -1.
    """
    seen: dict[tuple[str, str, str], int] = {}
    first: list[int] = []
    place = np.full(len(texts), -1, dtype=np.int64)
    for k, (row, text) in enumerate(zip(dataset.rows, texts, strict=True)):
        if k in left_out:
            continue
        question, answer = (
            " ".join(part.casefold().split()) for part in (text, dataset.label_of(row))
        )
        number = seen.setdefault((row.task, question, answer), len(first))
        if number == len(first):
            first.append(k)
        place[k] = number
    return place, np.array(first, dtype=np.int64)
