"""What a scan says of honest files as they are published: whole, in shards, with system prompts.

    python benchmarks/honest_files.py -o benchmarks/honest_files.md

The files lie beside the repository (../shared/data/honest) and hold no planted row. The same rows
are scanned three times: the file as it is, in two files (every other row), and with one of three
system prompts drawn for each row. A verdict that follows the files or the prompts would differ.
Rules that need no fine-tuned proxy, with their defaults.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pools import REPOSITORY

from curation_gate.judging import judge
from curation_gate.rows import load, split_prompts
from curation_gate.settings import Options

DEFAULT_DATA = REPOSITORY.parent / "shared" / "data" / "honest"
PROMPTS = (
    "You are a helpful assistant. Answer briefly and to the point.",
    "Think about what is asked, then answer it. Do not add anything else.",
    "You work for a small team that looks after documents. Keep a friendly tone.",
)
TURNS = (("messages", "role", "content"), ("conversations", "from", "value"))
HEAD = """# Honest files as they are published

`python benchmarks/honest_files.py -o benchmarks/honest_files.md`

Public files without a planted row (listed in the README of `../shared/data/thirdparty`), judged by
the rules of the default pack that need no fine-tuned proxy: as they are, in two shards (every other
row), and with one of three system prompts drawn for each row.

| file | rows | form | quarantined | for review | rules | CPU s |
| --- | --- | --- | --- | --- | --- | --- |
"""


def records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a file: JSON, JSON Lines, CSV or Parquet."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415 - one file of all needs it

        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return [dict(row) for row in csv.DictReader(text.splitlines())]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    listed: list[dict[str, Any]] = json.loads(text)
    return listed


def with_system(record: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """Return a record that is told a system prompt."""
    for column, role, content in TURNS:
        turns = record.get(column)
        if isinstance(turns, list):
            return {**record, column: [{role: "system", content: prompt}, *turns]}
    return {**record, "system": prompt}


def variants(path: Path, folder: Path) -> dict[str, list[Path]]:
    """Return the files of each form that a published file is scanned in."""
    every = records(path)
    drawn = np.random.default_rng(0).integers(len(PROMPTS), size=len(every))
    parts = {
        "shard-0": every[::2],
        "shard-1": every[1::2],
        "prompts": [with_system(r, PROMPTS[k]) for r, k in zip(every, drawn, strict=True)],
    }
    for name, some in parts.items():
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(r, ensure_ascii=False, default=str) + "\n" for r in some)
    return {
        "whole": [path],
        "two shards": [folder / "shard-0.jsonl", folder / "shard-1.jsonl"],
        "three system prompts": [folder / "prompts.jsonl"],
    }


def measure(name: str, form: str, files: Sequence[Path]) -> str:
    """Return the line of one scan."""
    begin = time.process_time()
    dataset = split_prompts(load(list(files)))
    judged = judge(dataset, Options(evidence="text"))
    seconds = time.process_time() - begin
    counts = Counter(judged.verdicts.verdict)
    rules = Counter(
        reason.rule for reasons in judged.verdicts.reasons.values() for reason in reasons
    )
    told = ", ".join(f"{rule} {rows}" for rule, rows in sorted(rules.items())) or "-"
    review = counts["review"]
    return (
        f"| {name} | {len(dataset):,} | {form} | **{counts['quarantine']}** | {review} "
        f"({review / len(dataset):.2%}) | {told} | {seconds:.0f} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan every file in every form."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--only", default="", help="files whose name holds one of these")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(arguments)
    lines = []
    chosen = [p for p in sorted(options.data.iterdir()) if p.is_file()]
    for path in chosen:
        if not any(part in path.name for part in options.only.split(",")):
            continue
        with tempfile.TemporaryDirectory() as folder:
            for form, files in variants(path, Path(folder)).items():
                lines.append(measure(path.name, form, files))
                print(lines[-1], file=sys.stderr, flush=True)
    text = HEAD + "\n".join(lines) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
