"""Measures the evidence of phrases and kinds of answers in drawn free-text sets.

    python benchmarks/arena/answers/collect.py --half fit --sets 400 --jobs 2

One file a set, `runs/answers/<hash of the code>/<half>-<seed>.npz`; a run that was stopped goes on
where it was. The hash is of what decides the numbers, as in ../collect.py.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the matrices are small

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from pools import REPOSITORY

from arena.answers import draw
from arena.collecting import collect_all, hash_of, read_set, save_set
from curation_gate import rows
from curation_gate.detectors.response_trigger.corpus import read_answers
from curation_gate.detectors.response_trigger.found import Settings
from curation_gate.detectors.response_trigger.numbers import NAMES
from curation_gate.detectors.response_trigger.search import Searched, search

MEASURED = (
    "text",
    "stats",
    "rows",
    "detectors/phrases",
    "detectors/label_trigger",
    "detectors/response_trigger",
)
"""Parts of the package that decide the evidence."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The candidates of one set: phrases, each with a kind of answer."""

    half: str
    seed: int
    family: str
    settings: dict[str, Any]
    rows: int
    planted_rows: int
    seconds: float
    names: tuple[str, ...]
    """[c]"""
    table: NDArray[np.float64]
    """[c, numbers] Evidence."""
    given: NDArray[np.int64]
    """[c] Exchanges that hold the phrase and whose answer is of the kind."""
    planted: NDArray[np.int64]
    """[c] Of these, those of planted rows."""


def collect(half: str, seed: int, pool: Path, largest: int) -> Collected | None:
    """Return the candidates of one set; None where it has none."""
    drawn = draw(seed, half, pool, largest=largest)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in drawn.rows)
        dataset = rows.split_prompts(rows.load([path]))
    asked = Settings()
    started = time.perf_counter()
    answered = read_answers(dataset, asked.support)
    found = search(
        answered,
        support=asked.support,
        candidates=asked.candidates,
        crossed=asked.pairs,
        weighed=asked.weighed,
    )
    seconds = time.perf_counter() - started
    if found is None or not found.kinds:
        return None
    given, planted = truth(found, drawn.planted)
    names = tuple(
        " ".join(answered.corpus.grams.name(w) for w in found.phrases.phrases[kind.phrase])
        for kind in found.kinds
    )
    return Collected(
        half, seed, drawn.family, drawn.settings, len(dataset), len(drawn.planted), seconds, names,
        found.evidence, given, planted,
    )  # fmt: skip


def truth(found: Searched, planted: frozenset[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[c], [c] Exchanges of each candidate that are of its kind, and the planted ones of them."""
    answered = found.answered
    marked = np.zeros(len(answered.corpus.texts), dtype=np.bool_)
    inside = np.isin(answered.row, np.array(sorted(planted), dtype=np.int64))
    marked[answered.corpus.place[inside]] = True
    own = [found.phrases.rows_of(kind.phrase)[kind.given] for kind in found.kinds]
    return (
        np.array([len(held) for held in own], dtype=np.int64),
        np.array([int(marked[held].sum()) for held in own], dtype=np.int64),
    )


def code_hash() -> str:
    """Return a hash of everything that decides the numbers."""
    return hash_of(MEASURED, REPOSITORY / "benchmarks" / "arena" / "answers")


def save(collected: Collected, path: Path) -> None:
    """Write the candidates of a set."""
    about = {
        "half": collected.half, "seed": collected.seed, "family": collected.family,
        "settings": collected.settings, "rows": collected.rows,
        "planted_rows": collected.planted_rows, "seconds": collected.seconds,
        "names": collected.names, "numbers": NAMES,
    }  # fmt: skip
    save_set(
        path,
        about,
        {
            "table": collected.table.astype(np.float32),
            "given": collected.given,
            "planted": collected.planted,
        },
    )


def read(path: Path) -> Collected:
    """Return the candidates of a set that was written."""
    about, table, arrays = read_set(path, NAMES)
    given, planted = arrays["given"], arrays["planted"]
    return Collected(
        about["half"], about["seed"], about["family"], about["settings"], about["rows"],
        about["planted_rows"], about["seconds"], tuple(about["names"]), table, given, planted,
    )  # fmt: skip


def read_all(folder: Path, half: str) -> list[Collected]:
    """Return every set of a half that was collected, by seed."""
    return sorted((read(p) for p in folder.glob(f"{half}-*.npz")), key=lambda c: c.seed)


def work(half: str, seed: int, pool: Path, largest: int, path: Path) -> str:
    """Collect one set in a worker; return a line about it."""
    try:
        found = collect(half, seed, pool, largest)
    except Exception as error:  # noqa: BLE001 - one set that fails must not end hundreds
        return f"{half} {seed}: FAILED {type(error).__name__}: {error}"
    if found is None:
        return f"{half} {seed}: nothing to weigh"
    save(found, path)
    most = found.planted / np.maximum(found.given, 1)
    return (
        f"{half} {seed}: {found.family}, {found.rows:,} rows, {found.planted_rows} planted, "
        f"{len(found.names)} candidates, {int((most >= 0.5).sum())} planted, {found.seconds:.1f} s"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Collect the sets that are asked for and are not there yet."""
    folder = REPOSITORY / "runs" / "answers" / code_hash()
    return collect_all(arguments, __doc__, work, folder, 6000)


if __name__ == "__main__":
    sys.exit(main())
