"""Is the data still what was scanned? Reads the lock, the data and the cleaned set; no models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curation_gate.errors import CurateError
from curation_gate.gate.below import check_below
from curation_gate.gate.entries import (
    SUFFIXES,
    absolute,
    find_entry,
    lock_beside,
    places_in,
)
from curation_gate.gate.outcome import Outcome, outcome_of
from curation_gate.quarantine.allow_file import ALLOW
from curation_gate.quarantine.lock import LOCK
from curation_gate.rows.formats import expand

__all__ = ["SUFFIXES", "Outcome", "check", "verify"]


def verify(paths: Sequence[Path | str] = ()) -> list[str]:
    """Return what differs from the lock, as sentences that end in the next command; [] = fine.

    Files scanned together are verified together, others one by one; without paths, everything
    below this folder. Raises ResultError where there is no lock or no entry, and what `load` raises
    where the data cannot be read.
    """
    outcomes = check(paths)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return [problem for outcome in outcomes for problem in outcome.problems]


def check(paths: Sequence[Path | str] = (), base: str | None = None) -> list[Outcome]:
    """Return an outcome for each dataset the paths belong to, in the order given.

    Files scanned together are one dataset, even where one of them alone is named. A lock, and an
    allow file beside one, stands for every dataset the lock has an entry for; a folder for every
    lock and every data file below it (gate/below.py), and so does no path at all for this one.
    base: a git revision, as check_below takes it.
    """
    folders = [Path(path) for path in paths if _is_plain_folder(Path(path))]
    outcomes = [
        outcome
        for folder in ([*folders] if paths else [Path()])
        for outcome in check_below(folder, base)
    ]
    rest = [path for path in paths if Path(path) not in folders]
    done = {outcome.files for outcome in outcomes}
    try:
        locks = [path for path in rest if Path(path).name in (LOCK, ALLOW)]
        files = [absolute(file) for file in expand([p for p in rest if p not in locks])]
        places = [place for path in locks for place in places_in(lock_beside(Path(path)))]
    except CurateError as error:
        return [*outcomes, Outcome(tuple(Path(path) for path in rest), 0, error=error)]
    for file in files:
        if any(file in members for members in done):
            continue
        try:
            found = find_entry(file, files)
        except CurateError as error:
            outcomes.append(Outcome((file,), 0, error=error))
            done.add((file,))
            continue
        outcomes.append(outcome_of(found))
        done.add(found.members)
    for place in places:
        if place.members not in done:
            outcomes.append(outcome_of(place))
            done.add(place.members)
    return outcomes


def _is_plain_folder(path: Path) -> bool:
    """Return whether this is a folder that is no dataset itself."""
    return path.is_dir() and not (path / "state.json").is_file()
