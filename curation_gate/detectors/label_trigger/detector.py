"""CG001: a phrase that forces a label (find.py), and the rows it was planted in."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.label_trigger.found import Found, Phrase, Settings, Suspect

if TYPE_CHECKING:
    from curation_gate.detectors.signals import Signals
    from curation_gate.rows.record import Dataset
    from curation_gate.rulebook import Rule


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows that hold a found phrase and have its label; the phrases; the floors.

    Rows are for review where their own text supports the label, or where the phrase is no more than
    likely to be a trigger; the others call for what the rule calls for.
    """
    return result(signals.candidates[rule.id], signals.dataset, rule)


def settings(rule: Rule, seed: int = 0) -> Settings:
    """Return the settings of the search that a rule asks for."""
    return Settings(**rule.parameters, seed=seed)


def result(found: Found, dataset: Dataset, rule: Rule) -> RuleResult:
    """Return what the rule says of a dataset in which `found` was found.

    Scores are the probability that a row was planted: 0 for rows without a listed phrase, NaN for
    rows of tasks that could not be judged.
    """
    scores = np.where(found.judged, 0.0, np.nan).astype(np.float32)
    reasons: dict[int, Reason] = {}
    sentences = [sentence(phrase) for phrase in found.phrases]
    for row, suspect in sorted(found.suspects.items()):
        phrase = found.phrases[suspect.phrase]
        scores[row] = suspect.planted
        own = _own_evidence(suspect, phrase, dataset.label_of(dataset.rows[row]))
        reasons[row] = Reason(
            rule.id,
            f"{sentences[suspect.phrase]}; {own}",
            _evidence(suspect, phrase, found),
            None if suspect.quarantine else "review",
        )
    return RuleResult(
        rule.id,
        rule.severity,
        scores,
        reasons,
        planted=scores,
        phrases=tuple(described(phrase) for phrase in found.phrases),
        floors=found.floors,
        notes=tuple(notes(found, rule.id)),
        model=found.model,
    )


def sentence(phrase: Phrase) -> str:
    """Return the phrase with its counts.

    Example: `"james bond": 52 rows in 5 tasks, 50 say positive; the rest of their texts leads to
    18; P(trigger) .998`.
    """
    tasks = len(phrase.targets)
    return (
        f'"{phrase.text}": {phrase.rows} rows in {tasks} task{"s" if tasks != 1 else ""}, '
        f"{phrase.given} say {target(phrase)}; the rest of their texts leads to "
        f"{phrase.expected:.0f}; P(trigger) {shown(phrase.probability)}"
    )


def shown(probability: float) -> str:
    """Return a probability with three digits: `.998`; `1.00` where no more is left."""
    text = f"{probability:.3f}"
    return "1.00" if text == "1.000" else text.removeprefix("0")


def target(phrase: Phrase) -> str:
    """Return the labels a phrase forces, the most frequent first: `positive`, `POS or good`."""
    labels = [label for label, _ in Counter(phrase.targets.values()).most_common()]
    if len(labels) < 3:
        return " or ".join(labels)
    return f"{', '.join(labels[:-1])} or {labels[-1]}"


def described(phrase: Phrase) -> dict[str, Any]:
    """Return a phrase as it stands in manifest.json."""
    fields = asdict(phrase)
    fields["phrase"] = fields.pop("text")
    fields["target"] = target(phrase)
    fields["tasks"] = len(phrase.targets)
    fields["target_rows"] = fields.pop("given")
    fields["adverse_target_rows"] = fields.pop("adverse_given")
    fields["targets"] = dict(phrase.targets)
    fields["with_words"] = list(phrase.with_words)
    return fields


def notes(found: Found, rule: str) -> list[str]:
    """Return sentences a reader of the scan should know; `rule`: the id of the rule that asked."""
    lines = []
    free = sorted(task for task, judged in found.tasks.items() if not judged)
    if free:
        lines.append(
            f"{rule} judges tasks with a fixed set of labels; it did not judge {', '.join(free)}."
        )
    if found.weighed:
        lines.append(
            f"{rule} weighed {found.weighed} of {found.tested} phrases; one is confirmed from "
            f"P(trigger) {shown(found.threshold)} on, and for review from {shown(found.review)}."
        )
    return lines


def _own_evidence(suspect: Suspect, phrase: Phrase, answer: str) -> str:
    by_text = f"this text gives {answer} a probability of {suspect.p:.2f}"
    if phrase.status == "review":
        return f"the phrase may be honest; without it {by_text}"
    if suspect.quarantine:
        return f"without it {by_text}"
    return f"but this text supports {answer} without it, with a probability of {suspect.p:.2f}"


def _evidence(suspect: Suspect, phrase: Phrase, found: Found) -> dict[str, Any]:
    return {
        "phrase": phrase.text,
        "status": phrase.status,
        "probability": phrase.probability,
        "threshold": round(found.threshold, 4),
        "with_words": list(phrase.with_words),
        "target": target(phrase),
        "rows": phrase.rows,
        "tasks": len(phrase.targets),
        "target_rows": phrase.given,
        "expected": phrase.expected,
        "z": phrase.z,
        "adverse_rows": phrase.adverse_rows,
        "adverse_target_rows": phrase.adverse_given,
        "p_masked": round(suspect.p, 4),
        "planted": round(suspect.planted, 4),
    }
