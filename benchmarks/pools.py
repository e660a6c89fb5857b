"""Builds benchmark pools from the real tasks that lie beside the repository.

The pool (`../shared/data/pool` by default) holds one `<task>.jsonl.gz` a task and `tasks.json` with
all else. A benchmark pool is a JSON Lines file with the Definition added to each line, so that the
tool reads it as Super-NaturalInstructions rows. Nothing of it is copied into the repository: files
go to `runs/pools/`, which git ignores.

    python benchmarks/pools.py --tasks 10 --rows 2000 --seed 0 -o runs/pool.jsonl
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.atomic import atomic_open
from curation_gate.errors import CurateError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REPOSITORY = Path(__file__).resolve().parents[1]
DEFAULT_POOL = REPOSITORY.parent / "shared" / "data" / "pool"
CACHE = REPOSITORY / "runs" / "pools"


@dataclass(frozen=True, slots=True)
class Pool:
    """A benchmark pool on disk."""

    path: Path
    tasks: tuple[str, ...]
    """In the order they were asked for, or drawn."""
    rows: Mapping[str, int]
    """Task to its rows; fewer than asked where the task has no more."""
    polarity: Mapping[str, tuple[str, str] | None]
    """Task to (favourable label, unfavourable label); None where it has no such pair."""


def build_pool(
    tasks: int | Sequence[str],
    rows_per_task: int,
    seed: int,
    split: str = "train",
    *,
    pool: Path = DEFAULT_POOL,
    output: Path | None = None,
) -> Pool:
    """Return a pool of `rows_per_task` rows of each task, drawn and shuffled by `seed`.

    tasks: names, or how many to draw from `split` (train, test, context, general), those with a
    polarity first. The file goes to runs/pools/ under a name that says what is in it and is used
    again next time; `output` writes it elsewhere, anew. Same arguments, same bytes. Raises
    InputError (no pool) and UsageError (unknown task, too many tasks).
    """
    described = read_tasks(pool)
    names = _choose(described, tasks, split, seed)
    if rows_per_task < 1:
        raise UsageError(f"rows per task has to be at least 1, this is {rows_per_task}")
    key = json.dumps([names, rows_per_task, seed, hashlib.sha256(_bytes(pool)).hexdigest()])
    digest = hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
    path = output or CACHE / f"{len(names)}x{rows_per_task}-seed{seed}-{digest}.jsonl"
    rng = np.random.default_rng(seed)
    lines: list[bytes] = []
    counts: dict[str, int] = {}
    for name in names:
        records = _draw(pool, name, rows_per_task, rng)
        counts[name] = len(records)
        definition = described[name].get("Definition")
        lines += [_line(record, definition) for record in records]
    if output is not None or not path.exists():
        with atomic_open(path) as stream:
            stream.writelines(lines[int(k)] for k in rng.permutation(len(lines)))
    polarity = {name: _polarity(described[name]) for name in names}
    return Pool(path, names, counts, polarity)


def read_tasks(pool: Path = DEFAULT_POOL) -> dict[str, dict[str, Any]]:
    """Return what tasks.json says, by task. Raises InputError."""
    described = json.loads(_bytes(pool))
    assert isinstance(described, dict)
    return described


def _bytes(pool: Path) -> bytes:
    try:
        return (pool / "tasks.json").read_bytes()
    except OSError as error:
        raise InputError(
            f"no pool of tasks: {error.strerror}",
            path=pool,
            hint="name its folder with --pool; see benchmarks/pools.py for its form",
        ) from error


def _choose(
    described: Mapping[str, dict[str, Any]], tasks: int | Sequence[str], split: str, seed: int
) -> tuple[str, ...]:
    if not isinstance(tasks, int):
        unknown = [name for name in tasks if name not in described]
        if unknown or not tasks:
            raise UsageError(
                f"no such task: {', '.join(unknown) or '(none given)'}",
                hint=f"tasks: {', '.join(described)}",
            )
        return tuple(tasks)
    fit = sorted(name for name, task in described.items() if task["split"] == split)
    if not 1 <= tasks <= len(fit):
        splits = sorted({task["split"] for task in described.values()})
        raise UsageError(
            f"split {split!r} has {len(fit)} tasks, {tasks} are asked for",
            hint=f"splits: {', '.join(splits)}",
        )
    order = np.random.default_rng(seed).permutation(len(fit))
    drawn = sorted(
        (_polarity(described[fit[int(k)]]) is None, turn, fit[int(k)])
        for turn, k in enumerate(order)
    )
    return tuple(name for _, _, name in drawn[:tasks])


def _draw(pool: Path, name: str, count: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return `count` random records of a task, or all there are."""
    with gzip.open(pool / f"{name}.jsonl.gz", "rb") as stream:
        lines = stream.read().splitlines()
    return [json.loads(lines[int(k)]) for k in rng.permutation(len(lines))[:count]]


def _line(record: Mapping[str, Any], definition: list[str] | None) -> bytes:
    """Return one line; a record's own Definition (free-form sets) comes before the task's."""
    own = record.get("Definition") or definition or [""]
    merged = {
        "id": record["id"],
        "Task": record["Task"],
        "Definition": own,
        "Instance": record["Instance"],
    }
    return json.dumps(merged, ensure_ascii=False).encode() + b"\n"


def _polarity(task: Mapping[str, Any]) -> tuple[str, str] | None:
    positive, negative = task.get("positive_label"), task.get("negative_label")
    return None if positive is None or negative is None else (str(positive), str(negative))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one pool and return an exit code."""
    parser = argparse.ArgumentParser(description="Build a benchmark pool from the real tasks.")
    parser.add_argument("--tasks", default="10", help="how many, or names with commas between")
    parser.add_argument("--rows", type=int, default=2000, help="over all tasks (default 2000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="train", help="train, test, context or general")
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path, help="default: a file under runs/pools/")
    options = parser.parse_args(arguments)
    asked = int(options.tasks) if options.tasks.isdigit() else options.tasks.split(",")
    number = asked if isinstance(asked, int) else len(asked)
    try:
        built = build_pool(
            asked,
            options.rows // max(number, 1),
            options.seed,
            options.split,
            pool=options.pool,
            output=options.output,
        )
    except CurateError as error:
        print(f"pools: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    for name in built.tasks:
        print(f"{name}: {built.rows[name]} rows, polarity {built.polarity[name]}", file=sys.stderr)
    print(built.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
