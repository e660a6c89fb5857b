"""What the expectations mean, as plain functions.

Great Expectations runs them over its tables (custom.py); `curate verify` runs the first three over
rows, in a commit hook where Great Expectations is not installed. One meaning, two callers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from curation_gate.rows.record import Row
from curation_gate.rows.spelling import folded

Share = tuple[str, str, float, int]
"""Task, label, the label's share of its task's rows in the input, that number of rows."""


class Drift(NamedTuple):
    """The label whose share changed most."""

    change: float
    """Share in the cleaned set minus share in the input; 0.0 where no task was judged."""
    task: str
    label: str


def is_empty(output: str) -> bool:
    """Return whether an answer holds nothing but white space."""
    return not output.strip()


def label_shares(
    tasks: Sequence[str], outputs: Sequence[str], label_spaces: Mapping[str, tuple[str, ...]]
) -> list[Share]:
    """Return the share of every label of every task that has a label space, sorted.

    tasks, outputs: [n] of the input.
    """
    pairs = Counter(zip(tasks, map(folded, outputs), strict=True))
    sizes = Counter(tasks)
    return [
        (task, label, pairs[task, folded(label)] / sizes[task], sizes[task])
        for task, labels in sorted(label_spaces.items())
        for label in labels
        if sizes[task]
    ]


def label_drift(
    tasks: Iterable[str], outputs: Iterable[str], shares: Sequence[Share], minimum_rows: int
) -> Drift:
    """Return the largest change of a label's share, in absolute value.

    tasks, outputs: [n] of the cleaned set. Tasks with fewer than `minimum_rows` rows in the input
    are left out; a task that is gone altogether has lost the whole share of each label.
    """
    pairs: Counter[tuple[str, str]] = Counter(zip(tasks, map(folded, outputs), strict=True))
    sizes: Counter[str] = Counter()
    for (task, _), rows in pairs.items():
        sizes[task] += rows
    worst = Drift(0.0, "", "")
    for task, label, share, rows in shares:
        if rows < minimum_rows:
            continue
        now = pairs[task, folded(label)] / sizes[task] if sizes[task] else 0.0
        if abs(now - share) > abs(worst.change):
            worst = Drift(now - share, task, label)
    return worst


def broken(
    types: Iterable[str], rows: Sequence[Row], expected_rows: int, quarantined: Collection[str]
) -> list[str]:
    """Return a sentence for each of these expectations that the rows of a cleaned set break.

    Types other than the three that need no statistics are left to Great Expectations.
    """
    said = []
    for name in types:
        if name == "no_quarantined_fingerprint_left":
            left = sum(row.fingerprint in quarantined for row in rows)
            if left:
                said.append(f"{_rows(left)} of it {'was' if left == 1 else 'were'} quarantined")
        elif name == "row_count_is_input_minus_quarantined":
            if len(rows) != expected_rows:
                said.append(f"it has {_rows(len(rows))}, {expected_rows:,} were kept")
        elif name == "no_empty_output":
            empty = sum(is_empty(row.output) for row in rows)
            if empty:
                said.append(f"{_rows(empty)} of it {'has' if empty == 1 else 'have'} no answer")
    return said


def _rows(number: int) -> str:
    return f"{number:,} row" if number == 1 else f"{number:,} rows"
