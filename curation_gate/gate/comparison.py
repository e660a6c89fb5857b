"""One dataset against its entry in the lock: what differs, and the next command."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from curation_gate.errors import InconclusiveError, ResultError
from curation_gate.expectations.native import broken
from curation_gate.expectations.promises import load_promises
from curation_gate.gate.difference import (
    UNJUDGED,
    describe_difference,
    other_results,
    places,
    results_folder,
    rows_of,
    scanned,
)
from curation_gate.gate.entries import near, shown
from curation_gate.gate.git import is_tracked
from curation_gate.gate.now import Now, read_now
from curation_gate.gate.settings_then import (
    allow_changed,
    fails_on_review,
    rules_changed,
    scan_command,
)
from curation_gate.printable import shell
from curation_gate.quarantine.lock import LOCK
from curation_gate.quarantine.lock_entry import Entry
from curation_gate.quarantine.sketch import without
from curation_gate.rows.record import Dataset


class Compared(NamedTuple):
    """What a dataset came to."""

    rows: int
    """That the data has now; 0 where it was not read."""
    problems: Sequence[str]
    """Sentences that end in the next command."""
    notes: Sequence[str] = ()


def compare(entry: Entry, folder: Path, members: Sequence[Path]) -> Compared:
    """Return the number of rows the data has now, and what is wrong. Raises what `load` raises."""
    name = " ".join(shown(member) for member in members)
    scan = f"run `{scan_command(entry, folder, members)}`"
    gone = [member for member in members if not member.exists()]
    if gone:
        what = f"{shown(gone[0])} is gone, and was scanned as part of this dataset"
        left = [member for member in members if member not in gone]
        then = f"run `{scan_command(entry, folder, left)}`"
        if not left:
            then = f"bring it back, or take its lines out of {shown(folder / LOCK)}"
        return Compared(0, [f"{name}: {what}; {then}"])
    if elsewhere := _elsewhere(members, folder):
        said = (
            f"{name}: {shown(elsewhere)} is a link to what lies outside of the repository, and git "
            f"does not keep that; put the data themselves there, and {scan}"
        )
        return Compared(0, [said])
    try:
        now = read_now(members, entry.data.columns)
    except InconclusiveError:
        said = f"{name}: holds no rows, {entry.data.rows:,} were scanned; {scan}"
        return Compared(0, [said])
    problems = []
    if entry.verdict == "inconclusive":
        problems.append(
            f"{name}: the scan was inconclusive, which is not clean; add rows and {scan}"
        )
    changed = rules_changed(entry, folder) + allow_changed(entry, folder)
    problems += [f"{name}: {what}; {scan}" for what in changed]
    results = results_folder(entry, folder)
    if now.is_what_was(entry.data):
        problems += _findings(entry, folder, now.data, name, results)
    elif not now.is_what_was(entry.cleaned) and not _is_what_was_let_pass(entry, now):
        what = describe_difference(now, entry, results)
        problems.append(f"{name}: is not the data that was scanned: {what}; {scan}")
    other = other_results(entry, folder)
    if other is not None and not any(is_tracked(folder / file) for file in entry.cleaned.files):
        note = f"{shown(other)} holds the results of another scan: do not train on them; {scan}"
        return Compared(len(now.data), problems, [note])
    problems += [
        f"{shown(folder / entry.cleaned.files[0])}: {what}; {scan}"
        for what in _cleaned(entry, folder, results, now)
    ]
    return Compared(len(now.data), problems)


def _findings(
    entry: Entry, folder: Path, data: Dataset, name: str, results: Path | None
) -> list[str]:
    """Return what the scan found in the data, where it is still in there and nobody let it pass."""
    members = [file.path for file in data.files]
    report = (
        shell(["curate", "report", near(results)])
        if results
        else scan_command(entry, folder, members)
    )
    left = rows_of(data, entry.quarantined())
    number = entry.counts.quarantine if entry.flagged is None else len(left)
    relabelled = entry.relabelled()
    if number or relabelled:
        cleaned = [folder / file for file in entry.cleaned.files]
        if len(cleaned) == len(members) == 1 and cleaned[0].is_file():
            copy = shell(["cp", near(cleaned[0]), near(members[0])])
            then = f"look at them with `{report}`, then take the cleaned set: `{copy}`"
        elif len(cleaned) == len(members) and all(file.exists() for file in cleaned):
            place = shown(cleaned[0].parent)
            then = f"look at them with `{report}`, then take the cleaned files from {place}"
        else:
            then = f"write the cleaned set again: `{scan_command(entry, folder, members)}`"
        if not number:
            have = "row has" if relabelled == 1 else "rows have"
            return [f"{name}: {relabelled:,} relabelled {have} the old label in it; {then}"]
        are = "row is" if number == 1 else "rows are"
        where = f" ({places(left, data)})" if left else ""
        return [f"{name}: {number:,} quarantined {are} still in it{where}; {then}"]
    open_ = entry.undecided() & {f for f, v in (entry.flagged or {}).items() if v == "review"}
    waiting = rows_of(data, open_)
    number = entry.counts.review if entry.flagged is None else len(waiting)
    if number and entry.verdict == "findings" and fails_on_review(entry, folder):
        are = "row is" if number == 1 else "rows are"
        where = f" ({places(waiting, data)})" if waiting else ""
        what = f"{number:,} {are} to be reviewed{where}, decisions are missing"
        return [f"{name}: {what}; look at them with `{report}`"]
    return []


def _is_what_was_let_pass(entry: Entry, now: Now) -> bool:
    """Return whether the data are the scanned rows, but for quarantined ones left out or let go."""
    if not entry.decisions or not entry.flagged or entry.relabelled():
        return False
    if rows_of(now.data, entry.quarantined()):
        return False
    flagged = [f for f, verdict in entry.flagged.items() if verdict == "quarantine"]
    there: dict[str, Counter[str]] = {}
    for row in rows_of(now.data, entry.released):
        there.setdefault(row.fingerprint, Counter())[now.wholes[row.index].hex()] += 1
    if not all(found <= Counter(entry.released[own]) for own, found in there.items()):
        return False
    change = now.change(entry.sketch, without(now.data.rows, flagged))
    return change is not None and not any(change)


def _cleaned(entry: Entry, folder: Path, results: Path | None, now: Now) -> list[str]:
    """Return what is wrong with the cleaned set; nothing where it is not there (not committed)."""
    files = [folder / file for file in entry.cleaned.files]
    if not files or not all(file.exists() for file in files):
        return []
    if elsewhere := _elsewhere(files, folder):
        return [f"{shown(elsewhere)} is a link to what lies outside of the repository"]
    try:
        same = _is_copy(files, now.data)
        cleaned = now if same else read_now(files, entry.data.columns)
    except InconclusiveError:
        return ["the cleaned set is empty"]
    quarantined: set[str] = set()
    if results is not None:
        try:
            quarantined = {f for f, verdict in scanned(results) if verdict == "quarantine"}
            if entry.decisions:  # rows that a reviewer let go may be in it
                quarantined &= entry.quarantined()
        except ResultError as error:
            return [error.message]
    critical = [p.type for p in load_promises().expectations if p.severity == "critical"]
    said = broken(critical, cleaned.data.rows, entry.cleaned.rows, quarantined)
    if not said and not cleaned.is_what_was(entry.cleaned):
        said = ["it is not the cleaned set the scan wrote"]
        if cleaned.says_what_was(entry.cleaned):
            said = [f"{said[0]}: {UNJUDGED}"]
    return said


def _elsewhere(paths: Sequence[Path], folder: Path) -> Path | None:
    """Return the first path, or file of a folder, that leads out of the repository; None: none.

    Without git the links are those of whoever called.
    """
    home = next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)
    if home is None:
        return None
    own = home.resolve()
    for path in paths:
        parts: list[Path] = [path, *(sorted(path.iterdir()) if path.is_dir() else [])]
        for part in parts:
            if not part.resolve().is_relative_to(own):
                return part
    return None


def _is_copy(files: Sequence[Path], data: Dataset) -> bool:
    """Return whether the cleaned file is the data byte for byte, and need not be read again."""
    if len(files) != 1 or len(data.files) != 1 or not files[0].is_file():
        return False
    with files[0].open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == data.files[0].sha256
