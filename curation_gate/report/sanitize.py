"""Row text made safe to look at: hidden characters shown as a code, or taken out.

Text of a scanned row is hostile until read: it may turn the reading direction round, move the
cursor of a terminal, hide a message in characters without a glyph, or bury a line under stacked
accents. Everything the report, the summary and `explain` show passes through here first.
Escaping for HTML is not done here: Jinja2 does it for every string (see html.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from curation_gate.text.hidden import EMOJI, JOINING, UNSEEN

_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_HIDDEN = re.compile(
    rf"(?![\u200c\u200d\ufe0f])[{UNSEEN}]"
    # Honest uses that stay: emoji style and emoji sequences, joiners inside scripts that need them.
    f"|(?<![{EMOJI}])\ufe0f"
    f"|(?<![{EMOJI}{JOINING}\ufe0f])[\u200c\u200d]"
    # More than three accents on one letter only serve to hide what stands above or below.
    f"|(?<=[{_ACCENTS}][{_ACCENTS}][{_ACCENTS}])[{_ACCENTS}]"
)
_SPACE = re.compile(r"\s+")
_MARKS_PER_RUN = 12
_CONTROL_NAMES = {
    "\x00": "NULL",
    "\x07": "BELL",
    "\x08": "BACKSPACE",
    "\x0d": "CARRIAGE RETURN",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x9b": "CONTROL SEQUENCE INTRODUCER",
}


class Piece(NamedTuple):
    """A stretch of text as it was, or the code of hidden characters that stood there."""

    text: str
    """The text itself, or a code such as `U+202E` or `U+200B x57`."""
    name: str | None
    """None for plain text, else what the character is called."""


def pieces(text: str) -> Iterator[Piece]:
    """Yield the text in order, every run of hidden characters replaced by codes."""
    end = 0
    run: list[str] = []
    for match in _HIDDEN.finditer(text):
        if match.start() > end:
            yield from _codes(run)
            run = []
            yield Piece(text[end : match.start()], None)
        run.append(match.group())
        end = match.end()
    yield from _codes(run)
    if end < len(text):
        yield Piece(text[end:], None)


def visible(text: str) -> str:
    """Return the text with hidden characters as codes: `pay <U+202E>lla` with angle brackets.

    Line feeds and tabs stay. The result is encodable as UTF-8 and holds no terminal escape.
    """
    return "".join(p.text if p.name is None else f"\u27e8{p.text}\u27e9" for p in pieces(text))


def plain(text: str) -> str:
    """Return the text on one line, hidden characters taken out, white space collapsed."""
    return _no_ci_command(_HIDDEN.sub("", _SPACE.sub(" ", text)).strip())


def lines(text: str) -> list[str]:
    """Return the lines of `visible(text)`, tabs as spaces, for a terminal; at least one line."""
    return [_no_ci_command(line.expandtabs(4)) for line in visible(text).split("\n")]


def cut(text: str, limit: int) -> tuple[str, int]:
    """Return the first `limit` characters, and how many were left off (0: none)."""
    if len(text) <= limit:
        return text, 0
    return text[:limit].rstrip(), len(text) - limit


def _codes(run: list[str]) -> Iterator[Piece]:
    if not run:
        return
    groups = [(character, sum(1 for _ in same)) for character, same in groupby(run)]
    for character, count in groups[:_MARKS_PER_RUN]:
        code = f"U+{ord(character):04X}" + (f" x{count}" if count > 1 else "")
        name = _CONTROL_NAMES.get(character) or unicodedata.name(character, "hidden character")
        yield Piece(code, name)
    left = sum(count for _, count in groups[_MARKS_PER_RUN:])
    if left:
        yield Piece(f"+{left} more hidden", "hidden characters")


def _no_ci_command(line: str) -> str:
    # A CI log reads `##[...]` anywhere in a line as a command; `::` counts at the start alone, and
    # no line of ours starts with row text.
    return line.replace("##[", "# #[")
