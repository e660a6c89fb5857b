"""Is the data still what was scanned? Reads the lock, the data and the cleaned set; no models."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from curation_gate import __version__
from curation_gate.errors import CurateError
from curation_gate.gate.comparison import compare
from curation_gate.gate.entries import SUFFIXES, find_entry, locked_files, shown
from curation_gate.gate.settings_then import scan_command
from curation_gate.quarantine.allow_file import ALLOW
from curation_gate.quarantine.lock import LOCK, Broken, command_for
from curation_gate.quarantine.lock_entry import Entry
from curation_gate.quarantine.lock_migrations import SCHEMA_VERSION
from curation_gate.rows.formats import expand

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
    gets the changed files only. A lock, and an allow file beside one, stands for every dataset the
    lock has an entry for.
    """
    outcomes = []
    done: set[tuple[Path, ...]] = set()
    try:
        named = [path for path in paths if Path(path).name not in (LOCK, ALLOW)]
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
                rows, problems = compare(found.entry, found.folder, members)
        except CurateError as error:
            outcomes.append(Outcome(members, 0, error=error))
            continue
        if found.markers:
            problems.append(
                f"{shown(found.folder / LOCK)}: markers of an unfinished merge stand in it; take "
                f"the lines that start with {'<<<<<<<'}, {'======='} and {'>>>>>>>'} out of it"
            )
        outcomes.append(
            Outcome(
                members,
                rows,
                tuple(problems),
                notes=_notes(found.entry, found.version, found.folder, members),
            )
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


def _notes(entry: Entry, version: int, folder: Path, members: Sequence[Path]) -> tuple[str, ...]:
    said = []
    if entry.tool.version != __version__:
        said.append(f"scanned with {entry.tool.name} {entry.tool.version}, this is {__version__}")
    if entry.data.whole is None:
        said.append(
            "its lock is of an older version and knows only what rules read: system prompts, tools "
            "and columns that no rule reads were not compared; to have them compared, run "
            f"`{scan_command(entry, folder, members)}`"
        )
    elif version != SCHEMA_VERSION:
        said.append(f"the lock has schema version {version}; the next scan writes {SCHEMA_VERSION}")
    return tuple(said)
