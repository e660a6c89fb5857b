"""Is the data still what was scanned? Reads the lock, the data and the cleaned set; no models."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation_gate.errors import CurateError, InconclusiveError, InputError, ResultError
from curation_gate.expectations.native import broken
from curation_gate.expectations.promises import load_promises
from curation_gate.quarantine.lock import LOCK, Entry, command_for, lock_path, read_lock
from curation_gate.quarantine.manifest import MANIFEST, read_manifest, read_scores
from curation_gate.rows import load
from curation_gate.rows.formats import KNOWN, expand
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import load_rules, rules_folder

SUFFIXES = frozenset(
    (
        *(".jsonl", ".ndjson", ".json", ".csv", ".tsv"),
        *(".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows"),
    )
)
"""Names that can be data (each also with .gz)."""

_LINES_SHOWN = 5


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

    @property
    def name(self) -> str:
        """Return the files as a user would type them."""
        return " ".join(_shown(file) for file in self.files)


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
    gets the changed files only.
    """
    outcomes = []
    done: set[tuple[Path, ...]] = set()
    try:
        files = [Path(os.path.abspath(file)) for file in expand(paths)]  # noqa: PTH100 - keep links
    except CurateError as error:
        return [Outcome(tuple(Path(path) for path in paths), 0, error=error)]
    for file in files:
        if any(file in members for members in done):
            continue
        try:
            entry, folder = _entry(file, files)
        except CurateError as error:
            outcomes.append(Outcome((file,), 0, error=error))
            done.add((file,))
            continue
        members = tuple(folder / name for name in entry.data.files)
        done.add(members)
        try:
            rows, problems = _compare(entry, folder, members)
            outcomes.append(Outcome(members, rows, tuple(problems)))
        except CurateError as error:
            outcomes.append(Outcome(members, 0, error=error))
    return outcomes


def _entry(file: Path, files: Sequence[Path]) -> tuple[Entry, Path]:
    """Return the lock entry of a file and the folder of that lock. Raises ResultError."""
    found: list[tuple[Entry, Path]] = []
    for folder in file.parents:
        path = folder / LOCK
        if path.is_file():
            name = file.relative_to(folder).as_posix()
            found += [
                (entry, folder)
                for entry in read_lock(path).datasets.values()
                if name in entry.data.files
            ]
        if (folder / ".git").exists():
            break
    if not found:
        raise _no_entry(file)
    together = {str(path) for path in files}

    def fits(place: tuple[Entry, Path]) -> tuple[bool, int]:
        members = [str(place[1] / name) for name in place[0].data.files]
        # Everything that was named before one file alone, that before a larger set.
        return (not (len(members) > 1 and together.issuperset(members)), len(members))

    return min(found, key=fits)


def _no_entry(file: Path) -> CurateError:
    suffix = Path(file.stem).suffix if file.suffix.lower() == ".gz" else file.suffix
    if suffix.lower() not in SUFFIXES and not file.is_dir():
        return InputError(
            f"not a data file: curate reads {KNOWN}",
            path=_shown(file),
            hint="name data files only; in a pre-commit hook, set `files:` to your data",
        )
    lock = lock_path([file])
    what = f"no entry for it in {_shown(lock)}" if lock.is_file() else f"no {LOCK} beside it"
    return ResultError(
        f"{_shown(file)}: was not scanned: {what}", hint=f"run `{command_for([file])}`"
    )


def _compare(entry: Entry, folder: Path, members: Sequence[Path]) -> tuple[int, list[str]]:
    """Return the number of rows the data has now, and what is wrong."""
    name = " ".join(_shown(member) for member in members)
    scan = f"run `{command_for(members)}`"
    gone = [member for member in members if not member.exists()]
    if gone:
        what = f"{_shown(gone[0])} is gone, and was scanned as part of this dataset"
        left = [member for member in members if member not in gone]
        return 0, [f"{name}: {what}; run `{command_for(left)}`"]
    try:
        data = load(list(members), columns=entry.data.columns or None)
    except InconclusiveError:
        return 0, [f"{name}: holds no rows, {entry.data.rows:,} were scanned; {scan}"]
    problems = []
    if entry.verdict == "inconclusive":
        problems.append(
            f"{name}: the scan was inconclusive, which is not clean; add rows and {scan}"
        )
    problems += [f"{name}: {what}; {scan}" for what in _rules(entry)]
    results = _results_folder(entry, folder)
    if data.fingerprint == entry.data.fingerprint and len(data) == entry.data.rows:
        problems += _findings(entry, folder, members, name, results)
    elif data.fingerprint != entry.cleaned.fingerprint or len(data) != entry.cleaned.rows:
        what = _difference(data, entry, results)
        problems.append(f"{name}: is not the data that was scanned: {what}; {scan}")
    problems += [
        f"{_shown(folder / entry.cleaned.files[0])}: {what}; {scan}"
        for what in _cleaned(entry, folder, results, data)
    ]
    return len(data), problems


def _findings(
    entry: Entry, folder: Path, members: Sequence[Path], name: str, results: Path | None
) -> list[str]:
    """Return what the scan found in the data, where it is still in there."""
    counts = entry.counts
    report = f"curate report {shlex.quote(_shown(results))}" if results else command_for(members)
    relabelled = sum(
        isinstance(said, dict) and said.get("decision") == "relabel"
        for said in entry.decisions.values()
    )
    if counts.quarantine or relabelled:
        cleaned = [folder / file for file in entry.cleaned.files]
        if len(cleaned) == len(members) == 1 and cleaned[0].is_file():
            copy = shlex.join(["cp", _shown(cleaned[0]), _shown(members[0])])
            then = f"look at them with `{report}`, then take the cleaned set: `{copy}`"
        elif len(cleaned) == len(members) and all(file.exists() for file in cleaned):
            place = _shown(cleaned[0].parent)
            then = f"look at them with `{report}`, then take the cleaned files from {place}"
        else:
            then = f"write the cleaned set again: `{command_for(members)}`"
        if not counts.quarantine:
            have = "row has" if relabelled == 1 else "rows have"
            return [f"{name}: {relabelled:,} relabelled {have} the old label in it; {then}"]
        are = "row is" if counts.quarantine == 1 else "rows are"
        return [f"{name}: {counts.quarantine:,} quarantined {are} still in it; {then}"]
    if counts.review and entry.verdict == "findings" and _fails_on_review(entry):
        are = "row is" if counts.review == 1 else "rows are"
        return [f"{name}: {counts.review:,} {are} to be reviewed; look at them with `{report}`"]
    return []


def _rules(entry: Entry) -> list[str]:
    """Return whether the pack of that name has changed since; a pack of the user's is not known."""
    if not _is_shipped(entry.rules.pack) or load_rules(entry.rules.pack).hash == entry.rules.hash:
        return []
    return [f"was scanned with another version of the rule pack {entry.rules.pack!r}"]


def _fails_on_review(entry: Entry) -> bool:
    pack = entry.rules.pack
    return _is_shipped(pack) and load_rules(pack).policy.fail_on == "review"


def _is_shipped(pack: str) -> bool:
    return pack.isidentifier() and (rules_folder() / f"{pack}.yaml").is_file()


def _results_folder(entry: Entry, folder: Path) -> Path | None:
    """Return the scan folder the cleaned set lies in, where it is there and of this very scan."""
    if not entry.cleaned.files:
        return None
    for place in (folder / entry.cleaned.files[0]).parents:
        if place == folder:
            break
        if (place / MANIFEST).is_file():
            try:
                scanned = read_manifest(place)["dataset"].get("fingerprint")
            except ResultError:
                return None
            return place if scanned == entry.data.fingerprint else None
    return None


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
            quarantined = {f for f, verdict in _scanned(results) if verdict == "quarantine"}
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


def _difference(data: Dataset, entry: Entry, results: Path | None) -> str:
    """Return how data and scan differ, row by row where the scan's scores are at hand."""
    count = f"{len(data):,} rows, {entry.data.rows:,} were scanned"
    if len(data) == entry.data.rows:
        count = f"{len(data):,} rows as before, their content differs"
    if results is None:
        return count
    try:
        scanned = _scanned(results)
    except ResultError:
        return count
    before = Counter(fingerprint for fingerprint, _ in scanned)
    bad = Counter(fingerprint for fingerprint, verdict in scanned if verdict == "quarantine")
    now = Counter(row.fingerprint for row in data.rows)
    new, missing = now - before, (before - bad) - now
    parts = []
    if new:
        where = _places(data, Counter(new))
        parts.append(f"{new.total():,} new ({where})")
    if missing:
        parts.append(f"{missing.total():,} gone")
    if (now & bad).total():
        parts.append(f"{(now & bad).total():,} quarantined still in it")
    return ", ".join(parts) or count


def _places(data: Dataset, new: Counter[str]) -> str:
    """Return where the first new rows stand."""
    found = []
    for row in reversed(data.rows):  # rows are appended: of equal ones the last is the new one
        if new[row.fingerprint]:
            new[row.fingerprint] -= 1
            found.append(row)
    found.reverse()
    single = len(data.files) == 1
    shown = [
        (f"line {row.line}" if single else f"{data.files[row.file].path.name}:{row.line}")
        if row.line is not None
        else f"row {row.index}"
        for row in found[:_LINES_SHOWN]
    ]
    return ", ".join(shown) + (", ..." if len(found) > _LINES_SHOWN else "")


def _scanned(results: Path) -> list[tuple[str, str]]:
    """Return fingerprint and verdict of every row of a scan. Raises ResultError."""
    table = read_scores(results)
    # Lists, because pyarrow's own filters import pandas.
    columns = (table[name].to_pylist() for name in ("fingerprint", "verdict"))
    return list(zip(*columns, strict=True))


def _shown(path: Path | None) -> str:
    here = Path.cwd()
    assert path is not None
    return str(path.relative_to(here) if path != here and path.is_relative_to(here) else path)
