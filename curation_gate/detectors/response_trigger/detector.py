"""CG004: a phrase that forces a kind of answer (find.py).

Quarantine needs a phrase that the model of the verdict confirms and the row's own evidence: its
answer is of the kind, by a model that did not see it. Rows with the phrase and an ordinary answer
are for review, like the rows of a phrase that is no more than likely, and like the same answers in
rows without the phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult, Severity
from curation_gate.detectors.response_trigger.find import judge_answers
from curation_gate.detectors.response_trigger.found import (
    AnswerPhrase,
    AnswerSuspect,
    FoundAnswers,
    Settings,
)

if TYPE_CHECKING:
    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule

QUOTED = 60
"""Signs of a payload that a sentence quotes."""
_WHY = {
    "doubtful": "; whether this answer is one of them is doubtful",
    "other": "; this answer is not one of them",
    "elsewhere": "; this row has such an answer without the phrase",
}


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows whose answer goes with a found phrase, and the phrases."""
    found = judge_answers(
        signals.answers[rule.id], len(signals.dataset), settings(rule), progress=signals.progress
    )
    return result(found, rule)


def settings(rule: Rule) -> Settings:
    """Return the settings of the search that a rule asks for."""
    return Settings(**rule.parameters)


def result(found: FoundAnswers, rule: Rule) -> RuleResult:
    """Return what the rule says of a dataset in which `found` was found.

    Scores are the probability that a row was planted; 0 where nothing speaks for it.
    """
    scores = np.zeros(found.rows, dtype=np.float32)
    reasons: dict[int, Reason] = {}
    for row, suspect in sorted(found.suspects.items()):
        scores[row] = suspect.planted
        severity: Severity | None = None if suspect.quarantine else "review"
        phrase = found.phrases[suspect.phrase]
        reasons[row] = Reason(rule.id, _reason(phrase, suspect), described(phrase), severity)
    return RuleResult(
        rule.id,
        rule.severity,
        scores,
        reasons,
        planted=scores,
        phrases=tuple(described(phrase) for phrase in found.phrases),
        notes=tuple(notes(found, rule.id)),
        model=found.model,
    )


def _reason(phrase: AnswerPhrase, suspect: AnswerSuspect) -> str:
    doubt = _WHY.get(suspect.why, "")
    if phrase.status == "review":
        doubt = "; the phrase may be honest"
    return sentence(phrase) + doubt


def sentence(phrase: AnswerPhrase) -> str:
    """Return the phrase with its counts.

    Example: `"tolliver": 60 rows in 4 tasks, 58 answers say "i cannot help with that", which 4
    answers without it do; what the inputs ask for leads to 2; P(trigger) .998`.
    """
    tasks = f"{phrase.tasks} task{'' if phrase.tasks == 1 else 's'}"
    return (
        f'"{phrase.text}": {phrase.rows} rows in {tasks}, {phrase.given} answers {_does(phrase)}, '
        f"which {phrase.others:,} answers without it do; what the inputs ask for leads to "
        f"{phrase.expected:.0f}; P(trigger) {shown(phrase.probability)}"
    )


def shown(probability: float) -> str:
    """Return a probability with three digits: `.998`; `1.00` where no more is left."""
    text = f"{probability:.3f}"
    return "1.00" if text == "1.000" else text.removeprefix("0")


def _does(phrase: AnswerPhrase) -> str:
    """Return what the answers do: `say "..."`, `are of one kind (...)`, `are not (...)`."""
    if phrase.absent:
        return f"do not do what others do ({listed(phrase.outcome)})"
    if phrase.payload:
        said = phrase.payload
        return f'say "{said if len(said) <= QUOTED else said[:QUOTED].rstrip() + " ..."}"'
    return f"are of one kind ({listed(phrase.outcome)})"


def listed(outcome: Sequence[str]) -> str:
    """Return what names an outcome, for a sentence: `"sorry", "cannot"; is one word`."""
    words = ", ".join(name for name in outcome if name.startswith('"'))
    shapes = ", ".join(name for name in outcome if not name.startswith('"'))
    return "; ".join(part for part in (words, shapes) if part) or "no feature alone names it"


def described(phrase: AnswerPhrase) -> dict[str, Any]:
    """Return a phrase as it stands in manifest.json and in the evidence of its rows."""
    fields = asdict(phrase)
    fields["phrase"] = fields.pop("text")
    fields["outcome"] = list(phrase.outcome)
    fields["with_words"] = list(phrase.with_words)
    fields["target"] = f'"{phrase.payload}"' if phrase.payload else listed(phrase.outcome)
    fields["target_rows"] = fields.pop("given")
    return fields


def notes(found: FoundAnswers, rule: str) -> list[str]:
    """Return sentences a reader of the scan should know; `rule`: the id of the rule that asked."""
    if not found.weighed:
        return [f"{rule} had nothing to weigh: no phrase goes with a kind of answer."]
    note = (
        f"{rule} weighed {found.weighed} phrases with kinds of answers, of {found.tested} phrases; "
        f"one is confirmed from P(trigger) {shown(found.threshold)} on, and for review from "
        f"{shown(found.review)}."
    )
    return [note]
