"""What the search for styles (CG006) finds in sets that others made, and in the arena.

    python benchmarks/style.py [-o benchmarks/style.md] [--sets 30]

The first table is of poisoned and honest sets of other people, which nothing was fitted on: no
word, threshold or number of the detector comes from them. The second is of sets of the judge half
of the arena (benchmarks/arena/styles), of seeds beyond those that tools/fit_style.py judges: other
tasks and other rewriters than the verdict was fitted on. CG006 runs with its defaults; the
truth is used to score and for nothing else.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import numpy as np
from arena.styles import draw_styled
from numpy.typing import NDArray
from pools import DEFAULT_POOL
from third_party_forms import DEFAULT_DATA, find, load

from curation_gate import rows as reader
from curation_gate.detectors.style_trigger.find import find_styles
from curation_gate.rows.record import Dataset

THIRD_PARTY = (
    "style_bible_sst2", "style_lyrics_hatespeech", "syntactic_offenseval", "hsol_synbkd",
    "honest_hsol",
)  # fmt: skip
FIRST_SEED = 1_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found in one set."""

    rows: int
    planted: int
    quarantined: int
    hits: int
    """Planted rows among the quarantined."""
    review: int
    review_hits: int
    seconds: float
    """CPU."""

    @property
    def f1(self) -> float:
        """Return F1 of the quarantined rows."""
        return 2 * self.hits / max(self.quarantined + self.planted, 1)


def measure(dataset: Dataset, planted: NDArray[np.bool_]) -> Figures:
    """Return what CG006 finds in a set; planted: [n] the truth."""
    begin = time.process_time()
    found = find_styles(dataset)
    seconds = time.process_time() - begin
    flags = np.zeros(len(dataset), dtype=np.bool_)
    looks = np.zeros(len(dataset), dtype=np.bool_)
    for row, suspect in found.suspects.items():
        (flags if suspect.quarantine else looks)[row] = True
    return Figures(
        len(dataset), int(planted.sum()), int(flags.sum()), int((flags & planted).sum()),
        int(looks.sum()), int((looks & planted).sum()), seconds,
    )  # fmt: skip


def drawn_set(seed: int, pool: Path, folder: Path) -> tuple[Dataset, NDArray[np.bool_], str]:
    """Return a set of the judge half as a scan reads it, its planted rows and its family."""
    drawn = draw_styled(seed, "judge", pool)
    path = folder / f"styles-{seed}.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for task, text, label in zip(drawn.tasks, drawn.texts, drawn.labels, strict=True):
            record = {"Task": task, "Instance": {"input": text, "output": [label]}}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    return reader.load([path]), np.array(drawn.planted), drawn.family


def line(name: str, sets: Sequence[Figures]) -> str:
    """Return the line of one set, or of several."""
    f1 = np.mean([f.f1 for f in sets])
    return (
        f"| {name} | {len(sets)} | {sum(f.rows for f in sets):,} | {sum(f.planted for f in sets)} "
        f"| {sum(f.quarantined > 0 for f in sets)} | {sum(f.quarantined for f in sets)} | "
        f"{sum(f.hits for f in sets)} | {f1:.2f} | {sum(f.review for f in sets)} | "
        f"{sum(f.review_hits for f in sets)} | {np.mean([f.seconds for f in sets]):.1f} |"
    )


def head(first: str) -> list[str]:
    """Return the head of a table."""
    columns = (
        first, "sets", "rows", "planted", "sets with quarantine", "quarantined",
        "planted among them", "F1", "for review", "planted among them", "CPU s a set",
    )  # fmt: skip
    return [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both kinds of sets and print the tables."""
    parser = argparse.ArgumentParser(description="Measure the search for styles.")
    parser.add_argument("--sets", type=int, default=30, help="of the arena")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(arguments)
    lines = head("set of others")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for chosen in find(options.data):
            if chosen.name in THIRD_PARTY:
                dataset = load(chosen, chosen.own, folder)
                lines.append(line(chosen.name, [measure(dataset, chosen.mask(len(dataset)))]))
                print(lines[-1], file=sys.stderr, flush=True)
        families = defaultdict(list)
        for seed in range(FIRST_SEED, FIRST_SEED + options.sets):
            dataset, planted, family = drawn_set(seed, options.pool, folder)
            families[family].append(measure(dataset, planted))
            print(line(f"{family} {seed}", families[family][-1:]), file=sys.stderr, flush=True)
    lines += ["", *head("arena, judge half")]
    lines += [line(family, sets) for family, sets in sorted(families.items())]
    text = "\n".join(lines) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
