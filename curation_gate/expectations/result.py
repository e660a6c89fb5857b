"""What came of checking a cleaned set."""

from __future__ import annotations

from dataclasses import dataclass

from curation_gate.expectations.promises import Severity


@dataclass(frozen=True, slots=True)
class Checked:
    """One expectation and what came of it."""

    type: str
    title: str
    severity: Severity
    success: bool
    observed: str
    """One line: what was found."""
    examples: tuple[tuple[int, str], ...] = ()
    """(0-based row of the cleaned set, value) of the first rows that break it."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The whole check."""

    success: bool
    """No critical expectation is broken, and every one of them was evaluated."""
    results: tuple[Checked, ...]
    """In the order of the rules file."""
    html: str
    """The page of expectations.html: no script, no outside host, every value escaped."""

    @property
    def broken(self) -> tuple[Checked, ...]:
        """Return what does not hold, warnings among it."""
        return tuple(result for result in self.results if not result.success)
