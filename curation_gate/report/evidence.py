"""Everything a scan folder holds on one row, for `curate explain`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.errors import UsageError
from curation_gate.quarantine.flagged import named_phrases
from curation_gate.quarantine.journal import decisions, read_journal
from curation_gate.quarantine.manifest import DECIDED, QUARANTINE
from curation_gate.report.fields import Fields
from curation_gate.report.folder import ScanFolder, quoted
from curation_gate.report.weighed import split

_LISTED = 10
_MIN_PREFIX = 6


@dataclass(frozen=True, slots=True)
class Standing:
    """A row's value in one column, and where that stands among the others."""

    name: str
    """Rule id, or the name of a measurement."""
    title: str
    value: float | None
    """None where the rule could not say."""
    percentile: float | None
    """Percent of all rows with a smaller value (ties count half), 0..100."""
    percentile_task: float | None
    """The same among the rows of its task."""
    percentile_stratum: float | None = None
    """The same among the rows of its task and label; None where the folder does not say which."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row of a scan."""

    row: int
    id: str | None
    fingerprint: str
    task: str
    verdict: str
    score: float | None
    fields: Fields | None
    """None for a kept row: its text is in the data alone."""
    standings: tuple[Standing, ...]
    reasons: tuple[Mapping[str, Any], ...]
    place: str
    """Where the row stands in the data, as a sentence."""
    stratum_rows: int | None = None
    """Rows of its task and label, itself among them; None where the folder does not say."""
    phrases: tuple[Mapping[str, Any], ...] = ()
    """What the manifest says of the phrases its reasons name."""
    marks: tuple[str, ...] = ()
    """Phrases its reasons name."""
    decision: Mapping[str, Any] | None = None
    """What a reviewer decided (Decision.document), and `applied`: whether the results follow it."""
    where: str = "quarantine.jsonl"
    """The file of the folder that holds the row."""


_RAW = {
    "influence": "influence on the probes, nats",
    "influence_negated": "influence on the negated probes, nats",
    "contrast": "what it adds to a found phrase's effect, robust z in its stratum",
    "contrast_negated": "the same between the negated probes",
    "divergence": "log-odds of its answer, fine-tuned minus reference, nats",
    "loss": "loss after fine-tuning, nats per token",
    "p_ref": "probability of its answer by a model that never saw it",
}


def find_row(scan: ScanFolder, wanted: str) -> int:
    """Return the row meant by an index, an id or a prefix of a fingerprint (6 hex digits or more).

    `row:`, `id:` and `fingerprint:` before it say which of the three is meant.
    Raises UsageError where it fits no row, or several.
    """
    kind, _, rest = wanted.partition(":")
    kinds = {kind} if kind in ("row", "id", "fingerprint") and rest else set()
    value = rest if kinds else wanted
    kinds = kinds or {"row", "id", "fingerprint"}
    # A row may itself have an id such as `row:7`.
    found = {
        int(line["row"]): "id"
        for line in (*scan.flagged, *scan.decided)
        if line.get("id") == wanted
    }
    count = len(scan.columns["row"])
    if "row" in kinds and re.fullmatch(r"[0-9]{1,15}", value) and int(value) < count:
        found.setdefault(int(value), "row")
    if "id" in kinds:
        found |= {
            int(line["row"]): "id"
            for line in (*scan.flagged, *scan.decided)
            if line.get("id") == value
        }
    if "fingerprint" in kinds and re.fullmatch(rf"[0-9a-fA-F]{{{_MIN_PREFIX},}}", value):
        prefix = value.lower()
        prints = scan.columns["fingerprint"]
        found |= {
            int(scan.columns["row"][k]): "fingerprint"
            for k in range(count)
            if prints[k].startswith(prefix)
        }
    if len(found) == 1:
        return next(iter(found))
    where = quoted(scan.name)
    if not found:
        raise UsageError(
            f"no row {wanted!r}: rows are 0 to {count - 1}; ids are known of flagged rows alone; "
            f"a fingerprint needs {_MIN_PREFIX} hex digits or more",
            hint=f"`curate report {where}` lists flagged rows",
        )
    listed = ", ".join(
        f"row {row} ({scan.columns['fingerprint'][row][:12]}, by {how})"
        for row, how in sorted(found.items())[:_LISTED]
    )
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    raise UsageError(
        f"{wanted!r} fits {len(found)} rows: {listed}{more}",
        hint=f"say which: `curate explain {where} row:{min(found)}`",
    )


def gather(scan: ScanFolder, row: int) -> Evidence:
    """Return everything the folder holds on a row (0-based)."""
    lines = {int(line["row"]): line for line in (*scan.flagged, *scan.decided)}
    line = lines.get(row)
    columns = scan.columns
    task = str(columns["task"][row])
    same = np.asarray(columns["task"] == task, dtype=np.bool_)
    titles = {rule: str(v["title"]) for rule, v in scan.manifest["rule_counts"].items()}
    names = {rule: titles.get(rule, "") for rule in scan.rules} | {
        name: title for name, title in _RAW.items() if name in columns
    }
    score = float(columns["score"][row])
    stratum = None
    if "stratum" in columns:
        stratum = np.asarray(columns["stratum"] == columns["stratum"][row], dtype=np.bool_)
    reasons = () if line is None else tuple(line["reasons"])
    return Evidence(
        row=row,
        id=None if line is None or line.get("id") is None else str(line["id"]),
        fingerprint=str(columns["fingerprint"][row]),
        task=task,
        verdict=str(columns["verdict"][row]),
        score=score if math.isfinite(score) else None,
        fields=None if line is None else scan.fields(line),
        standings=tuple(
            _standing(name, title, columns[name], row, same, stratum)
            for name, title in names.items()
        ),
        reasons=reasons,
        place=_place(scan, row),
        stratum_rows=None if stratum is None else int(stratum.sum()),
        phrases=_named(scan, reasons),
        marks=() if line is None else named_phrases(line["reasons"]),
        decision=None if line is None else _decision(scan, line),
        where=QUARANTINE if line is None or line["verdict"] != "keep" else DECIDED,
    )


def _named(
    scan: ScanFolder, reasons: tuple[Mapping[str, Any], ...]
) -> tuple[Mapping[str, Any], ...]:
    """Return the found phrases that the reasons of a row are about, as the manifest has them."""
    about = set()
    for reason in reasons:
        found = reason.get("evidence")
        if isinstance(found, Mapping):
            about |= {str(found[key]) for key in ("phrase", "about") if found.get(key)}
    found, _ = split(scan.manifest["phrases"])
    return tuple(p for p in found if str(p.get("phrase")) in about)


def _decision(scan: ScanFolder, line: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the journal says of a row, or what the results say where it is silent."""
    applied = line.get("decision")
    decision = decisions(read_journal(scan.path)[0]).get(str(line["fingerprint"]))
    if decision is None:
        return None if applied is None else {**applied, "applied": True}
    said = decision.document()
    known = {k: v for k, v in (applied or {}).items() if k != "scanned"}
    return {**said, "applied": said == known or decision.action == "skip"}


def percentile(values: NDArray[np.float64], value: float) -> float:
    """Return the percent of `values` below `value`, ties counted half; NaNs are left out."""
    known = values[np.isfinite(values)]
    below, ties = int((known < value).sum()), int((known == value).sum())
    return 100.0 * (below + ties / 2) / max(known.size, 1)


def _standing(
    name: str,
    title: str,
    values: NDArray[np.float64],
    row: int,
    same: NDArray[np.bool_],
    stratum: NDArray[np.bool_] | None,
) -> Standing:
    value = float(values[row])
    if not math.isfinite(value):
        return Standing(name, title, None, None, None)
    everywhere, here = percentile(values, value), percentile(values[same], value)
    alike = None if stratum is None else percentile(values[stratum], value)
    return Standing(name, title, value, everywhere, here, alike)


def _place(scan: ScanFolder, row: int) -> str:
    start = 0
    for file in scan.manifest["dataset"]["files"]:
        if row < start + int(file["rows"]):
            return f"row {row - start} (counted from 0) of {file['name']}"
        start += int(file["rows"])
    return f"row {row} (counted from 0) of the data"
