"""A generator of poisoned and clean sets to fit and to judge verdicts on; see README.md."""

from __future__ import annotations

import sys
from pathlib import Path

_BENCHMARKS = str(Path(__file__).resolve().parents[1])
if _BENCHMARKS not in sys.path:  # `pools` and `tongues` are scripts beside this folder
    sys.path.append(_BENCHMARKS)

from .drawing import ArenaSet, draw  # noqa: E402

__all__ = ["ArenaSet", "draw"]
