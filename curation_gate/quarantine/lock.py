"""curate.lock: what was scanned and what came of it, beside the data and under version control.

One JSON file a folder, one entry a dataset. It holds no time stamps and no line numbers and is
written in a stable order, so that two branches that scan different datasets merge without conflict.
It is no signature: whoever can edit the data can edit the lock, so CI scans again. Imports neither
torch nor Great Expectations: a commit hook reads it.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curation_gate.atomic import atomic_open
from curation_gate.errors import CurateError, InconclusiveError, ResultError
from curation_gate.quarantine.json_bytes import encode
from curation_gate.rows import dataset_fingerprint, load
from curation_gate.rows.record import Dataset
from curation_gate.rows.schema import find_schema

LOCK = "curate.lock"
SCHEMA_VERSION = 1

MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MappingProxyType({})
"""Old version to the function that makes the next one of it, as in quarantine/manifest.py."""

Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    """A part of a lock: no unknown keys, no silent change of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Data(_Part):
    """The data that was scanned."""

    files: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    """Paths relative to the lock, in reading order."""
    fingerprint: Fingerprint
    rows: Count
    columns: dict[str, str]
    """Role to column name, as far as the names alone do not tell."""


class Cleaned(_Part):
    """The cleaned set that was written."""

    files: list[Annotated[str, Field(min_length=1)]]
    """Paths relative to the lock; empty where they lie outside its folder."""
    fingerprint: Fingerprint
    rows: Count


class Counts(_Part):
    """Rows per verdict."""

    keep: Count
    review: Count
    quarantine: Count


class Rules(_Part):
    """The rule pack of the scan."""

    pack: str
    hash: str


class Tool(_Part):
    """The program that scanned."""

    name: str
    version: str


class Entry(_Part):
    """One dataset of a lock."""

    data: Data
    cleaned: Cleaned
    counts: Counts
    rules: Rules
    tool: Tool
    verdict: Literal["clean", "findings", "inconclusive"]
    decisions: dict[str, Any]
    """Fingerprint to what a reviewer decided (quarantine/journal.py, Decision.document)."""
    floor: dict[str, int | None]
    """Task to the number of rows a trigger needs to be found; None where that is unknown."""


class Lock(_Part):
    """A whole curate.lock."""

    schema_version: int
    datasets: dict[str, Entry]


def write_lock(
    dataset: Dataset,
    cleaned: Sequence[Path],
    manifest: dict[str, Any],
    decisions: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Path:
    """Write the dataset's entry into the lock beside its data; returns the lock's path.

    Other entries stay as they are. `cleaned`: the files write_cleaned wrote, read again here: the
    lock promises what is on disk, not what was meant. Raises ResultError where the lock that is
    there is damaged or the cleaned set is not the input without its quarantined rows.
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
    names = [_relative(file.path, path.parent) for file in dataset.files]
    entry = {
        "data": {
            "files": names,
            "fingerprint": dataset.fingerprint,
            "rows": len(dataset),
            "columns": columns,
        },
        "cleaned": {
            "files": _inside(cleaned, path.parent),
            "fingerprint": fingerprint,
            "rows": rows,
        },
        "counts": {name: counts[name] for name in ("keep", "review", "quarantine")},
        "rules": {name: manifest["rules"][name] for name in ("pack", "hash")},
        "tool": {name: manifest["tool"][name] for name in ("name", "version")},
        "verdict": manifest["verdict"],
        "decisions": {print_: dict(said) for print_, said in decisions.items()},
        "floor": dict(manifest["floor"]),
    }
    try:
        checked = Entry.model_validate(entry)
    except ValidationError as error:
        raise ResultError(f"{path}: {_said(error)}") from error
    entries = read_lock(path).datasets if path.exists() else {}
    lock = Lock(
        schema_version=SCHEMA_VERSION, datasets={**entries, " ".join(sorted(names)): checked}
    )
    with atomic_open(path) as stream:
        stream.write(encode(lock.model_dump(mode="json"), indent=2) + b"\n")
    return path


def read_lock(path: Path) -> Lock:
    """Return a lock. Raises ResultError where it is damaged or of a version not known here."""
    hint = f"restore {LOCK} from version control, or delete it and run `curate scan DATA` again"
    try:
        content = json.loads(path.read_bytes(), object_pairs_hook=_distinct)
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        conflict = b"<<<<<<<" in path.read_bytes()
        what = "a merge conflict" if conflict else f"damaged: not JSON: {error}"
        raise ResultError(f"{path}: {what}", hint=hint) from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise ResultError(f"{path}: damaged: no schema_version", hint=hint)
    if version > SCHEMA_VERSION:
        raise ResultError(
            f"{path}: schema version {version}; this tool reads up to {SCHEMA_VERSION}",
            hint="update curation-gate, or delete the lock and run `curate scan DATA` again",
        )
    while version < SCHEMA_VERSION:
        if version not in MIGRATIONS:
            raise ResultError(f"{path}: schema version {version} is not read any more", hint=hint)
        content = MIGRATIONS[version](content)
        version = int(content["schema_version"])
    try:
        lock = Lock.model_validate(content)
    except ValidationError as error:
        raise ResultError(f"{path}: damaged: {_said(error)}", hint=hint) from error
    for name, entry in lock.datasets.items():
        counts, data = entry.counts, entry.data
        if (
            name != " ".join(sorted(data.files))
            or counts.keep + counts.review + counts.quarantine != data.rows
            or entry.cleaned.rows != data.rows - counts.quarantine
        ):
            raise ResultError(f"{path}: damaged: entry {name!r} contradicts itself", hint=hint)
    return lock


def lock_path(files: Sequence[Path]) -> Path:
    """Return where the lock of these files lies: in the folder they share."""
    folders = [_absolute(file).parent for file in files]
    try:
        return Path(os.path.commonpath(folders)) / LOCK
    except ValueError as error:  # two drives of Windows
        raise ResultError(
            "the data files share no folder, so there is no place for their lock",
            hint="scan them one by one",
        ) from error


def fingerprint_of(paths: Sequence[Path], columns: Mapping[str, str]) -> tuple[str, int]:
    """Return fingerprint and number of rows of files; an empty set is a set of no rows here."""
    try:
        dataset = load(list(paths), columns=columns or None)
    except InconclusiveError:
        return dataset_fingerprint(()), 0
    return dataset.fingerprint, len(dataset)


def command_for(paths: Sequence[Path | str]) -> str:
    """Return the scan command for these files, as one would paste it into a shell."""
    return shlex.join(["curate", "scan", *(_shown(path) for path in paths)])


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


def _inside(paths: Sequence[Path], folder: Path) -> list[str]:
    """Return the paths relative to the folder; none where one lies outside: it is nobody else's."""
    if not all(_absolute(path).is_relative_to(folder) for path in paths):
        return []
    return [_relative(path, folder) for path in paths]


def _relative(path: Path, folder: Path) -> str:
    return _absolute(path).relative_to(folder).as_posix()


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _shown(path: Path | str) -> str:
    absolute, here = _absolute(Path(path)), Path.cwd()
    near = absolute != here and absolute.is_relative_to(here)
    return str(absolute.relative_to(here) if near else path)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands there twice")
    return made


def _said(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}"
