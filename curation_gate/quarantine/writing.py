"""The files of a scan folder, written: nothing of them depends on time or place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation_gate.atomic import atomic_open
from curation_gate.detectors.evidence import Verdicts
from curation_gate.errors import OutputError, ResultError
from curation_gate.quarantine.json_bytes import encode
from curation_gate.quarantine.manifest import (
    BASE,
    DECIDED,
    MANIFEST,
    MEASURED,
    QUARANTINE,
    SCHEMA_VERSION,
    SCORES,
    check_manifest,
    content_hash,
)
from curation_gate.rows.record import Dataset


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
    check_manifest(made, folder / MANIFEST)
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
    check_manifest(made, folder / MANIFEST)
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


def _scores(dataset: Dataset, verdicts: Verdicts, columns: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Return the table of scores.parquet: base columns, rules by id, raw columns."""
    rules = sorted(name for name in columns if name not in MEASURED)
    arrays: dict[str, pa.Array] = {
        "row": pa.array(range(len(dataset)), pa.int64()),
        "fingerprint": pa.array([row.fingerprint for row in dataset.rows], pa.string()),
        "task": pa.array([row.task for row in dataset.rows], pa.string()),
        **_sources(dataset),
        "verdict": pa.array(list(verdicts.verdict), pa.string()),
        "score": pa.array(np.asarray(verdicts.score, dtype=np.float32)),
    }
    for name in (*rules, *(raw for raw in MEASURED if raw in columns)):
        arrays[name] = pa.array(np.asarray(columns[name], dtype=np.float32))
    return pa.table(arrays)


def _sources(dataset: Dataset) -> dict[str, pa.Array]:
    """Return the column of sources, where the data name any."""
    sources = [row.source for row in dataset.rows]
    return {"source": pa.array(sources, pa.string())} if any(s is not None for s in sources) else {}


def _shortest(score: np.float32) -> float | None:
    """Return a float32 as the shortest decimal that means it (0.9, not 0.8999999761581421)."""
    return float(str(np.float32(score))) if np.isfinite(score) else None


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
    taken = sorted(set(columns) & {*BASE, "source"})
    if taken:
        raise ResultError(f"a column of scores cannot be called {taken[0]}")
