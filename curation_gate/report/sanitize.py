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

_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_JOINING_SCRIPTS = "\u0600-\u0dff\u0f00-\u109f\u1780-\u17ff"
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"

# General categories Cc (but tab and line feed), Cf, Cs, Co, Zl, Zp, and the characters Unicode
# calls default-ignorable or draws as nothing. A test holds the list against unicodedata.
_UNSEEN = (
    "\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f"
    "\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)

_HIDDEN = re.compile(
    f"[{_UNSEEN}]"
    # Honest uses that stay: emoji style and emoji sequences, joiners inside scripts that need them.
    f"|(?<![{_EMOJI}])\ufe0f"
    f"|(?<![{_EMOJI}{_JOINING_SCRIPTS}\ufe0f])[\u200c\u200d]"
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
