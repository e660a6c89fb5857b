"""The batches of one pass over the rows, on all cores of a CPU at once.

The products of a small model are too small for two cores to share one: with two threads a product
the encoder gains a tenth, with a batch for each core nearly all there is to gain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Part = TypeVar("Part")
Done = TypeVar("Done")


def over_cores(
    work: Callable[[Part], Done], parts: Sequence[Part], device: torch.device
) -> Iterator[Done]:
    """Yield work(part) of every part, in order; on a CPU several at a time, one a thread of torch.

    `work` runs in other threads: it sets its own gradient mode, and what it writes to it shares
    with no other part. What it raises is raised here. While this runs, torch has one thread a call.
    """
    threads = min(torch.get_num_threads(), len(parts)) if device.type == "cpu" else 1
    if threads <= 1:
        yield from map(work, parts)
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="batches")
    try:
        yield from pool.map(work, parts)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)
