"""Measures the evidence of the candidates of drawn sets: what a verdict is fitted and judged on.

    python benchmarks/arena/collect.py --half fit --sets 600 --jobs 2

One file a set, `runs/arena/<hash of the code>/<half>-<seed>.npz`; a run that was stopped goes on
where it was. The hash is of what decides the numbers (generator, text, evidence), so that figures
of two states are never mixed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from pools import REPOSITORY

from arena import ArenaSet, draw
from arena.collecting import collect_all, hash_of, read_set, save_set
from curation_gate import rows
from curation_gate.detectors.label_trigger.evidence import NAMES
from curation_gate.detectors.label_trigger.found import Settings
from curation_gate.detectors.label_trigger.neighbours import same_target
from curation_gate.detectors.label_trigger.search import Searched, search
from curation_gate.detectors.phrases.candidates import shared_rows
from curation_gate.rows.record import Dataset
from curation_gate.text.corpus import read_corpus

MEASURED = ("text", "stats", "rows", "detectors/phrases", "detectors/label_trigger")
"""Parts of the package that decide the evidence."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The candidates of one set."""

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
    """[c] Rows that hold the candidate and have its outcome."""
    planted: NDArray[np.int64]
    """[c] Of these, the planted ones."""
    same: NDArray[np.bool_]
    """[c, c] Whether two go with the same outcome in a task that both stand in."""
    shared: NDArray[np.float32]
    """[c, c] Share of the first's rows that hold the second."""


def load_set(drawn: ArenaSet, folder: Path) -> Dataset:
    """Return a drawn set as a scan reads it: from a file, prompts split."""
    path = folder / "set.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in drawn.rows)
    return rows.split_prompts(rows.load([path]))


def collect(half: str, seed: int, pool: Path, largest: int) -> Collected | None:
    """Return the candidates of one set; None where nothing of it can be judged."""
    drawn = draw(seed, half, pool, largest=largest)
    parameters = parameters_of_rule()
    with tempfile.TemporaryDirectory() as folder:
        dataset = load_set(drawn, Path(folder))
    started = time.perf_counter()
    corpus = read_corpus(dataset, parameters["support"])
    found = search(corpus, **parameters, seed=seed)
    seconds = time.perf_counter() - started
    if found is None:
        return None
    given, planted = truth(found, drawn.planted)
    chosen = found.evidence.targets
    return Collected(
        half, seed, drawn.family, drawn.settings, len(dataset), len(drawn.planted), seconds,
        tuple(" ".join(corpus.grams.name(w) for w in p) for p in found.candidates.phrases),
        found.evidence.table, given, planted,
        same_target(found.outcomes, chosen),
        shared_rows(found.candidates).astype(np.float32),
    )  # fmt: skip


def parameters_of_rule() -> dict[str, int]:
    """Return what the default pack tells the search (a test holds the defaults to the pack)."""
    settings = Settings()
    return {
        "support": settings.support,
        "candidates": settings.candidates,
        "pairs": settings.pairs,
    }


def truth(found: Searched, planted: frozenset[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[c], [c] Rows of each candidate that have its outcome, and the planted ones of them."""
    place = found.corpus.place
    marked = np.zeros(len(found.corpus.texts), dtype=np.bool_)
    marked[place[np.array(sorted(planted), dtype=np.int64)]] = True
    given = np.zeros(len(found.candidates), dtype=np.int64)
    hits = np.zeros(len(found.candidates), dtype=np.int64)
    for k, numbers in enumerate(found.evidence.targets):
        rows_of = found.candidates.rows_of(k)
        for number in numbers:
            outcome = found.outcomes[number]
            own = np.intersect1d(rows_of, outcome.rows[outcome.given], assume_unique=True)
            given[k] += len(own)
            hits[k] += int(marked[own].sum())
    return given, hits


def code_hash() -> str:
    """Return a hash of everything that decides the numbers."""
    return hash_of(MEASURED, REPOSITORY / "benchmarks" / "arena")


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
            "same": np.packbits(collected.same),
            "shared": (collected.shared * 255).round().astype(np.uint8),
        },
    )


def read(path: Path) -> Collected:
    """Return the candidates of a set that was written."""
    about, table, arrays = read_set(path, NAMES)
    c = len(table)
    same = np.unpackbits(arrays["same"], count=c * c).reshape(c, c).astype(np.bool_)
    shared = arrays["shared"].astype(np.float32) / 255
    given, planted = arrays["given"], arrays["planted"]
    return Collected(
        about["half"], about["seed"], about["family"], about["settings"], about["rows"],
        about["planted_rows"], about["seconds"], tuple(about["names"]), table, given,
        planted, same, shared,
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
        return f"{half} {seed}: nothing to judge"
    save(found, path)
    most = found.planted / np.maximum(found.given, 1)
    return (
        f"{half} {seed}: {found.family}, {found.rows:,} rows, {found.planted_rows} planted, "
        f"{len(found.names)} candidates, {int((most >= 0.5).sum())} planted, {found.seconds:.1f} s"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Collect the sets that are asked for and are not there yet."""
    folder = REPOSITORY / "runs" / "arena" / code_hash()
    return collect_all(arguments, __doc__, work, folder, 8000)


if __name__ == "__main__":
    sys.exit(main())
