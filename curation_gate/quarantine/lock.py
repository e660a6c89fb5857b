"""curate.lock: what was scanned and what came of it, beside the data and under version control.

One text file a folder, one entry a dataset, one fact a line (quarantine/lock_text.py). It holds no
time stamps and no line numbers and is written in a stable order, so that two branches that scan
different datasets merge without conflict. It is no signature: whoever can edit the data can edit
the lock, so CI scans again. Imports neither torch nor Great Expectations: a commit hook reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation_gate.atomic import atomic_open
from curation_gate.errors import CurateError, InconclusiveError, ResultError
from curation_gate.quarantine.lock_entry import Entry, checked
from curation_gate.quarantine.lock_migrations import MIGRATIONS, SCHEMA_VERSION
from curation_gate.quarantine.lock_places import (
    LOCK,
    command_for,
    inside,
    lock_path,
    near,
    relative,
)
from curation_gate.quarantine.lock_text import Facts, LockTextError, read_facts, write_facts
from curation_gate.quarantine.sketch import sketch_of, without
from curation_gate.rows import dataset_fingerprint, load
from curation_gate.rows.record import Dataset
from curation_gate.rows.schema import find_schema

__all__ = [
    "LOCK",
    "Broken",
    "Entry",
    "Lock",
    "command_for",
    "fingerprint_of",
    "lock_path",
    "read_lock",
    "save_lock",
    "told_columns",
    "write_lock",
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


def write_lock(
    dataset: Dataset,
    cleaned: Sequence[Path],
    manifest: dict[str, Any],
    decisions: Mapping[str, Mapping[str, str]] | None = None,
    *,
    verdicts: Sequence[str] | None = None,
    rules_file: Path | None = None,
) -> Path:
    """Write the dataset's entry into the lock beside its data; returns the lock's path.

    Other entries stay as they are. `cleaned`: the files write_cleaned wrote, read again here: the
    lock promises what is on disk, not what was meant. decisions: fingerprint to what a reviewer
    decided; None: those of the entry before on rows that are still flagged. verdicts: [n] of the
    rows; without them the lock cannot name rows that change later. rules_file: a pack of the
    user's; None: the file of the entry before, where the pack is still the same. Raises
    ResultError where the lock that is there is damaged or the cleaned set is not the input without
    its quarantined rows.
    """
    path = lock_path([file.path for file in dataset.files])
    counts = manifest["counts"]
    columns = told_columns(dataset)
    fingerprint, rows = fingerprint_of(cleaned, columns)
    if rows != counts["rows"] - counts["quarantine"]:
        raise ResultError(
            f"{cleaned[0]}: {rows:,} rows, and {counts['rows']:,} - {counts['quarantine']:,} "
            "quarantined ones were to be kept",
            hint="run `curate scan` again, and nothing else on that folder meanwhile",
        )
    names = [relative(file.path, path.parent) for file in dataset.files]
    name = " ".join(sorted(names))
    lock = read_lock(path) if path.exists() else Lock({})
    flagged = None if verdicts is None else _flagged(dataset, verdicts)
    before = lock.datasets.get(name)
    pack_file = None if rules_file is None else near(rules_file, path.parent)
    if rules_file is None and before and before.rules.hash == manifest["rules"]["hash"]:
        pack_file = before.rules.file
    if decisions is None:
        known = before or lock.broken.get(name)
        reached = known.decisions if known else {}
        decisions = {key: made for key, made in reached.items() if key in (flagged or {})}
    entry = {
        "data": {
            "files": names,
            "fingerprint": dataset.fingerprint,
            "rows": len(dataset),
            "columns": columns,
        },
        "cleaned": {
            "files": inside(cleaned, path.parent),
            "fingerprint": fingerprint,
            "rows": rows,
        },
        "counts": {kind: counts[kind] for kind in ("keep", "review", "quarantine")},
        "rules": {
            **{key: manifest["rules"][key] for key in ("pack", "hash")},
            "file": pack_file,
        },
        "tool": {key: manifest["tool"][key] for key in ("name", "version")},
        "verdict": manifest["verdict"],
        "flagged": flagged,
        "decisions": dict(decisions),
        "floor": dict(manifest["floor"]),
        "sketch": {} if flagged is None else _sketch(dataset, flagged),
    }
    try:
        made = checked(name, entry)
    except ValueError as error:
        raise ResultError(f"{path}: {error}") from error
    broken = {other: kept for other, kept in lock.broken.items() if other != name}
    save_lock(path, Lock({**lock.datasets, name: made}, broken))
    return path


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
        text = path.read_bytes().decode()
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ResultError(f"{path}: damaged: not UTF-8: {error}", hint=_HINT) from error
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


def _flagged(dataset: Dataset, verdicts: Sequence[str]) -> dict[str, str]:
    """Return fingerprint to verdict of the rows that are not kept (equal rows have equal ones)."""
    return {
        row.fingerprint: verdict
        for row, verdict in zip(dataset.rows, verdicts, strict=True)
        if verdict != "keep"
    }


def _sketch(dataset: Dataset, flagged: Mapping[str, str]) -> dict[str, str]:
    out = (fingerprint for fingerprint, verdict in flagged.items() if verdict == "quarantine")
    return sketch_of(without(dataset.rows, out))


def fingerprint_of(paths: Sequence[Path], columns: Mapping[str, str]) -> tuple[str, int]:
    """Return fingerprint and number of rows of files; an empty set is a set of no rows here."""
    try:
        dataset = load(list(paths), columns=columns or None)
    except InconclusiveError:
        return dataset_fingerprint(()), 0
    return dataset.fingerprint, len(dataset)


def told_columns(dataset: Dataset) -> dict[str, str]:
    """Return the roles whose columns `load` would not find by itself (they came from --columns)."""
    told: dict[str, str] = {}
    first = 0
    for file in dataset.files:
        records = dataset.records[first : first + file.rows]
        first += file.rows
        if not records:
            continue
        try:
            shared: dict[str, Any] | None = {} if file.format == "natural-instructions" else None
            found = find_schema(records, None, shared).columns
        except (CurateError, ValueError):  # no schema fits without being told
            found = {}
        told |= {role: name for role, name in file.columns.items() if found.get(role) != name}
    return told


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands there twice")
    return made
