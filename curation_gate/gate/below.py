"""Everything below a folder: every lock, and every data file that no lock knows.

A data file is one of a suffix that is read, in or below a folder that holds a file of a lock (or
held one at the last commit), or that curate.toml guards (gate/guard.py); where there is git, only
what it tracks. At the top of a repository, where a file of a lock may lie beside package.json and
src/, only the top itself counts, and .json files only where one of them is in a lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from curation_gate.errors import CurateError, InputError, ResultError, RulesError, UsageError
from curation_gate.gate import git
from curation_gate.gate.entries import Place, absolute, is_data_name, places_in, shown
from curation_gate.gate.guard import CONFIG, NAMES, Guard, read_guard
from curation_gate.gate.outcome import Outcome, outcome_of
from curation_gate.quarantine.lock import LOCK, command_for, parse_lock
from curation_gate.quarantine.manifest import DECIDED, MANIFEST, QUARANTINE, SCORES
from curation_gate.regular_file import read_regular
from curation_gate.rows.columnar import data_files

_RESULTS = frozenset({MANIFEST, QUARANTINE, SCORES, DECIDED, "review.jsonl", "results.sarif"})
"""Files of a scan folder with a suffix that is read; cleaned files stand in the lock."""
_STATE = ("state.json", "dataset_info.json")


@dataclass(slots=True)
class _Known:
    """What locks say, and what was said at the base."""

    files: set[Path] = field(default_factory=set)
    """Data files and cleaned files of the locks there are."""
    data: set[Path] = field(default_factory=set)
    """The data files among them, and those of the base."""
    then: dict[Path, Path] = field(default_factory=dict)
    """Data file to its lock, at the base."""
    results: set[Path] = field(default_factory=set)
    """Scan folders."""

    def add(self, place: Place) -> None:
        """Take in an entry of a lock."""
        for member in place.members:
            self.data.add(member)
            self.files.update((member, *_parts(member)))
        for file in place.cleaned:
            self.files.update((file, *_parts(file)))
            self.results.add(file.parent.parent if file.parent.name == "cleaned" else file.parent)


def check_below(folder: Path, base: str | None = None) -> list[Outcome]:
    """Return an outcome for each dataset of each lock below a folder, and for each unknown file.

    base: the git revision whose locks and guards count beside those of now (default: the last
    commit, where there is one); one that is named also says what is excluded, so that a change
    cannot except itself. Raises UsageError where there is no such revision.
    """
    folder = absolute(folder)
    top = git.top_of(folder)
    tracked = None if top is None else git.listed(folder)
    notes = []
    if tracked is None and any((place / ".git").exists() for place in (folder, *folder.parents)):
        notes.append(
            "git does not answer: every file counts, and what the last commit held is not known"
        )
    commit = _commit(folder, base, known=tracked is not None)
    names = list(_walk(folder)) if tracked is None else tracked
    locks = [name for name in names if Path(name).name == LOCK]
    new = [] if tracked is None else git.listed(folder, new=True) or []
    untracked = [name for name in new if Path(name).name == LOCK]
    outcomes: list[Outcome] = []
    known = _Known()
    for name in sorted({*locks, *untracked}):
        path = folder / name
        if not os.path.lexists(path):  # tracked and deleted: its files are looked at below
            continue
        more = () if name not in untracked else (f"{shown(path)} is not in git: commit it, too",)
        outcomes += [replace(made, notes=(*made.notes, *more)) for made in _of_lock(path, known)]
    outcomes += [
        made for path in _locks_above(folder, top) for made in _of_lock(path, known, below=folder)
    ]
    home = top or folder
    try:
        guards = _guards(home, commit, named=base is not None)
    except CurateError as error:
        return [*outcomes, Outcome((home,), 0, error=error)]
    if commit is not None:
        known.then = dict(_locked_then(folder, commit))
        known.data.update(known.then)
    problems = dict(_unknown(folder, home, names, known, guards))
    outcomes += [Outcome((path,), 0, (said,)) for path, said in sorted(problems.items())]
    if not outcomes:
        nothing = ResultError(
            f"{shown(folder)}: no {LOCK} below it, and nothing that {CONFIG} guards: nothing there "
            "was scanned",
            hint="run `curate scan DATA`, and commit the lock with the data",
        )
        return [Outcome((folder,), 0, error=nothing)]
    return [replace(outcomes[0], notes=(*outcomes[0].notes, *notes)), *outcomes[1:]]


def _of_lock(path: Path, known: _Known, below: Path | None = None) -> Iterator[Outcome]:
    """Yield an outcome for each entry of a lock; below: only those with a file below a folder."""
    try:
        places = places_in(path)
    except CurateError as error:
        yield Outcome((path,), 0, error=error)
        return
    for place in places:
        known.add(place)
        if below is None or any(member.is_relative_to(below) for member in place.members):
            yield outcome_of(place)


def _commit(folder: Path, base: str | None, *, known: bool) -> str | None:
    commit = git.commit_of(folder, base or "HEAD") if known else None
    if base is not None and commit is None:
        raise UsageError(
            f"--diff-base {base}: no such revision",
            hint="in CI, fetch it first: `git fetch origin BRANCH` (a checkout is shallow)",
        )
    return commit


def _locks_above(folder: Path, top: Path | None) -> Iterator[Path]:
    if top is None or folder == top:
        return
    for place in folder.parents:
        if (place / LOCK).is_file():
            yield place / LOCK
        if place == top:
            return


def _locked_then(folder: Path, commit: str) -> Iterator[tuple[Path, Path]]:
    """Yield each data file below the folder that a lock knew at a commit, and that lock."""
    for name in git.listed_at(folder, commit):
        if Path(name).name != LOCK:
            continue
        path = folder / name
        try:
            lock = parse_lock(path, (git.blob(folder, commit, name) or b"").decode())
        except (CurateError, UnicodeDecodeError):  # what counts is the lock of now
            continue
        for entry in lock.datasets.values():
            yield from ((path.parent / file, path) for file in entry.data.files)


def _guards(home: Path, commit: str | None, *, named: bool) -> list[Guard]:
    """Return what is guarded now and at the base; `exclude` is that of now unless one was named."""
    now = None
    for name in NAMES:
        if now is None and (home / name).is_file():
            try:
                text = read_regular(home / name).decode()
            except (OSError, UnicodeDecodeError) as error:
                raise RulesError(f"{shown(home / name)}: cannot be read: {error}") from error
            now = read_guard(text, home / name)
    then = None
    for name in NAMES:
        stored = git.blob(home, commit, name) if commit is not None and then is None else None
        if stored is not None:
            try:
                then = read_guard(stored.decode(), Path(name))
            except (CurateError, UnicodeDecodeError):
                continue
    now, then = now or Guard(), then or Guard()
    return [replace(now, exclude=then.exclude) if named else now, replace(then, exclude=())]


def _unknown(
    folder: Path, home: Path, names: Sequence[str], known: _Known, guards: Sequence[Guard]
) -> Iterator[tuple[Path, str]]:
    """Yield what is data and in no lock, and what is to be run."""
    now = guards[0]
    told = {home / name for guard in guards for name in guard.files}
    deep = {home / name for guard in guards for name in guard.folders}
    deep |= {path for path in told if path.is_dir()}
    told -= deep
    for path in sorted(told | {file for file in known.then if file.exists()}):
        if not path.is_relative_to(folder) or path in known.files:
            continue
        if path.exists():
            yield path, _not_scanned(path, known)
        elif path in {home / name for name in now.files}:
            yield (
                path,
                (
                    f"{shown(path)}: is guarded by {CONFIG} and is not there; bring it back, or "
                    f"name what took its place under `guard` and run `curate scan` on it"
                ),
            )
    flat = {path.parent for path in {*told, *known.data}}
    deep |= (flat - {home}) | {path for path in known.data if path.is_dir()}
    json_at_top = any(p.parent == home and p.suffix == ".json" for p in {*told, *known.data})
    for name in names:
        path = folder / name
        if not is_data_name(name) or path in known.files or not os.path.lexists(path):
            continue
        if path.is_dir() or now.excludes(path.relative_to(home).as_posix()):
            continue
        if path.name in _RESULTS and path.parent in known.results:
            continue
        at_top = path.parent == home and home in flat and (json_at_top or path.suffix != ".json")
        if at_top or any(path.is_relative_to(place) for place in deep):
            path = path.parent if (path.parent / _STATE[0]).is_file() else path
            yield path, _not_scanned(path, known)


def _not_scanned(path: Path, known: _Known) -> str:
    lock = known.then.get(path)
    if lock is None:
        return (
            f"{shown(path)}: was not scanned: no {LOCK} knows it; run `{command_for([path])}`, or, "
            f"if it is no data, name it under `exclude` in {CONFIG}"
        )
    if lock.is_file():
        return (
            f"{shown(path)}: was scanned, and is no longer in {shown(lock)}; "
            f"run `{command_for([path])}`"
        )
    return (
        f"{shown(path)}: was scanned, and its {shown(lock)} is gone; bring the lock back, or run "
        f"`{command_for([path])}`"
    )


def _parts(path: Path) -> list[Path]:
    """Return the files of a `save_to_disk` folder that are read; none for a file."""
    if not path.is_dir():
        return []
    try:
        return [path / name for name in (*_STATE, *data_files(path))]
    except InputError:  # said where it is read
        return []


def _walk(folder: Path) -> Iterable[str]:
    """Yield the names below a folder without git: no hidden folders, no scan folders."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not name.endswith(".curation")
        )
        yield from (Path(place, name).relative_to(folder).as_posix() for name in sorted(files))
