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
from collections.abc import Iterable, Sequence
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
REFERRED = 5
"""Clean sets on which the reference is measured, too."""
QUICK = {
    "name", "rare token", "inserted sentence", "two tokens, only together",
    "name that honest rows carry too",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """A set and what is measured on it."""

    case: Case
    part: str
    """rules, or proxy: what a fine-tuned proxy says."""
    reference: bool = False

    @property
    def key(self) -> tuple[str, int, int, int, str]:
        """Return what tells this work from other work."""
        return self.case.attack, self.case.rows, self.case.planted, self.case.seed, self.part


def plan(options: argparse.Namespace) -> list[Work]:
    """Return every set that is asked for, seed by seed, small sets first, proxies last."""
    chosen = [a for a in ATTACKS if options.only in a.name]
    if options.quick:
        chosen = [a for a in chosen if a.name in QUICK]
    small, large, proxy = [], [], []
    for turn in range(max(options.seeds, 1)):
        seed = options.first_seed + turn
        for attack in chosen:
            counts = attack.small[:1] if options.quick else attack.small
            for planted in counts:
                case = Case(attack.name, options.rows, planted, seed)
                first = attack.proxy and planted == attack.small[0]
                small.append(Work(case, "rules", reference=first))
                if first and turn < options.proxy_seeds:
                    proxy.append(Work(case, "proxy"))
            large += [Work(Case(attack.name, LARGE, k, seed), "rules") for k in attack.large]
        if not options.only:
            each = -(-options.clean // options.seeds)
            draws = range(turn * each, min((turn + 1) * each, options.clean))
            for kind in (CLEAN, NOISE):
                small += [
                    Work(Case(kind, options.rows, 0, CLEAN_SEED + k), "rules", k < REFERRED)
                    for k in draws
                ]
                many = [k for k in draws if k < options.large_clean]
                large += [Work(Case(kind, LARGE, 0, CLEAN_SEED + k), "rules") for k in many]
    return [*small, *(large if options.full else ()), *proxy]


def run(work: Work, pool: Path, split: str, results: Path) -> str | None:
    """Measure one set and add it to the results; return what went wrong."""
    from measuring import measure, measure_proxy  # noqa: PLC0415 - torch, in the worker alone

    case = work.case
    figures: dict[str, Any] = {}
    problem = None
    try:
        if work.part == "proxy":
            figures = measure_proxy(case, pool, split)
        else:
            figures = measure(case, pool, split, reference=work.reference)
    except CurateError as error:  # such as too few rows to plant in
        problem = f"{case.name}: {error}"
        figures = {"error": str(error)}
    attack, asked, planted, seed, part = work.key
    known = {"attack": attack, "asked": asked, "planted": planted, "seed": seed, "part": part}
    line = json.dumps(known | figures, ensure_ascii=False) + "\n"
    with results.open("a", encoding="utf-8") as stream:
        stream.write(line)
    told = figures.get("lines", {}).get("curation-gate", problem)
    print(f"{case.name}: {told} {figures.get('seconds')} s", file=sys.stderr, flush=True)
    return problem


def pending(work: Iterable[Work], results: Path) -> list[Work]:
    """Return the work that is not in the results yet."""
    done = {
        (r["attack"], r["asked"], r["planted"], r["seed"], r["part"])
        for r in detection_page.read(results)
    }
    return [item for item in work if item.key not in done]


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
    todo = [] if options.render else pending(plan(options), results)
    print(f"{len(todo)} sets to measure, {options.jobs} at a time", file=sys.stderr)
    context = multiprocessing.get_context("spawn")
    problems: list[str] = []
    # Processes of their own for each size and part: peak memory is that of a process so far.
    for _, group in groupby(todo, key=lambda w: (w.part, w.case.rows)):
        with ProcessPoolExecutor(options.jobs, context) as workers:
            running = [
                workers.submit(run, work, options.pool, options.split, results) for work in group
            ]
            problems += [p for future in as_completed(running) if (p := future.result())]
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
