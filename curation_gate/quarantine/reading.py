"""quarantine.jsonl, decided.jsonl and scores.parquet of a scan folder, read back and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation_gate.quarantine.manifest import (
    BASE,
    DECIDED,
    QUARANTINE,
    SCORES,
    check_types,
    damaged,
    json_object,
    read_bytes,
    read_manifest,
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
            raise damaged(path, f"{found} rows for {verdict}, the manifest says {counts[verdict]}")
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
        raise damaged(path, f"{len(lines)} rows, the manifest says {review.get('kept')}")
    return lines


def _read_lines(path: Path, verdicts: tuple[str, ...]) -> list[dict[str, Any]]:
    lines = []
    for number, text in enumerate(read_bytes(path).split(b"\n"), start=1):
        if text:
            line = json_object(text, path, number)
            check_types(line, _LINE_KEYS, path, number)
            if line["verdict"] not in verdicts:
                raise damaged(path, f"unknown verdict {line['verdict']!r}", number)
            decision = line.get("decision")
            if decision is not None:
                if not isinstance(decision, dict):
                    raise damaged(path, "key decision has the wrong type", number)
                check_types(decision, {"decision": str, "scanned": str}, path, number)
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
        table = pq.ParquetFile(pa.BufferReader(read_bytes(path)), pre_buffer=False).read(
            use_threads=False
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(path, f"not a Parquet file: {error}") from error
    missing = [name for name in BASE if name not in table.column_names]
    if missing:
        raise damaged(path, f"column {missing[0]} is missing")
    if table.num_rows != rows:
        raise damaged(path, f"{table.num_rows} rows, the manifest says {rows}")
    return table
