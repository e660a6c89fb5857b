"""How much a packed file may unpack to: a few kilobytes can hold terabytes.

Two limits hold at once: a size (MAX_UNPACKED), and a ratio to the bytes on disk (MAX_RATIO) once
more than FREE_UNPACKED came out (deflate ends at 1,032). Whoever knows that a file is right raises
the size, and vouches for the ratio by doing so:
`curate scan --max-unpacked 8GB`, or CURATE_MAX_UNPACKED=8GB for every command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from curation_gate.errors import InputError, UsageError

MAX_UNPACKED = 2 * 1024**3
"""Bytes a file may unpack to (a choice: what a laptop still holds)."""
MAX_RATIO = 200
"""Unpacked bytes for each byte on disk (a choice, far above what honest text packs to)."""
FREE_UNPACKED = 64 * 1024**2
"""Unpacked bytes below which no ratio is asked for: repeated rows in a small file are no harm."""
LEAST_ROW = 64
"""Bytes a row counts for at least: a column of nothing but nulls unpacks to rows all the same."""
VARIABLE = "CURATE_MAX_UNPACKED"

_raised: ContextVar[int | None] = ContextVar("_raised", default=None)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


@contextmanager
def unpacking_up_to(size: int | None) -> Iterator[None]:
    """Raise the limit to `size` bytes while the block runs; None leaves it as it is."""
    token = _raised.set(size if size is not None else _raised.get())
    try:
        yield
    finally:
        _raised.reset(token)


def parse_size(text: str, what: str = VARIABLE) -> int:
    """Return the bytes of `8GB`, `500M` or `1000000` (units of 1,024). Raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,15})\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    size = int(match[1]) * _UNITS[match[2].upper()] if match else 0
    if not size:
        raise UsageError(f"{what}: {text!r} is not a size", hint="for example 8GB or 500MB")
    return size


def allowance(stored: int) -> int:
    """Return how many bytes a file of `stored` bytes may unpack to. Raises UsageError."""
    told = _raised.get()
    if told is None and (variable := os.environ.get(VARIABLE)):
        told = parse_size(variable)
    if told is not None:
        return told
    return min(MAX_UNPACKED, max(FREE_UNPACKED, MAX_RATIO * stored))


def too_large(path: Path, allowed: int, stored: int) -> InputError:
    """Return (not raise) the error for a file that unpacks to more than it may."""
    return InputError(
        f"unpacks to more than {allowed:,} bytes ({stored:,} on disk)",
        path=path,
        hint=f"if that is right, set {VARIABLE}=8GB or so, or split it in several files",
    )
