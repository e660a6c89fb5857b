"""Which entry of which lock a data file belongs to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation_gate.errors import CurateError, InputError, ResultError
from curation_gate.printable import printable
from curation_gate.quarantine.lock import LOCK, Broken, command_for, lock_path, read_lock
from curation_gate.quarantine.lock_entry import Entry
from curation_gate.rows.formats import KNOWN

SUFFIXES = frozenset(
    (
        *(".jsonl", ".ndjson", ".json", ".csv", ".tsv"),
        *(".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows"),
    )
)
"""Names that can be data (each also with .gz)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry was found."""

    entry: Entry | Broken
    folder: Path
    """Of the lock."""
    version: int
    """Schema version of the lock as it is stored."""
    markers: bool
    """Markers of an unfinished merge stand in it."""

    @property
    def files(self) -> Sequence[str]:
        """Return its data files, relative to the folder."""
        return self.entry.files if isinstance(self.entry, Broken) else self.entry.data.files

    @property
    def members(self) -> tuple[Path, ...]:
        """Return its data files, absolute."""
        return tuple(self.folder / name for name in self.files)

    @property
    def cleaned(self) -> tuple[Path, ...]:
        """Return its cleaned files, absolute; none where the lock does not know them."""
        if isinstance(self.entry, Broken):
            return ()
        return tuple(self.folder / name for name in self.entry.cleaned.files)


def find_entry(file: Path, files: Sequence[Path]) -> Place:
    """Return the lock entry of a file and where it stands. Raises ResultError."""
    found: list[Place] = []
    for folder in file.parents:
        path = folder / LOCK
        if path.is_file():
            name = file.relative_to(folder).as_posix()
            lock = read_lock(path)
            entries: list[Entry | Broken] = [*lock.datasets.values(), *lock.broken.values()]
            places = (Place(entry, folder, lock.version, lock.markers) for entry in entries)
            found += [place for place in places if name in place.files]
        if (folder / ".git").exists():
            break
    if not found:
        raise _no_entry(file)
    together = {str(path) for path in files}

    def fits(place: Place) -> tuple[bool, int]:
        members = [str(place.folder / name) for name in place.files]
        # Everything that was named before one file alone, that before a larger set.
        return (not (len(members) > 1 and together.issuperset(members)), len(members))

    return min(found, key=fits)


def lock_beside(path: Path) -> Path:
    """Return the lock that a lock or an allow file stands for. Raises ResultError."""
    folder = absolute(path).parent
    if path.name != LOCK and not (folder / LOCK).is_file():
        raise ResultError(
            f"{shown(folder / path.name)}: no {LOCK} beside it: nothing there was scanned",
            hint="run `curate scan` on the data it is for",
        )
    return folder / LOCK


def places_in(path: Path) -> list[Place]:
    """Return every entry of a lock. Raises ResultError."""
    lock = read_lock(path)
    entries: list[Entry | Broken] = [*lock.datasets.values(), *lock.broken.values()]
    return [Place(entry, path.parent, lock.version, lock.markers) for entry in entries]


def is_data_name(name: str) -> bool:
    """Return whether a file of this name is one of those that are read."""
    path = Path(name)
    suffix = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    return suffix.lower() in SUFFIXES


def absolute(path: Path) -> Path:
    """Return a path from the root on, links kept."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _no_entry(file: Path) -> CurateError:
    if not is_data_name(file.name) and not file.is_dir():
        return InputError(
            f"not a data file: curate reads {KNOWN}",
            path=shown(file),
            hint="name data files only; in a pre-commit hook, set `files:` to your data",
        )
    lock = lock_path([file])
    what = f"no entry for it in {shown(lock)}" if lock.is_file() else f"no {LOCK} beside it"
    return ResultError(
        f"{shown(file)}: was not scanned: {what}", hint=f"run `{command_for([file])}`"
    )


def shown(path: Path) -> str:
    """Return `near(path)` on one line, whatever stands in it."""
    return printable(near(path))


def near(path: Path) -> str:
    """Return a path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path != here and path.is_relative_to(here) else path)
