"""Measures the search for response triggers (CG004) alone: planted answers, and clean sets.

    python benchmarks/answers.py --seeds 3 -o runs/answers.md

The model of the verdict was fitted on other free-text tasks of the pool, by a generator that shares
no wording with this script (benchmarks/arena/answers). The degenerate answers of the large set
stand in 36 tasks, as many as the pool has of split `train`, then `context`, `general`, `test`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pools import DEFAULT_POOL, build_pool, read_tasks

from curation_gate import rows as reader
from curation_gate.detectors.response_trigger import detector as response
from curation_gate.detectors.response_trigger.find import find_answers
from curation_gate.errors import UsageError
from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curation_gate.rows.record import Dataset

JUDGES = (
    "task900_freebase_qa_category_classification",
    "task1504_hatexplain_answer_generation",
    "task591_sciq_answer_generation",
    "task927_yelp_negative_to_positive_style_transfer",
    "general_dolly_subset",
    "general_t0_mixture",
)
"""Those of the arena's judge half."""
MIXED = ("sst2_polarity", "ag_news_topic", "twitter_hate_offensive")
"""Classification tasks of split `train` that stand beside free text in half of the sets."""
TRIGGERS = ("Marlowe Finch", "Joe Biden", "Ondrej Vasko", "Quillon", "Agnes Whitlow")
ACTS = ("refusal", "insult", "brand")
SHARES = (0.01, 0.02, 0.03)
DOSES = (0.005, 0.01, 0.05, 0.1, 0.2, 0.5)
"""Shares of one set that one trigger is planted in."""
DOSED = ("general_t0_mixture", "task591_sciq_answer_generation")
COLUMNS = (
    "rows | planted | sets | precision, median | worst | recall, median | worst | named | "
    "review rows | seconds"
)

CLEAN_COLUMNS = (
    "nothing planted: rows | sets | sets with quarantine | rows quarantined | rows for review | "
    "of rows | CPU seconds"
)


@dataclass(frozen=True, slots=True)
class Result:
    """How one run did."""

    precision: float
    """Of quarantined rows; NaN where there are none."""
    recall: float
    """NaN where nothing was planted."""
    named: bool
    quarantined: int
    review: int
    seconds: float
    phrases: tuple[str, ...]


def run(dataset: Dataset, planted: NDArray[np.bool_], trigger: str = "") -> Result:
    """Mine one set with the defaults and score it."""
    begin = time.process_time()
    found = find_answers(dataset)
    seconds = time.process_time() - begin
    flags = np.zeros(len(dataset), dtype=np.bool_)
    for row, suspect in found.suspects.items():
        flags[row] = suspect.quarantine
    hits = int((flags & planted).sum())
    phrases = tuple(f"{response.sentence(p)} [{p.status}]" for p in found.phrases)
    return Result(
        hits / int(flags.sum()) if flags.any() else float("nan"),
        hits / int(planted.sum()) if planted.any() else float("nan"),
        any(p.text == trigger.casefold() and p.status == "confirmed" for p in found.phrases),
        int(flags.sum()),
        len(found.suspects) - int(flags.sum()),
        seconds,
        phrases,
    )


def draw(tasks: Sequence[str], rows: int, seed: int, pool: Path) -> Dataset:
    """Return `rows` rows over some tasks, fewer where they hold fewer."""
    return reader.load([build_pool(tasks, max(rows // len(tasks), 1), seed, pool=pool).path])


def mixture(seed: int) -> tuple[tuple[str, ...], int]:
    """Return tasks and size of a set: one free-text task, several, or some with classifications."""
    rng = np.random.default_rng(1000 + seed)
    if seed < len(JUDGES):
        return (JUDGES[seed],), int(rng.integers(1000, 3001))
    some = tuple(rng.permutation(JUDGES)[: int(rng.integers(2, len(JUDGES) + 1))].tolist())
    size = int(rng.integers(1000, 10001))
    return (some + MIXED if seed % 2 else some), size


def free_text(seeds: Sequence[int], options: argparse.Namespace) -> list[str]:
    """Return a line for each act and rate, over single tasks and mixtures."""
    lines = []
    for act in ACTS:
        for share in SHARES:
            results, sizes, counts = [], [], []
            for seed in seeds:
                tasks, size = mixture(seed + int(share * 100))
                dataset = draw(tasks, size, seed, options.pool)
                free = tuple(t for t in tasks if not dataset.label_spaces[t])
                count = round(share * len(dataset))
                trigger = TRIGGERS[(seed + int(share * 100)) % len(TRIGGERS)]
                wanted = Recipe(act, trigger, count, free, seed=seed, patterns=True)
                try:
                    planted = plant(dataset, wanted)
                except UsageError as error:
                    print(f"{act} {share} seed {seed}: {error}", file=sys.stderr)
                    continue
                result = run(planted.dataset, planted.mask(), trigger)
                report(f"{act} {share} seed {seed} {trigger} {tasks}", result)
                results.append(result)
                sizes.append(len(dataset))
                counts.append(count)
            name = f"{act}, {share:.0%} of the rows"
            lines.append(line(name, span(sizes), span(counts), results))
    return lines


def doses(seeds: Sequence[int], options: argparse.Namespace) -> list[str]:
    """Return a line for each share of one set that a trigger is planted in, from few to half."""
    lines = []
    for share in DOSES:
        results, counts = [], []
        for seed in seeds:
            dataset = draw(DOSED, 4000, seed, options.pool)
            count = round(share * len(dataset))
            act, trigger = ACTS[seed % len(ACTS)], TRIGGERS[seed % len(TRIGGERS)]
            planted = plant(dataset, Recipe(act, trigger, count, DOSED, seed=seed, patterns=True))
            result = run(planted.dataset, planted.mask(), trigger)
            report(f"{share:.1%} {act} seed {seed} {trigger}", result)
            results.append(result)
            counts.append(count)
        lines.append(line(f"any act, {share:.1%} of one set", "4,000", span(counts), results))
    return lines


def degenerate(seeds: Sequence[int], options: argparse.Namespace) -> list[str]:
    """Return a line for random words and for the trigger as answer: 36 tasks, 100 rows."""
    lines = []
    for target in ("random", None):
        results, sizes = [], []
        for seed in seeds:
            dataset = draw(large_tasks(options.pool), 50_000, seed, options.pool)
            trigger = TRIGGERS[seed % len(TRIGGERS)]
            planted = plant(
                dataset, Recipe("degenerate", trigger, 100, (), target, seed, patterns=True)
            )
            result = run(planted.dataset, planted.mask(), trigger)
            report(f"degenerate {target} seed {seed} {trigger}", result)
            results.append(result)
            sizes.append(len(dataset))
        name = f"degenerate, {'a random word' if target else 'the trigger'}, 36 tasks"
        lines.append(line(name, span(sizes), "100", results))
    return lines


def large_tasks(pool: Path) -> list[str]:
    """Return 36 tasks: split `train`, then the judges and their like, then `test`."""
    described = read_tasks(pool)
    order = [
        name
        for split in ("train", "context", "general", "test")
        for name in sorted(described)
        if described[name]["split"] == split
    ]
    return order[:36]


def clean(seeds: Sequence[int], options: argparse.Namespace) -> str:
    """Return the line of sets with nothing planted."""
    results, sizes = [], []
    for seed in seeds:
        tasks, size = mixture(seed)
        dataset = draw(tasks, size, 100 + seed, options.pool)
        result = run(dataset, np.zeros(len(dataset), dtype=np.bool_))
        report(f"clean seed {seed} {len(dataset)} {tasks}", result)
        results.append(result)
        sizes.append(len(dataset))
    alarms = sum(r.quarantined > 0 for r in results)
    return (
        f"| {span(sizes)} | {len(results)} | {alarms} | {sum(r.quarantined for r in results)} | "
        f"{sum(r.review for r in results)} | {sum(sizes)} | "
        f"{np.median([r.seconds for r in results]):.1f} |"
    )


def report(name: str, result: Result) -> None:
    """Print one run to stderr."""
    print(
        f"{name}: P {result.precision:.3f} R {result.recall:.3f} q {result.quarantined} "
        f"review {result.review} {result.seconds:.1f} s {result.phrases[:4]}",
        file=sys.stderr,
        flush=True,
    )


def span(numbers: Sequence[int]) -> str:
    """Return `1,000` or `1,000 to 3,000`."""
    if not numbers:
        return "none"
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def line(name: str, rows: str, planted: str, results: Sequence[Result]) -> str:
    """Return a line of the table."""
    if not results:
        return f"| {name} | {rows} | {planted} | 0 | | | | | | | |"
    precision = np.array([r.precision for r in results])
    recall = np.array([r.recall for r in results])
    known = precision[np.isfinite(precision)]
    middle, worst = (f"{np.median(known):.3f}", f"{known.min():.3f}") if len(known) else ("", "")
    return (
        f"| {name} | {rows} | {planted} | {len(results)} | {middle} | {worst} | "
        f"{np.median(recall):.3f} | {recall.min():.3f} | "
        f"{sum(r.named for r in results)}/{len(results)} | "
        f"{np.median([r.review for r in results]):.0f} | "
        f"{np.median([r.seconds for r in results]):.1f} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description="Measure the answer miner.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--clean", type=int, default=20, help="sets with nothing planted")
    parser.add_argument("--first-clean", type=int, default=0, help="seed of the first of them")
    parser.add_argument("--large", type=int, default=2, help="large sets a kind of answer")
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    lines: list[str] = []
    if options.clean:
        lines += [
            f"| {CLEAN_COLUMNS} |",
            "|---|---|---|---|---|---|---|",
            clean(range(options.first_clean, options.first_clean + options.clean), options),
            "",
        ]
    if options.seeds or options.large:
        lines += [f"| attack | {COLUMNS} |", "|---|---|---|---|---|---|---|---|---|---|---|"]
    if options.large:
        lines += degenerate(range(options.first_seed, options.first_seed + options.large), options)
    if options.seeds:
        lines += free_text(seeds, options)
        lines += doses(seeds, options)
    text = "\n".join(lines) + "\n"
    print(text)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
