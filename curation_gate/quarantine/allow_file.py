"""curate-allow.yaml: what a person has looked at and lets pass, committed beside the data.

::

    allow:
      - phrase: james bond
        reason: a set of film reviews; checked with its author
        expires: 2027-06-30
      - fingerprint: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
        reason: read twice, an honest row
      - source: https://example.org/reviews
        reason: our own annotators
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation_gate import yaml_file
from curation_gate.quarantine.json_bytes import digest
from curation_gate.quarantine.lock_places import lock_path

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import Reason
    from curation_gate.rows.record import Dataset, Row


ALLOW = "curate-allow.yaml"
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class Entry(BaseModel):
    """What passes, and why: a row by its content, the rows of a phrase, or those of a source."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    """One content; `curate explain` prints it."""
    phrase: Text | None = None
    """A phrase a rule has named: reasons that name it are set aside, others of the row are not."""
    source: Text | None = None
    """A contributor, an origin or a URL, as it stands in the data."""
    reason: Text
    expires: dt.date | None = None
    """The last day on which the entry counts."""

    @model_validator(mode="after")
    def _one_of_three(self) -> Entry:
        given = [n for n in ("fingerprint", "phrase", "source") if getattr(self, n) is not None]
        if len(given) != 1:
            said = " and ".join(given) if given else "none of them"
            raise ValueError(f"an entry needs one of fingerprint, phrase and source, not {said}")
        return self

    @property
    def kind(self) -> Literal["fingerprint", "phrase", "source"]:
        """Return which of the three the entry goes by."""
        if self.fingerprint is not None:
            return "fingerprint"
        return "phrase" if self.phrase is not None else "source"

    @property
    def value(self) -> str:
        """Return the fingerprint, the phrase or the source."""
        return str(self.fingerprint or self.phrase or self.source)

    def covers(self, row: Row, reason: Reason) -> bool:
        """Return whether the entry sets a reason of a row aside."""
        if self.kind == "fingerprint":
            return row.fingerprint == self.fingerprint
        if self.kind == "source":
            return row.source == self.source
        named = reason.evidence.get("phrase")
        return isinstance(named, str) and _folded(named) == _folded(self.value)


class AllowFile(BaseModel):
    """A whole curate-allow.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    allow: tuple[Entry, ...]

    @property
    def hash(self) -> str:
        """Return the blake2b-128, hex, of what the file says: comments and spacing do not count."""
        return digest(self.model_dump(mode="json"))

    def expired(self, today: dt.date) -> list[bool]:
        """Return, for each entry, whether it counts no more."""
        return [entry.expires is not None and entry.expires < today for entry in self.allow]


def load_allow(path: Path | None, dataset: Dataset) -> tuple[Path, AllowFile] | None:
    """Return the file that is named, or the one beside the data; None where there is none.

    Raises RulesError with file and line where it is wrong, or where the one named is not there.
    """
    found = path or lock_path([file.path for file in dataset.files]).with_name(ALLOW)
    if path is None and not found.is_file():
        return None
    return found, read_allow(found)


def read_allow(found: Path) -> AllowFile:
    """Return the file, checked. Raises RulesError with file and line."""
    text = yaml_file.read_text(found, hint=f"write it, or leave out --allow; it is a {ALLOW}")
    shape = "write `allow:` and below it entries with `phrase:` (or fingerprint, source), `reason:`"
    return yaml_file.parse(text, found, AllowFile, what="allow file", start=shape, keys=shape)


def _folded(phrase: str) -> str:
    return " ".join(phrase.casefold().split())
