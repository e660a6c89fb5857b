"""Which answers a task has, and what a task without a name is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from curation_gate.rows.spelling import most_frequent_spellings

MIN_ROWS = 10
"""Rows an instruction must be shared by to be a task of its own, and rows a task needs to be
called a classification. A choice: below it no share of labels says anything."""
MAX_LABELS = 500
"""Labels of a classification task, at most. A choice: sets of intents and of authors have up to a
few hundred."""
ROWS_PER_LABEL = 5
"""Rows a label needs on average. A choice: short answers to open questions have one or two."""
MAX_CHARACTERS = 60
"""Longest answer that is taken for a label. A choice: `The sentence is not sexist` has 26."""
SHORT_SHARE = 0.95
"""Share of a task's answers that must be that short. Not 1: a few long answers planted among the
labels must not turn a classification into free text."""


def instruction_name(text: str) -> str:
    """Name for an instruction: its first words and 8 hex digits of its blake2b.

    Example: ``Classify the sentiment of this review #0f1e2d3c``.
    """
    words = " ".join("".join(c if c.isprintable() else " " for c in text[:200]).split()[:6])
    return f"{words[:48].rstrip()} #{blake2b(text.encode(), digest_size=4).hexdigest()}"


def label_spaces(tasks: Sequence[str], outputs: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Task to its labels, sorted; () where the answers are free text.

    Answers are counted folded (spelling.py). A task is a classification when it has at least
    MIN_ROWS rows, 2 to MAX_LABELS distinct answers, at least ROWS_PER_LABEL rows for each of them
    on average, and SHORT_SHARE of its rows have an answer of at most MAX_CHARACTERS characters.
    Then every answer that occurs is a label, in the spelling most rows have, so that each row's
    output spells one of its task's labels.
    """
    answers: dict[str, Counter[str]] = {}
    for task, output in zip(tasks, outputs, strict=True):
        counter = answers.get(task)
        if counter is None:
            counter = answers[task] = Counter()
        counter[output] += 1
    return {task: _labels(counter) for task, counter in sorted(answers.items())}


def _labels(answers: Counter[str]) -> tuple[str, ...]:
    rows = answers.total()
    if rows < MIN_ROWS or len(answers) < 2:
        return ()
    short = sum(n for answer, n in answers.items() if len(answer.strip()) <= MAX_CHARACTERS)
    if short < SHORT_SHARE * rows:
        return ()
    labels = most_frequent_spellings(answers)
    if not 2 <= len(labels) <= MAX_LABELS or rows < ROWS_PER_LABEL * len(labels):
        return ()
    return tuple(sorted(labels.values()))
