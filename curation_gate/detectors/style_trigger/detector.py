"""CG006: a style or a syntax that forces a label (find.py), and the rows planted in it.

Quarantine needs a style that the model of the verdict confirms and a row that was more likely
planted than not: it has the style, the forced label, and content that goes with another one often
enough. Rows of a style that is no more than likely are for review. The measurements of the proxy
and of the reference are not read: both have learned a planted style by the time they are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.style_trigger.describe import say
from curation_gate.detectors.style_trigger.find import find_styles
from curation_gate.detectors.style_trigger.found import Settings, Style, Styled, StyleFound

if TYPE_CHECKING:
    from curation_gate.detectors.signals import Signals
    from curation_gate.rows.record import Dataset
    from curation_gate.rulebook import Rule

ECHO = 0.5
"""Share of a style's rows that confirmed phrases explain, from which it is set aside (choice)."""
NAMED = 3
"""Features of a row that its reason names."""


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows that have a found style and the label it forces.

    A phrase and what comes with it make a style too: a style whose rows are mostly those of a
    confirmed phrase says nothing new and is set aside.
    """
    settings = Settings(**rule.parameters, seed=signals.seed)
    found = find_styles(signals.dataset, settings, progress=signals.progress)
    explained: set[int] = set()
    for other in signals.candidates.values():
        explained |= {
            row
            for row, s in other.suspects.items()
            if other.phrases[s.phrase].status == "confirmed"
        }
    return result(_without_echoes(found, explained), signals.dataset, rule)


def _without_echoes(found: StyleFound, explained: Container[int]) -> StyleFound:
    """Return what was found, less the styles whose rows are mostly explained by phrases."""
    rows: dict[int, list[int]] = {}
    for row, suspect in found.suspects.items():
        rows.setdefault(suspect.style, []).append(row)
    echoes = {
        style
        for style, own in rows.items()
        if sum(row in explained for row in own) >= ECHO * len(own)
    }
    if not echoes:
        return found
    kept = [k for k in range(len(found.styles)) if k not in echoes]
    planted = found.planted.copy()
    for style in echoes:
        planted[rows[style]] = 0.0
    return replace(
        found,
        styles=tuple(found.styles[k] for k in kept),
        suspects={
            row: replace(s, style=kept.index(s.style))
            for row, s in found.suspects.items()
            if s.style not in echoes
        },
        planted=planted,
    )


def result(found: StyleFound, dataset: Dataset, rule: Rule) -> RuleResult:
    """Return what the rule says of a dataset in which `found` was found.

    Scores are the probability that a row was planted: 0 where no style is listed, NaN for rows of
    tasks that could not be judged.
    """
    reasons: dict[int, Reason] = {}
    for row, suspect in sorted(found.suspects.items()):
        style = found.styles[suspect.style]
        reasons[row] = Reason(
            rule.id,
            sentence(style, suspect, dataset.rows[row].output),
            _evidence(style, suspect),
            None if suspect.quarantine else "review",
        )
    scores = found.planted.astype(np.float32)
    return RuleResult(
        rule.id, rule.severity, scores, reasons, planted=scores, notes=tuple(notes(found, rule.id))
    )


def sentence(style: Style, suspect: Styled, answer: str) -> str:
    """Return why one row was flagged.

    Example: `begins with "when" like 150 rows in 5 tasks, 148 say positive where their content
    leads to expect 61 (z = 14.2), P(planted) .998; this content gives positive a probability of
    0.21`.
    """
    marks = [say(name) for name in (suspect.marks or style.features)[:NAMED]]
    doubt = "" if style.status == "confirmed" else "; the style may be honest"
    return (
        f"{', '.join(marks) or 'has a style'} like {counts(style)}; this content gives {answer} a "
        f"probability of {suspect.p:.2f}{doubt}"
    )


def counts(style: Style) -> str:
    """Return the numbers behind a style: `150 rows in 5 tasks, 148 say positive where ...`."""
    tasks = len(style.targets)
    return (
        f"{style.rows} rows in {tasks} task{'s' if tasks != 1 else ''}, {style.given} say "
        f"{target(style)} where their content leads to expect {style.expected:.0f} "
        f"(z = {style.z:.1f}), P(planted) {shown(style.probability)}"
    )


def shown(probability: float) -> str:
    """Return a probability with three digits: `.998`; `1.00` where no more is left."""
    text = f"{probability:.3f}"
    return "1.00" if text == "1.000" else text.removeprefix("0")


def target(style: Style) -> str:
    """Return the labels a style forces, the most frequent first: `positive`, `POS or good`."""
    labels = [label for label, _ in Counter(style.targets.values()).most_common()]
    if len(labels) < 3:
        return " or ".join(labels)
    return f"{', '.join(labels[:-1])} or {labels[-1]}"


def notes(found: StyleFound, rule: str) -> list[str]:
    """Return sentences a reader of the scan should know."""
    lines = []
    for style in found.styles:
        marks = "; ".join(say(name) for name in style.features)
        lines.append(f"{rule}: a style that is {_STATUS[style.status]} ({marks}): {counts(style)}.")
    if found.unjudged:
        lines.append(
            f"{rule} judges tasks of two or more labels and enough rows; it did not judge "
            f"{', '.join(found.unjudged)}."
        )
    return lines


_STATUS = {"confirmed": "confirmed", "review": "for review"}


def _evidence(style: Style, suspect: Styled) -> dict[str, Any]:
    return {
        "status": style.status,
        "probability": style.probability,
        "features": list(style.features),
        "marks": list(suspect.marks),
        "target": target(style),
        "targets": dict(style.targets),
        "rows": style.rows,
        "target_rows": style.given,
        "expected": style.expected,
        "z": style.z,
        "p_content": round(suspect.p, 4),
        "planted": round(suspect.planted, 4),
        "numbers": dict(style.numbers),
        "contributions": dict(style.contributions),
    }
