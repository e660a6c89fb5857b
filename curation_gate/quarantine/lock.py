"""curate.lock: what was scanned and what came of it, beside the data and under version control.

One text file a folder, one entry a dataset, one fact a line (quarantine/lock_text.py). It holds no
time stamps and no line numbers and is written in a stable order, so that two branches that scan
different datasets merge without conflict. It is no signature: whoever can edit the data can edit
the lock, so CI scans again. Imports neither torch nor Great Expectations: a commit hook reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation_gate.atomic import atomic_open
from curation_gate.errors import ResultError
from curation_gate.quarantine.lock_entry import Entry, checked
from curation_gate.quarantine.lock_migrations import MIGRATIONS, SCHEMA_VERSION
from curation_gate.quarantine.lock_places import LOCK, command_for, lock_path
from curation_gate.quarantine.lock_text import Facts, LockTextError, read_facts, write_facts
from curation_gate.regular_file import read_regular

__all__ = [
    "LOCK",
    "Broken",
    "Entry",
    "Lock",
    "command_for",
    "lock_path",
    "parse_lock",
    "read_lock",
    "save_lock",
]

_HINT = f"restore {LOCK} from version control, or delete it and run `curate scan DATA` again"


@dataclass(frozen=True, slots=True)
class Broken:
    """A dataset whose entry cannot be believed: a merge mixed two scans, or somebody edited it."""

    why: str
    files: tuple[str, ...]
    """Relative to the lock; the entry's name where the lock does not say."""
    lines: tuple[str, ...]
    """What the lock says of it, kept until that dataset is scanned again."""
    decisions: Mapping[str, Any]
    """Decisions on which the lines agree."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A whole curate.lock."""

    datasets: Mapping[str, Entry]
    broken: Mapping[str, Broken] = field(default_factory=dict)
    version: int = SCHEMA_VERSION
    """As it was stored; `save_lock` writes SCHEMA_VERSION."""
    markers: bool = False
    """Markers of an unfinished merge stand in it."""


def save_lock(path: Path, lock: Lock) -> None:
    """Write a lock, whole or not at all; raises OutputError."""
    datasets = {name: entry.model_dump(mode="json") for name, entry in lock.datasets.items()}
    kept = [line for broken in lock.broken.values() for line in broken.lines]
    with atomic_open(path) as stream:
        stream.write(write_facts(SCHEMA_VERSION, datasets, kept))


def read_lock(path: Path) -> Lock:
    """Return a lock, brought to this version.

    An entry that a merge has mixed up comes back under `broken`, the others as they are. Raises
    ResultError where the file is damaged or of a version not known here.
    """
    try:
        text = read_regular(path).decode()
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ResultError(f"{path}: damaged: not UTF-8: {error}", hint=_HINT) from error
    return parse_lock(path, text)


def parse_lock(path: Path, text: str) -> Lock:
    """Return the lock that a text is; `path` is named in errors. Raises as read_lock does."""
    facts = _from_json(path, text) if _is_json(text) else _facts(path, text)
    stored = version = facts.version
    if version > SCHEMA_VERSION:
        raise ResultError(
            f"{path}: schema version {version}; this tool reads up to {SCHEMA_VERSION}",
            hint="update curation-gate, or delete the lock and run `curate scan DATA` again",
        )
    datasets: Any = facts.datasets
    while version < SCHEMA_VERSION:
        if version not in MIGRATIONS:
            raise ResultError(f"{path}: schema version {version} is not read any more", hint=_HINT)
        try:
            content = MIGRATIONS[version]({"schema_version": version, "datasets": datasets})
        except TypeError as error:
            raise ResultError(f"{path}: damaged: {error}", hint=_HINT) from error
        version, datasets = int(content["schema_version"]), content["datasets"]
    entries, broken = {}, {}
    for name, sections in sorted(datasets.items()):
        question = facts.contradictions.get(name)
        try:
            if question:
                raise ValueError(f"two answers to {min(question)!r}: a merge mixed two scans")  # noqa: TRY301
            entries[name] = checked(name, sections)
        except ValueError as error:
            broken[name] = _broken(str(error), name, sections, facts)
    return Lock(entries, broken, stored, facts.markers)


def _is_json(text: str) -> bool:
    """Return whether this is a lock of version 1 (with markers of a merge in it, perhaps)."""
    first = (line.strip() for line in text.splitlines())
    return any(line[:1] in ("{", "[") for line in first)


def _from_json(path: Path, text: str) -> Facts:
    """Return the facts of a lock of version 1, which was one JSON document."""
    try:
        content = json.loads(text, object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        what = "a merge conflict" if "<<<<<<<" in text else f"damaged: not JSON: {error}"
        raise ResultError(f"{path}: {what}", hint=_HINT) from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise ResultError(f"{path}: damaged: no schema_version", hint=_HINT)
    return Facts(version, content.get("datasets"))


def _facts(path: Path, text: str) -> Facts:
    try:
        return read_facts(text)
    except LockTextError as error:
        where = f"{path}:{error.line}" if error.line else str(path)
        raise ResultError(f"{where}: damaged: {error.message}", hint=_HINT) from error


def _broken(why: str, name: str, sections: Mapping[str, Any], facts: Facts) -> Broken:
    data = sections.get("data")
    files = data.get("files") if isinstance(data, dict) else None
    known = [str(file) for file in files] if isinstance(files, list) else []
    if " ".join(sorted(known)) != name:
        known = [name]
    twice = facts.contradictions.get(name, set())
    decisions = sections.get("decisions")
    agreed = {
        key: made
        for key, made in (decisions if isinstance(decisions, dict) else {}).items()
        if f"decisions {key}" not in twice
    }
    return Broken(why, tuple(known), tuple(facts.lines.get(name, ())), agreed)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands there twice")
    return made
