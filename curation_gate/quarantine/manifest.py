"""The scan folder: manifest.json, quarantine.jsonl and scores.parquet, written and read back.

Whoever reads a folder reads the manifest first: it is written last and taken away first, so that a
folder with a manifest is whole. `content_hash` covers every key but the ones that change from run
to run (timings, memory, device).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation_gate.atomic import atomic_open
from curation_gate.detect.evidence import Verdicts
from curation_gate.errors import OutputError, ResultError
from curation_gate.quarantine.json_bytes import digest, encode
from curation_gate.rows.record import Dataset

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
QUARANTINE = "quarantine.jsonl"
DECIDED = "decided.jsonl"
"""Rows a reviewer has released or relabelled, in the form of quarantine.jsonl."""
SCORES = "scores.parquet"

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
        "proxy": dict,
        "seed": int,
        "dataset": dict,
        "counts": dict,
        "verdict": str,
        "rule_counts": dict,
        "phrases": list,
        "probes": dict,
        "floor": dict,
        "notes": list,
        "timings": dict,
        "peak_memory_mb": (int, float),
        "device": str,
    }
)
_LINE_KEYS: Mapping[str, type | tuple[type, ...]] = MappingProxyType(
    {
        "row": int,
        "id": (str, type(None)),
        "fingerprint": str,
        "verdict": str,
        "score": (int, float, type(None)),
        "task": str,
        "reasons": list,
        "record": dict,
    }
)
_VERDICTS = ("clean", "findings", "inconclusive")
_BASE = ("row", "fingerprint", "task", "verdict", "score")
MEASURED = (
    *("influence", "influence_negated", "contrast", "contrast_negated"),
    *("divergence", "loss", "p_ref", "stratum"),
)
"""Columns of scores.parquet that are no rule's: what the stages measured of every row."""


def write_results(
    folder: Path,
    *,
    manifest: dict[str, Any],
    dataset: Dataset,
    verdicts: Verdicts,
    columns: Mapping[str, NDArray[Any]],
) -> None:
    """Write the three files of a scan; nothing of them depends on time or place.

    `columns` maps rule ids and some of MEASURED to [n] scores (stored as float32, NaN where a rule
    cannot say); rows of one task and label share a `stratum`. `schema_version` and `content_hash`
    are filled in. Raises ResultError where manifest, verdicts and dataset contradict each other,
    OutputError where the folder cannot be written.
    """
    made = {**manifest, "schema_version": SCHEMA_VERSION}
    made["content_hash"] = content_hash(made)
    _check(made, folder / MANIFEST)
    _check_agreement(made, dataset, verdicts, columns)
    table = _scores(dataset, verdicts, columns)
    try:
        (folder / MANIFEST).unlink(missing_ok=True)  # from here on the folder is unfinished
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    with atomic_open(folder / QUARANTINE) as stream:
        for row, reasons in sorted(verdicts.reasons.items()):
            record = dataset.rows[row]
            line = {
                "row": row,
                "id": record.id,
                "fingerprint": record.fingerprint,
                "verdict": verdicts.verdict[row],
                "score": _shortest(verdicts.score[row]),
                "task": record.task,
                "reasons": [
                    {"rule": r.rule, "message": r.message, "evidence": dict(r.evidence)}
                    for r in reasons
                ],
                "record": dataset.records[row],
            }
            stream.write(encode(line) + b"\n")
    _write_rest(folder, table, made)


def write_reviewed(
    folder: Path,
    *,
    manifest: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    table: pa.Table,
) -> None:
    """Write the files of a scan again once a review has changed verdicts.

    lines: of every flagged row, with the verdict it has now; table: scores.parquet with the same
    verdicts. What is kept goes to decided.jsonl where the manifest has a `review`.
    """
    made = {**manifest, "schema_version": SCHEMA_VERSION}
    made["content_hash"] = content_hash(made)
    _check(made, folder / MANIFEST)
    for name, kept in ((QUARANTINE, False), (DECIDED, True)):
        if not kept or "review" in made:
            with atomic_open(folder / name) as stream:
                for line in lines:
                    if (line["verdict"] == "keep") == kept:
                        stream.write(encode(line) + b"\n")
    _write_rest(folder, table, made)


def _write_rest(folder: Path, table: pa.Table, manifest: Mapping[str, Any]) -> None:
    with atomic_open(folder / SCORES) as stream:
        pq.write_table(table, stream, compression="zstd")
    with atomic_open(folder / MANIFEST) as stream:
        stream.write(encode(manifest, indent=2) + b"\n")


def content_hash(manifest: Mapping[str, Any]) -> str:
    """Return the blake2b-128, hex, of the canonical JSON of all keys that are not VOLATILE."""
    return digest({key: value for key, value in manifest.items() if key not in VOLATILE})


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a scan folder, brought to this version.

    Raises ResultError where it is missing, damaged, changed by hand or of an unknown version.
    """
    path = folder / MANIFEST
    manifest = _json_object(_read(path), path)
    version = manifest.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise _damaged(path, "no schema_version")
    if version > SCHEMA_VERSION:
        raise ResultError(
            f"{path}: schema version {version}; this tool reads up to {SCHEMA_VERSION}",
            hint="update curation-gate, or run `curate scan` again",
        )
    if manifest.get("content_hash") != content_hash(manifest):
        raise _damaged(path, "its content_hash does not fit: it was changed after the scan")
    while version < SCHEMA_VERSION:
        if version not in MIGRATIONS:
            raise ResultError(
                f"{path}: schema version {version} is not read any more",
                hint="run `curate scan` again",
            )
        manifest = MIGRATIONS[version](manifest)
        version = int(manifest["schema_version"])
    _check(manifest, path)
    return manifest


def read_quarantine(folder: Path) -> list[dict[str, Any]]:
    """Return the rows that are not kept, by row index, as quarantine.jsonl has them.

    Raises ResultError where the folder is missing, damaged or of another version.
    """
    counts = read_manifest(folder)["counts"]
    path = folder / QUARANTINE
    lines = _read_lines(path, ("quarantine", "review"))
    for verdict in ("quarantine", "review"):
        found = sum(line["verdict"] == verdict for line in lines)
        if found != counts[verdict]:
            raise _damaged(path, f"{found} rows for {verdict}, the manifest says {counts[verdict]}")
    return lines


def read_decided(folder: Path) -> list[dict[str, Any]]:
    """Return the flagged rows that a reviewer's decision keeps, by row index.

    Empty until `curate clean` has applied decisions. Raises ResultError like read_quarantine.
    """
    review = read_manifest(folder).get("review")
    if not isinstance(review, dict):
        return []
    path = folder / DECIDED
    lines = _read_lines(path, ("keep",))
    if len(lines) != review.get("kept"):
        raise _damaged(path, f"{len(lines)} rows, the manifest says {review.get('kept')}")
    return lines


def _read_lines(path: Path, verdicts: tuple[str, ...]) -> list[dict[str, Any]]:
    lines = []
    for number, text in enumerate(_read(path).split(b"\n"), start=1):
        if text:
            line = _json_object(text, path, number)
            _check_types(line, _LINE_KEYS, path, number)
            if line["verdict"] not in verdicts:
                raise _damaged(path, f"unknown verdict {line['verdict']!r}", number)
            decision = line.get("decision")
            if decision is not None:
                if not isinstance(decision, dict):
                    raise _damaged(path, "key decision has the wrong type", number)
                _check_types(decision, {"decision": str, "scanned": str}, path, number)
            lines.append(line)
    return lines


def read_scores(folder: Path) -> pa.Table:
    """Return scores.parquet: every row with its verdict, score and the scores of each rule.

    Raises ResultError where the folder is missing, damaged or of another version.
    """
    rows = read_manifest(folder)["counts"]["rows"]
    path = folder / SCORES
    try:
        # Not read_table: that imports pandas. No threads: pyarrow's abort at exit now and then.
        table = pq.ParquetFile(pa.BufferReader(_read(path)), pre_buffer=False).read(
            use_threads=False
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(path, f"not a Parquet file: {error}") from error
    missing = [name for name in _BASE if name not in table.column_names]
    if missing:
        raise _damaged(path, f"column {missing[0]} is missing")
    if table.num_rows != rows:
        raise _damaged(path, f"{table.num_rows} rows, the manifest says {rows}")
    return table


def _scores(dataset: Dataset, verdicts: Verdicts, columns: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Return the table of scores.parquet: base columns, rules by id, raw columns."""
    rules = sorted(name for name in columns if name not in MEASURED)
    arrays: dict[str, pa.Array] = {
        "row": pa.array(range(len(dataset)), pa.int64()),
        "fingerprint": pa.array([row.fingerprint for row in dataset.rows], pa.string()),
        "task": pa.array([row.task for row in dataset.rows], pa.string()),
        "verdict": pa.array(list(verdicts.verdict), pa.string()),
        "score": pa.array(np.asarray(verdicts.score, dtype=np.float32)),
    }
    for name in (*rules, *(raw for raw in MEASURED if raw in columns)):
        arrays[name] = pa.array(np.asarray(columns[name], dtype=np.float32))
    return pa.table(arrays)


def _shortest(score: np.float32) -> float | None:
    """Return a float32 as the shortest decimal that means it (0.9, not 0.8999999761581421)."""
    return float(str(np.float32(score))) if np.isfinite(score) else None


def _check(manifest: Mapping[str, Any], path: Path) -> None:
    """Raise ResultError unless the manifest has its keys and its counts add up."""
    _check_types(manifest, _KEYS, path)
    counts = manifest["counts"]
    for name in ("rows", "keep", "review", "quarantine"):
        value = counts.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise _damaged(path, f"counts.{name} is {value!r}, not a number of rows")
    parts = counts["keep"] + counts["review"] + counts["quarantine"]
    if parts != counts["rows"]:
        raise _damaged(path, f"counts add up to {parts}, not to {counts['rows']} rows")
    if manifest["verdict"] not in _VERDICTS:
        raise _damaged(path, f"unknown verdict {manifest['verdict']!r}")
    if manifest["verdict"] == "clean" and counts["quarantine"]:
        raise _damaged(path, f"verdict clean with {counts['quarantine']} quarantined rows")
    if manifest["dataset"].get("rows") != counts["rows"]:
        raise _damaged(path, "dataset.rows differs from counts.rows")


def _check_agreement(
    manifest: Mapping[str, Any],
    dataset: Dataset,
    verdicts: Verdicts,
    columns: Mapping[str, NDArray[Any]],
) -> None:
    """Raise ResultError unless manifest, verdicts, scores and dataset speak of the same rows."""
    said = list(verdicts.verdict)
    for name, expected, actual in (
        ("counts.rows", len(dataset), manifest["counts"]["rows"]),
        ("dataset.fingerprint", dataset.fingerprint, manifest["dataset"].get("fingerprint")),
        ("number of verdicts", len(dataset), len(said)),
        ("number of scores", len(dataset), len(verdicts.score)),
        *(
            (f"counts.{v}", said.count(v), manifest["counts"][v])
            for v in ("keep", "review", "quarantine")
        ),
        *((f"rows of column {k}", (len(dataset),), v.shape) for k, v in columns.items()),
    ):
        if expected != actual:
            raise ResultError(f"results contradict each other: {name} is {actual}, not {expected}")
    flagged = {row for row, verdict in enumerate(said) if verdict != "keep"}
    if flagged != set(verdicts.reasons):
        odd = min(flagged ^ set(verdicts.reasons))
        raise ResultError(
            f"results contradict each other: row {odd} has a reason or a verdict, not both"
        )
    taken = sorted(set(columns) & set(_BASE))
    if taken:
        raise ResultError(f"a column of scores cannot be called {taken[0]}")


def _check_types(
    value: Mapping[str, Any],
    keys: Mapping[str, type | tuple[type, ...]],
    path: Path,
    line: int | None = None,
) -> None:
    for key, kind in keys.items():
        if key not in value:
            raise _damaged(path, f"key {key} is missing", line)
        if not isinstance(value[key], kind) or isinstance(value[key], bool):
            raise _damaged(path, f"key {key} has the wrong type", line)


def _read(path: Path) -> bytes:
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


def _json_object(text: bytes, path: Path, line: int | None = None) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {error}", line) from error
    if not isinstance(value, dict):
        raise _damaged(path, "not a JSON object", line)
    return value


def _damaged(path: Path, what: str, line: int | None = None) -> ResultError:
    where = str(path) if line is None else f"{path}:{line}"
    return ResultError(f"{where}: damaged: {what}", hint="run `curate scan DATA` again")
