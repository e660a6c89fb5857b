"""Measures the evidence of the candidates of drawn sets: what a verdict is fitted and judged on.

    python benchmarks/arena/collect.py --half fit --sets 600 --jobs 2

One file a set, `runs/arena/<hash of the code>/<half>-<seed>.npz`; a run that was stopped goes on
where it was. The hash is of what decides the numbers (generator, text, evidence), so that figures
of two states are never mixed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from pools import DEFAULT_POOL, REPOSITORY

from arena import ArenaSet, draw
from curation_gate import rows
from curation_gate.detectors.label_trigger.evidence import NAMES
from curation_gate.detectors.label_trigger.found import Settings
from curation_gate.detectors.label_trigger.search import Searched, search
from curation_gate.rows.record import Dataset
from curation_gate.text.corpus import read_corpus

MEASURED = ("text", "stats", "rows", "detectors/label_trigger")
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
    from curation_gate.detectors.label_trigger.neighbours import (  # noqa: PLC0415 - in the worker
        same_target,
        shared_rows,
    )

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
    digest = hashlib.blake2b(digest_size=6)
    package = REPOSITORY / "curation_gate"
    files = [path for part in MEASURED for path in (package / part).rglob("*.*")]
    files += (REPOSITORY / "benchmarks" / "arena").glob("*.*")
    for path in sorted(files):
        if path.suffix in {".py", ".npz", ".txt"} and path.name != "collect.py":
            digest.update(path.relative_to(REPOSITORY).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def save(collected: Collected, path: Path) -> None:
    """Write the candidates of a set."""
    about = {
        "half": collected.half, "seed": collected.seed, "family": collected.family,
        "settings": collected.settings, "rows": collected.rows,
        "planted_rows": collected.planted_rows, "seconds": collected.seconds,
        "names": collected.names, "numbers": NAMES,
    }  # fmt: skip
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        about=np.frombuffer(json.dumps(about, ensure_ascii=False, default=str).encode(), np.uint8),
        table=collected.table.astype(np.float32),
        given=collected.given,
        planted=collected.planted,
        same=np.packbits(collected.same),
        shared=(collected.shared * 255).round().astype(np.uint8),
    )
    part.replace(path)


def read(path: Path) -> Collected:
    """Return the candidates of a set that was written."""
    with np.load(path, allow_pickle=False) as stored:
        about = json.loads(bytes(stored["about"]).decode())
        known = {name: k for k, name in enumerate(about["numbers"])}
        if not known.keys() >= set(NAMES):
            raise ValueError(f"{path} lacks numbers that evidence.py names: collect again")
        table = stored["table"][:, [known[name] for name in NAMES]].astype(np.float64)
        c = len(table)
        same = np.unpackbits(stored["same"], count=c * c).reshape(c, c).astype(np.bool_)
        shared = stored["shared"].astype(np.float32) / 255
        given, planted = stored["given"], stored["planted"]
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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--half", choices=("fit", "judge"), required=True)
    parser.add_argument("--sets", type=int, default=600)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--largest", type=int, default=8000, help="rows of the largest set")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("--folder", type=Path, help="default: runs/arena/<hash of the code>")
    options = parser.parse_args(arguments)
    folder = options.folder or REPOSITORY / "runs" / "arena" / code_hash()
    folder.mkdir(parents=True, exist_ok=True)
    print(f"results: {folder}", file=sys.stderr)
    seeds = range(options.first_seed, options.first_seed + options.sets)
    todo = [(s, folder / f"{options.half}-{s}.npz") for s in seeds]
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


if __name__ == "__main__":
    sys.exit(main())
