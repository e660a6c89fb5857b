"""CG007: a source whose rows carry labels that the reference disowns (compare.py).

A source is a contributor, an origin or an address where the data name one, the site of addresses,
and each file of a set of several. The rows that are named are those of the source whose label the
reference disowns: its other rows are not. A source that is careless stands out like one that
plants; the sentence says whether its disowned rows all say the same, and whether a phrase that a
label-trigger rule names explains them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.source.compare import DISOWNED, Compared, Comparison, compare

if TYPE_CHECKING:
    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule

LEAST_DISOWNED = 4
"""Disowned rows below which no source is named (choice): the support of a phrase."""
LONGEST = 80
"""Characters of a name in a sentence; the evidence has it whole."""
EXPLAINED = 0.5
"""Share of the disowned rows that have to hold a phrase for it to explain them (choice)."""


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the disowned rows of every source that stands out.

    Scores are the source's z times what the reference leaves of the row's label, on those rows; 0
    elsewhere.
    """
    scores = np.zeros(len(signals.dataset), dtype=np.float32)
    parameters = rule.parameters
    comparison = compare(
        signals.dataset,
        signals.reference,
        support=parameters["support"],
        alpha=parameters["alpha"],
        draws=parameters["draws"],
        rng=np.random.default_rng(0),
    )
    if not comparison.sources:
        return RuleResult(rule.id, rule.severity, scores, {}, notes=(_silent(rule),))
    reasons: dict[int, Reason] = {}
    for source in comparison.sources:
        if not stands_out(source, comparison, parameters["ratio"]):
            continue
        said = sentence(source)
        why = _explanation(signals, source)
        for row in source.disowned.tolist():
            if row in reasons:  # a source before its site, a site before its file: by z
                continue
            p = float(comparison.p_label[row])
            label = signals.dataset.label_of(signals.dataset.rows[row])
            scores[row] = source.z * (1 - p)
            reasons[row] = Reason(
                rule.id,
                f"{said}{why}; this text gives {label} a probability of {p:.2f}",
                _evidence(source, comparison, p),
            )
    return RuleResult(rule.id, rule.severity, scores, reasons, notes=(_note(rule, comparison),))


def stands_out(source: Compared, comparison: Comparison, ratio: float) -> bool:
    """Tell whether a source has more disowned rows than chance and than its size explain."""
    return (
        source.z > comparison.threshold
        and len(source.disowned) >= LEAST_DISOWNED
        and len(source.disowned) >= ratio * source.expected
    )


def sentence(source: Compared) -> str:
    """Return a source with its counts.

    Example: `source "user17": 40 of 55 rows carry a label the reference gives less than 0.35, 11
    expected (z = 9.8)`.
    """
    return (
        f'{source.group.kind} "{_short(source.group.name)}": {len(source.disowned)} of '
        f"{len(source.judged)} rows carry a label the reference gives less than {DISOWNED}, "
        f"{source.expected:.0f} expected (z = {source.z:.1f})"
    )


def _short(name: str) -> str:
    """Return the name, the middle of a long one left out."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}...{name[-LONGEST // 2 :]}"


def _explanation(signals: Signals, source: Compared) -> str:
    """Return which phrase holds most of the disowned rows, or which label most of them have."""
    number = len(source.disowned)
    held = Counter(
        (found.phrases[found.suspects[row].phrase].text, rule)
        for rule, found in signals.candidates.items()
        for row in source.disowned.tolist()
        if row in found.suspects
    )
    for (phrase, rule), rows in held.most_common(1):
        if rows >= EXPLAINED * number:
            return f', {rows} of them hold "{phrase}" ({rule})'
    dataset = signals.dataset
    labels = Counter(dataset.label_of(dataset.rows[row]) for row in source.disowned.tolist())
    label, rows = labels.most_common(1)[0]
    if rows == number:
        return f", all of them {label}"
    return f", {rows} of them {label}"


def _evidence(source: Compared, comparison: Comparison, p: float) -> dict[str, Any]:
    return {
        "kind": source.group.kind,
        "source": source.group.name,
        "rows": len(source.group.rows),
        "judged": len(source.judged),
        "disowned": len(source.disowned),
        "expected": round(source.expected, 2),
        "z": round(source.z, 2),
        "threshold": round(comparison.threshold, 2),
        "spread": round(comparison.spread, 2),
        "p_label": round(p, 4),
    }


def _note(rule: Rule, comparison: Comparison) -> str:
    kinds = Counter(source.group.kind for source in comparison.sources)
    listed = ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in kinds.items())
    return f"{rule.id} compared {listed}: one had to reach z = {comparison.threshold:.1f}" + (
        f" after division by their own spread of {comparison.spread:.1f}."
        if comparison.spread > 1
        else "."
    )


def _silent(rule: Rule) -> str:
    return (
        f"{rule.id} compared no sources: it needs a column that names them, or several files, and "
        "rows of one task from more than one of them."
    )
