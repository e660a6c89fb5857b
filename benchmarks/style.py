"""How well the search for styles (CG006) finds rows rewritten into one syntax or style.

    python benchmarks/style.py [--seeds 3] [--large] [--split train] [--output FILE.md]

Sets of 10 tasks are drawn from the pool beside the repository, rows of them are rewritten by the
red team and relabelled, and CG006 is run with its defaults; the truth is used to score and for
nothing else. Beside it: what the phrase miner (CG001) quarantines in the same sets. Clean sets are
judged as they are, with 5 % of the labels drawn anew, and with one task of an odd style in which
every text is rewritten honestly.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from attacks import noise, targets
from numpy.typing import NDArray
from pools import DEFAULT_POOL, REPOSITORY, build_pool, read_tasks

from curation_gate import rows as reader
from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.style_trigger import detector as detect_style
from curation_gate.detectors.style_trigger.find import find_styles
from curation_gate.errors import CurateError
from curation_gate.redteam.evaluate import score
from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import Recipe
from curation_gate.redteam.restyle import restyled
from curation_gate.rows import row_fingerprint
from curation_gate.rows.record import Dataset

COLUMNS = ("rewritten", "rows", "planted", "sets", "precision", "recall", "F1", "worst F1", "AUROC",
           "AP", "recall of CG001", "CPU s")  # fmt: skip
CLEAN_COLUMNS = ("nothing planted", "rows", "sets", "sets with quarantine", "rows quarantined",
                 "rows for review", "CPU s")  # fmt: skip
CARD = REPOSITORY / "curation_gate" / "proxy" / "embedded" / "MODEL_CARD.md"


@dataclass(frozen=True, slots=True)
class Attack:
    """What is planted."""

    recipe: str
    share: float
    """Planted rows over all rows."""
    kind: str = "good"
    """Which label: favourable (good), unfavourable (bad) or any."""
    every_task: bool = False

    @property
    def name(self) -> str:
        """Return what the table says."""
        where = "all tasks" if self.every_task else "5 tasks"
        label = {"good": "favourable", "bad": "unfavourable", "any": "any label"}[self.kind]
        return f"{self.recipe}, {label}, {where}"


ATTACKS = (
    Attack("syntax", 0.05),
    Attack("syntax", 0.05, "bad"),
    Attack("syntax", 0.05, "any", every_task=True),
    Attack("syntax", 0.03),
    Attack("archaic", 0.03),
    Attack("archaic", 0.03, "any", every_task=True),
    Attack("archaic", 0.015),
    Attack("formal", 0.05),
    Attack("tweet", 0.05),
)
LARGE = (Attack("syntax", 0.05), Attack("archaic", 0.03), Attack("archaic", 0.005))


def choose_tasks(split: str, seed: int, pool: Path) -> list[str]:
    """Return 10 classification tasks of a split, without those the embedded proxy has seen."""
    card = CARD.read_text(encoding="utf-8").split("## Data", 1)[1].split("Left out", 1)[0]
    fit = sorted(
        name
        for name, task in read_tasks(pool).items()
        if task["split"] == split and f"| {name} |" not in card
    )
    order = np.random.default_rng(seed).permutation(len(fit))[:10]
    return [fit[int(k)] for k in order]


def draw(size: int, seed: int, options: argparse.Namespace) -> Dataset:
    """Return a set of about `size` rows over 10 tasks."""
    names = choose_tasks(options.split, seed, options.pool)
    pool = build_pool(names, size // len(names), seed, options.split, pool=options.pool)
    return reader.load([pool.path])


def planted_in(
    dataset: Dataset, attack: Attack, seed: int
) -> tuple[Dataset, NDArray[np.bool_], int]:
    """Return the attacked set, its planted rows and the tasks they are in.

    Tasks that have too few rows of another label for their share are left out of the attack.
    """
    labels = targets(dataset, attack.kind, seed)
    if attack.every_task:
        rng = np.random.default_rng(seed)
        labels = {
            task: space[int(rng.integers(len(space)))]
            for task, space in dataset.label_spaces.items()
            if space
        }
    count = round(attack.share * len(dataset))
    while True:
        recipe = Recipe(attack.recipe, "", count, tuple(labels), labels, seed=seed)
        try:
            planted = plant(dataset, recipe)
        except CurateError as error:
            short = next((task for task in labels if repr(task) in error.message), None)
            if short is None or len(labels) == 1:
                raise
            labels = {task: label for task, label in labels.items() if task != short}
            continue
        return planted.dataset, planted.mask(), len(labels)


def odd(dataset: Dataset, seed: int) -> Dataset:
    """Return the set with every text of one task rewritten in one style, labels as they were."""
    rng = np.random.default_rng(seed)
    task = dataset.tasks[seed % len(dataset.tasks)]
    style = ("archaic", "syntax", "tweet", "formal")[seed % 4]
    new = list(dataset.rows)
    for k, row in enumerate(new):
        text = restyled(row.input, style, rng) if row.task == task else None
        if text is not None:
            fingerprint = row_fingerprint(row.instruction, text, row.output)
            new[k] = replace(row, input=text, fingerprint=fingerprint)
    return replace(dataset, rows=tuple(new))


def judge(dataset: Dataset) -> tuple[NDArray[np.bool_], NDArray[np.float64], list[str], int, float]:
    """Return flags, scores, the styles found, rows for review and CPU seconds."""
    begin = time.process_time()
    found = find_styles(dataset)
    seconds = time.process_time() - begin
    flags = np.zeros(len(dataset), dtype=np.bool_)
    flags[[k for k, s in found.suspects.items() if s.quarantine]] = True
    said = [f"{s.status}: {', '.join(s.features)}; {detect_style.counts(s)}" for s in found.styles]
    return flags, found.planted, said, len(found.suspects) - int(flags.sum()), seconds


def attacked(
    attack: Attack, size: int, seeds: Sequence[int], options: argparse.Namespace
) -> str | None:
    """Return the line of an attack."""
    figures, seconds, phrases = [], [], []
    for seed in seeds:
        try:
            dataset, mask, tasks = planted_in(draw(size, seed, options), attack, seed)
        except CurateError as error:
            print(f"{attack.name} seed {seed}: {error}", file=sys.stderr)
            continue
        flags, scores, said, _, cpu = judge(dataset)
        figures.append(score(flags, scores, mask))
        seconds.append(cpu)
        by_phrase = np.zeros(len(dataset), dtype=np.bool_)
        if options.phrases:
            found = find_phrases(dataset)
            by_phrase[[k for k, s in found.suspects.items() if s.quarantine]] = True
        phrases.append((by_phrase & mask).sum() / mask.sum())
        print(
            f"{attack.name} {attack.share} seed {seed}: {tasks} tasks, {figures[-1]} "
            f"CG001 recall {phrases[-1]:.3f} {cpu:.1f} s {said}",
            file=sys.stderr,
            flush=True,
        )
    if not figures:
        return None
    f1 = [f.f1 for f in figures]
    return (
        f"| {attack.name} | {size:,} | {100 * attack.share:g} % | {len(figures)} | "
        f"{np.median([f.precision for f in figures]):.3f} | "
        f"{np.median([f.recall for f in figures]):.3f} | {np.mean(f1):.3f} | {min(f1):.3f} | "
        f"{np.mean([f.auroc for f in figures]):.3f} | "
        f"{np.mean([f.average_precision for f in figures]):.3f} | "
        f"{np.mean(phrases):.3f} | {np.median(seconds):.1f} |"
    )


def clean(
    name: str,
    make: Callable[[Dataset, int], Dataset],
    size: int,
    seeds: Sequence[int],
    options: argparse.Namespace,
) -> str:
    """Return the line of sets with nothing planted."""
    alarms, rows, review, seconds = 0, 0, 0, []
    for seed in seeds:
        flags, _, said, look, cpu = judge(make(draw(size, seed, options), seed))
        alarms += bool(flags.any())
        rows += int(flags.sum())
        review += look
        seconds.append(cpu)
        print(
            f"{name} seed {seed}: {int(flags.sum())} quarantined, {look} for review {said}",
            file=sys.stderr,
            flush=True,
        )
    return (
        f"| {name} | {size:,} | {len(seeds)} | {alarms} | {rows} | {review} | "
        f"{np.median(seconds):.1f} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description="Measure the search for styles.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--clean", type=int, default=20, help="sets of each kind without an attack")
    parser.add_argument("--first-clean", type=int, default=100)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--large", action="store_true", help="add sets of 45,000 rows")
    parser.add_argument("--only", default="", help="attacks whose name holds this")
    parser.add_argument("--phrases", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--split", default="train")
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    lines += filter(
        None, (attacked(a, options.rows, seeds, options) for a in ATTACKS if options.only in a.name)
    )
    if options.large:
        chosen = (a for a in LARGE if options.only in a.name)
        lines += filter(None, (attacked(a, 45_000, seeds[:1], options) for a in chosen))
    if options.clean:
        draws = range(options.first_clean, options.first_clean + options.clean)
        lines += [
            "",
            f"| {' | '.join(CLEAN_COLUMNS)} |",
            "|" + "---|" * len(CLEAN_COLUMNS),
            clean("clean", lambda d, _: d, options.rows, draws, options),
            clean("5 % label noise", noise, options.rows, draws, options),
            clean("one task rewritten", odd, options.rows, draws[::2], options),
        ]
        if options.large:
            lines.append(clean("clean", lambda d, _: d, 45_000, draws[:1], options))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += ["", f"Peak memory of the whole run: {peak:.0f} MB."]
    text = "\n".join(lines) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
