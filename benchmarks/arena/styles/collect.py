"""Measures the evidence of candidate styles of drawn sets, for the verdict to be fitted on.

    python benchmarks/arena/styles/collect.py --half fit --sets 240

One file a set, `runs/styles/<hash of the code>/<half>-<seed>.npz`; a run that was stopped goes on
where it was. The hash is of what decides the numbers, so that figures of two states never mix.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from pools import DEFAULT_POOL, REPOSITORY
from styles import StyledSet, draw_styled

from curation_gate.detectors.style_trigger.evidence import NAMES, weigh
from curation_gate.detectors.style_trigger.search import Read, Searched, search
from curation_gate.rule_parameters import StyleParameters

MEASURED = tuple(
    f"curation_gate/detectors/style_trigger/{name}.py"
    for name in ("words", "skeleton", "ridge", "content", "mixture", "starts", "search", "evidence")
)
"""What decides the numbers, beside the sets."""
PLANTED = 0.5


@dataclass(frozen=True, slots=True)
class Collected:
    """The candidates of one set."""

    half: str
    seed: int
    family: str
    """`clean`, or the name of the rewriter."""
    settings: dict[str, Any]
    rows: int
    planted_rows: int
    seconds: float
    """CPU."""
    names: tuple[str, ...]
    """[c] Start order: candidates have no name of their own."""
    table: NDArray[np.float64]
    """[c, numbers] Evidence."""
    given: NDArray[np.int64]
    """[c] Rows called planted."""
    planted: NDArray[np.int64]
    """[c] Of these, rows that were."""


def read_set(drawn: StyledSet) -> Read:
    """Return a drawn set as the search reads it."""
    names = sorted(set(drawn.tasks))
    number = {name: k for k, name in enumerate(names)}
    tasks = np.array([number[name] for name in drawn.tasks], dtype=np.int64)
    spaces: list[set[str]] = [set() for _ in names]
    for task, label in zip(tasks, drawn.labels, strict=True):
        spaces[task].add(label)
    order = [sorted(space) for space in spaces]
    labels = np.array([order[t].index(x) for t, x in zip(tasks, drawn.labels, strict=True)])
    return Read(drawn.texts, tasks, labels, tuple(len(space) for space in order))


def parameters_of_rule() -> dict[str, Any]:
    """Return what the search is told unless a pack says otherwise; the default pack repeats it."""
    return StyleParameters().model_dump(exclude={"review"})


def collect(half: str, seed: int, pool: Path) -> tuple[Collected, Searched] | None:
    """Return the candidates of one set; None where it has no style features."""
    drawn = draw_styled(seed, half, pool)
    parameters = parameters_of_rule()
    started = time.process_time()
    found = search(read_set(drawn), seed=seed, **parameters)
    if found is None:
        return None
    table = weigh(found)
    seconds = time.process_time() - started
    called = found.whole.planted >= PLANTED
    marked = np.array(drawn.planted)[:, None]
    kind = drawn.family.split(": ")
    return Collected(
        half, seed, kind[0], {**drawn.settings, "kind": kind[-1]}, len(drawn.texts),
        int(marked.sum()), seconds, tuple(str(k) for k in range(len(table))), table,
        called.sum(0), (called & marked).sum(0),
    ), found  # fmt: skip


def code_hash() -> str:
    """Return a hash of everything that decides the numbers."""
    digest = hashlib.blake2b(digest_size=6)
    files = [REPOSITORY / name for name in MEASURED]
    files += sorted((REPOSITORY / "benchmarks" / "arena" / "styles").glob("*.py"))
    for path in files:
        if path.name != "collect.py":
            digest.update(path.name.encode() + path.read_bytes())
    digest.update(repr(sorted(parameters_of_rule().items())).encode())
    return digest.hexdigest()


def save(collected: Collected, path: Path) -> None:
    """Write the candidates of a set."""
    about = {
        name: getattr(collected, name)
        for name in ("half", "seed", "family", "settings", "rows", "planted_rows", "seconds")
    }
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        about=np.frombuffer(
            json.dumps({**about, "numbers": NAMES}, default=str).encode(), np.uint8
        ),
        table=collected.table, given=collected.given, planted=collected.planted,
    )  # fmt: skip
    part.replace(path)


def read_all(folder: Path, half: str) -> list[Collected]:
    """Return every set of a half that was collected, by seed. Raises ValueError: other numbers."""
    found = []
    for path in folder.glob(f"{half}-*.npz"):
        if path.name.endswith(".part.npz"):
            continue
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(bytes(stored["about"]).decode())
            if tuple(about.pop("numbers")) != NAMES:
                raise ValueError(f"{path} holds other numbers than evidence.py names")
            table, given, planted = stored["table"], stored["given"], stored["planted"]
        names = tuple(str(k) for k in range(len(table)))
        found.append(Collected(**about, names=names, table=table, given=given, planted=planted))
    return sorted(found, key=lambda one: one.seed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Collect the sets that are asked for and are not there yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--half", choices=("fit", "judge"), required=True)
    parser.add_argument("--sets", type=int, default=240)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("--folder", type=Path, help="default: runs/styles/<hash of the code>")
    options = parser.parse_args(arguments)
    folder = options.folder or REPOSITORY / "runs" / "styles" / code_hash()
    folder.mkdir(parents=True, exist_ok=True)
    print(f"results: {folder}", file=sys.stderr)
    for seed in range(options.first_seed, options.first_seed + options.sets):
        path = folder / f"{options.half}-{seed}.npz"
        if path.exists():
            continue
        result = collect(options.half, seed, options.pool)
        if result is None:
            continue
        one, found = result
        save(one, path)
        share = one.planted / np.maximum(one.given, 1)
        score = 2 * one.planted / np.maximum(one.given + one.planted_rows, 1)
        best = int(score.argmax()) if len(score) else 0
        print(
            f"{options.half} {seed}: {one.family} {one.settings['kind']}, {one.rows} rows, "
            f"{one.planted_rows} planted, {int((share >= PLANTED).sum())} of {len(share)} "
            f"candidates, best F1 {score.max(initial=0):.2f} z {found.z[best]:.1f} of "
            f"{found.z.max(initial=0):.1f}, chance {found.chance:.1f}, {one.seconds:.1f} s",
            file=sys.stderr,
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
