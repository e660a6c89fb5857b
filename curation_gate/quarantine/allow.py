"""Verdicts, less what curate-allow.yaml lets pass (quarantine/allow_file.py).

Entries act on the verdict and on nothing before it: every row is still measured. What an entry lets
pass is kept, counted and listed; entries that are out of date or match nothing are reported.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from curation_gate.detectors.evidence import RuleResult, Verdicts
from curation_gate.detectors.verdict import decide
from curation_gate.quarantine.allow_file import ALLOW, AllowFile
from curation_gate.rows.record import Dataset


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
    expired = allow.expired(today)
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
        "hash": allow.hash,
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
