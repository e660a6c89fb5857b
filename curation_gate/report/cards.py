"""The flagged rows of the page: cut to a budget of bytes, every text escaped and made visible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from curation_gate.report.fields import evidence_text
from curation_gate.report.folder import ScanFolder
from curation_gate.report.marked import mark

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
    source: Markup | None
    instruction: Markup
    input: Markup
    output: Markup
    reasons: tuple[tuple[Markup, Markup, Markup], ...]
    """(rule, message, evidence) each."""
    more_reasons: int
    keys: Mapping[str, str]
    """What the page's filters compare: task, rules and phrases, each by number, parted by spaces"""


class Choices:
    """What the rows of a page can be filtered by: texts, numbered in order of appearance."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, int]] = {"task": {}, "rule": {}, "phrase": {}}

    def number(self, kind: str, text: str) -> int:
        """Return the number of a text, a new one where it is new."""
        return self.of[kind].setdefault(text, len(self.of[kind]))


def cards(
    scan: ScanFolder, room: int, draw: Callable[[Card], Markup]
) -> tuple[list[Markup], list[int], Choices]:
    """Return the rows to show in `room` bytes, drawn; their numbers; what can be chosen among.

    Shorter texts first, fewer rows only then.
    """
    chosen = scan.flagged[:MAX_ROWS]
    drawn: list[Markup] = []
    choices = Choices()
    for limit in _LIMITS:
        drawn, choices, spent = [], Choices(), 0
        for line in chosen:
            card = draw(_card(scan, line, limit, choices))
            spent += len(card.encode())
            if spent > room:
                break
            drawn.append(card)
        if len(drawn) == len(chosen):
            break
    return drawn, [int(line["row"]) for line in chosen[: len(drawn)]], choices


def phrases_of(line: Mapping[str, Any]) -> list[str]:
    """Return the phrases that the evidence of a flagged row names, each once."""
    found = [
        reason["evidence"]["phrase"]
        for reason in line["reasons"]
        if isinstance(reason.get("evidence"), Mapping)
        and isinstance(reason["evidence"].get("phrase"), str)
    ]
    return list(dict.fromkeys(found))


def _card(scan: ScanFolder, line: Mapping[str, Any], limit: int, choices: Choices) -> Card:
    fields = scan.fields(line)
    short = max(80, limit // 3)
    reasons = line["reasons"][:_MAX_REASONS]
    named = phrases_of(line)
    source = scan.source(int(line["row"]))
    task = choices.number("task", str(line["task"]))
    rules = {choices.number("rule", str(reason["rule"])) for reason in line["reasons"]}
    phrases = [choices.number("phrase", phrase) for phrase in named]
    return Card(
        row=int(line["row"]),
        id=None if line.get("id") is None else mark(line["id"], 60),
        fingerprint=str(line["fingerprint"])[:12],
        verdict=line["verdict"],
        score=None if line["score"] is None else float(line["score"]),
        task=mark(line["task"], 80),
        source=None if source is None else mark(source, 80),
        instruction=mark(fields.instruction, short, named),
        input=mark(fields.input, limit, named),
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
        keys={
            "task": str(task),
            "rule": " ".join(map(str, sorted(rules))),
            "phrase": " ".join(map(str, phrases)),
        },
    )
