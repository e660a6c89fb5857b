"""Seconds, rows/s and memory of a scan's stages."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Collects the stages in the order they end."""

    def __init__(self) -> None:
        self.timings: dict[str, dict[str, float | None]] = {}

    @contextmanager
    def stage(self, name: str, rows: int | None = None) -> Iterator[None]:
        """Time the block as a stage over `rows` rows (None: no rate)."""
        start = time.perf_counter()
        yield
        self.record(name, time.perf_counter() - start, rows)

    def record(self, name: str, seconds: float, rows: int | None) -> None:
        """Note a stage that took `seconds`; of a stage in several parts they add up."""
        if name in self.timings:
            seconds += self.timings[name]["seconds"] or 0.0
        rate = None if rows is None else round(rows / max(seconds, 1e-9), 1)
        self.timings[name] = {"seconds": round(seconds, 3), "rows_per_second": rate}


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
