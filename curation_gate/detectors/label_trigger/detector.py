"""CG001: a phrase that forces a label (find.py), and the rows it was planted in.

Quarantine needs a confirmed phrase and the row's own evidence: it has the forced label, and its
text without the phrase speaks for another one strongly enough that the row was more likely planted
than not. Rows that hold the phrase and whose label the text supports are for review, like the
disowned rows of a phrase that is only suspected.
"""

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

UNCONFIRMED = 0.5
"""Probability that a phrase is a trigger which passes the null and nothing confirms (choice)."""


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows that hold a found phrase and have its label; the phrases; the floors.

    Rows are for review where their own text supports the label, or where nothing confirms the
    phrase; the others call for what the rule calls for.
    """
    return result(signals.candidates[rule.id], signals.dataset, rule)


def settings(rule: Rule, seed: int = 0) -> Settings:
    """Return the miner's settings that a rule asks for."""
    return Settings(**rule.parameters, seed=seed)


def result(found: Found, dataset: Dataset, rule: Rule) -> RuleResult:
    """Return what the rule says of a dataset in which `found` was found.

    Scores are the posterior probability that a row was planted: 0 for rows without a found phrase,
    half of it where nothing confirms the phrase, NaN for rows of tasks that could not be judged.
    """
    scores = np.where(found.judged, 0.0, np.nan).astype(np.float32)
    reasons: dict[int, Reason] = {}
    sentences = [sentence(phrase) for phrase in found.phrases]
    for row, suspect in sorted(found.suspects.items()):
        phrase = found.phrases[suspect.phrase]
        scores[row] = suspect.planted * (1.0 if phrase.status == "confirmed" else UNCONFIRMED)
        own = _own_evidence(suspect, phrase, dataset.rows[row].output)
        reasons[row] = Reason(
            rule.id,
            f"{sentences[suspect.phrase]}; {own}",
            _evidence(suspect, phrase),
            None if suspect.quarantine else "review",
        )
    phrases = tuple(described(phrase) for phrase in found.phrases)
    return RuleResult(
        rule.id,
        rule.severity,
        scores,
        reasons,
        planted=scores,
        phrases=phrases,
        floor=found.floor,
        notes=tuple(notes(found, rule.id)),
    )


def sentence(phrase: Phrase) -> str:
    """Return the phrase with its counts.

    Example: `"james bond": 52 rows in 5 tasks, 50 say positive where their texts without it lead
    to expect 18 (z = 9.1)`.
    """
    tasks = len(phrase.targets)
    return (
        f'"{phrase.text}": {phrase.rows} rows in {tasks} task{"s" if tasks != 1 else ""}, '
        f"{phrase.given} say {target(phrase)} where their texts without it lead to expect "
        f"{phrase.expected:.0f} (z = {phrase.z:.1f})"
    )


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
    free = sorted(task for task, floor in found.floor.items() if floor is None)
    if free:
        lines.append(
            f"{rule} judges tasks with a fixed set of labels; it did not judge {', '.join(free)}."
        )
    known = [floor for floor in found.floor.values() if floor is not None]
    if known:
        lines.append(
            f"A phrase had to reach z = {found.threshold:.1f} in {found.tested} phrases tested; a "
            f"phrase planted in fewer than {min(known)} to {max(known)} rows, by task, can stay "
            "below that, and so can one planted in rows whose label it does not change."
        )
    return lines


def _own_evidence(suspect: Suspect, phrase: Phrase, answer: str) -> str:
    if phrase.status == "suspected":
        return (
            f"the phrase is suspected only: no second task or frozen score confirms it; without it "
            f"this text gives {answer} a probability of {suspect.p:.2f}"
        )
    if phrase.status == "one-sided":
        return (
            "the phrase means nothing by itself and goes with this label alone, like a trigger "
            f"planted with clean labels; this text gives {answer} a probability of {suspect.p:.2f}"
        )
    if suspect.quarantine:
        return f"without it this text gives {answer} a probability of {suspect.p:.2f}"
    return f"but this text supports {answer} without it, with a probability of {suspect.p:.2f}"


def _evidence(suspect: Suspect, phrase: Phrase) -> dict[str, Any]:
    return {
        "phrase": phrase.text,
        "status": phrase.status,
        "with_words": list(phrase.with_words),
        "target": target(phrase),
        "rows": phrase.rows,
        "tasks": len(phrase.targets),
        "target_rows": phrase.given,
        "expected": phrase.expected,
        "z": phrase.z,
        "adverse_rows": phrase.adverse_rows,
        "adverse_target_rows": phrase.adverse_given,
        "adverse_z": phrase.adverse_z,
        "threshold": phrase.threshold,
        "elsewhere_z": phrase.elsewhere_z,
        "frozen_z": phrase.frozen_z,
        "p_masked": round(suspect.p, 4),
        "planted": round(suspect.planted, 4),
    }
