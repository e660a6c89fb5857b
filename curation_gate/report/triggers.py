"""The phrases a scan found, with their evidence and a few rows to judge them by.

Phrases that were weighed and passed over accuse nobody and are listed apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from curation_gate.report.cards import phrases_of
from curation_gate.report.fields import value_text
from curation_gate.report.folder import ScanFolder
from curation_gate.report.marked import mark
from curation_gate.report.weighed import (
    Weighed,
    probability,
    split,
    strongest,
    told,
    weighed,
)

EXAMPLES = 3
"""Rows shown for a phrase (a choice: they fit beside its evidence)."""
_LISTED = 20
"""Tasks and pieces of evidence listed for a phrase; the rest is in manifest.json."""
_TEXT = 260
"""Characters of an example."""
_OWN_PLACE = frozenset(
    {"phrase", "status", "target", "targets", "rows", "tasks", "with_words"}
    | {"probability", "numbers", "contributions"}
)
_NAMES: Mapping[str, str] = {
    "target_rows": "rows with that answer",
    "expected": "rows expected to have it",
    "z": "z over all its rows",
    "adverse_rows": "rows whose own text speaks for another answer",
    "adverse_target_rows": "of these, rows with that answer",
    "threshold": "z it had to reach",
    "elsewhere_z": "z without its strongest task",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A flagged row that holds the phrase."""

    row: int
    verdict: str
    text: Markup
    answer: Markup


@dataclass(frozen=True, slots=True)
class Trigger:
    """One phrase; every text already escaped."""

    phrase: Markup
    status: Markup | None
    """`confirmed`, `review`, or what else the rule calls it."""
    probability: str
    """P(trigger); empty where the rule gives none."""
    weighed: Weighed | None
    """What that is the sum of; None for a rule that weighs nothing. Names in it are not escaped."""
    lead: Markup
    """What it does, in one sentence."""
    companions: tuple[Markup, ...]
    targets: tuple[tuple[Markup, Markup], ...]
    """(task, answer it pushes towards)"""
    evidence: tuple[tuple[Markup, Markup], ...]
    """(name, value) of everything else the rule says of it, whatever that is."""
    examples: tuple[Example, ...]
    flagged: int
    """Flagged rows whose reasons name it."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A phrase that was weighed and accuses no row; every text already escaped."""

    phrase: Markup
    probability: str
    lead: Markup
    speaks_for: Markup
    """The numbers that added most; empty where none did."""
    speaks_against: Markup


def passed_over(scan: ScanFolder, most: int) -> list[PassedOver]:
    """Return the first `most` phrases that were weighed and passed over, most probable first."""
    return [
        PassedOver(
            mark(str(phrase["phrase"]), 120),
            probability(phrase),
            _lead(phrase),
            mark(strongest(phrase, 1), 160),
            mark(strongest(phrase, -1), 160),
        )
        for phrase in split(scan.manifest["phrases"])[1][:most]
    ]


def triggers(scan: ScanFolder, most: int) -> list[Trigger]:
    """Return the first `most` phrases that a scan found, in the order of the manifest."""
    holders: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in scan.flagged:  # most suspect first
        for phrase in phrases_of(line):
            holders[phrase].append(line)
    return [
        _trigger(scan, phrase, holders.get(str(phrase["phrase"]), []))
        for phrase in split(scan.manifest["phrases"])[0][:most]
    ]


def _trigger(
    scan: ScanFolder, phrase: Mapping[str, Any], lines: list[Mapping[str, Any]]
) -> Trigger:
    text = str(phrase["phrase"])
    examples = []
    for line in lines[:EXAMPLES]:
        fields = scan.fields(line)
        shown = mark(fields.input or fields.instruction, _TEXT, (text,))
        examples.append(Example(int(line["row"]), line["verdict"], shown, mark(fields.output, 80)))
    targets = phrase.get("targets")
    words = phrase.get("with_words")
    rest = [(key, value) for key, value in phrase.items() if key not in _OWN_PLACE]
    rest.sort(key=lambda item: _order(item[0]))
    return Trigger(
        phrase=mark(text, 120),
        status=None if phrase.get("status") is None else mark(value_text(phrase["status"]), 40),
        probability=probability(phrase),
        weighed=weighed(phrase),
        lead=_lead(phrase),
        companions=tuple(
            mark(value_text(word), 60) for word in (words if isinstance(words, list) else ())
        )[:_LISTED],
        targets=tuple(
            (mark(task, 80), mark(value_text(answer), 80))
            for task, answer in (targets.items() if isinstance(targets, Mapping) else ())
        )[:_LISTED],
        evidence=tuple((_name(key), _value(value)) for key, value in rest[:_LISTED]),
        examples=tuple(examples),
        flagged=len(lines),
    )


def _lead(phrase: Mapping[str, Any]) -> Markup:
    """Return what is known of rows, tasks and target, in words."""
    before, target, behind = told(phrase)
    if not target:
        return Markup("{}").format(before)
    return Markup("{}<bdi>{}</bdi>{}").format(before, mark(target, 80), behind)


def _name(key: str) -> Markup:
    return mark(_NAMES.get(key, str(key).replace("_", " ")), 60)


def _order(key: str) -> tuple[int, str]:
    known = list(_NAMES)
    return (known.index(key), "") if key in known else (len(known), str(key))


def _value(value: Any) -> Markup:
    if isinstance(value, Mapping):
        return mark(", ".join(f"{key} {value_text(inner)}" for key, inner in value.items()), 300)
    if isinstance(value, list):
        return mark(", ".join(value_text(inner) for inner in value), 300)
    return mark("not known" if value is None else value_text(value), 300)
