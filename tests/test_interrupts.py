from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from curation_gate.interrupts import ending_as_interrupt, uninterrupted


@pytest.fixture(autouse=True)
def nothing_ignored() -> Iterator[None]:
    """Heed a hang-up: who runs the tests under nohup ignores it, and so would they."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_every_ending_signal_is_an_interrupt(number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ending_as_interrupt():  # noqa: PT012
        os.kill(os.getpid(), number)
        time.sleep(5)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_waits_for_the_end_of_the_block(number: int) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), ending_as_interrupt():  # noqa: PT012
        with uninterrupted():
            os.kill(os.getpid(), number)
            done.append("block")
        time.sleep(5)
        done.append("behind")
    assert done == ["block"]


def test_a_signal_the_caller_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_as_interrupt(), uninterrupted():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_are_left_alone() -> None:
    entered = []

    def work() -> None:
        with ending_as_interrupt(), uninterrupted():
            entered.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [True]
