"""What the pack `strict` finds and what it costs, beside `default`: rule CG001 alone.

    python benchmarks/strict.py [--seeds 3] [--clean 10] [--output benchmarks/strict.md]

The sets of benchmarks/phrases.py: 3,000 rows of 10 tasks of split `train`, an attack planted or
nothing. No key of strict.yaml was fitted on them. CG002, which `strict` adds for review, needs a
trained proxy: its cost stands in benchmarks/first_light.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pools import DEFAULT_POOL
from sets import CLEAN, NOISE, Case, build

from curation_gate.detectors.label_trigger import detector as phrase
from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.label_trigger.found import Found
from curation_gate.redteam.evaluate import score as flags_score
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import load_rules

PACKS = ("default", "strict")
ROWS = 3000
ATTACKS = (
    ("name", 15),
    ("name, single task", 60),
    ("clean label", 60),
    ("name", 10),
    ("name", 7),
)
"""Where the default pack is weakest in benchmarks/detection.md, and fewer rows than there."""


@dataclass(frozen=True, slots=True)
class Result:
    """What CG001 made of one set."""

    precision: float
    """NaN where nothing is quarantined."""
    recall: float
    """NaN where nothing is planted."""
    named: bool
    """Whether the first phrase is a planted one: most rows it accuses are."""
    wrong: int
    """Confirmed phrases most of whose rows are honest."""
    quarantined: int
    review: int


HEADER = """\
# The pack `strict` beside `default` (CG001 alone)

`python benchmarks/strict.py --seeds {seeds} --clean {clean}`: sets of 3,000 rows, 10 tasks of
split `train`, the same for both packs; medians over seeds {first} to {last}, wrong phrases and
review rows summed.

| attack | planted | pack | precision | recall | named first | wrong phrases | review rows |
|---|---|---|---|---|---|---|---|"""
CLEAN_HEADER = """
| nothing planted | sets | pack | with quarantine | rows quarantined | with any row | for review | \
phrases |
|---|---|---|---|---|---|---|---|"""


def mine(dataset: Dataset, pack: str) -> Found:
    """Return what CG001 finds with the parameters a pack gives it."""
    rule = next(rule for rule in load_rules(pack).rules if rule.id == "CG001")
    return find_phrases(dataset, replace(phrase.settings(rule), floor=0))


def score(found: Found, planted: NDArray[np.bool_]) -> Result:
    """Return the figures of what was found. planted: [n]."""
    flags = np.zeros(len(planted), dtype=np.bool_)
    flags[[row for row, suspect in found.suspects.items() if suspect.quarantine]] = True
    hits: list[list[bool]] = [[] for _ in found.phrases]
    for row, suspect in found.suspects.items():
        hits[suspect.phrase].append(bool(planted[row]))
    right = [2 * sum(own) > len(own) for own in hits]
    confirmed = [phrase.status == "confirmed" for phrase in found.phrases]
    whole = flags_score(flags, flags.astype(np.float64), planted)
    return Result(
        whole.precision if whole.flagged else float("nan"),
        whole.recall,
        bool(right and right[0]),
        sum(sure and not ok for sure, ok in zip(confirmed, right, strict=True)),
        whole.flagged,
        len(found.suspects) - whole.flagged,
    )


def attacked(name: str, count: int, seeds: Sequence[int], options: argparse.Namespace) -> list[str]:
    """Return a line for each pack: the same planted sets."""
    lines = []
    cases = [Case(name, ROWS, count, seed) for seed in seeds]
    sets = [build(case, options.pool, options.split) for case in cases]
    for pack in PACKS:
        results = [score(mine(s.dataset, pack), s.planted) for s in sets]
        precision = [r.precision for r in results if np.isfinite(r.precision)]
        shown = f"{np.median(precision):.3f}" if precision else "none"
        recall = np.median([r.recall for r in results])
        named = f"{sum(r.named for r in results)}/{len(results)}"
        wrong, review = sum(r.wrong for r in results), sum(r.review for r in results)
        lines.append(
            f"| {name} | {count} | {pack} | {shown} | {recall:.3f} | {named} | {wrong} | {review} |"
        )
        print(lines[-1], file=sys.stderr)
    return lines


def honest(options: argparse.Namespace, *, noisy: bool) -> list[str]:
    """Return a line for each pack: sets with nothing planted."""
    lines = []
    kind = NOISE if noisy else CLEAN
    cases = [Case(kind, ROWS, 0, 100 + k) for k in range(options.clean)]
    sets = [build(case, options.pool, options.split) for case in cases]
    for pack in PACKS:
        found = [mine(s.dataset, pack) for s in sets]
        results = [score(f, s.planted) for f, s in zip(found, sets, strict=True)]
        quarantined = [r.quarantined for r in results]
        review = [r.review for r in results]
        names = ", ".join(f"{p.text} ({p.status})" for f in found for p in f.accused)
        alarms = sum(q + v > 0 for q, v in zip(quarantined, review, strict=True))
        lines.append(
            f"| {'5 % label noise' if noisy else 'clean'} | {len(sets)} | {pack} | "
            f"{sum(q > 0 for q in quarantined)} | {sum(quarantined)} | {alarms} | "
            f"{sum(review)} | {names} |"
        )
        print(lines[-1], file=sys.stderr)
    return lines


def main() -> int:
    """Measure, and print both tables."""
    parser = argparse.ArgumentParser(description="Compare the packs default and strict (CG001).")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=20)
    parser.add_argument("--clean", type=int, default=10, help="sets with nothing planted")
    parser.add_argument("--split", default="train")
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    lines = [
        HEADER.format(seeds=options.seeds, clean=options.clean, first=seeds[0], last=seeds[-1])
    ]
    for name, count in ATTACKS:
        lines += attacked(name, count, seeds, options)
    lines.append(CLEAN_HEADER)
    for noisy in (False, True):
        lines += honest(options, noisy=noisy)
    text = "\n".join(lines) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
