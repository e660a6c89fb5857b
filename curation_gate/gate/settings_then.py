"""What a dataset was scanned by, and whether that is still the same: rule pack and allow file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from curation_gate.errors import ResultError, RulesError
from curation_gate.quarantine.allow_file import ALLOW, read_allow
from curation_gate.quarantine.lock import command_for
from curation_gate.quarantine.lock_entry import Entry
from curation_gate.quarantine.lock_places import own_file
from curation_gate.rulebook import RulePack, load_rules, rules_folder


def scan_command(entry: Entry, folder: Path, paths: Sequence[Path]) -> str:
    """Return the command that scans these files by the rules they were scanned by."""
    allow = None
    if entry.allow is not None and entry.allow.file not in (None, ALLOW):
        own = folder / str(entry.allow.file)
        allow = own if own.is_file() else None
    if entry.rules.file is not None:
        return command_for(paths, folder / entry.rules.file, allow)
    named = entry.rules.pack != "default" and _is_shipped(entry.rules.pack)
    return command_for(paths, entry.rules.pack if named else None, allow)


def rules_changed(entry: Entry, folder: Path) -> list[str]:
    """Return how the rule pack differs from the one of the scan."""
    pack = entry.rules.pack
    try:
        now = _pack(entry, folder)
    except RulesError as error:
        return [f"was scanned with the rule pack {pack!r}, which is no pack now ({error.message})"]
    except ResultError as error:
        return [f"was scanned with the rule pack {pack!r}, which cannot be read: {error.message}"]
    if now is None or now.hash == entry.rules.hash:
        return []
    where = repr(pack) if entry.rules.file is None else f"{pack!r} ({entry.rules.file})"
    return [f"was scanned with another version of the rule pack {where}"]


def allow_changed(entry: Entry, folder: Path) -> list[str]:
    """Return how the allow file differs from the one of the scan.

    Nothing where the lock does not say which it was: one of an older version, or a file elsewhere.
    """
    then = entry.allow
    if then is None or (then.hash is not None and then.file is None):
        return []
    try:
        path = own_file(folder, then.file or ALLOW)
    except ResultError as error:
        return [f"what the scan let pass cannot be read: {error.message}"]
    if then.hash is None:
        return [f"{ALLOW} is new since the scan"] if path.is_file() else []
    if not path.is_file():
        return [f"{then.file} is gone, by which the scan let rows pass"]
    try:
        now = read_allow(path)
    except RulesError as error:
        return [f"what the scan let pass cannot be read any more ({error.message})"]
    if now.hash != then.hash:
        return [f"was scanned with another version of {then.file}"]
    more = sum(now.expired(dt.datetime.now(dt.UTC).date())) - then.expired
    entries = "1 entry" if more == 1 else f"{more:,} entries"
    return [f"{entries} of {then.file} expired since the scan"] if more > 0 else []


def fails_on_review(entry: Entry, folder: Path) -> bool:
    """Return whether rows for review make the scan fail, as far as its pack is at hand."""
    try:
        pack = _pack(entry, folder)
    except (RulesError, ResultError):
        return False  # said by rules_changed
    return pack is not None and pack.policy.fail_on == "review"


def _pack(entry: Entry, folder: Path) -> RulePack | None:
    """Return the pack as it is now; None where the lock cannot say which file it was.

    Raises RulesError, and ResultError where that file is none of this repository.
    """
    if entry.rules.file is not None:
        return load_rules(own_file(folder, entry.rules.file))
    return load_rules(entry.rules.pack) if _is_shipped(entry.rules.pack) else None


def _is_shipped(pack: str) -> bool:
    return pack.isidentifier() and (rules_folder() / f"{pack}.yaml").is_file()
