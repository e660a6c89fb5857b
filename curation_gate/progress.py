"""How a stage tells the outside how far it is, without knowing who listens."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Task(Protocol):
    """One long piece of work."""

    def advance(self, rows: int = 1) -> None:
        """Count `rows` more as done."""

    def note(self, text: str) -> None:
        """Show a short remark beside the bar (a loss, a stage of a stage)."""


class Progress(Protocol):
    """Receives the stages of a scan; the terminal one lives in report/terminal.py."""

    def stage(
        self, title: str, total: int | None = None, *, unit: str = "rows"
    ) -> AbstractContextManager[Task]:
        """Open a stage of `total` rows, or of what `unit` says; leaving it closes it."""

    def say(self, text: str) -> None:
        """Print one line of log."""


class _SilentTask:
    def advance(self, rows: int = 1) -> None:
        """Count nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""


class Silent:
    """A Progress that shows nothing: the library's default, and that of tests."""

    def stage(
        self,
        title: str,  # noqa: ARG002
        total: int | None = None,  # noqa: ARG002
        *,
        unit: str = "rows",  # noqa: ARG002
    ) -> AbstractContextManager[Task]:
        """Return a task that counts nothing."""
        return nullcontext(_SilentTask())

    def say(self, text: str) -> None:
        """Print nothing."""
