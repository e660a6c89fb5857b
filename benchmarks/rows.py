"""How fast rows are read and fingerprinted, on one core.

    python benchmarks/rows.py [--pool FOLDER] [--rows 50000]

Prints rows/s of `curation_gate.rows.load` (reading, strict JSON, schema, tasks, labels,
fingerprints, sha256) for JSON lines of 500 bytes, the same packed, as CSV and as Parquet, and for
every file of a folder at once; and of `write_cleaned`. The best of three runs: other work on the
machine only makes a run slower.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation_gate.rows import load, write_cleaned

WORDS = [
    "the",
    "a",
    "film",
    "plot",
    "of",
    "and",
    "is",
    "dull",
    "great",
    "naïve",
    "never",
    "café",
    "see",
    "actor",
    "😀",
]


def synthetic(count: int, generator: np.random.Generator) -> list[dict[str, str]]:
    """[count] Alpaca rows of about 500 bytes as JSON, half of them with an emoji escape."""
    rows = []
    for k in range(count):
        text = " ".join(generator.choice(WORDS, size=76))
        rows.append(
            {
                "id": f"row-{k}",
                "instruction": "Is the opinion in this review favourable? Answer yes or no.",
                "input": text[:360],
                "output": "yes" if k % 2 else "no",
            }
        )
    return rows


def best(work: Callable[[], object], repeats: int = 3) -> float:
    """Seconds of the fastest of `repeats` runs."""
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def main() -> None:
    """Print one line a format."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pool", type=Path, help="a folder of .jsonl.gz files to read as well")
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    rows = synthetic(options.rows, np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
        (folder / "data.jsonl").write_bytes(lines)
        (folder / "data.json").write_text(json.dumps(rows, indent=1))
        with gzip.open(folder / "data.jsonl.gz", "wb", compresslevel=6) as stream:
            stream.write(lines)
        with (folder / "data.csv").open("w", newline="", encoding="utf-8") as table:
            writer = csv.DictWriter(table, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        pq.write_table(pa.Table.from_pylist(rows), folder / "data.parquet")
        print(f"{len(rows):,} rows, {len(lines) / len(rows):.0f} bytes each as JSON lines")
        for file in sorted(folder.iterdir()):
            seconds = best(lambda file=file: load([file]))  # type: ignore[misc]
            print(f"load  {file.name:<16} {len(rows) / seconds:>10,.0f} rows/s")
        dataset = load([folder / "data.jsonl"])
        drop = range(0, len(rows), 50)
        seconds = best(lambda: write_cleaned(dataset, drop, folder / "out"))
        print(f"write {'data.jsonl':<16} {len(rows) / seconds:>10,.0f} rows/s")
    if options.pool:
        files = sorted(options.pool.glob("*.jsonl.gz"))
        count = len(load(files))
        seconds = best(lambda: load(files), repeats=2)
        print(f"load  {len(files)} files, {count:,} rows: {count / seconds:,.0f} rows/s")


if __name__ == "__main__":
    main()
