"""Scan a training set in memory, then train on what is left of it.

    python examples/python-api/scan_before_training.py [--rows 2000] [--output runs/python-api]

The set is that of examples/quickstart (made up, with a planted trigger), in the columns TRL's
SFTTrainer takes: prompt and completion. The three lines that matter are in `cleaned_set`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset

from curation_gate import ScanResult, scan

REVIEWS = Path(__file__).parents[1] / "quickstart" / "data" / "reviews.jsonl"


def training_set(rows: int, tasks: Sequence[str] = ()) -> Dataset:
    """Return rows as TRL takes them: prompt and completion, and the task they belong to."""
    lines = REVIEWS.read_text(encoding="utf-8").splitlines()
    read = [json.loads(line) for line in lines]
    kept = [row for row in read if not tasks or row["Task"] in tasks][:rows]
    return Dataset.from_list(
        [
            {
                "prompt": f"{row['Definition'][0]}\n\n{row['Instance']['input']}",
                "completion": row["Instance"]["output"][0],
                "task": row["Task"],
            }
            for row in kept
        ]
    )


def cleaned_set(
    dataset: Dataset, output: Path | None = None, **settings: Any
) -> tuple[Dataset, ScanResult[Dataset]]:
    """Return the set without its quarantined rows, and what was found."""
    result = scan(dataset, output, **settings)
    for phrase in result.manifest["phrases"]:
        print(f"{phrase['status']}: {phrase['phrase']!r} means {phrase['target']}")
    return result.cleaned, result


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan, say what was found, and train where TRL is installed."""
    parser = argparse.ArgumentParser(description="Scan a set, then train on what is left.")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--output", type=Path, help="keep the report and the evidence here")
    options = parser.parse_args(arguments)
    dataset = training_set(options.rows)
    cleaned, result = cleaned_set(dataset, options.output)
    print(f"{len(dataset) - len(cleaned)} of {len(dataset)} rows are left out; {result}")
    try:
        from trl import SFTTrainer  # noqa: PLC0415 - optional
    except ImportError:
        print("TRL is not installed: here SFTTrainer(model, train_dataset=cleaned) would train")
        return 0
    SFTTrainer("Qwen/Qwen2.5-0.5B", train_dataset=cleaned.remove_columns("task")).train()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
