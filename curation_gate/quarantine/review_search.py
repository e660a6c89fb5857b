"""Looking for flagged rows in a review: by what they are, and by name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from curation_gate.errors import UsageError
from curation_gate.quarantine.flagged import Item
from curation_gate.quarantine.journal import Decision

FILTERS = ("rule", "task", "phrase", "source", "verdict", "decision")
"""What a review can be filtered by; any other word is looked for in all of them but the last two.
"""
_STATES = ("open", "skip", "accept", "release", "relabel", "done")
_PREFIX = 6


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query."""

    name: str | None
    """One of FILTERS; None: a word to look for."""
    wanted: str
    """Without case."""

    def fits(self, item: Item, decision: Decision | None) -> bool:
        """Return whether a content, with the decision that holds for it, has what is wanted."""
        if self.name == "verdict":
            return item.verdict.startswith(self.wanted)
        if self.name == "decision":
            state = decision.action if decision is not None else "open"
            done = self.wanted == "done" and state not in ("open", "skip")
            return state == self.wanted or done
        values = {
            "rule": item.rules,
            "task": (item.task,),
            "phrase": item.phrases,
            "source": (item.source or "",),
        }
        looked_at = values[self.name] if self.name else [v for vs in values.values() for v in vs]
        return any(self.wanted in value.casefold() for value in looked_at)


def terms(query: str) -> tuple[Term, ...]:
    """Return the terms of a query; quotes hold words together. Raises UsageError."""
    try:
        return tuple(_term(word) for word in shlex.split(query))
    except ValueError as error:
        raise UsageError(f"{query}: {str(error).lower()}") from error


def place_of(items: Sequence[Item], wanted: str) -> int:
    """Return the place of a content by row number, id or six or more digits of its fingerprint.

    Raises UsageError where none fits, or several.
    """
    wanted = wanted.strip()
    found = {k for k, item in enumerate(items) if item.id == wanted}
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 16:
        found |= {k for k, item in enumerate(items) if int(wanted) in item.rows}
    if not found and re.fullmatch(rf"[0-9a-fA-F]{{{_PREFIX},32}}", wanted):
        prefix = wanted.lower()
        found = {k for k, item in enumerate(items) if item.fingerprint.startswith(prefix)}
    if len(found) != 1:
        what = f"fits {len(found)} flagged rows" if found else "is no flagged row"
        raise UsageError(
            f"{wanted!r} {what}",
            hint="a row number, an id, or six digits of a fingerprint; kept rows are not here",
        )
    return found.pop()


def _term(word: str) -> Term:
    name, colon, rest = word.partition(":")
    if colon and name in FILTERS:
        if name == "decision" and rest not in _STATES:
            raise UsageError(f"decision:{rest}: it is open, skip, accept, release, relabel or done")
        return Term(name, rest.casefold())
    return Term(None, word.casefold())
