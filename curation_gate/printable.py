"""Names of files as they may be shown: one line, nothing that steers a terminal or a CI log."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable


def printable(text: str) -> str:
    r"""Return the text with what cannot be printed as an escape.

    Example: ``printable("a\n::error::b") -> r"a\n::error::b"``, a backslash and an n.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shell(words: Iterable[str]) -> str:
    r"""Return words for a shell, on one line: a name that cannot be printed as `$'a\x0ab'`."""
    return " ".join(shlex.quote(word) if word.isprintable() else _ansi(word) for word in words)


def _ansi(word: str) -> str:
    parts = []
    for c in word:
        if c in "'\\":
            parts.append(f"\\{c}")
        elif c.isprintable():
            parts.append(c)
        else:
            parts += [f"\\x{byte:02x}" for byte in os.fsencode(c)]
    return f"$'{''.join(parts)}'"
