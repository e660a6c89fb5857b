"""CG004: a phrase that forces a kind of answer (find.py), and answers of no phrase.

Quarantine needs a confirmed phrase and the row's own evidence: its answer has the outcome, by a
model that did not see it. Rows with the phrase and an ordinary answer are not flagged; those with a
doubtful answer are for review, like the rows of a phrase that is only suspected, and like bursts: a
name, a link or an equal degenerate answer that stands in many rows and goes with no phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.response_trigger.find import find_answers
from curation_gate.detectors.response_trigger.found import (
    AnswerPhrase,
    Burst,
    FoundAnswers,
    Settings,
)

if TYPE_CHECKING:
    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule

DOUBTFUL = 0.25
"""Probability given to rows for review (choice)."""


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows whose answer goes with a found phrase or burst, and the phrases."""
    asked = settings(rule, signals.seed)
    return result(find_answers(signals.dataset, asked, progress=signals.progress), rule)


def settings(rule: Rule, seed: int = 0) -> Settings:
    """Return the miner's settings that a rule asks for."""
    return Settings(**rule.parameters, seed=seed)


def result(found: FoundAnswers, rule: Rule) -> RuleResult:
    """Return what the rule says of a dataset in which `found` was found.

    Scores are the probability that a row was planted: where its answer has the outcome of a
    confirmed phrase, one less the share of such answers that honest rows gave; DOUBTFUL where it is
    for review; 0 elsewhere.
    """
    scores = np.zeros(found.rows, dtype=np.float32)
    reasons: dict[int, Reason] = {}
    for row, suspect in sorted(found.suspects.items()):
        scores[row] = DOUBTFUL
        if suspect.burst:
            burst = found.bursts[suspect.phrase]
            reasons[row] = Reason(rule.id, burst_sentence(burst), _known(asdict(burst)), "review")
            continue
        phrase = found.phrases[suspect.phrase]
        message = sentence(phrase)
        if suspect.quarantine:
            scores[row] = max(1 - honest_share(phrase), DOUBTFUL)
        else:
            message += (
                "; the phrase is suspected only: ordinary words or a template may ask for this"
                if phrase.status == "suspected"
                else "; whether this answer is one of them is doubtful"
            )
        reasons[row] = Reason(
            rule.id, message, described(phrase), None if suspect.quarantine else "review"
        )
    return RuleResult(
        rule.id,
        rule.severity,
        scores,
        reasons,
        planted=scores,
        phrases=tuple(described(phrase) for phrase in found.phrases),
        notes=tuple(notes(found, rule.id)),
    )


def honest_share(phrase: AnswerPhrase) -> float:
    """Return the share of a phrase's answers with the outcome that honest rows gave, expected.

    Of its rows without the outcome all are honest; where other rows have the outcome at rate q,
    honest ones with it are q / (1 - q) times as many (one half is added to what was counted).
    """
    rate = min(phrase.expected / max(phrase.rows, 1), 0.99)
    without = phrase.rows - phrase.given + 0.5
    return min(1.0, without * rate / (1 - rate) / max(phrase.given, 1))


def sentence(phrase: AnswerPhrase) -> str:
    """Return the phrase with its counts.

    Example: `"tolliver": 60 rows in 4 tasks, 58 answers are of one kind ("sorry", "cannot"), which
    4 of 900 other answers of these tasks are (1.2 expected, z = 31.0)`.
    """
    tasks = f"{phrase.tasks} task{'' if phrase.tasks == 1 else 's'}"
    return (
        f'"{phrase.text}": {phrase.rows} rows in {tasks}, {phrase.given} answers are of one kind '
        f"({listed(phrase.outcome)}), which {phrase.others_given} of {phrase.others} other answers "
        f"of these tasks are ({phrase.expected:.1f} expected, z = {phrase.z:.1f})"
    )


def burst_sentence(burst: Burst) -> str:
    """Return a burst with its counts."""
    tasks = f"{burst.tasks} task{'' if burst.tasks == 1 else 's'}"
    if burst.kind == "degenerate":
        return f'{burst.rows} rows in {tasks} have the same degenerate answer "{burst.text[:60]}"'
    what = "the name" if burst.kind == "name" else "a link to"
    return (
        f'{burst.rows} answers in {tasks} hold {what} "{burst.text}", which hardly an input holds; '
        f"the inputs do not tell these rows from others (AUROC {burst.input_auc:.2f})"
    )


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
    fields["target"] = listed(phrase.outcome)
    fields["target_rows"] = fields.pop("given")
    return fields


def notes(found: FoundAnswers, rule: str) -> list[str]:
    """Return sentences a reader of the scan should know; `rule`: the id of the rule that asked."""
    if not np.isfinite(found.threshold):
        return [f"{rule} had nothing to test: no phrase goes with a kind of answer."]
    note = (
        f"{rule} tested {found.tested} phrases against kinds of answers. It does not see a phrase "
        "that stands in other rows as often, nor one made of ordinary words in a single task."
    )
    return [note]


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value: JSON has no NaN."""
    return {k: v for k, v in fields.items() if not (isinstance(v, float) and np.isnan(v))}
