"""How well a scan finds planted rows, and how often it cries wolf, beside simpler rules.

    python benchmarks/detection.py --quick                     # ten minutes on two cores
    python benchmarks/detection.py --small                     # every attack in sets of 3,000 rows
    python benchmarks/detection.py --full                      # and in sets of 45,000 rows

Sets are drawn from the pool beside the repository, attacks (attacks.py) are planted, and the rules
of the default pack judge them with their defaults; the truth is used to score and for nothing else.
Results are added to a JSON Lines file, one line a set, as they come: a benchmark that is stopped
goes on where it was. The file's name holds a hash of the code that is measured, so that figures of
two states of it are never mixed. `--output` renders the page from the file (detection_page.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import detection_page
from attacks import ATTACKS
from pools import DEFAULT_POOL, REPOSITORY
from sets import CLEAN, LARGE, NOISE, SMALL, Case

from curation_gate.errors import CurateError

CLEAN_SEED = 100
"""Seeds of clean sets begin here."""
QUICK = {
    "name", "rare token", "inserted sentence", "two tokens, only together",
    "name that honest rows carry too",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """A set and what is measured on it."""

    case: Case
    stages: bool
    proxy: bool


def plan(options: argparse.Namespace) -> list[Work]:
    """Return every set that is asked for, those of one line of the table together."""
    work: list[Work] = []
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    chosen = [a for a in ATTACKS if options.only in a.name]
    if options.quick:
        chosen = [a for a in chosen if a.name in QUICK]
    for attack in chosen:
        for planted in attack.small[:1] if options.quick else attack.small:
            for turn, seed in enumerate(seeds):
                first = attack.proxy and planted == attack.small[0]
                case = Case(attack.name, options.rows, planted, seed)
                work.append(Work(case, first, first and turn < options.proxy_seeds))
        for planted in attack.large if options.full else ():
            work += [Work(Case(attack.name, LARGE, planted, s), False, False) for s in seeds]
    for name in (CLEAN, NOISE) if not options.only else ():
        draws = range(CLEAN_SEED, CLEAN_SEED + options.clean)
        staged = name == CLEAN
        work += [Work(Case(name, options.rows, 0, s), staged, False) for s in draws]
        if options.full:
            few = draws[: options.large_clean]
            work += [Work(Case(name, LARGE, 0, s), False, False) for s in few]
    return work


def run(group: Sequence[Work], pool: Path, split: str, results: Path) -> list[str]:
    """Measure the sets of one line, adding each to the results; return what went wrong."""
    from measuring import measure  # noqa: PLC0415 - torch, in the worker alone

    problems = []
    for work in group:
        case = work.case
        try:
            figures = measure(case, pool, split, stages=work.stages, proxy=work.proxy)
        except CurateError as error:  # such as too few rows to plant in
            problems.append(f"{case.name}: {error}")
            figures = {
                "attack": case.attack, "asked": case.rows, "planted": case.planted,
                "seed": case.seed, "error": str(error),
            }  # fmt: skip
        line = json.dumps(figures, ensure_ascii=False) + "\n"
        with results.open("a", encoding="utf-8") as stream:
            stream.write(line)
        told = figures.get("lines", {}).get("curation-gate", figures.get("error"))
        print(f"{case.name}: {told} {figures.get('seconds')} s", file=sys.stderr, flush=True)
    return problems


def pending(work: Iterable[Work], results: Path) -> Iterator[Work]:
    """Yield the work whose set is not in the results yet."""
    done = {
        (r["attack"], r["asked"], r["planted"], r["seed"]) for r in detection_page.read(results)
    }
    for item in work:
        case = item.case
        if (case.attack, case.rows, case.planted, case.seed) not in done:
            yield item


def code_hash() -> str:
    """Return a hash of everything that decides a figure: the package, the packs, the benchmark."""
    digest = hashlib.blake2b(digest_size=6)
    files = [
        *(REPOSITORY / "curation_gate").rglob("*.py"),
        *(REPOSITORY / "curation_gate").rglob("*.npz"),
        *(REPOSITORY / "rules").rglob("*.*"),
        *(p for p in (REPOSITORY / "benchmarks").glob("*.py") if p.stem != "detection_page"),
    ]
    for path in sorted(files):
        digest.update(path.relative_to(REPOSITORY).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is not measured yet, and write the page."""
    options = _parse(arguments)
    results = options.results or REPOSITORY / "runs" / "detection" / f"{code_hash()}.jsonl"
    results.parent.mkdir(parents=True, exist_ok=True)
    print(f"results: {results}", file=sys.stderr)
    todo = [] if options.render else list(pending(plan(options), results))
    groups = [
        list(group)
        for _, group in groupby(todo, key=lambda w: (w.case.attack, w.case.rows, w.case.planted))
    ]
    print(f"{len(todo)} sets to measure, {options.jobs} at a time", file=sys.stderr)
    context = multiprocessing.get_context("spawn")
    # A process a line of the table, so that its peak memory is that of its own sets.
    with ProcessPoolExecutor(options.jobs, context, max_tasks_per_child=1) as workers:
        running = [
            workers.submit(run, group, options.pool, options.split, results) for group in groups
        ]
        problems = [line for future in as_completed(running) for line in future.result()]
    for line in problems:
        print(f"not measured: {line}", file=sys.stderr)
    page = detection_page.render(detection_page.read(results), options.output)
    if options.output:
        options.output.write_text(page, encoding="utf-8")
    else:
        print(page)
    return 0


def _parse(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(description="Measure detection on sets with known attacks.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few attacks, two seeds")
    size.add_argument("--small", action="store_true", help="every attack, 3,000 rows (default)")
    size.add_argument("--full", action="store_true", help="and sets of 45,000 rows")
    size.add_argument("--render", action="store_true", help="only write the page again")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--first-seed", type=int, default=8)
    parser.add_argument("--clean", type=int, help="clean sets of each kind (default 20)")
    parser.add_argument("--large-clean", type=int, default=2, help="of these, 45,000 rows")
    parser.add_argument("--proxy-seeds", type=int, help="sets of a line with a fine-tuned proxy")
    parser.add_argument("--rows", type=int, default=SMALL, help="of a small set")
    parser.add_argument("--only", default="", help="attacks whose name holds this; no clean sets")
    parser.add_argument("--split", default="train", help="of the pool's tasks")
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("--jobs", type=int, default=max(len(os.sched_getaffinity(0)), 1))
    parser.add_argument("--results", type=Path, help="default: runs/detection/<code hash>.jsonl")
    parser.add_argument("-o", "--output", type=Path, help="the page; default: print it")
    options = parser.parse_args(arguments)
    for name, few, many in (("seeds", 2, 5), ("clean", 5, 20), ("proxy_seeds", 1, 2)):
        if getattr(options, name) is None:
            setattr(options, name, few if options.quick else many)
    return options


if __name__ == "__main__":
    sys.exit(main())
