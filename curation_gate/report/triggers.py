"""The phrases a scan found, with their evidence and a few rows to judge them by."""

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

EXAMPLES = 3
"""Rows shown for a phrase (a choice: they fit beside its evidence)."""
_LISTED = 20
"""Tasks and pieces of evidence listed for a phrase; the rest is in manifest.json."""
_TEXT = 260
"""Characters of an example."""
_OWN_PLACE = frozenset({"phrase", "status", "target", "targets", "rows", "tasks", "with_words"})
_NAMES: Mapping[str, str] = {
    "target_rows": "rows with that answer",
    "expected": "rows expected to have it",
    "z": "z over all its rows",
    "adverse_rows": "rows whose own text speaks for another answer",
    "adverse_target_rows": "of these, rows with that answer",
    "adverse_expected": "of these, expected to have it",
    "adverse_z": "z over these rows",
    "threshold": "z it had to reach",
    "elsewhere_z": "z without its strongest task",
    "frozen_z": "z by scores that saw no label",
    "round": "found in round",
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
    """`confirmed`, `suspected`, or what else the rule calls it."""
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


def triggers(scan: ScanFolder, most: int) -> list[Trigger]:
    """Return the first `most` phrases of a scan, in the order of the manifest."""
    holders: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in scan.flagged:  # most suspect first
        for phrase in phrases_of(line):
            holders[phrase].append(line)
    return [
        _trigger(scan, phrase, holders.get(str(phrase["phrase"]), []))
        for phrase in scan.manifest["phrases"][:most]
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
    rows, tasks, target = (phrase.get(key) for key in ("rows", "tasks", "target"))
    parts = []
    if _is_count(rows):
        parts.append(f"{rows:,} row{'' if rows == 1 else 's'} hold{'s' if rows == 1 else ''} it")
    if _is_count(tasks):
        parts.append(f"in {tasks:,} task{'' if tasks == 1 else 's'}")
    told = Markup(" ").join(parts)
    given, expected = phrase.get("target_rows"), phrase.get("expected")
    if target is None:
        return told
    answer = Markup("<bdi>{}</bdi>").format(mark(value_text(target), 80))
    if _is_count(given) and isinstance(expected, int | float) and told:
        return Markup(
            "{}. {} of them answer {}, where the rest of their text leads to expect {}"
        ).format(told, f"{given:,}", answer, f"{expected:,.0f}")
    return Markup("{}{}ushes towards {}").format(told, "; it p" if told else "P", answer)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


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
