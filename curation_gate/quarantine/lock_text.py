"""curate.lock as text: one fact a line, sorted, so that git merges it and a bad merge shows.

A line is ``"data.jsonl" counts keep = 57``: the dataset in quotes, a section, a key where the
section has several, a JSON value. Every line says of which dataset it speaks, so that it can be
moved, and two branches that change different datasets, or decide on different rows, merge. Where a
merge left two answers to one question, that dataset alone is called broken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation_gate.quarantine.json_bytes import encode

HEADER = (
    "# What `curate scan` found, for `curate verify`. Commit it with the data; do not edit it.\n"
    "# After a merge that touched the same dataset, scan that dataset again.\n"
)

_STRING = r'"(?:[^"\\]|\\.)*"'
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_VERSION = re.compile(r"schema_version = (\d{1,9})")
_FACT = re.compile(rf"({_STRING}) ([a-z_]+)(?: ({_STRING}|{_BARE.pattern}))? = (.+)")
_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class LockTextError(ValueError):
    """A line that is no fact; `line` is 1-based, 0 where the whole is meant."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(slots=True)
class Facts:
    """What a lock says, before anyone asks whether it makes sense."""

    version: int
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Dataset to section to value, or to key to value."""
    contradictions: dict[str, set[str]] = field(default_factory=dict)
    """Dataset to the questions that have two answers (`counts keep`)."""
    lines: dict[str, list[str]] = field(default_factory=dict)
    """Dataset to its lines as they stand there."""
    markers: bool = False
    """Markers of an unfinished merge stand in it."""


def write_facts(
    version: int, datasets: Mapping[str, Mapping[str, Any]], kept: Iterable[str] = ()
) -> bytes:
    """Return the lock as bytes. The same facts give the same bytes.

    kept: lines to write again as they were.
    """
    lines = [f"{line}\n".encode() for line in kept]
    for name, sections in datasets.items():
        for section, value in sections.items():
            if isinstance(value, Mapping):
                lines += [_fact(name, section, str(key), inner) for key, inner in value.items()]
            else:
                lines.append(_fact(name, section, None, value))
    return b"".join([f"{HEADER}schema_version = {version}\n".encode(), *sorted(lines)])


def read_facts(text: str) -> Facts:
    """Return the facts of a lock, in whatever order a merge has left them.

    Raises LockTextError where a line is no fact or the version is missing or stands there twice.
    """
    facts = Facts(-1)
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith(_MARKERS):
            facts.markers = True
        elif version := _VERSION.fullmatch(line):
            if facts.version not in (-1, int(version[1])):
                raise LockTextError("two schema versions: a merge mixed two of them", number)
            facts.version = int(version[1])
        elif fact := _FACT.fullmatch(line):
            _add(facts, fact, number)
        else:
            raise LockTextError("not a fact of a lock", number)
    if facts.version < 0:
        raise LockTextError("no schema_version")
    return facts


def _fact(name: str, section: str, key: str | None, value: Any) -> bytes:
    said = "" if key is None else " " + (key if _BARE.fullmatch(key) else encode(key).decode())
    return encode(name) + f" {section}{said} = ".encode() + encode(value) + b"\n"


def _add(facts: Facts, fact: re.Match[str], number: int) -> None:
    quoted, section, key, text = fact.groups()
    try:
        name, value = json.loads(quoted), json.loads(text)
        if key is not None and key.startswith('"'):
            key = json.loads(key)
    except (ValueError, RecursionError) as error:
        raise LockTextError(f"not JSON: {error}", number) from error
    facts.lines.setdefault(name, []).append(fact[0])
    sections = facts.datasets.setdefault(name, {})
    question = section if key is None else f"{section} {key}"
    if key is None:
        known = sections.setdefault(section, value)
    else:
        keyed = sections.setdefault(section, {})
        if not isinstance(keyed, dict):
            facts.contradictions.setdefault(name, set()).add(question)
            return
        known = keyed.setdefault(key, value)
    if known != value or type(known) is not type(value):
        facts.contradictions.setdefault(name, set()).add(question)
