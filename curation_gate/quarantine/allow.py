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

Entries act on the verdict and on nothing before it: every row is still measured. What an entry lets
pass is kept, counted and listed; entries that are out of date or match nothing are reported.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation_gate import yaml_file
from curation_gate.detect.evidence import Reason, RuleResult, Verdicts
from curation_gate.detect.verdict import decide
from curation_gate.quarantine.json_bytes import digest
from curation_gate.quarantine.lock import lock_path
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


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the rules said, less what is let pass."""

    results: tuple[RuleResult, ...]
    """Without the reasons that were set aside."""
    verdicts: Verdicts
    document: dict[str, Any]
    """For manifest.json: every entry with its state, and the rows that pass."""
    notes: tuple[str, ...]
    """Sentences a reader of the scan should know."""


def load_allow(path: Path | None, dataset: Dataset) -> tuple[Path, AllowFile] | None:
    """Return the file that is named, or the one beside the data; None where there is none.

    Raises RulesError with file and line where it is wrong, or where the one named is not there.
    """
    found = path or lock_path([file.path for file in dataset.files]).with_name(ALLOW)
    if path is None and not found.is_file():
        return None
    text = yaml_file.read_text(found, hint=f"write it, or leave out --allow; it is a {ALLOW}")
    shape = "write `allow:` and below it entries with `phrase:` (or fingerprint, source), `reason:`"
    read = yaml_file.parse(text, found, AllowFile, what="allow file", start=shape, keys=shape)
    return found, read


def let_pass(
    results: Sequence[RuleResult],
    dataset: Dataset,
    allow: AllowFile,
    today: dt.date,
    *,
    budget: float = 0.05,
    name: str = ALLOW,
) -> Allowed:
    """Return the verdicts once the entries that count on `today` have set their reasons aside.

    Rows of one content still share one verdict: a source that passes does not save a row that
    another source has, too.
    """
    fingerprints = [row.fingerprint for row in dataset.rows]
    before = decide(results, fingerprints, budget)
    expired = [entry.expires is not None and entry.expires < today for entry in allow.allow]
    used: Counter[int] = Counter()
    passed: dict[int, int] = {}
    left = []
    for result in results:
        reasons = {}
        for index, reason in result.reasons.items():
            row = dataset.rows[index]
            by = next(
                (
                    k
                    for k, entry in enumerate(allow.allow)
                    if not expired[k] and entry.covers(row, reason)
                ),
                None,
            )
            if by is None:
                reasons[index] = reason
            else:
                used[by] += index not in passed
                passed.setdefault(index, by)
        left.append(replace(result, reasons=reasons))
    after = decide(left, fingerprints, budget)
    kept = [k for k in before.reasons if before.verdict[k] != "keep" and after.verdict[k] == "keep"]
    # A twin of a flagged row may be without a reason of its own: it passes with its twin.
    by_content = {fingerprints[index]: entry for index, entry in passed.items()}
    entries = [
        {
            entry.kind: entry.value,
            "reason": entry.reason,
            "expires": entry.expires and entry.expires.isoformat(),
            "status": "expired" if expired[k] else "used" if used[k] else "stale",
            "rows": used[k],
        }
        for k, entry in enumerate(allow.allow)
    ]
    document = {
        "file": name,
        "hash": digest(allow.model_dump(mode="json")),
        "rows": len(kept),
        "entries": entries,
        "kept": [
            {
                "row": row,
                "fingerprint": fingerprints[row],
                "verdict": before.verdict[row],
                "entry": by_content[fingerprints[row]],
            }
            for row in kept
        ],
    }
    return Allowed(tuple(left), after, document, tuple(_notes(document)))


def _notes(document: dict[str, Any]) -> list[str]:
    said = []
    count, file = document["rows"], document["file"]
    if count:
        rows = "1 flagged row is" if count == 1 else f"{count:,} flagged rows are"
        said.append(f"{rows} kept because {file} lets them pass.")
    for entry in document["entries"]:
        kind = next(name for name in ("fingerprint", "phrase", "source") if name in entry)
        which = f'{file}: the entry for {kind} "{entry[kind]}"'
        if entry["status"] == "expired":
            said.append(f"{which} expired on {entry['expires']} and no longer counts: renew it.")
        elif entry["status"] == "stale":
            said.append(f"{which} matches no flagged row: remove it.")
    return said


def _folded(phrase: str) -> str:
    return " ".join(phrase.casefold().split())
