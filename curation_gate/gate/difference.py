"""Which rows differ between data and their scan, in words and by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from curation_gate.errors import ResultError
from curation_gate.gate.now import Now
from curation_gate.quarantine.lock_entry import Entry
from curation_gate.quarantine.manifest import MANIFEST, read_manifest
from curation_gate.quarantine.reading import read_scores
from curation_gate.quarantine.sketch import without
from curation_gate.rows.json_text import quote
from curation_gate.rows.record import Dataset, Row
from curation_gate.rows.whole import key_sums

_LINES_SHOWN = 5
_KEYS_SHOWN = 5
UNJUDGED = "what no rule reads has changed"


def describe_difference(now: Now, entry: Entry, results: Path | None) -> str:
    """Return how the data differ from what was scanned.

    Row by row from the lock alone while not much has changed; else from the scan's scores, where
    the results folder is at hand; else as numbers of rows.
    """
    data = now.data
    before = None if results is None else _scanned_counts(results, entry)
    bad = entry.quarantined() if entry.flagged is not None else before[1] if before else frozenset()
    left = [row for row in data.rows if row.fingerprint in bad]
    flagged = (entry.flagged or {}).items()
    rest = without(data.rows, {*bad, *(f for f, verdict in flagged if verdict == "quarantine")})
    parts = []
    change = now.change(entry.sketch, rest) if entry.sketch else None
    if now.says_what_was(entry.data) or now.says_what_was(entry.cleaned):
        # The scores know nothing but what is judged, and that is as it was.
        if change is not None and change.beside:
            parts += _beside([rest[k] for k in change.beside], data)
        else:
            parts.append(UNJUDGED)
        parts[0] += _in_keys(now, entry, rest)
    elif change is not None:
        parts += _named("added", [rest[k] for k in change.added], data)
        parts += _named("edited", [rest[k] for k in change.edited], data)
        parts += _beside([rest[k] for k in change.beside], data)
        parts += [f"{change.removed:,} removed"] if change.removed else []
    elif before is not None:
        counts = Counter(row.fingerprint for row in rest)
        new, missing = counts - before[0], before[0] - counts
        parts += _named("added", _last_of(rest, new), data)
        parts += [f"{missing.total():,} removed"] if missing else []
    else:
        parts.append(_numbers(data, entry))
    if left:
        parts += _named("quarantined still in it", left, data)
    return ", ".join(parts) or _numbers(data, entry)


def _beside(rows: list[Row], data: Dataset) -> list[str]:
    return _named("changed in what no rule reads", rows, data)


def _in_keys(now: Now, entry: Entry, rows: Sequence[Row]) -> str:
    """Return which columns differ, where the lock knows them: ` under "system", "tools"`."""
    then = entry.keys
    sums = key_sums(now.data, (row.index for row in rows)) if then else {}
    changed = sorted(key for key in {*then, *sums} if then.get(key) != sums.get(key))
    if not sums or not changed:
        return ""
    more = len(changed) - _KEYS_SHOWN
    named = ", ".join(quote(key) for key in changed[:_KEYS_SHOWN])
    return f" under {named}" + (f" and {more:,} more" if more > 0 else "")


def places(rows: Sequence[Row], data: Dataset) -> str:
    """Return where rows stand: `line 11, line 61`; the first few of them."""
    single = len(data.files) == 1
    shown = [
        (f"line {row.line}" if single else f"{data.files[row.file].path.name}:{row.line}")
        if row.line is not None
        else f"row {row.index}"
        for row in rows[:_LINES_SHOWN]
    ]
    return ", ".join(shown) + (", ..." if len(rows) > _LINES_SHOWN else "")


def rows_of(data: Dataset, fingerprints: Collection[str]) -> list[Row]:
    """Return the rows that have one of these fingerprints."""
    return [row for row in data.rows if row.fingerprint in fingerprints]


def scanned(results: Path) -> list[tuple[str, str]]:
    """Return fingerprint and verdict of every row of a scan. Raises ResultError."""
    table = read_scores(results)
    # Lists, because pyarrow's own filters import pandas.
    columns = (table[name].to_pylist() for name in ("fingerprint", "verdict"))
    return list(zip(*columns, strict=True))


def results_folder(entry: Entry, folder: Path) -> Path | None:
    """Return the scan folder the cleaned set lies in, where it is there and of this very scan."""
    place, is_own = _results(entry, folder)
    return place if is_own else None


def other_results(entry: Entry, folder: Path) -> Path | None:
    """Return the scan folder the cleaned set lies in, where it is there and of another scan.

    A colleague's scan or review comes with the lock; the folder of one's own stays behind.
    """
    place, is_own = _results(entry, folder)
    return None if is_own else place


def _results(entry: Entry, folder: Path) -> tuple[Path | None, bool]:
    """Return the folder of the cleaned set that has a manifest, and whether that fits the lock."""
    if not entry.cleaned.files:
        return None, False
    for place in (folder / entry.cleaned.files[0]).parents:
        if place == folder:
            break
        if (place / MANIFEST).is_file():
            try:
                manifest = read_manifest(place)
                counts = {kind: manifest["counts"].get(kind) for kind in entry.counts.model_dump()}
                scanned = manifest["dataset"].get("fingerprint")
            except ResultError:
                return None, False
            if scanned != entry.data.fingerprint:
                return place, False
            return place, counts == entry.counts.model_dump()
    return None, False


def _numbers(data: Dataset, entry: Entry) -> str:
    if len(data) == entry.data.rows:
        return f"{len(data):,} rows as before, their content differs"
    return f"{len(data):,} rows, {entry.data.rows:,} were scanned"


def _named(what: str, rows: list[Row], data: Dataset) -> list[str]:
    return [f"{len(rows):,} {what} ({places(rows, data)})"] if rows else []


def _scanned_counts(results: Path, entry: Entry) -> tuple[Counter[str], frozenset[str]] | None:
    """Return the fingerprints of the rows that may stay, counted, and those that may not."""
    try:
        rows = scanned(results)
    except ResultError:
        return None
    if entry.flagged is None:
        bad = frozenset(fingerprint for fingerprint, verdict in rows if verdict == "quarantine")
    else:
        bad = frozenset(f for f, verdict in entry.flagged.items() if verdict == "quarantine")
    return Counter(fingerprint for fingerprint, _ in rows if fingerprint not in bad), bad


def _last_of(rows: Sequence[Row], new: Counter[str]) -> list[Row]:
    """Return the rows these are; rows are appended, so of equal ones the last is the new one."""
    left, found = Counter(new), []
    for row in reversed(rows):
        if left[row.fingerprint]:
            left[row.fingerprint] -= 1
            found.append(row)
    return found[::-1]
