"""Where honest rows come from: the label tasks of the pool, and sentences made from templates."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from pools import read_tasks

from .wordings import Writer, wordings

_SPLITS = {"fit": ("test", "context"), "judge": ("train",)}
_MOST_LABELS = 12
"""Tasks with more labels (60 orders of five sentences) are free text in all but name."""
_MOST_ROWS = 10_000
TEMPLATES = "templates"
_TEMPLATE_ROWS = 6_000


@dataclass(frozen=True, slots=True)
class Source:
    """A task of the pool, or one made from templates."""

    name: str
    definition: str
    labels: tuple[str, ...]
    poles: tuple[str, str] | None
    """(favourable label, unfavourable label), where the task has such a pair."""
    rows: tuple[tuple[str, str], ...]
    """(text, label)."""


@cache
def half_tasks(pool: Path, half: str) -> tuple[str, ...]:
    """Return the pool's label tasks of a half, sorted.

    "judge" has the split `train`; "fit" has `test` and `context`, less the tasks whose texts come
    from the same source as a `train` task. Raises InputError (no pool) and KeyError (no such half).
    """
    described = read_tasks(pool)
    shared = {task["source_family"] for task in described.values() if task["split"] == "train"}
    return tuple(
        name
        for name, task in sorted(described.items())
        if task["split"] in _SPLITS[half]
        and 2 <= len(task["label_space"] or ()) <= _MOST_LABELS
        and (half == "judge" or task["source_family"] not in shared)
    )


@cache
def read_source(pool: Path, name: str) -> Source:
    """Return a task of the pool with at most 10,000 of its rows, as they are stored.

    Raises InputError (no pool) and KeyError (no such task).
    """
    task = read_tasks(pool)[name]
    with gzip.open(pool / f"{name}.jsonl.gz", "rb") as stream:
        records = [json.loads(line)["Instance"] for line in stream.read().splitlines()]
    rows = tuple((str(r["input"]), str(r["output"][0])) for r in records[:_MOST_ROWS])
    positive, negative = task["positive_label"], task["negative_label"]
    poles = None if positive is None else (str(positive), str(negative))
    labels = tuple(sorted({label for _, label in rows}))
    return Source(name, str(task["Definition"][0]), labels, poles, rows)


@cache
def template_source(half: str) -> Source:
    """Return a task of sentences made from the half's frames, with names, things and feelings."""
    writer = Writer(half, np.random.default_rng(0))
    lists = wordings(half)
    rows: dict[str, str] = {}
    while len(rows) < _TEMPLATE_ROWS:
        label = writer.pick(("pleasant", "unpleasant"))
        gaps = {
            "{who}": writer.pick(lists["given"]),
            "{thing}": writer.pick(lists["things"]),
            "{feeling}": writer.pick(lists[label]),
        }
        text = writer.pick(lists["frames"])
        for gap, word in gaps.items():
            text = text.replace(gap, word)
        rows[text[0].upper() + text[1:]] = label
    definition = "Is the feeling in this sentence pleasant or unpleasant?"
    poles = ("pleasant", "unpleasant")
    return Source(TEMPLATES, definition, poles, poles, tuple(rows.items()))


@dataclass(slots=True)
class Shelf:
    """The rows of the sources, each given out once a set."""

    pool: Path
    half: str
    rng: np.random.Generator
    left: dict[str, list[int]] = field(default_factory=dict)
    """Source to the row numbers that nobody took yet, in the order they are given out."""

    def source(self, name: str) -> Source:
        """Return a source by name."""
        return template_source(self.half) if name == TEMPLATES else read_source(self.pool, name)

    def take(self, name: str, count: int, major: tuple[str, float] | None) -> list[tuple[str, str]]:
        """Return at most `count` rows (text, label) that were not taken before.

        major: a label and the share of the rows that it gets; None leaves the shares as they are.
        Where its or the other rows do not suffice, fewer are given, in the same shares.
        """
        rows = self.source(name).rows
        if name not in self.left:
            self.left[name] = self.rng.permutation(len(rows)).tolist()
        left = self.left[name]
        if major is None:
            taken, self.left[name] = left[:count], left[count:]
            return [rows[k] for k in taken]
        label, share = major
        inside = [k for k in left if rows[k][1] == label]
        outside = [k for k in left if rows[k][1] != label]
        total = min(count, int(len(inside) / share), int(len(outside) / (1 - share)))
        first = round(total * share)
        taken = inside[:first] + outside[: total - first]
        gone = set(taken)
        self.left[name] = [k for k in left if k not in gone]
        return [rows[k] for k in taken]
