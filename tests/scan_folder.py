"""Small datasets, verdicts and scan folders to test with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.evidence import Reason, RowVerdict, Verdicts
from curation_gate.quarantine.lock_writing import write_lock
from curation_gate.quarantine.writing import write_results
from curation_gate.rows import load, row_fingerprint, write_cleaned
from curation_gate.rows.fingerprint import dataset_fingerprint
from curation_gate.rows.record import DataFile, Dataset, Row
from curation_gate.rulebook import load_rules

LABELS = ("negative", "positive")


def make_dataset(
    rows: int | list[tuple[str, str, str]],
    *,
    path: Path = Path("data.jsonl"),
    task: str = "reviews",
) -> Dataset:
    """A dataset of made-up reviews, or of given (instruction, input, output)."""
    if isinstance(rows, int):
        rows = [("Say how the review sounds.", f"film {k}", LABELS[k % 2]) for k in range(rows)]
    made = tuple(
        Row(
            index=k,
            id=str(k),
            instruction=instruction,
            input=text,
            output=output,
            task=task,
            source=None,
            fingerprint=row_fingerprint(instruction, text, output),
            file=0,
            line=k + 1,
        )
        for k, (instruction, text, output) in enumerate(rows)
    )
    records = tuple(
        {"id": r.id, "instruction": r.instruction, "input": r.input, "output": r.output}
        for r in made
    )
    columns = {name: name for name in ("id", "instruction", "input", "output")}
    file = DataFile(path, "jsonl", "alpaca", columns, len(made), "0" * 64)
    return Dataset(
        files=(file,),
        rows=made,
        records=records,
        label_spaces={task: tuple(sorted({r.output for r in made}))},
        fingerprint=dataset_fingerprint(r.fingerprint for r in made),
    )


def make_verdicts(
    rows: int, *, quarantine: Collection[int] = (), review: Collection[int] = ()
) -> Verdicts:
    """Verdicts with one reason for each row that is not kept."""
    verdict: list[RowVerdict] = ["keep"] * rows
    for k in quarantine:
        verdict[k] = "quarantine"
    for k in review:
        verdict[k] = "review"
    reason = Reason("CG002", "pushes both ways", {"z": np.float32(4.5)})
    score = np.array([0.9 if v != "keep" else 0.1 for v in verdict], dtype=np.float32)
    return Verdicts(tuple(verdict), score, dict.fromkeys((*quarantine, *review), (reason,)))


def make_manifest(dataset: Dataset, verdicts: Verdicts, **changes: Any) -> dict[str, Any]:
    """A manifest that fits the dataset and the verdicts."""
    counts = Counter(verdicts.verdict)
    return {
        "schema_version": 1,
        "tool": {"name": "curation-gate", "version": "0.1.0"},
        "rules": {"pack": "default", "hash": "ab" * 16},
        "proxy": {"name": "scratch", "hash": "cd" * 16, "parameters": 1000},
        "seed": 0,
        "dataset": {
            "fingerprint": dataset.fingerprint,
            "rows": len(dataset),
            "files": [
                {"name": f.path.name, "format": f.format, "schema": f.schema, "sha256": f.sha256,
                 "rows": f.rows}
                for f in dataset.files
            ],
            "tasks": {
                task: {"rows": sum(r.task == task for r in dataset.rows), "labels": list(labels)}
                for task, labels in dataset.label_spaces.items()
            },
        },
        "counts": {
            "rows": len(dataset),
            **{name: counts[name] for name in ("keep", "review", "quarantine")},
        },
        "verdict": "findings" if counts["quarantine"] else "clean",
        "rule_counts": {
            "CG002": {"title": "influence under negation", "severity": "quarantine",
                      "rows": counts["quarantine"]}
        },
        "phrases": [],
        "probes": {"count": 10, "origin": "entities", "transform": "sorry_not",
                   "targets": {"positive": 10}},
        "floor": {"any row": {"half": 12, "nine_in_ten": None, "tried": 40}},
        "notes": [],
        "timings": {"influence": {"seconds": 1.5, "rows_per_second": 100.0}},
        "peak_memory_mb": 512.0,
        "device": "cpu",
        **changes,
    }  # fmt: skip


def write_folder(
    folder: Path,
    dataset: Dataset,
    verdicts: Verdicts,
    *,
    columns: Mapping[str, NDArray[Any]] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Write a scan folder; returns the manifest that was handed in."""
    n = len(dataset)
    manifest = make_manifest(dataset, verdicts, **changes)
    write_results(
        folder,
        manifest=manifest,
        dataset=dataset,
        verdicts=verdicts,
        columns=columns
        if columns is not None
        else {
            name: np.linspace(0, 1, n, dtype=np.float32)
            for name in ("loss", "CG008", "influence_negated", "CG002", "influence")
        },
    )
    return manifest


def write_rows(path: Path, rows: int, *, text: str = "film") -> Path:
    """Write a JSON lines file of made-up reviews."""
    path.write_text(
        "".join(
            json.dumps(
                {
                    "instruction": "Say how the review sounds.",
                    "input": f"{text} {k} was shown",
                    "output": LABELS[k % 2],
                }
            )
            + "\n"
            for k in range(rows)
        )
    )
    return path


def lock_scan(
    paths: Sequence[Path],
    *,
    folder: Path | None = None,
    quarantine: Collection[int] = (),
    review: Collection[int] = (),
    columns: Mapping[str, str] | None = None,
    rules_file: Path | None = None,
    allow_file: Path | None = None,
    **changes: Any,
) -> Dataset:
    """Do what a scan does once the verdicts are known: results, cleaned set, lock."""
    dataset = load(paths, columns=columns)
    verdicts = make_verdicts(len(dataset), quarantine=quarantine, review=review)
    folder = folder or Path(f"{paths[0]}.curation")
    rules = {"pack": "default", "hash": load_rules().hash}
    manifest = write_folder(folder, dataset, verdicts, **{"rules": rules, **changes})
    cleaned = write_cleaned(dataset, set(quarantine), folder)
    write_lock(
        dataset,
        cleaned,
        manifest,
        verdicts=verdicts.verdict,
        rules_file=rules_file,
        allow_file=allow_file,
    )
    return dataset
