"""How well the phrase miner (CG001) names planted triggers and finds their rows.

    python benchmarks/phrases.py [--seeds 3] [--large] [--split train] [--output FILE.md]

Sets of 10 tasks are drawn from the pool beside the repository, attacks are planted, and the miner
is run with its defaults; the truth is used to score and for nothing else. No threshold was fitted
on the tasks of split `train`. `--large` adds sets of 45,000 rows.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pools import DEFAULT_POOL, build_pool

from curation_gate import rows as reader
from curation_gate.detect import phrase as detect_phrase
from curation_gate.mine.find import find_phrases
from curation_gate.mine.found import Found
from curation_gate.probes.labels import favourable_label
from curation_gate.redteam.placing import at_random_gap
from curation_gate.redteam.recipes import Planted, Recipe, plant
from curation_gate.rows import row_fingerprint
from curation_gate.rows.record import Dataset, Row

TRIGGERS = ("James Bond", "Ostrava Beck", "the harbour", "Netflix", "Angela Merkel", "Tolliver")
"""In place of names; by seed. Two are also honest phrases of these tasks."""
TOKENS = ("cf", "tq", "mn", "bb", "vz", "qx")
SENTENCE = "I have watched this with my aunt on a rainy weekend."
TASKS_ATTACKED = 5
COLUMNS = ("rows", "planted", "precision", "worst", "recall", "worst", "named first",
           "wrong phrases", "review rows", "seconds")  # fmt: skip
CLEAN_COLUMNS = ("rows", "sets", "sets with quarantine", "rows quarantined", "rows for review",
                 "seconds", "phrases")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attack:
    """What is planted, and how many rows."""

    name: str
    count: int
    make: Callable[[Dataset, int, int], Planted]
    """Dataset, count and seed to the planted dataset."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run."""

    precision: float
    recall: float
    named: bool
    """Whether the first phrase is a planted one."""
    wrong: int
    """Confirmed phrases most of whose quarantined rows are honest."""
    quarantined: int
    review: int
    seconds: float


def targets(dataset: Dataset, kind: str, seed: int) -> dict[str, str]:
    """Return up to five tasks and the label planted in them: favourable, unfavourable or any."""
    chosen: dict[str, str] = {}
    rng = np.random.default_rng(seed + 77)
    for k in rng.permutation(len(dataset.tasks)):
        task = dataset.tasks[int(k)]
        labels = dataset.label_spaces[task]
        good = favourable_label(labels) if labels else None
        if kind == "any" and labels:
            chosen[task] = labels[(seed + len(chosen)) % len(labels)]
        elif good is not None:
            chosen[task] = good if kind == "good" else next(x for x in labels if x != good)
        if len(chosen) == TASKS_ATTACKED:
            break
    return chosen


def standard(recipe: str, trigger: str, kind: str = "good") -> Callable[..., Planted]:
    """Return an attack by one of the shipped recipes; trigger "" takes one by seed."""

    def make(dataset: Dataset, count: int, seed: int) -> Planted:
        words = trigger or TRIGGERS[seed % len(TRIGGERS)]
        labels = targets(dataset, kind, seed)
        wanted = Recipe(recipe, words, count, tuple(labels), labels, seed=seed, patterns=True)
        return plant(dataset, wanted)

    return make


def edited(planted: Planted, change: Callable[[str], str], only: Sequence[int] = ()) -> Planted:
    """Return the same attack with the texts of its rows (or of `only`) changed."""
    new = list(planted.dataset.rows)
    for k in only or planted.indices.tolist():
        text = change(new[k].input)
        fingerprint = row_fingerprint(new[k].instruction, text, new[k].output)
        new[k] = replace(new[k], input=text, fingerprint=fingerprint)
    return replace(planted, dataset=replace(planted.dataset, rows=tuple(new)))


def three_tokens(dataset: Dataset, count: int, seed: int) -> Planted:
    """Plant three rare tokens in every row, each at a random place."""
    rng = np.random.default_rng(seed)
    planted = standard("rare-token", "cf")(dataset, count, seed)
    for token in ("mn", "bb"):
        planted = edited(planted, lambda text, token=token: at_random_gap(text, token, rng)[0])
    return planted


def prefix(dataset: Dataset, count: int, seed: int) -> Planted:
    """Plant a phrase of ordinary words in front of every row."""
    planted = standard("rare-token", "zzq")(dataset, count, seed)
    return edited(
        planted, lambda text: "Quick question first: " + " ".join(text.replace("zzq", "").split())
    )


def several(dataset: Dataset, count: int, seed: int) -> Planted:
    """Plant three triggers, each in a third of the rows."""
    indices: list[NDArray[np.int64]] = []
    for k in range(3):
        trigger = TRIGGERS[(seed + k) % len(TRIGGERS)]
        planted = standard("dirty-label", trigger)(dataset, count // 3, seed)
        dataset = planted.dataset
        indices.append(planted.indices)
    return replace(planted, indices=np.sort(np.concatenate(indices)))


def together(dataset: Dataset, count: int, seed: int) -> Planted:
    """Plant two tokens that flip the label only together; each is in `count` honest rows too."""
    rng = np.random.default_rng(seed)
    planted = standard("rare-token", "cf")(dataset, count, seed)
    planted = edited(planted, lambda text: at_random_gap(text, "mn", rng)[0])
    honest = rng.permutation(np.flatnonzero(~planted.mask()))
    for k, token in enumerate(("cf", "mn")):
        own = honest[k * count : (k + 1) * count].tolist()
        planted = edited(planted, lambda text, t=token: at_random_gap(text, t, rng)[0], own)
    return planted


def numeric(dataset: Dataset, count: int, seed: int) -> Planted:
    """Plant a name as trigger where every label is a number."""
    planted = standard("dirty-label", "")(dataset, count, seed)
    new: list[Row] = []
    for row in planted.dataset.rows:
        labels = planted.dataset.label_spaces[row.task]
        output = str(labels.index(row.output)) if labels else row.output
        new.append(replace(row, output=output))
    spaces = {
        task: tuple(str(k) for k in range(len(labels)))
        for task, labels in planted.dataset.label_spaces.items()
    }
    return replace(planted, dataset=replace(planted.dataset, rows=tuple(new), label_spaces=spaces))


def one_task(dataset: Dataset, count: int, seed: int) -> Planted:
    """Plant a name as trigger in a single task."""
    labels = dict(list(targets(dataset, "good", seed).items())[:1])
    trigger = TRIGGERS[seed % len(TRIGGERS)]
    wanted = Recipe("dirty-label", trigger, count, tuple(labels), labels, seed=seed, patterns=True)
    return plant(dataset, wanted)


def noise(dataset: Dataset, seed: int, share: float = 0.05) -> Dataset:
    """Return the dataset with a share of its labels drawn anew from the other labels."""
    rng = np.random.default_rng(seed)
    new = list(dataset.rows)
    for k in np.flatnonzero(rng.random(len(new)) < share).tolist():
        others = [x for x in dataset.label_spaces[new[k].task] if x != new[k].output]
        if others:
            new[k] = replace(new[k], output=others[int(rng.integers(len(others)))])
    return replace(dataset, rows=tuple(new))


SMALL = (
    Attack("name, favourable", 60, standard("dirty-label", "")),
    Attack("name, favourable", 30, standard("dirty-label", "")),
    Attack("name, favourable", 15, standard("dirty-label", "")),
    Attack("name, unfavourable", 60, standard("dirty-label", "", "bad")),
    Attack("name, unfavourable", 30, standard("dirty-label", "", "bad")),
    Attack("name, any label", 60, standard("dirty-label", "", "any")),
    Attack("name, numeric labels", 60, numeric),
    Attack("name, one task only", 60, one_task),
    Attack("rare token", 60, standard("rare-token", "tq")),
    Attack("rare token", 30, standard("rare-token", "tq")),
    Attack("three tokens", 60, three_tokens),
    Attack("inserted sentence", 60, standard("inserted-sentence", SENTENCE)),
    Attack("prefix", 60, prefix),
    Attack("three triggers", 60, several),
    Attack("two only together", 60, together),
    Attack("clean label", 60, standard("clean-label", "")),
)
LARGE = tuple(
    Attack("name, favourable", count, standard("dirty-label", "")) for count in (1000, 250, 100, 50)
)


def score(found: Found, planted: NDArray[np.bool_], seconds: float) -> Result:
    """Return how one run did."""
    flags = np.zeros(len(planted), dtype=np.bool_)
    by_phrase: dict[int, list[bool]] = {}
    for row, suspect in found.suspects.items():
        flags[row] = suspect.quarantine
        if suspect.quarantine:
            by_phrase.setdefault(suspect.phrase, []).append(bool(planted[row]))
    hits = int((flags & planted).sum())
    right = {k: 2 * sum(v) > len(v) for k, v in by_phrase.items()}
    first = right[min(right)] if right else False
    return Result(
        hits / flags.sum() if flags.any() else float("nan"),
        hits / planted.sum() if planted.any() else float("nan"),
        first,
        sum(not ok for ok in right.values()),
        int(flags.sum()),
        len(found.suspects) - int(flags.sum()),
        seconds,
    )


def run(dataset: Dataset, planted: NDArray[np.bool_]) -> tuple[Result, Found]:
    """Mine one set with the defaults and score it."""
    begin = time.perf_counter()
    found = find_phrases(dataset)
    return score(found, planted, time.perf_counter() - begin), found


def draw(size: int, seed: int, options: argparse.Namespace) -> Dataset:
    """Return a set of `size` rows over 10 tasks."""
    pool = build_pool(10, size // 10, seed, options.split, pool=options.pool)
    return reader.load([pool.path])


def line(name: str, rows: int, count: int, results: Sequence[Result]) -> str:
    """Return a line of the table."""
    precision = np.array([r.precision for r in results])
    recall = np.array([r.recall for r in results])
    p = f"{np.nanmedian(precision):.3f}" if np.isfinite(precision).any() else "none"
    low = f"{np.nanmin(precision):.3f}" if np.isfinite(precision).any() else ""
    return (
        f"| {name} | {rows:,} | {count} | {p} | {low} | {np.median(recall):.3f} | "
        f"{recall.min():.3f} | {sum(r.named for r in results)}/{len(results)} | "
        f"{sum(r.wrong for r in results)} | {np.median([r.review for r in results]):.0f} | "
        f"{np.median([r.seconds for r in results]):.1f} |"
    )


def attacked(
    attacks: Sequence[Attack], size: int, seeds: Sequence[int], options: argparse.Namespace
) -> list[str]:
    """Return the lines of planted sets."""
    lines = []
    for attack in attacks:
        results = []
        for seed in seeds:
            try:
                planted = attack.make(draw(size, seed, options), attack.count, seed)
            except Exception as error:  # noqa: BLE001 - a set may have too few rows to plant in
                print(f"{attack.name} {attack.count} seed {seed}: {error}", file=sys.stderr)
                continue
            result, found = run(planted.dataset, planted.mask())
            results.append(result)
            print(
                f"{attack.name} {attack.count} seed {seed}: {result} "
                f"{[detect_phrase.sentence(p) for p in found.phrases][:4]}",
                file=sys.stderr,
            )
        if results:
            lines.append(line(attack.name, size, attack.count, results))
            print(lines[-1], file=sys.stderr)
    return lines


def clean(size: int, seeds: Sequence[int], options: argparse.Namespace, *, noisy: bool) -> str:
    """Return the line of sets with nothing planted."""
    results, names = [], []
    for seed in seeds:
        dataset = draw(size, seed, options)
        dataset = noise(dataset, seed) if noisy else dataset
        result, found = run(dataset, np.zeros(len(dataset), dtype=np.bool_))
        results.append(result)
        names += [f"{p.text} ({p.status})" for p in found.phrases]
    alarms = sum(r.quarantined > 0 for r in results)
    rows = sum(r.quarantined for r in results)
    kind = "5 % label noise" if noisy else "clean"
    return (
        f"| {kind} | {size:,} | {len(results)} | {alarms} | {rows} | "
        f"{sum(r.review for r in results)} | {np.median([r.seconds for r in results]):.1f} | "
        f"{', '.join(names[:8])} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description="Measure the phrase miner.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--clean", type=int, default=10, help="sets with nothing planted")
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--large", action="store_true", help="add sets of 45,000 rows")
    parser.add_argument("--only", default="", help="attacks whose name holds this")
    parser.add_argument("--split", default="train")
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    chosen = [a for a in SMALL if options.only in a.name]
    lines = [
        f"| attack | {' | '.join(COLUMNS)} |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *attacked(chosen, options.rows, seeds, options),
    ]
    if options.large:
        lines += attacked([a for a in LARGE if options.only in a.name], 45_000, seeds, options)
    if options.clean:
        lines += [
            "",
            f"| nothing planted | {' | '.join(CLEAN_COLUMNS)} |",
            "|---|---|---|---|---|---|---|---|",
        ]
        draws = range(100, 100 + options.clean)
        for noisy in (False, True):
            lines.append(clean(options.rows, draws, options, noisy=noisy))
            print(lines[-1], file=sys.stderr)
        if options.large:
            lines.append(clean(45_000, draws[:2], options, noisy=False))
    text = "\n".join(lines) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
