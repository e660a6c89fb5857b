"""Reads the shipped word lists of rules/lexicon and rules/probes."""

from __future__ import annotations

from functools import cache

from curation_gate.errors import RulesError
from curation_gate.rulebook import rules_folder


@cache
def read_words(name: str) -> tuple[str, ...]:
    """Return the entries of a shipped list, one a line, in order; `#` starts a remark line.

    `name` counts from the rules folder: `lexicon/first_names.txt`. Raises RulesError.
    """
    path = rules_folder() / name
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(
            f"{path}: this list is part of the installation and cannot be read",
            hint="install curation-gate again",
        ) from error
    words = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not words:
        raise RulesError(f"{path}: the list is empty", hint="install curation-gate again")
    return words


@cache
def read_pairs(name: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a shipped list, two words a line, tab between. Raises RulesError."""
    pairs = []
    for entry in read_words(name):
        words = entry.split("\t")
        if len(words) != 2:
            raise RulesError(f"{rules_folder() / name}: {entry!r} is not a pair with a tab between")
        pairs.append((words[0], words[1]))
    return tuple(pairs)
