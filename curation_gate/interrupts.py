"""Ctrl-C, SIGTERM and SIGHUP end a scan in one orderly way, and never in the middle of a move."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextmanager
def ending_as_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does, while the block runs.

    Without it they end the process at once, and temporary files stay behind. A signal the caller
    has set to be ignored (nohup) stays ignored. Does nothing outside the main thread.
    """

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling({s: interrupt for s in _ENDING if s != signal.SIGINT}):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold signals that would end the program back until the block is done.

    For a few renames that belong together: milliseconds. Does nothing outside the main thread,
    where Python raises no KeyboardInterrupt anyway.
    """
    held: list[int] = []
    with _handling({s: lambda number, _: held.append(number) for s in _ENDING}):
        yield
    if held:
        os.kill(os.getpid(), held[0])


@contextmanager
def _handling(
    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]],
) -> Iterator[None]:
    before: dict[signal.Signals, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                # None: set by something that is not Python, and not ours to replace.
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
