"""The column names of known schemas, and which of them a file's records fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAJORITY = 0.5
"""Share of rows that must have a schema's required columns (a choice)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema by its column names."""

    name: str
    required: Mapping[str, str]
    """Role to the column that must be there."""
    optional: Mapping[str, str]
    """Role to the column that may be there."""


SHAPES = (
    Shape(
        "natural-instructions",
        {"input": "Instance.input", "output": "Instance.output"},
        {"instruction": "Definition"},
    ),
    Shape(
        "natural-instructions",
        {"input": "inputs", "output": "targets"},
        {"instruction": "definition", "task": "task_name"},
    ),
    Shape(
        "dolly",
        {"instruction": "instruction", "output": "response"},
        {"input": "context", "task": "category"},
    ),
    Shape("alpaca", {"instruction": "instruction", "output": "output"}, {"input": "input"}),
    Shape("prompt-completion", {"input": "prompt", "output": "completion"}, {}),
    Shape("prompt-response", {"input": "prompt", "output": "response"}, {}),
    Shape("question-answer", {"input": "question", "output": "answer"}, {}),
    Shape("input-output", {"input": "input", "output": "output"}, {}),
    Shape("text-label", {"input": "text", "output": "label"}, {}),
    Shape("text-label", {"input": "sentence", "output": "label"}, {}),
)
"""The one that fits best is taken (see `best_shape`), the first of equals."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Which columns the records of a file have."""

    rows: int
    names: Mapping[str, None]
    """Every column of any row, in the order they appear."""
    kinds: tuple[tuple[int, Mapping[str, Any]], ...]
    """Rows with the same keys in the same order: how many, and the first of them."""

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]]) -> Survey:
        """Return the survey of a file's records."""
        counts: dict[tuple[str, ...], int] = {}
        examples: dict[tuple[str, ...], Mapping[str, Any]] = {}
        for record in records:
            keys = tuple(record)
            if keys in counts:
                counts[keys] += 1
            else:
                counts[keys] = 1
                examples[keys] = record
        names = dict.fromkeys(name for keys in counts for name in keys)
        return cls(len(records), names, tuple((counts[k], examples[k]) for k in counts))

    def share(self, columns: Iterable[str]) -> float:
        """Share of rows that have all these columns (judged by the first row of each kind)."""
        paths = [path_of(column, self.names) for column in columns]
        rows = sum(n for n, example in self.kinds if all(has(example, path) for path in paths))
        return rows / self.rows


def best_shape(survey: Survey, chosen: Mapping[str, str]) -> Shape | None:
    """Shape that fits the records best, or None.

    Of those whose required columns, but for the roles told in `chosen`, most rows have: first one
    that would fit without being told, then the one with the most columns that nobody told. So a
    file with instruction, input and output is never read as input and output alone.
    """
    best: Shape | None = None
    most = (False, 0)
    for shape in SHAPES:
        own = [column for role, column in shape.required.items() if role not in chosen]
        if survey.share(own) < MAJORITY:
            continue
        whole = survey.share(shape.required.values()) >= MAJORITY
        more = [c for role, c in shape.optional.items() if role not in chosen and c in survey.names]
        fit = (whole, len(own) + len(more))
        if fit > most:
            best, most = shape, fit
    return best


def path_of(column: str, names: Mapping[str, None]) -> tuple[str, ...]:
    """Keys to go through: a column that is called so, dots and all, comes first."""
    return (column,) if column in names else tuple(column.split("."))


def get(record: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return the value at a path; None where there is none."""
    value: Any = record
    for key in path:
        # The exact type first: asking an abstract class costs more than all the rest here.
        if type(value) is not dict and not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def has(record: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether there is a value at a path (null is one)."""
    value: Any = record
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True
