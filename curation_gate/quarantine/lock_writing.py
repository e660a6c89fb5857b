"""What a scan or a review came to, put into the lock beside its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation_gate.errors import CurateError, InconclusiveError, ResultError
from curation_gate.quarantine.lock import Lock, read_lock, save_lock
from curation_gate.quarantine.lock_entry import TAKES_OUT, Entry, checked, decision_of
from curation_gate.quarantine.lock_places import inside, lock_path, near, relative
from curation_gate.quarantine.sketch import sketch_of, without
from curation_gate.rows import dataset_fingerprint, load
from curation_gate.rows.record import Dataset
from curation_gate.rows.schema import find_schema
from curation_gate.rows.whole import key_sums, whole_fingerprint, whole_fingerprints


def write_lock(
    dataset: Dataset,
    cleaned: Sequence[Path],
    manifest: dict[str, Any],
    decisions: Mapping[str, Mapping[str, str]] | None = None,
    *,
    verdicts: Sequence[str] | None = None,
    rules_file: Path | None = None,
    allow_file: Path | None = None,
) -> Path:
    """Write the dataset's entry into the lock beside its data; returns the lock's path.

    Other entries stay as they are. `cleaned`: the files write_cleaned wrote, read again here: the
    lock promises what is on disk, not what was meant. decisions: fingerprint to what a reviewer
    decided; None: those of the entry before on rows that are still flagged. verdicts: [n] of the
    rows; without them the lock cannot name rows that change later. rules_file: a pack of the
    user's, allow_file: the allow file of the scan; None: the file of the entry before, where it
    still says the same. Raises ResultError where the lock that is there is damaged or the cleaned
    set is not the input without its quarantined rows.
    """
    path = lock_path([file.path for file in dataset.files])
    counts = manifest["counts"]
    columns = told_columns(dataset)
    fingerprint, whole, rows = fingerprint_of(cleaned, columns)
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
    wholes = whole_fingerprints(dataset)
    entry = {
        "data": {
            "files": names,
            "fingerprint": dataset.fingerprint,
            "whole": whole_fingerprint(wholes),
            "rows": len(dataset),
            "columns": columns,
        },
        "cleaned": {
            "files": inside(cleaned, path.parent),
            "fingerprint": fingerprint,
            "whole": whole,
            "rows": rows,
        },
        "counts": {kind: counts[kind] for kind in ("keep", "review", "quarantine")},
        "rules": {
            **{key: manifest["rules"][key] for key in ("pack", "hash")},
            "file": pack_file,
        },
        "allow": _allow(manifest.get("allowed"), allow_file, before, path.parent),
        "tool": {key: manifest["tool"][key] for key in ("name", "version")},
        "verdict": manifest["verdict"],
        "flagged": flagged,
        "decisions": dict(decisions),
        "floor": _floor(manifest["floor"]),
        "released": _released(dataset, wholes, flagged or {}, decisions),
        **_of_kept_rows(dataset, wholes, flagged),
    }
    try:
        made = checked(name, entry)
    except ValueError as error:
        raise ResultError(f"{path}: {error}") from error
    broken = {other: kept for other, kept in lock.broken.items() if other != name}
    save_lock(path, Lock({**lock.datasets, name: made}, broken))
    return path


def _floor(known: Mapping[str, Any]) -> dict[str, int | None]:
    """Return the rows at which one in two is caught, by kind; an older scan's as they are."""
    return {
        kind: floor["half"] if isinstance(floor, dict) else floor for kind, floor in known.items()
    }


def _allow(
    allowed: Mapping[str, Any] | None, file: Path | None, before: Entry | None, folder: Path
) -> dict[str, Any]:
    """Return the section on the allow file. allowed: as in the manifest, None: there was none."""
    if allowed is None:
        return {"hash": None, "file": None, "expired": 0}
    if file is not None:
        known = near(file, folder)
    elif before is not None and before.allow is not None and before.allow.hash == allowed["hash"]:
        known = before.allow.file
    else:
        known = None
    expired = sum(entry["status"] == "expired" for entry in allowed["entries"])
    return {"hash": allowed["hash"], "file": known, "expired": expired}


def fingerprint_of(paths: Sequence[Path], columns: Mapping[str, str]) -> tuple[str, str, int]:
    """Return both fingerprints of files, what is judged and the whole, and the number of rows.

    An empty set is a set of no rows here.
    """
    try:
        dataset = load(list(paths), columns=columns or None, tasks=False)
    except InconclusiveError:
        return dataset_fingerprint(()), whole_fingerprint(()), 0
    return dataset.fingerprint, whole_fingerprint(whole_fingerprints(dataset)), len(dataset)


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


def _flagged(dataset: Dataset, verdicts: Sequence[str]) -> dict[str, str]:
    """Return fingerprint to verdict of the rows that are not kept (equal rows have equal ones)."""
    return {
        row.fingerprint: verdict
        for row, verdict in zip(dataset.rows, verdicts, strict=True)
        if verdict != "keep"
    }


def _of_kept_rows(
    dataset: Dataset, wholes: Sequence[bytes], flagged: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return the sections by which a change of rows that are not quarantined is named."""
    if flagged is None:
        return {"keys": {}, "sketch": {}}
    out = (fingerprint for fingerprint, verdict in flagged.items() if verdict == "quarantine")
    kept = without(dataset.rows, out)
    return {
        "keys": key_sums(dataset, (row.index for row in kept)),
        "sketch": sketch_of(kept, [wholes[row.index] for row in kept]),
    }


def _released(
    dataset: Dataset,
    wholes: Sequence[bytes],
    flagged: Mapping[str, str],
    decisions: Mapping[str, Any],
) -> dict[str, list[str]]:
    """Return the whole digests of quarantined contents that a reviewer let go."""
    made: dict[str, list[str]] = {}
    for row, whole in zip(dataset.rows, wholes, strict=True):
        own = row.fingerprint
        if flagged.get(own) == "quarantine" and decision_of(decisions.get(own)) not in TAKES_OUT:
            made.setdefault(own, []).append(whole.hex())
    return {own: sorted(known) for own, known in made.items()}
