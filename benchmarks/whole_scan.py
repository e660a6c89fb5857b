"""A whole scan of a large set by the command, with every stage: time, memory, and what it found.

    python benchmarks/whole_scan.py -o benchmarks/whole_scan.md

Real rows of 12 tasks, a name planted in five of them with flipped labels, scanned with the defaults
in a process of its own. Run it where nothing else runs: the stages use all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from attacks import standard
from numpy.typing import NDArray
from pools import DEFAULT_POOL, REPOSITORY, build_pool

from curation_gate import rows as reader
from curation_gate.quarantine.reading import read_manifest, read_scores

TASKS, EACH, TRIGGER = 12, 4_500, "James Bond"


def build(folder: Path, options: argparse.Namespace) -> tuple[Path, NDArray[np.bool_]]:
    """Write the set; return its path and which rows are planted."""
    drawn = build_pool(TASKS, EACH, options.seed, pool=options.pool)
    dataset = reader.load([drawn.path])
    planted = standard("dirty-label", (TRIGGER,))(dataset, options.planted, options.seed)
    chosen = planted.dataset.rows[: options.rows]
    path = folder / "data.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for row in chosen:
            instance = {"input": row.input, "output": [row.output]}
            record = {"id": row.id, "Task": row.task, "Definition": [row.instruction]}
            stream.write(json.dumps(record | {"Instance": instance}, ensure_ascii=False) + "\n")
    return path, planted.mask()[: len(chosen)]


def scan(path: Path, output: Path) -> tuple[float, int]:
    """Scan as a user does; return seconds and peak memory, MB."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "curation_gate", "scan", str(path), "--output", str(output)]
    done = subprocess.run([*command, "--no-cache"], check=False, stdin=subprocess.DEVNULL)
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return time.perf_counter() - started, peak // 1024


def page(output: Path, planted: NDArray[np.bool_], seconds: float, peak: int) -> str:
    """Return the page."""
    manifest, verdicts = read_manifest(output), read_scores(output)["verdict"].to_numpy()
    taken, review = verdicts == "quarantine", verdicts == "review"
    hits = int((taken & planted).sum())
    precision, recall = hits / max(int(taken.sum()), 1), hits / int(planted.sum())
    stages = sorted(manifest["timings"].items(), key=lambda stage: -stage[1]["seconds"])
    lines = "\n".join(f"| {name} | {timing['seconds']:.1f} |" for name, timing in stages)
    return f"""# A whole scan

    python benchmarks/whole_scan.py -o benchmarks/whole_scan.md

{len(planted):,} rows of {TASKS} tasks, {planted.sum():,} of them planted ("{TRIGGER}", five tasks,
labels flipped), scanned by `curate scan` with its defaults and the embedded proxy; {os.cpu_count()}
cores ({platform.machine()}), nothing else running. Targets: 15 minutes, 3 GB.

**{seconds / 60:.1f} minutes, {peak:,} MB.** {taken.sum():,} rows quarantined, {hits:,} planted ones
among them (precision {precision:.3f}, recall {recall:.3f}); {review.sum():,} for review,
{int((review & planted).sum())} of them planted.

| stage | seconds |
|---|---|
{lines}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the set, scan it, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--planted", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path, help="the page; default: print it")
    options = parser.parse_args(arguments)
    folder = REPOSITORY / "runs" / "whole_scan"
    folder.mkdir(parents=True, exist_ok=True)
    path, planted = build(folder, options)
    seconds, peak = scan(path, folder / "scan")
    text = page(folder / "scan", planted, seconds, peak)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
