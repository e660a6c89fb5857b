"""What curate.lock says of one dataset, and whether that makes sense."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    """A part of a lock: no unknown keys, no silent change of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Data(_Part):
    """The data that was scanned."""

    files: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    """Paths relative to the lock, in reading order."""
    fingerprint: Fingerprint
    """Of what is judged (rows/fingerprint.py)."""
    whole: Fingerprint | None = None
    """Of the whole records (rows/whole.py); None where an older version did not write it."""
    rows: Count
    columns: dict[str, str]
    """Role to column name, as far as the names alone do not tell."""


class Cleaned(_Part):
    """The cleaned set that was written."""

    files: list[Annotated[str, Field(min_length=1)]]
    """Paths relative to the lock; empty where they lie outside its folder."""
    fingerprint: Fingerprint
    whole: Fingerprint | None = None
    """As in Data."""
    rows: Count


class Counts(_Part):
    """Rows per verdict."""

    keep: Count
    review: Count
    quarantine: Count


class Rules(_Part):
    """The rule pack of the scan."""

    pack: str
    hash: str
    file: str | None = None
    """A pack of the user's, relative to the lock; None for a shipped one, and for one elsewhere."""


class Allow(_Part):
    """The curate-allow.yaml of the scan, or that there was none."""

    hash: Fingerprint | None
    """Of what the file said; None: the scan had none."""
    file: str | None = None
    """Relative to the lock; None for one outside its repository, and where there was none."""
    expired: Count = 0
    """Entries that counted no more at the scan: with time there may be more, and other verdicts."""


class Tool(_Part):
    """The program that scanned."""

    name: str
    version: str


class Entry(_Part):
    """One dataset of a lock."""

    data: Data
    cleaned: Cleaned
    counts: Counts
    rules: Rules
    allow: Allow | None = None
    """None where an older version did not write it."""
    tool: Tool
    verdict: Literal["clean", "findings", "inconclusive"]
    flagged: dict[Fingerprint, Literal["quarantine", "review"]] | None = Field(default_factory=dict)
    """Fingerprint of every row that is not kept; None where an older version did not write them."""
    decisions: dict[str, Any] = Field(default_factory=dict)
    """Fingerprint to what a reviewer decided: a word, or an object with `decision`."""
    floor: dict[str, int | None] = Field(default_factory=dict)
    """Kind of attack (in older locks: task) to the planted rows at which one phrase in two is
    caught; None where that is more than was tried."""
    released: dict[Fingerprint, list[Fingerprint]] = Field(default_factory=dict)
    """Fingerprint of each quarantined content that a reviewer let go to the digests of its whole
    records, one a row: it stays as it was, and as often."""
    keys: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]] = Field(default_factory=dict)
    """Top-level key to what the rows that are not quarantined hold under it (rows/whole.py); {}
    where it is not known."""
    sketch: dict[str, str] = Field(default_factory=dict)
    """Of the rows that are not quarantined (quarantine/sketch.py); {} where it is not known."""

    def quarantined(self) -> frozenset[str]:
        """Return the fingerprints of rows that must not be in the data: no reviewer let them go."""
        return frozenset(
            fingerprint
            for fingerprint, verdict in (self.flagged or {}).items()
            if verdict == "quarantine" and decision_of(self.decisions.get(fingerprint)) in TAKES_OUT
        )

    def relabelled(self) -> int:
        """Return the number of contents whose answer a reviewer has changed."""
        return sum(decision_of(said) == "relabel" for said in self.decisions.values())

    def undecided(self) -> frozenset[str]:
        """Return the fingerprints of flagged rows on which nobody has decided."""
        return frozenset(
            fingerprint
            for fingerprint in self.flagged or {}
            if decision_of(self.decisions.get(fingerprint)) is None
        )


TAKES_OUT = (None, "accept")
"""Decisions (None: no decision) that leave a quarantined row in quarantine."""


def decision_of(said: Any) -> str | None:
    """Return the word of a decision, however it was written; None where there is none."""
    if isinstance(said, dict):
        said = said.get("decision")
    return said if isinstance(said, str) and said else None


def checked(name: str, sections: dict[str, Any]) -> Entry:
    """Return the entry of a dataset. Raises ValueError where it is damaged or contradictory."""
    try:
        entry = Entry.model_validate(sections)
    except ValidationError as error:
        raise ValueError(said(error)) from error
    for file in (*entry.data.files, *entry.cleaned.files):
        if file.startswith("/") or ".." in file.split("/") or "\0" in file:
            raise ValueError(f"it names a file outside of its folder: {json.dumps(file)}")
    for named in (entry.rules.file, entry.allow and entry.allow.file):
        if named and "\0" in named:
            raise ValueError(f"no file has such a name: {json.dumps(named)}")
    counts, data = entry.counts, entry.data
    if (
        name != " ".join(sorted(data.files))
        or counts.keep + counts.review + counts.quarantine != data.rows
        or entry.cleaned.rows > data.rows
        or entry.cleaned.rows < data.rows - counts.quarantine - counts.review
        or (not entry.decisions and entry.cleaned.rows != data.rows - counts.quarantine)
        or (entry.flagged is not None and not _fits(entry.flagged, counts))
    ):
        raise ValueError(f"entry {name!r} contradicts itself")
    return entry


def _fits(flagged: dict[str, Any], counts: Counts) -> bool:
    """Return whether that many rows can have these fingerprints (rows may be equal)."""
    for verdict, rows in (("quarantine", counts.quarantine), ("review", counts.review)):
        number = sum(v == verdict for v in flagged.values())
        if number > rows or (number == 0) != (rows == 0):
            return False
    return True


def said(error: ValidationError) -> str:
    """Return the first mistake, in one line."""
    first = error.errors()[0]
    return f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}"
