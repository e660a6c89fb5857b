"""The data a scan folder was made from, found again and held against what was scanned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation_gate.errors import CurateError, ResultError, RulesError, UsageError
from curation_gate.quarantine.lock import LOCK, Entry, read_lock
from curation_gate.quarantine.lock_places import own_file
from curation_gate.rows import load
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import RulePack, load_rules

SUFFIX = ".curation"


def scanned_data(
    folder: Path,
    manifest: Mapping[str, Any],
    paths: Sequence[Path | str] = (),
    columns: Mapping[str, str] | None = None,
) -> Dataset:
    """Return the very dataset that was scanned.

    paths: where it lies; without them, as a curate.lock above the folder tells, else beside the
    folder by the names of its manifest. columns: as the scan was told; the lock knows them too.
    Raises UsageError where it is not found, ResultError where it is another one by now.
    """
    entry, _ = _entry(folder, manifest)
    paths, told = scanned_paths(folder, manifest, paths)
    columns = columns or told
    dataset = load(list(paths), columns=columns or None)
    wanted = manifest["dataset"]
    if not _is_same(dataset, wanted) and not columns:
        dataset = _with_known_columns(dataset, paths, wanted)
    if not _is_same(dataset, wanted):
        is_cleaned = entry is not None and entry.cleaned.fingerprint == dataset.fingerprint
        what = "is the cleaned set already" if is_cleaned else "is not the data that was scanned"
        raise ResultError(
            f"{paths[0]}: {what}: {len(dataset):,} rows, {wanted['rows']:,} were scanned",
            hint="bring back the file that was scanned (from version control) or name it with "
            "--data FILE; or scan what is there now",
        )
    return dataset


def scanned_paths(
    folder: Path,
    manifest: Mapping[str, Any],
    paths: Sequence[Path | str] = (),
    *,
    command: str = "clean",
) -> tuple[list[Path | str], dict[str, str] | None]:
    """Return where the scanned data lies, and the columns the scan was told; nothing is read.

    paths: as in scanned_data. command: who asks, for the hint. Raises UsageError where the data
    is not found, ResultError where the lock is damaged.
    """
    entry, place = _entry(folder, manifest)
    found = list(paths)
    if not found and entry is not None and place is not None:
        found = [place / name for name in entry.data.files]
        found = found if all(Path(path).exists() for path in found) else []
    found = found or list(_beside(folder, manifest))
    gone = [str(path) for path in found if not _is_there(path)]
    if gone or not found:
        raise UsageError(
            f"{folder}: the data that was scanned is not found"
            + (f" (no {gone[0]})" if gone else ""),
            hint=f"say where it is: curate {command} {folder} --data FILE",
        )
    return found, dict(entry.data.columns) if entry is not None else None


def scanned_pack(folder: Path, manifest: Mapping[str, Any]) -> RulePack | None:
    """Return the rule pack of the scan, where it is at hand and still the same.

    A shipped pack is found by its name, one of the user's by the lock.
    """
    rules = manifest["rules"]
    name = str(rules["pack"])
    try:
        entry, place = _entry(folder, manifest)
    except CurateError:  # a damaged lock is not what is asked about here
        entry, place = None, None
    own = entry.rules.file if entry is not None else None
    try:
        if own is not None and place is not None:
            pack = load_rules(own_file(place, own))
        elif name.isidentifier():
            pack = load_rules(name)
        else:
            return None
    except (RulesError, ResultError):
        return None
    return pack if pack.hash == rules.get("hash") else None


def _entry(folder: Path, manifest: Mapping[str, Any]) -> tuple[Entry | None, Path | None]:
    """Return the lock entry of this scan and the folder of its lock."""
    here = folder.absolute()
    for place in here.parents:
        if (place / LOCK).is_file():
            found = [
                entry
                for entry in read_lock(place / LOCK).datasets.values()
                if entry.data.fingerprint == manifest["dataset"]["fingerprint"]
            ]
            # Two copies of one dataset have one fingerprint: the one whose results lie here.
            own = [e for e in found if any(here in (place / n).parents for n in e.cleaned.files)]
            if found:
                return (own or found)[0], place
        if (place / ".git").exists():
            break
    return None, None


def _beside(folder: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Return the files by their names, beside the folder or in what it is called after."""
    names = [str(file["name"]) for file in manifest["dataset"]["files"]]
    parent = folder.absolute().parent
    for place in (parent, parent / folder.absolute().name.removesuffix(SUFFIX)):
        if all((place / name).exists() for name in names):
            return [place / name for name in names]
    return [parent / name for name in names]


def _is_there(path: Path | str) -> bool:
    return Path(path).exists() or any(sign in str(path) for sign in "*?[")


def _is_same(dataset: Dataset, wanted: Mapping[str, Any]) -> bool:
    return (dataset.fingerprint, len(dataset)) == (wanted["fingerprint"], wanted["rows"])


def _with_known_columns(
    dataset: Dataset, paths: Sequence[Path | str], wanted: Mapping[str, Any]
) -> Dataset:
    """Return the data read with the columns of the manifest, where that fits better."""
    known = wanted["files"][0].get("columns")
    if not isinstance(known, Mapping) or not known:
        return dataset
    try:
        return load(list(paths), columns=known)
    except CurateError:
        return dataset
