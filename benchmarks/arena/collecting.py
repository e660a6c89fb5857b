"""What the collectors of both arenas share: a hash of the code, files of arrays, work in processes.

A set is one file, `<half>-<seed>.npz`, in a folder named after the hash of what decides its
numbers, so that figures of two states are never mixed. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pools import DEFAULT_POOL, REPOSITORY

LEFT_OUT = {"collect.py", "collecting.py"}
"""Files that decide no number."""
Work = Callable[[str, int, Path, int, Path], str]
"""Collects one set (half, seed, pool, largest, its file) and returns a line about it."""


def hash_of(parts: Iterable[str], generator: Path) -> str:
    """Return a hash of everything that decides the numbers.

    parts: folders of the package; generator: the folder that draws the sets.
    """
    digest = hashlib.blake2b(digest_size=6)
    package = REPOSITORY / "curation_gate"
    files = [path for part in parts for path in (package / part).rglob("*.*")]
    for path in sorted([*files, *generator.glob("*.*")]):
        if path.suffix in {".py", ".npz", ".txt"} and path.name not in LEFT_OUT:
            digest.update(path.relative_to(REPOSITORY).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def save_set(path: Path, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write what is known of a set: JSON and arrays."""
    part = path.with_suffix(".part.npz")
    coded = json.dumps(about, ensure_ascii=False, default=str).encode()
    np.savez_compressed(part, about=np.frombuffer(coded, np.uint8), **arrays)  # type: ignore[arg-type]
    part.replace(path)


def read_set(
    path: Path, names: Sequence[str]
) -> tuple[dict[str, Any], NDArray[np.float64], dict[str, NDArray[Any]]]:
    """Return what is known of a set, the columns `names` of its table, and its arrays.

    Raises ValueError where the table lacks one of these numbers.
    """
    with np.load(path, allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored.files}
    about: dict[str, Any] = json.loads(bytes(arrays.pop("about")).decode())
    known = {name: k for k, name in enumerate(about["numbers"])}
    if not known.keys() >= set(names):
        raise ValueError(f"{path} lacks numbers that evidence.py names: collect again")
    table = arrays.pop("table")[:, [known[name] for name in names]].astype(np.float64)
    return about, table, arrays


def collect_all(
    arguments: Sequence[str] | None, said: str | None, work: Work, folder: Path, largest: int
) -> int:
    """Collect the sets that a command line asks for and that are not there yet.

    said: the help's text; folder: where they go by default; largest: rows of the largest set.
    """
    parser = argparse.ArgumentParser(
        description=said, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--half", choices=("fit", "judge"), required=True)
    parser.add_argument("--sets", type=int, default=600)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--largest", type=int, default=largest, help="rows of the largest set")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("--folder", type=Path, help=f"default: {folder.parent}/<hash of the code>")
    options = parser.parse_args(arguments)
    chosen = options.folder or folder
    chosen.mkdir(parents=True, exist_ok=True)
    print(f"results: {chosen}", file=sys.stderr)
    seeds = range(options.first_seed, options.first_seed + options.sets)
    todo = [(seed, chosen / f"{options.half}-{seed}.npz") for seed in seeds]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, context) as workers:
        running = [
            workers.submit(work, options.half, seed, options.pool, options.largest, path)
            for seed, path in todo
            if not path.exists()
        ]
        for number, future in enumerate(as_completed(running), 1):
            print(f"[{number}/{len(running)}] {future.result()}", file=sys.stderr, flush=True)
    return 0
