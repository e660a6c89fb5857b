"""Is the data still what was scanned? Reads the lock, the data and the cleaned set; no models."""

from __future__ import annotations

import gc
import hashlib
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from curation_gate import __version__
from curation_gate.errors import CurateError, InconclusiveError, ResultError, RulesError
from curation_gate.expectations.native import broken
from curation_gate.expectations.promises import load_promises
from curation_gate.gate.difference import (
    describe_difference,
    places,
    results_folder,
    rows_of,
    scanned,
)
from curation_gate.gate.entries import SUFFIXES, find_entry, locked_files, shown
from curation_gate.quarantine.lock import LOCK, Broken, command_for
from curation_gate.quarantine.lock_entry import Entry
from curation_gate.quarantine.lock_migrations import SCHEMA_VERSION
from curation_gate.quarantine.sketch import difference, without
from curation_gate.rows import load
from curation_gate.rows.formats import expand
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import RulePack, load_rules, rules_folder

__all__ = ["SUFFIXES", "Outcome", "check", "verify"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What verifying one dataset came to."""

    files: tuple[Path, ...]
    rows: int
    """Rows of the data now; 0 where it was not read."""
    problems: tuple[str, ...] = ()
    """Sentences that end in the next command; () where nothing differs."""
    error: CurateError | None = None
    """Why it could not be verified at all."""
    notes: tuple[str, ...] = ()
    """What has changed and does not matter here: the tool's version, the lock's."""

    @property
    def name(self) -> str:
        """Return the files as a user would type them."""
        return " ".join(shown(file) for file in self.files)


def verify(paths: Sequence[Path | str]) -> list[str]:
    """Return what differs from the lock, as sentences that end in the next command; [] = fine.

    Files scanned together are verified together, others one by one. Raises ResultError where there
    is no lock or no entry, and what `load` raises where the data cannot be read.
    """
    outcomes = check(paths)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return [problem for outcome in outcomes for problem in outcome.problems]


def check(paths: Sequence[Path | str]) -> list[Outcome]:
    """Return an outcome for each dataset the paths belong to, in the order given.

    Files scanned together are one dataset, even where one of them alone is named: a commit hook
    gets the changed files only. A lock stands for every dataset it has an entry for.
    """
    outcomes = []
    done: set[tuple[Path, ...]] = set()
    try:
        named = [path for path in paths if Path(path).name != LOCK]
        files = [Path(os.path.abspath(file)) for file in expand(named)]  # noqa: PTH100 - keep links
        files += [file for path in paths if path not in named for file in locked_files(Path(path))]
    except CurateError as error:
        return [Outcome(tuple(Path(path) for path in paths), 0, error=error)]
    for file in files:
        if any(file in members for members in done):
            continue
        try:
            found = find_entry(file, files)
        except CurateError as error:
            outcomes.append(Outcome((file,), 0, error=error))
            done.add((file,))
            continue
        members = tuple(found.folder / name for name in found.files)
        done.add(members)
        if isinstance(found.entry, Broken):
            outcomes.append(Outcome(members, 0, (_broken(found.entry, found.folder, members),)))
            continue
        try:
            with _collection_paused():
                rows, problems = _compare(found.entry, found.folder, members)
        except CurateError as error:
            outcomes.append(Outcome(members, 0, error=error))
            continue
        if found.markers:
            problems.append(
                f"{shown(found.folder / LOCK)}: markers of an unfinished merge stand in it; take "
                f"the lines that start with {'<<<<<<<'}, {'======='} and {'>>>>>>>'} out of it"
            )
        outcomes.append(
            Outcome(members, rows, tuple(problems), notes=_notes(found.entry, found.version))
        )
    return outcomes


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Keep the garbage collector from walking all rows again and again: a fifth of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _broken(entry: Broken, folder: Path, members: Sequence[Path]) -> str:
    there = [member for member in members if member.exists()]
    return (
        f"{shown(folder / LOCK)}: its entry for {' '.join(shown(m) for m in members)} cannot be "
        f"believed: {entry.why}; run `{command_for(there or members)}`"
    )


def _notes(entry: Entry, version: int) -> tuple[str, ...]:
    said = []
    if entry.tool.version != __version__:
        said.append(f"scanned with {entry.tool.name} {entry.tool.version}, this is {__version__}")
    if version != SCHEMA_VERSION:
        said.append(f"the lock has schema version {version}; the next scan writes {SCHEMA_VERSION}")
    return tuple(said)


def _compare(entry: Entry, folder: Path, members: Sequence[Path]) -> tuple[int, list[str]]:
    """Return the number of rows the data has now, and what is wrong."""
    name = " ".join(shown(member) for member in members)
    scan = f"run `{_scan(entry, folder, members)}`"
    gone = [member for member in members if not member.exists()]
    if gone:
        what = f"{shown(gone[0])} is gone, and was scanned as part of this dataset"
        left = [member for member in members if member not in gone]
        then = f"run `{_scan(entry, folder, left)}`"
        if not left:
            then = f"bring it back, or take its lines out of {shown(folder / LOCK)}"
        return 0, [f"{name}: {what}; {then}"]
    try:
        data = load(list(members), columns=entry.data.columns or None)
    except InconclusiveError:
        return 0, [f"{name}: holds no rows, {entry.data.rows:,} were scanned; {scan}"]
    problems = []
    if entry.verdict == "inconclusive":
        problems.append(
            f"{name}: the scan was inconclusive, which is not clean; add rows and {scan}"
        )
    problems += [f"{name}: {what}; {scan}" for what in _rules(entry, folder)]
    results = results_folder(entry, folder)
    if data.fingerprint == entry.data.fingerprint and len(data) == entry.data.rows:
        problems += _findings(entry, folder, data, name, results)
    elif (
        data.fingerprint != entry.cleaned.fingerprint or len(data) != entry.cleaned.rows
    ) and not _is_what_was_let_pass(entry, data):
        what = describe_difference(data, entry, results)
        problems.append(f"{name}: is not the data that was scanned: {what}; {scan}")
    problems += [
        f"{shown(folder / entry.cleaned.files[0])}: {what}; {scan}"
        for what in _cleaned(entry, folder, results, data)
    ]
    return len(data), problems


def _scan(entry: Entry, folder: Path, paths: Sequence[Path]) -> str:
    """Return the command that scans these files by the rules they were scanned by."""
    if entry.rules.file is not None:
        return command_for(paths, folder / entry.rules.file)
    named = entry.rules.pack != "default" and _is_shipped(entry.rules.pack)
    return command_for(paths, entry.rules.pack if named else None)


def _findings(
    entry: Entry, folder: Path, data: Dataset, name: str, results: Path | None
) -> list[str]:
    """Return what the scan found in the data, where it is still in there and nobody let it pass."""
    members = [file.path for file in data.files]
    report = (
        f"curate report {shlex.quote(shown(results))}" if results else _scan(entry, folder, members)
    )
    left = rows_of(data, entry.quarantined())
    number = entry.counts.quarantine if entry.flagged is None else len(left)
    relabelled = entry.relabelled()
    if number or relabelled:
        cleaned = [folder / file for file in entry.cleaned.files]
        if len(cleaned) == len(members) == 1 and cleaned[0].is_file():
            copy = shlex.join(["cp", shown(cleaned[0]), shown(members[0])])
            then = f"look at them with `{report}`, then take the cleaned set: `{copy}`"
        elif len(cleaned) == len(members) and all(file.exists() for file in cleaned):
            place = shown(cleaned[0].parent)
            then = f"look at them with `{report}`, then take the cleaned files from {place}"
        else:
            then = f"write the cleaned set again: `{_scan(entry, folder, members)}`"
        if not number:
            have = "row has" if relabelled == 1 else "rows have"
            return [f"{name}: {relabelled:,} relabelled {have} the old label in it; {then}"]
        are = "row is" if number == 1 else "rows are"
        where = f" ({places(left, data)})" if left else ""
        return [f"{name}: {number:,} quarantined {are} still in it{where}; {then}"]
    open_ = entry.undecided() & {f for f, v in (entry.flagged or {}).items() if v == "review"}
    waiting = rows_of(data, open_)
    number = entry.counts.review if entry.flagged is None else len(waiting)
    if number and entry.verdict == "findings" and _fails_on_review(entry, folder):
        are = "row is" if number == 1 else "rows are"
        where = f" ({places(waiting, data)})" if waiting else ""
        what = f"{number:,} {are} to be reviewed{where}, decisions are missing"
        return [f"{name}: {what}; look at them with `{report}`"]
    return []


def _is_what_was_let_pass(entry: Entry, data: Dataset) -> bool:
    """Return whether the data are the scanned rows, but for quarantined ones left out or let go."""
    if not entry.decisions or not entry.flagged or entry.relabelled():
        return False
    if rows_of(data, entry.quarantined()):
        return False
    flagged = (f for f, verdict in entry.flagged.items() if verdict == "quarantine")
    change = difference(entry.sketch, without(data.rows, flagged))
    return change is not None and not (change.added or change.edited or change.removed)


def _rules(entry: Entry, folder: Path) -> list[str]:
    """Return how the rule pack differs from the one of the scan."""
    pack = entry.rules.pack
    try:
        now = _pack(entry, folder)
    except RulesError as error:
        return [f"was scanned with the rule pack {pack!r}, which is no pack now ({error.message})"]
    if now is None or now.hash == entry.rules.hash:
        return []
    where = repr(pack) if entry.rules.file is None else f"{pack!r} ({entry.rules.file})"
    return [f"was scanned with another version of the rule pack {where}"]


def _pack(entry: Entry, folder: Path) -> RulePack | None:
    """Return the pack as it is now; None where the lock cannot say which file it was."""
    if entry.rules.file is not None:
        return load_rules(folder / entry.rules.file)
    return load_rules(entry.rules.pack) if _is_shipped(entry.rules.pack) else None


def _fails_on_review(entry: Entry, folder: Path) -> bool:
    try:
        pack = _pack(entry, folder)
    except RulesError:
        return False  # said by _rules
    return pack is not None and pack.policy.fail_on == "review"


def _is_shipped(pack: str) -> bool:
    return pack.isidentifier() and (rules_folder() / f"{pack}.yaml").is_file()


def _cleaned(entry: Entry, folder: Path, results: Path | None, data: Dataset) -> list[str]:
    """Return what is wrong with the cleaned set; nothing where it is not there (not committed)."""
    files = [folder / file for file in entry.cleaned.files]
    if not files or not all(file.exists() for file in files):
        return []
    try:
        same = _is_copy(files, data)
        cleaned = data if same else load(files, columns=entry.data.columns or None)
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
    said = broken(critical, cleaned.rows, entry.cleaned.rows, quarantined)
    if not said and cleaned.fingerprint != entry.cleaned.fingerprint:
        said = ["it is not the cleaned set the scan wrote"]
    return said


def _is_copy(files: Sequence[Path], data: Dataset) -> bool:
    """Return whether the cleaned file is the data byte for byte, and need not be read again."""
    if len(files) != 1 or len(data.files) != 1 or not files[0].is_file():
        return False
    with files[0].open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == data.files[0].sha256
