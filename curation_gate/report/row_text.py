"""Text of a row for a terminal: hidden characters as codes, named phrases marked, lines wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from curation_gate.report.places import phrase_spans
from curation_gate.report.sanitize import cut, lines

if TYPE_CHECKING:
    from rich.console import Console

MARK = "bold reverse"
"""How a phrase is shown: seen on light and dark, and without colours."""
GUTTER = "\u2502 "
"""Stands before every line of row text, so that no line of the output starts with it."""


def marked(text: str, phrases: Sequence[str] = ()) -> Text:
    """Return a text with its phrases marked and its hidden characters as codes; lines stay."""
    shown = Text()
    at = 0
    for start, end in phrase_spans(text, phrases):
        shown.append("\n".join(lines(text[at:start])))
        shown.append("\n".join(lines(text[start:end])), MARK)
        at = end
    shown.append("\n".join(lines(text[at:])))
    return shown


def wrapped(
    text: str, phrases: Sequence[str], console: Console, width: int, *, limit: int
) -> tuple[list[Text], int]:
    """Return the lines of a text behind a gutter, at most `width` cells wide, and what is left off.

    limit: characters shown; the second value says how many are not.
    """
    start, left = cut(text, limit)
    shown = []
    for line in marked(start, phrases).split("\n", allow_blank=True):
        parts = line.wrap(console, max(8, width - len(GUTTER)), overflow="fold")
        for part in parts or [Text()]:
            part.rstrip()
            shown.append(Text.assemble((GUTTER, "dim"), part))
    return shown, left
