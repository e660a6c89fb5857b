"""The progress of a scan: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from curation_gate.report.sanitize import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Task as BarTask
    from rich.progress import TaskID

    from curation_gate.progress import Task


EVERY = 30.0
"""Seconds after which a log is told how far a stage is."""


class TerminalProgress:
    """Shows the stages of a scan: a bar on a terminal, plain lines anywhere else.

    console: of stderr, so that stdout carries the result alone.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        # FORCE_COLOR makes rich take a log file for a terminal; a bar there is only noise.
        self._live = console.is_interactive and console.file.isatty()
        self._bars: Progress | None = None
        self._open = 0

    @contextmanager
    def stage(self, title: str, total: int | None = None, *, unit: str = "rows") -> Iterator[Task]:
        """Open a stage of `total` rows, or what `unit` says; leaving it says how long it took."""
        started = time.monotonic()
        task: _Counted
        if self._live:
            task = _Live(self._begin(), title, total, unit)
        else:
            task = _Logged(self.say, title, total, unit)
            self.say(f"{title}: started" + ("" if total is None else f", {total:,} {unit}"))
        ended = "stopped after"
        try:
            yield task
            ended = "done in"
        finally:
            if isinstance(task, _Live):
                self._end(task)
            seconds = time.monotonic() - started
            counted = task.rows and seconds > 0 and unit == "rows"
            speed = f", {task.rows / seconds:,.0f} rows/s" if counted else ""
            self.say(f"{title}: {ended} {seconds:.1f} s{speed}")

    def say(self, text: str) -> None:
        """Print one line of log, above the bar where there is one."""
        self._console.print(Text(plain(text)), soft_wrap=True)

    def _begin(self) -> Progress:
        if self._bars is None:
            self._bars = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                _Speed(),
                TimeRemainingColumn(compact=True),
                console=self._console,
                transient=True,
            )
            self._bars.start()
        self._open += 1
        return self._bars

    def _end(self, task: _Live) -> None:
        self._open -= 1
        task.close()
        if self._open == 0 and self._bars is not None:
            self._bars.stop()
            self._bars = None


class _Counted:
    """A stage that counts."""

    def __init__(self) -> None:
        self.rows = 0

    def advance(self, rows: int = 1) -> None:
        """Count `rows` more."""
        self.rows += rows

    def note(self, text: str) -> None:
        """Show a remark, where anything is shown."""


class _Logged(_Counted):
    """A stage in a log: a line at each end, and now and then how far it is."""

    def __init__(
        self, say: Callable[[str], None], title: str, total: int | None, unit: str
    ) -> None:
        super().__init__()
        self._say, self._title, self._total, self._unit = say, title, total, unit
        self._started = self._told = time.monotonic()

    def advance(self, rows: int = 1) -> None:
        """Count `rows` more; say how far it is where nothing was said for a while."""
        super().advance(rows)
        now = time.monotonic()
        if self._total and now - self._told >= EVERY and self.rows < self._total:
            self._told = now
            left = (now - self._started) / max(self.rows, 1) * (self._total - self.rows)
            self._say(
                f"{self._title}: {self.rows:,} of {self._total:,} {self._unit}, "
                f"about {_duration(left)} left"
            )


class _Live(_Counted):
    """A stage with a bar."""

    def __init__(self, bars: Progress, title: str, total: int | None, unit: str) -> None:
        super().__init__()
        self._bars = bars
        self._title = plain(title)
        self._id: TaskID = bars.add_task(self._title, total=total, unit=unit)

    def advance(self, rows: int = 1) -> None:
        """Count `rows` more and move the bar."""
        super().advance(rows)
        self._bars.advance(self._id, rows)

    def note(self, text: str) -> None:
        """Show a remark beside the title."""
        self._bars.update(self._id, description=f"{self._title} ({plain(text)})")

    def close(self) -> None:
        """Take the bar away."""
        self._bars.remove_task(self._id)


class _Speed(ProgressColumn):
    """Rows per second."""

    def render(self, task: BarTask) -> Text:
        """Return the speed, nothing before it is known."""
        counted = task.speed and task.fields.get("unit") == "rows"
        return Text(f"{task.speed:,.0f} rows/s" if counted else "", style="dim")


def _duration(seconds: float) -> str:
    """Return a time to wait, as coarse as it is known: `20 s`, `4 min`."""
    return f"{max(10, round(seconds, -1)):.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
