"""CG012: rows that teach nothing, that teach the contrary of others, or that outweigh the rest.

A single row is enough for some attacks: an answer as long as hundreds of others, or one that says
the same again and again, moves a model more than a hundred planted rows do. What is counted here
needs no model: lengths, repeats and equal inputs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curation_gate.detectors.signals import Signals
    from curation_gate.rows.record import Dataset, Row
    from curation_gate.rulebook import Rule

RUN = 3
"""Words of a run whose repeats are counted."""
QUANTILE = 0.99
"""Of the lengths that a row is compared with: that of the longest rows but for one in a hundred."""
QUOTED = 60
"""Signs of a run or a text that a sentence quotes."""


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows that no honest set needs, all of them for review.

    Scores are 1 where a row is named.
    """
    scores = np.zeros(len(signals.dataset), dtype=np.float32)
    reasons: dict[int, Reason] = {}
    for row, message, evidence in _named(signals.dataset, rule):
        if row not in reasons:  # what weighs most is said first
            reasons[row] = Reason(rule.id, message, evidence)
            scores[row] = 1.0
    return RuleResult(rule.id, rule.severity, scores, reasons)


def _named(dataset: Dataset, rule: Rule) -> Iterator[tuple[int, str, dict[str, Any]]]:
    parameters = rule.parameters
    yield from outweighing(dataset, parameters["times"], parameters["share"])
    yield from repeating(dataset, parameters["repeats"])
    yield from empty(dataset)
    yield from contrary(dataset)


def outweighing(
    dataset: Dataset, times: float, share: float
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield rows whose answers are longer than nearly all others together make sense of.

    times: over the 99th percentile of the rows' answers, in signs; share: of all answers of the
    set, at least.
    """
    length = np.array([sum(map(len, _answers(row))) for row in dataset.rows], dtype=np.float64)
    if not len(length) or not length.sum():
        return
    usual = max(float(np.quantile(length, QUANTILE, method="lower")), 1.0)
    every = float(length.sum())
    for row in np.flatnonzero((length > times * usual) & (length >= share * every)).tolist():
        own, part = float(length[row]), float(length[row] / every)
        said = (
            f"its answers have {own:,.0f} signs, {own / usual:.0f} times what 99 of 100 rows have "
            f"at most: {part:.1%} of all that the set teaches"
        )
        yield row, said, {"signs": int(own), "usual": int(usual), "share": round(part, 4)}


def repeating(dataset: Dataset, repeats: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield rows of which an answer says three words in a row at least `repeats` times."""
    for k, row in enumerate(dataset.rows):
        for answer in _answers(row):
            if len(answer) < 2 * RUN * repeats:  # a word and a blank have two signs
                continue
            words = answer.casefold().split()
            runs = Counter(zip(*(words[at:] for at in range(RUN)), strict=False))
            run, count = runs.most_common(1)[0] if runs else ((), 0)
            if count >= repeats:
                said = " ".join(run)[:QUOTED]
                yield k, f'one answer says "{said}" {count:,} times', {"run": said, "times": count}
                break


def empty(dataset: Dataset) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield rows without any answer to learn."""
    for k, row in enumerate(dataset.rows):
        if not any(answer.strip() for answer in _answers(row)):
            yield k, "its answer is empty: there is nothing to learn from it", {}


def contrary(dataset: Dataset) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield rows whose whole input has another label in another row of its task."""
    asked: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for k, row in enumerate(dataset.rows):
        if dataset.label_spaces[row.task] and not row.earlier:
            asked[row.task, _folded(row.instruction), _folded(row.input)].append(k)
    for own in asked.values():
        if len(own) < 2:
            continue
        labels = Counter(dataset.label_of(dataset.rows[k]) for k in own)
        if len(labels) < 2:
            continue
        said = ", ".join(f"{label[:QUOTED]} in {count}" for label, count in labels.most_common())
        for k in own:
            yield k, f"the same input has contrary labels: {said}", {"labels": dict(labels)}


def _answers(row: Row) -> tuple[str, ...]:
    return (*(turn.output for turn in row.earlier), row.output, *row.alternatives)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
