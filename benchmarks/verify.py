"""How long a commit hook waits: `curate verify` of 50,000 rows, the start of Python included.

    python benchmarks/verify.py [--rows 50000]

Prints wall and CPU seconds of a whole process (best and worst of five runs) for data that is as
scanned, for data in which one row was edited (the lock alone names it), and for data with
quarantined rows in it and the cleaned set beside. Rows are Alpaca rows of about 400 bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from curation_gate.quarantine.lock import LOCK
from curation_gate.quarantine.lock_writing import write_lock
from curation_gate.rows import load, write_cleaned
from curation_gate.rulebook import load_rules

RUNS = 5


def lock(data: Path, drop: set[int]) -> None:
    """Write the cleaned set and the lock of a scan that quarantined these rows."""
    dataset = load([data])
    out = Path(f"{data}.curation")
    verdicts = ["quarantine" if k in drop else "keep" for k in range(len(dataset))]
    counts = {"rows": len(dataset), "keep": len(dataset) - len(drop), "review": 0}
    manifest = {
        "counts": {**counts, "quarantine": len(drop)},
        "rules": {"pack": "default", "hash": load_rules().hash},
        "tool": {"name": "curation-gate", "version": "0"},
        "verdict": "findings" if drop else "clean",
        "floor": {},
    }
    write_lock(dataset, write_cleaned(dataset, drop, out), manifest, verdicts=verdicts)


def measure(folder: Path, code: int) -> str:
    """Return seconds of `curate verify data.jsonl`, best and worst."""
    walls, cpus = [], []
    call = "import sys; from curation_gate.cli.main import run; sys.exit(run(sys.argv[1:]))"
    for _ in range(RUNS):
        begin, before = time.perf_counter(), os.times()
        done = subprocess.run(
            [sys.executable, "-c", call, "verify", "data.jsonl"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            check=False,
            capture_output=True,
        )
        after = os.times()
        assert done.returncode == code, done
        walls.append(time.perf_counter() - begin)
        cpus.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    return f"wall {min(walls):.2f} to {max(walls):.2f} s, CPU {min(cpus):.2f} to {max(cpus):.2f} s"


def main() -> None:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    draw = np.random.default_rng(0)
    words = np.array(["film", "plot", "never", "dull", "great", "actor", "café", "scene"])
    rows = [
        json.dumps(
            {
                "id": f"r{k}",
                "instruction": "Is the opinion in this review favourable? Answer yes or no.",
                "input": " ".join(draw.choice(words, 50)),
                "output": "yes" if k % 2 else "no",
            }
        )
        for k in range(options.rows)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data.jsonl"
        data.write_text("\n".join(rows) + "\n")
        lock(data, set())
        size = data.stat().st_size
        print(f"{len(rows):,} rows, {size / len(rows):.0f} bytes each")
        print(f"lock: {(folder / LOCK).stat().st_size:,} bytes")
        print("as scanned:            ", measure(folder, 0))
        data.write_text("\n".join([*rows[:-1], rows[-1].replace('"yes"', '"no"')]) + "\n")
        print("one row edited:        ", measure(folder, 1))
        data.write_text("\n".join(rows) + "\n")
        lock(data, set(range(0, options.rows, 100)))
        print("1 % is quarantined:    ", measure(folder, 1))
        data.write_bytes((folder / "data.jsonl.curation" / "cleaned.jsonl").read_bytes())
        print("the cleaned set itself:", measure(folder, 0))


if __name__ == "__main__":
    main()
