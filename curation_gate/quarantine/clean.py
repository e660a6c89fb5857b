"""`curate clean`: the decisions of a review, applied to everything a scan has written.

A row a reviewer accepts as poison leaves the cleaned set, one that is released stays in it, one
that is relabelled stays with its new answer. Without a decision a quarantined row leaves and a row
for review stays. The journal is the only input: applied twice it writes the same bytes, and with
every decision undone the scan's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curation_gate import atomic, rows
from curation_gate.detectors.evidence import RowVerdict, Verdicts
from curation_gate.errors import InputError, ResultError
from curation_gate.quarantine.claim import claim
from curation_gate.quarantine.document import BROKEN
from curation_gate.quarantine.flagged import scanned_verdict
from curation_gate.quarantine.journal import Decision, decisions, locked, read_journal
from curation_gate.quarantine.lock_writing import told_columns, write_lock
from curation_gate.quarantine.manifest import read_manifest
from curation_gate.quarantine.reading import read_decided, read_quarantine, read_scores
from curation_gate.quarantine.scanned_data import scanned_data
from curation_gate.quarantine.staging import check_folder, staging
from curation_gate.quarantine.writing import write_reviewed
from curation_gate.rows.record import Dataset
from curation_gate.rows.relabel import relabelled

if TYPE_CHECKING:
    from curation_gate.expectations import CheckResult

Check = Callable[[Dataset, Verdicts, Dataset], "CheckResult"]
Page = Callable[[Path, Path], str]
Others = Callable[[Path, Dataset], tuple[str, ...]]

_EFFECT: Mapping[str, RowVerdict] = {"accept": "quarantine", "release": "keep", "relabel": "keep"}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was written."""

    files: tuple[Path, ...]
    lock: Path
    scanned: int
    """Rows of the data."""
    rows: int
    """Rows of the cleaned set."""
    accepted: int
    """Rows (not contents) of each decision."""
    released: int
    relabelled: int
    undecided: int
    """Flagged rows without a decision: quarantined ones left out, rows for review kept."""
    to_review: int
    """Rows for review among them."""
    elsewhere: int
    """Decisions on contents this scan does not flag: they have no effect."""
    checked: CheckResult
    notices: tuple[str, ...]
    """What was dropped from the journal, and what could not be written as it was."""


def clean(
    folder: Path,
    *,
    check: Check,
    page: Page,
    others: Others = lambda _staged, _dataset: (),
    data: Sequence[Path | str] = (),
    columns: Mapping[str, str] | None = None,
) -> Cleaned:
    """Apply the decisions of a folder's journal: cleaned set, results, report and lock.

    check: holds a cleaned set against the expectations (expectations.check_cleaned); page: the
    report of a staged folder, and the folder's name (report.html.render); others: writes into a
    staged folder what else the folder holds of a scan, of the data, and returns what to say of it
    (report.kept_files.write_again). All three are later stages.
    data, columns: as in scanned_data. Raises UsageError while a review is open, ResultError,
    InputError where a row cannot be relabelled (nothing is written then), OutputError.
    """
    read_manifest(folder)  # before anything is made in a folder that is none
    check_folder(folder)
    with locked(folder), claim(folder):
        events, notice = read_journal(folder)
        before = read_manifest(folder)
        lines = read_quarantine(folder) + read_decided(folder)
        table = read_scores(folder)
        dataset = scanned_data(folder, before, data, columns)
        held = {k: d for k, d in decisions(events).items() if d.action != "skip"}
        flagged = {str(line["fingerprint"]) for line in lines}
        lines = [_decided(line, held, dataset) for line in sorted(lines, key=lambda x: x["row"])]
        verdict: list[RowVerdict] = ["keep"] * len(dataset)
        for line in lines:
            verdict[line["row"]] = line["verdict"]
        reached = {
            print_: {k: v for k, v in line["decision"].items() if k != "scanned"}
            for line in lines
            if (print_ := line["fingerprint"]) and "decision" in line
        }
        edits = relabelled(
            dataset,
            {
                line["row"]: line["decision"]["label"]
                for line in lines
                if line.get("decision", {}).get("decision") == "relabel"
            },
        )
        scores = np.asarray(table["score"].to_pylist(), dtype=np.float32)
        verdicts = Verdicts(tuple(verdict), scores, {})
        made = _reviewed(before, verdict, lines)
        at = table.column_names.index("verdict")
        table = table.set_column(at, "verdict", pa.array(verdict, pa.string()))
        with staging(folder) as staged:
            drop = {k for k, said in enumerate(verdict) if said == "quarantine"}
            written = rows.write_cleaned(dataset, drop, staged, edits)
            cleaned = _read_again(dataset, written, drop)
            checked = check(dataset, verdicts, cleaned)
            made["expectations"] = {"success": checked.success, "checked": len(checked.results)}
            made["notes"] = [note for note in before["notes"] if note != BROKEN]
            made["notes"] += [] if checked.success else [BROKEN]
            atomic.write_text(staged / "expectations.html", checked.html)
            write_reviewed(staged, manifest=made, lines=lines, table=table)
            atomic.write_text(staged / "report.html", page(staged, folder))
            said_of_others = others(staged, dataset)
        files = tuple(folder / path.relative_to(staged) for path in written)
        path = write_lock(dataset, files, made, reached, verdicts=verdict)
    said = Counter(line.get("decision", {}).get("decision") for line in lines)
    return Cleaned(
        files=files,
        lock=path,
        scanned=len(dataset),
        rows=len(dataset) - len(drop),
        accepted=said["accept"],
        released=said["release"],
        relabelled=said["relabel"],
        undecided=said[None],
        to_review=made["counts"]["review"],
        elsewhere=len(held.keys() - flagged),
        checked=checked,
        notices=(*((notice,) if notice else ()), *said_of_others),
    )


def _decided(
    line: Mapping[str, Any], held: Mapping[str, Decision], dataset: Dataset
) -> dict[str, Any]:
    """Return a line of a flagged row with the verdict it has once the decisions hold."""
    index, scanned = line["row"], scanned_verdict(line)
    if not 0 <= index < len(dataset) or dataset.rows[index].fingerprint != line["fingerprint"]:
        raise ResultError(
            f"row {index} is not the row that was scanned: the data has another order by now",
            hint="bring back the file that was scanned, or run `curate scan` again",
        )
    made = {k: v for k, v in line.items() if k != "decision"} | {"verdict": scanned}
    decision = held.get(line["fingerprint"])
    if decision is None:
        return made
    if decision.action == "relabel" and decision.label == dataset.rows[index].output:
        decision = replace(decision, action="release", label=None)  # it has that answer
    told = {**decision.document(), "scanned": scanned}
    return made | {"verdict": _EFFECT[decision.action], "decision": told}


def _reviewed(
    before: Mapping[str, Any], verdict: Sequence[str], lines: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the manifest with counts and verdict as they are now, and what the review did."""
    number = {name: verdict.count(name) for name in ("keep", "review", "quarantine")}
    made = {k: v for k, v in before.items() if k not in ("review", "content_hash")}
    made["counts"] = {"rows": len(verdict), **number}
    said = Counter(line["decision"]["decision"] for line in lines if "decision" in line)
    was = Counter(scanned_verdict(line) for line in lines)
    scanned = before.get("review", {}).get("scanned", {}).get("verdict", before["verdict"])
    flagged = number["quarantine"] + number["review"]
    made["verdict"] = scanned
    if said:
        made["review"] = {
            **{name: said[name] for name in ("accept", "release", "relabel")},
            "undecided": len(lines) - said.total(),
            "kept": sum(line["verdict"] == "keep" for line in lines),
            "scanned": {**{n: was[n] for n in ("review", "quarantine")}, "verdict": scanned},
        }
        if scanned != "inconclusive":
            made["verdict"] = "findings" if flagged else "clean"
    return made


def _read_again(dataset: Dataset, written: Sequence[Path], drop: set[int]) -> Dataset:
    """Return the cleaned set as it was written, each row with the task it had in the input."""
    if len(drop) == len(dataset):
        return replace(dataset, rows=(), records=(), label_spaces={})
    kept = [row for row in dataset.rows if row.index not in drop]
    cleaned = rows.load(list(written), columns=told_columns(dataset) or None, like=dataset)
    if len(cleaned) != len(kept):
        raise InputError("the cleaned set came out with another number of rows", path=written[0])
    pairs = zip(cleaned.rows, kept, strict=True)
    return replace(cleaned, rows=tuple(replace(new, task=old.task) for new, old in pairs))
