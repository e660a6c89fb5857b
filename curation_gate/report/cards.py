"""The flagged rows of the page: cut to a budget of bytes, every text escaped and made visible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from curation_gate.report.fields import evidence_text
from curation_gate.report.folder import ScanFolder
from curation_gate.report.sanitize import cut, pieces

MAX_ROWS = 1000
"""Flagged rows shown; the rest is counted."""
_LIMITS = (900, 450, 220, 110)
"""Characters of a text shown: the largest that lets every row be shown."""
_MAX_REASONS = 8


@dataclass(frozen=True, slots=True)
class Card:
    """One flagged row, every text already escaped."""

    row: int
    id: Markup | None
    fingerprint: str
    verdict: str
    score: float | None
    task: Markup
    instruction: Markup
    input: Markup
    output: Markup
    reasons: tuple[tuple[Markup, Markup, Markup], ...]
    """(rule, message, evidence) each."""
    more_reasons: int

    def size(self) -> int:
        """Return how many bytes the row takes on the page, rather too many than too few."""
        texts = [self.task, self.instruction, self.input, self.output, self.id or ""]
        texts.extend(part for reason in self.reasons for part in reason)
        return 750 + 150 * len(self.reasons) + sum(len(text.encode()) for text in texts)


def cards(scan: ScanFolder, room: int) -> tuple[Card, ...]:
    """Return the rows to show in `room` bytes: shorter texts first, fewer rows only then."""
    chosen = scan.flagged[:MAX_ROWS]
    shown: list[Card] = []
    for limit in _LIMITS:
        shown, spent = [], 0
        for line in chosen:
            card = _card(scan, line, limit)
            spent += card.size()
            if spent > room:
                break
            shown.append(card)
        if len(shown) == len(chosen):
            break
    return tuple(shown)


def _card(scan: ScanFolder, line: Mapping[str, Any], limit: int) -> Card:
    fields = scan.fields(line)
    short = max(80, limit // 3)
    reasons = line["reasons"][:_MAX_REASONS]
    return Card(
        row=int(line["row"]),
        id=None if line.get("id") is None else mark(line["id"], 60),
        fingerprint=str(line["fingerprint"])[:12],
        verdict=line["verdict"],
        score=None if line["score"] is None else float(line["score"]),
        task=mark(line["task"], 80),
        instruction=mark(fields.instruction, short),
        input=mark(fields.input, limit),
        output=mark(fields.output, short),
        reasons=tuple(
            (
                mark(reason["rule"], 20),
                mark(reason["message"], 300),
                mark(evidence_text(reason.get("evidence")), short),
            )
            for reason in reasons
        ),
        more_reasons=len(line["reasons"]) - len(reasons),
    )


def mark(value: object, limit: int = 300) -> Markup:
    """Return text as HTML: escaped, cut at `limit` characters, hidden ones as marked codes."""
    text, left = cut(str(value), limit)
    parts = [
        escape(piece.text)
        if piece.name is None
        else Markup('<b class="hid" title="{}">{}</b>').format(piece.name.lower(), piece.text)
        for piece in pieces(text)
    ]
    if left:
        parts.append(Markup('<i class="cut"> … {:,} more characters</i>').format(left))
    return Markup("").join(parts)
