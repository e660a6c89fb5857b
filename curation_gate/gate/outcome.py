"""What verifying one dataset comes to."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from curation_gate import __version__
from curation_gate.errors import CurateError
from curation_gate.gate.comparison import compare
from curation_gate.gate.entries import Place, absolute, shown
from curation_gate.gate.settings_then import scan_command
from curation_gate.quarantine.lock import LOCK, Broken, command_for
from curation_gate.quarantine.lock_entry import Entry
from curation_gate.quarantine.lock_migrations import SCHEMA_VERSION


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


def outcome_of(place: Place) -> Outcome:
    """Return what the dataset of a lock's entry comes to."""
    entry, folder, members = place.entry, place.folder, place.members
    if isinstance(entry, Broken):
        return Outcome(members, 0, (_broken(entry, folder, members),))
    try:
        with _collection_paused():
            compared = compare(entry, folder, members)
    except CurateError as error:
        return Outcome(members, 0, error=error)
    problems = list(compared.problems)
    if place.markers:
        problems.append(
            f"{shown(folder / LOCK)}: markers of an unfinished merge stand in it; take "
            f"the lines that start with {'<<<<<<<'}, {'======='} and {'>>>>>>>'} out of it"
        )
    notes = (*_notes(entry, place.version, folder, members), *compared.notes)
    return Outcome(members, compared.rows, tuple(problems), notes=notes)


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
    then = f"run `{command_for(there or members)}`"
    if any("\0" in str(m) or not absolute(m).is_relative_to(folder) for m in members):
        then = "take its lines out of it"
    return (
        f"{shown(folder / LOCK)}: its entry for {' '.join(shown(m) for m in members)} cannot be "
        f"believed: {entry.why}; {then}"
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
