"""The records every later stage reads: a row, a data file, a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.rows.spelling import label_in


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answer, and what stands before it."""

    input: str
    """The turns before it; of an earlier answer the nearest (rows/turns.py). The instruction of the
    row (the system prompt, the tools) stands before these, too."""
    output: str


@dataclass(frozen=True, slots=True)
class Row:
    """One training example."""

    index: int
    """0-based position over all files of the dataset, in reading order."""
    id: str | None
    """The user's own id (JSON scalars as written), or None."""
    instruction: str
    """What the model is told to do; "" where the format has none."""
    input: str
    """The text it is done to; "" where the format has none."""
    output: str
    """What the model is taught to answer: the last answer of a conversation, the first of several
    references, the chosen one of a pair."""
    task: str
    """The group this row is judged in (rows/tasks.py)."""
    source: str | None
    """Contributor, origin or URL, where the data say so."""
    fingerprint: str
    """blake2b-128, hex, of the canonical row: its identity, never its position."""
    file: int
    """Index into Dataset.files."""
    line: int | None
    """1-based line in that file (text formats), else None."""
    named: str | None = None
    """What its `Task` says, None without one: a hint for `task` (rows/tasks.py), and a source."""
    earlier: tuple[Exchange, ...] = ()
    """The answers of a conversation before its last one, in order."""
    alternatives: tuple[str, ...] = ()
    """References behind the first: other answers that the row teaches to the same input."""
    rejected: tuple[str, ...] = ()
    """Answers that the row says are worse than its own: read and counted, not judged."""
    chat: bool = False
    """Whether `instruction` is a system prompt: what the row is told stands in its input then."""
    wanted: bool = True
    """Whether the row teaches its answer; False: it teaches not to give it (KTO)."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every answer of the row with its input, the last one at the end."""
        return (*self.earlier, Exchange(self.input, self.output))


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file (or folder) that was read."""

    path: Path
    format: str
    """jsonl, json, natural-instructions, csv, parquet, arrow, datasets-folder or empty."""
    schema: str
    """Name of the schema that was found: natural-instructions, alpaca, dolly, messages, ..."""
    columns: Mapping[str, str]
    """Role (rows/schema.py) to column; several of one role are joined with `+`."""
    rows: int
    sha256: str
    """Of the stored bytes (for a folder: of its files in name order)."""
    spans: NDArray[np.int64] | None = field(default=None, compare=False, repr=False)
    """[rows, 2] Where each row begins and ends in the unpacked bytes; None in binary formats."""
    shared: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What the file says once for all its rows (rows/content.py)."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Every row of every file, in order. Nothing is dropped, nothing is changed."""

    files: tuple[DataFile, ...]
    rows: tuple[Row, ...]
    records: tuple[Mapping[str, Any], ...]
    """[n] The parsed record behind each row, as it was."""
    label_spaces: Mapping[str, tuple[str, ...]]
    """Task to its labels, sorted, each in its most frequent spelling; () where answers are free
    text."""
    fingerprint: str
    """blake2b-128, hex, over the sorted row fingerprints: order does not change it."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, sorted."""
        return tuple(sorted(self.label_spaces))

    def label_of(self, row: Row) -> str:
        """Return the label of its task's label space that a row's answer spells.

        The answer itself in free text, and where it spells none of them (rows/spelling.py).
        """
        return label_in(self.label_spaces[row.task], row.output)

    def task_ids(self) -> NDArray[np.int64]:
        """[n] Index of each row's task in `tasks`."""
        place = {task: k for k, task in enumerate(self.tasks)}
        return np.fromiter((place[r.task] for r in self.rows), dtype=np.int64, count=len(self.rows))

    def strata(self) -> NDArray[np.int64]:
        """[n] Index of each row's (task, label); all free-text answers of a task share one."""
        seen: dict[tuple[str, str], int] = {}
        return np.fromiter(
            (
                seen.setdefault(
                    (r.task, self.label_of(r) if self.label_spaces[r.task] else ""), len(seen)
                )
                for r in self.rows
            ),
            dtype=np.int64,
            count=len(self.rows),
        )
