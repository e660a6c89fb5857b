"""The scan folder: what its files are called, and manifest.json, read back and checked.

Whoever reads a folder reads the manifest first: it is written last and taken away first, so that a
folder with a manifest is whole. `content_hash` covers every key but the ones that change from run
to run (timings, memory, device). The other files: quarantine/reading.py, quarantine/writing.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from curation_gate.errors import ResultError
from curation_gate.quarantine.json_bytes import digest

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
QUARANTINE = "quarantine.jsonl"
DECIDED = "decided.jsonl"
"""Rows a reviewer has released or relabelled, in the form of quarantine.jsonl."""
SCORES = "scores.parquet"


BASE = ("row", "fingerprint", "task", "verdict", "score")
"""Columns of scores.parquet that every scan has."""
MEASURED = (
    *("influence", "influence_negated", "contrast", "contrast_negated"),
    *("divergence", "loss", "p_ref", "stratum"),
)
"""Columns of scores.parquet that are no rule's: what the stages measured of every row."""
VOLATILE = frozenset({"content_hash", "timings", "peak_memory_mb", "device"})
"""Keys of the manifest that `content_hash` does not cover."""
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MappingProxyType({})
"""Old version to the function that makes the next one of it. A later version adds its line here;
folders written by this version then stay readable."""
_KEYS: Mapping[str, type | tuple[type, ...]] = MappingProxyType(
    {
        "schema_version": int,
        "tool": dict,
        "rules": dict,
        "seed": int,
        "dataset": dict,
        "counts": dict,
        "verdict": str,
        "rule_counts": dict,
        "phrases": list,
        "floor": dict,
        "notes": list,
        "timings": dict,
        "peak_memory_mb": (int, float),
        "device": str,
    }
)
_VERDICTS = ("clean", "findings", "inconclusive")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a scan folder, brought to this version.

    Raises ResultError where it is missing, damaged, changed by hand or of an unknown version.
    """
    path = folder / MANIFEST
    manifest = json_object(read_bytes(path), path)
    version = manifest.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise damaged(path, "no schema_version")
    if version > SCHEMA_VERSION:
        raise ResultError(
            f"{path}: schema version {version}; this tool reads up to {SCHEMA_VERSION}",
            hint="update curation-gate, or run `curate scan` again",
        )
    if manifest.get("content_hash") != content_hash(manifest):
        raise damaged(path, "its content_hash does not fit: it was changed after the scan")
    while version < SCHEMA_VERSION:
        if version not in MIGRATIONS:
            raise ResultError(
                f"{path}: schema version {version} is not read any more",
                hint="run `curate scan` again",
            )
        manifest = MIGRATIONS[version](manifest)
        version = int(manifest["schema_version"])
    check_manifest(manifest, path)
    return manifest


def content_hash(manifest: Mapping[str, Any]) -> str:
    """Return the blake2b-128, hex, of the canonical JSON of all keys that are not VOLATILE."""
    return digest({key: value for key, value in manifest.items() if key not in VOLATILE})


def check_manifest(manifest: Mapping[str, Any], path: Path) -> None:
    """Raise ResultError unless the manifest has its keys and its counts add up."""
    check_types(manifest, _KEYS, path)
    counts = manifest["counts"]
    for name in ("rows", "keep", "review", "quarantine"):
        value = counts.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise damaged(path, f"counts.{name} is {value!r}, not a number of rows")
    parts = counts["keep"] + counts["review"] + counts["quarantine"]
    if parts != counts["rows"]:
        raise damaged(path, f"counts add up to {parts}, not to {counts['rows']} rows")
    if manifest["verdict"] not in _VERDICTS:
        raise damaged(path, f"unknown verdict {manifest['verdict']!r}")
    if manifest["verdict"] == "clean" and counts["quarantine"]:
        raise damaged(path, f"verdict clean with {counts['quarantine']} quarantined rows")
    if manifest["dataset"].get("rows") != counts["rows"]:
        raise damaged(path, "dataset.rows differs from counts.rows")


def check_types(
    value: Mapping[str, Any],
    keys: Mapping[str, type | tuple[type, ...]],
    path: Path,
    line: int | None = None,
) -> None:
    """Raise ResultError unless each key is there and its value of the type named for it."""
    for key, kind in keys.items():
        if key not in value:
            raise damaged(path, f"key {key} is missing", line)
        if not isinstance(value[key], kind) or isinstance(value[key], bool):
            raise damaged(path, f"key {key} has the wrong type", line)


def read_bytes(path: Path) -> bytes:
    """Return a file of a scan folder. Raises ResultError where it is not there."""
    if not path.parent.is_dir():
        raise ResultError(f"{path.parent}: no such scan folder", hint="run `curate scan DATA`")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ResultError(
            f"{path}: missing: no scan was finished here", hint="run `curate scan DATA`"
        ) from None
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror or error}") from error


def json_object(text: bytes, path: Path, line: int | None = None) -> dict[str, Any]:
    """Return the object in a line or a file. Raises ResultError."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"not JSON: {error}", line) from error
    if not isinstance(value, dict):
        raise damaged(path, "not a JSON object", line)
    return value


def damaged(path: Path, what: str, line: int | None = None) -> ResultError:
    """Return the error that says where a file of a scan folder is damaged."""
    where = str(path) if line is None else f"{path}:{line}"
    return ResultError(f"{where}: damaged: {what}", hint="run `curate scan DATA` again")
