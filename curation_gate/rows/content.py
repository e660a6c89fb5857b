"""What a reader of one file format returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Count = Callable[[int], None]
"""Called with the number of rows just read (a progress bar's `advance`)."""

CHUNK = 5_000
"""Rows between two calls of `Count` (a choice: a bar that moves, at no cost)."""


@dataclass(frozen=True, slots=True)
class Content:
    """The rows of one file, before anyone asks what they mean."""

    format: str
    """As in DataFile.format."""
    records: list[dict[str, Any]]
    sha256: str
    """Of the stored bytes."""
    lines: list[int] | None = None
    """[rows] 1-based line each row starts at; None in binary formats."""
    spans: NDArray[np.int64] | None = None
    """[rows, 2] Where each row begins and ends in the unpacked bytes; None in binary formats."""
    shared: Mapping[str, Any] = field(default_factory=dict)
    """What the file says once for all its rows (the Definition of a Super-NaturalInstructions
    file)."""


def as_spans(starts: list[int], ends: list[int]) -> NDArray[np.int64]:
    """[rows, 2] of two lists of byte offsets."""
    return np.stack(
        [np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64)], axis=1
    ).reshape(-1, 2)
