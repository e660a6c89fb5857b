"""The progress of a scan: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
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
from curation_gate.report.summary import rows

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Task as BarTask
    from rich.progress import TaskID

    from curation_gate.progress import Task


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
    def stage(self, title: str, total: int | None = None) -> Iterator[Task]:
        """Open a stage of `total` rows (None: unknown); leaving it says how long it took."""
        started = time.monotonic()
        task = _Live(self._begin(), title, total) if self._live else _Counted()
        if not self._live:
            self.say(f"{title}: started" + ("" if total is None else f", {rows(total)}"))
        ended = "stopped after"
        try:
            yield task
            ended = "done in"
        finally:
            if isinstance(task, _Live):
                self._end(task)
            seconds = time.monotonic() - started
            speed = f", {task.rows / seconds:,.0f} rows/s" if task.rows and seconds > 0 else ""
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
    """A stage where nobody watches: it only counts."""

    def __init__(self) -> None:
        self.rows = 0

    def advance(self, rows: int = 1) -> None:
        """Count `rows` more."""
        self.rows += rows

    def note(self, text: str) -> None:
        """Show nothing: a log has one line at each end of a stage."""


class _Live(_Counted):
    """A stage with a bar."""

    def __init__(self, bars: Progress, title: str, total: int | None) -> None:
        super().__init__()
        self._bars = bars
        self._title = plain(title)
        self._id: TaskID = bars.add_task(self._title, total=total)

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
        return Text("" if not task.speed else f"{task.speed:,.0f} rows/s", style="dim")
