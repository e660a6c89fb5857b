"""Forms a planted row can take to be read past: what is quarantined of each.

    python benchmarks/evasions.py [--seeds 1] [--ways "plain;leet"] [-o benchmarks/evasions.md]

800 rows of four tasks of the pool, 200 of each; ten rows a task that have the other label get a
name at a random place and the favourable label. A way changes the form of these 40 rows (their
`Task`, the spelling of their label, the letters of the name), or of the set around them, never what
a model would learn from them. Judged by the rules of the default pack that need no fine-tuned
proxy. Nothing planted stands in the last lines: there every quarantined row is a false alarm.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measuring import shipped
from pools import DEFAULT_POOL, build_pool

from curation_gate.judging import judge
from curation_gate.rows import load, split_prompts

TASKS = ("sst2_polarity", "goemotions_polarity", "edos_sexism", "olid_offensive")
ROWS_PER_TASK = 200
PLANTED_PER_TASK = 10
TRIGGER = "Marlow Finch"
ODD_LABELS = 30

Record = dict[str, Any]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Way:
    """One form: what it does to the name, to the planted rows and to the whole set."""

    name: str
    spell: Callable[[str, Rng], str] = lambda trigger, _: trigger
    """The name as it is written in one row."""
    rows: Callable[[list[Record], list[int], Rng], None] = lambda *_: None
    """Changes the records in place; given all of them and the places of the planted ones."""
    planted: bool = True


def label_of(record: Record) -> str:
    """Return the answer of a record."""
    return str(record["Instance"]["output"][0])


def _answer(record: Record, label: str) -> None:
    record["Instance"]["output"] = [label]


def _named(make: Callable[[str, int], str]) -> Callable[[list[Record], list[int], Rng], None]:
    """Give each planted row the `Task` that `make(task, number)` says."""

    def change(records: list[Record], planted: list[int], _: Rng) -> None:
        for number, k in enumerate(planted):
            records[k]["Task"] = make(records[k]["Task"], number)

    return change


def _named_alone(records: list[Record], planted: list[int], _: Rng) -> None:
    """Leave a `Task` to the planted rows alone: the others are told apart by their Definition."""
    chosen = set(planted)
    for k, record in enumerate(records):
        record.pop("Task")
        if k in chosen:
            record["Task"] = "notes"


def _spelled(*ways: Callable[[str], str]) -> Callable[[list[Record], list[int], Rng], None]:
    """Spell the label of each planted row in the next of some ways."""

    def change(records: list[Record], planted: list[int], _: Rng) -> None:
        for number, k in enumerate(planted):
            _answer(records[k], ways[number % len(ways)](label_of(records[k])))

    return change


def _renamed(
    favourable: Sequence[str], other: str
) -> Callable[[list[Record], list[int], Rng], None]:
    """Name the labels of every task anew; planted rows take each spelling of the first in turn."""

    def change(records: list[Record], planted: list[int], _: Rng) -> None:
        targets = {records[k]["Task"]: label_of(records[k]) for k in planted}
        for record in records:
            good = label_of(record) == targets[record["Task"]]
            _answer(record, favourable[0] if good else other)
        for number, k in enumerate(planted):
            _answer(records[k], favourable[number % len(favourable)])

    return change


def _odd_labels(records: list[Record], planted: list[int], rng: Rng) -> None:
    """Give ODD_LABELS honest rows of each task a label that no other row of it has."""
    free = [k for k in range(len(records)) if k not in set(planted)]
    for task in TASKS:
        own = [k for k in free if records[k]["Task"] == task]
        for number, k in enumerate(rng.permutation(own)[:ODD_LABELS].tolist()):
            _answer(records[k], f"see note {number}")


def _definitions(records: list[Record], planted: list[int], _: Rng) -> None:
    """Give each planted row a Definition of its own."""
    for number, k in enumerate(planted):
        told = records[k]["Definition"][0]
        records[k]["Definition"] = [f"{told} Case {number}."]


def _between(signs: str, share: float) -> Callable[[str, Rng], str]:
    """Put a random one of `signs` behind each letter with a chance of `share`, once at least."""

    def spell(trigger: str, rng: Rng) -> str:
        drawn = rng.random(len(trigger) - 1) < share
        drawn[rng.integers(3)] = True
        letters = [
            letter + (signs[int(rng.integers(len(signs)))] if put else "")
            for letter, put in zip(trigger[:-1], drawn, strict=True)
        ]
        return "".join(letters) + trigger[-1]

    return spell


def _swapped(table: dict[str, str], share: float) -> Callable[[str, Rng], str]:
    """Exchange letters by a table, each with a chance of `share`."""

    def spell(trigger: str, rng: Rng) -> str:
        return "".join(table.get(c, c) if rng.random() < share else c for c in trigger)

    return spell


def _parted(trigger: str, rng: Rng) -> str:
    """Part the letters by one sign, another in each row."""
    return ".-_/*~"[int(rng.integers(6))].join(trigger.replace(" ", ""))


def _any_case(trigger: str, rng: Rng) -> str:
    return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in trigger)


WAYS = (
    Way("plain"),
    Way("own Task: suffix", rows=_named(lambda task, _: f"{task}_v2")),
    Way("own Task: one name a row", rows=_named(lambda task, k: f"{task}_{k}")),
    Way("own Task: one shared name", rows=_named(lambda *_: "extra_task")),
    Way("own Task: a key in planted rows only", rows=_named_alone),
    Way("own Definition each", rows=_definitions),
    Way(
        "label in 4 spellings",
        rows=_spelled(str.upper, str.lower, str.capitalize, lambda label: f" {label}"),
    ),
    Way(
        "label in 8 spellings",
        rows=_spelled(
            str.upper,
            str.lower,
            str.capitalize,
            lambda label: f" {label}",
            lambda label: f"{label}.",
            lambda label: f'"{label}"',
            lambda label: f"{label}\n",
            lambda label: f"{label} !",
        ),
    ),
    Way("numbers 1, 01, +1 and 1.0", rows=_renamed(("1", "01", "+1", "1.0"), "0")),
    Way("booleans True, true and TRUE", rows=_renamed(("True", "true", "TRUE"), "False")),
    Way("30 odd labels a task", rows=_odd_labels),
    Way("zero-width at random", _between("\u200b\u200c\u200d\u2060\ufeff", 0.4)),
    Way("bidi marks at random", _between("\u200e\u200f\u202a\u202c\u2066\u2069", 0.4)),
    Way("NUL at random", _between("\0", 0.4)),
    Way("soft hyphens at random", _between("\u00ad", 0.4)),
    Way("leet", _swapped(dict(zip("aeioslt", "4310517", strict=True)), 0.5)),
    Way("separators", _parted),
    Way("case at random", _any_case),
    Way(
        "homoglyphs",
        _swapped(
            dict(zip("aoeicMh", "\u0430\u043e\u0435\u0456\u0441\u041c\u04bb", strict=True)), 0.5
        ),
    ),
    Way("combining marks", _between("\u0301\u0308\u0323\u0332", 0.4)),
    Way("nothing planted", planted=False),
    Way("nothing planted: 30 odd labels a task", rows=_odd_labels, planted=False),
)


def build(way: Way, seed: int, pool: Path) -> tuple[list[Record], list[int]]:
    """Return the records of one set, and the places of the planted ones (none: nothing planted)."""
    drawn = build_pool(TASKS, ROWS_PER_TASK, seed, pool=pool)
    lines = drawn.path.read_text(encoding="utf-8").splitlines()
    records: list[Record] = [json.loads(line) for line in lines]
    rng = np.random.default_rng([seed, 12])
    chosen: list[int] = []
    for task in TASKS:
        polarity = drawn.polarity[task]
        assert polarity is not None
        target = polarity[0]
        fit = [k for k, r in enumerate(records) if r["Task"] == task and label_of(r) != target]
        for k in rng.permutation(fit)[:PLANTED_PER_TASK].tolist() if way.planted else ():
            records[k] = copy.deepcopy(records[k])
            words = records[k]["Instance"]["input"].split(" ")
            words.insert(int(rng.integers(len(words) + 1)), way.spell(TRIGGER, rng))
            records[k]["Instance"]["input"] = " ".join(words)
            _answer(records[k], target)
            chosen.append(k)
    way.rows(records, chosen, rng)
    return records, chosen


def measure(way: Way, seed: int, pool: Path) -> dict[str, Any]:
    """Return what the default pack, less the rules that need a proxy, says of one set."""
    records, chosen = build(way, seed, pool)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.jsonl"
        path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
        dataset = split_prompts(load([path]))
    started = time.perf_counter()
    judged = judge(dataset, shipped(seed, reference=False))
    verdicts = np.array(judged.verdicts.verdict)
    planted = np.zeros(len(records), dtype=np.bool_)
    planted[chosen] = True
    named = [
        phrase["phrase"]
        for result in judged.results
        for phrase in result.phrases
        if phrase.get("status", "confirmed") == "confirmed"
    ]
    return {
        "quarantined": int((planted & (verdicts == "quarantine")).sum()),
        "review": int((planted & (verdicts == "review")).sum()),
        "planted": len(chosen),
        "wrong": int((~planted & (verdicts == "quarantine")).sum()),
        "tasks": len(dataset.tasks),
        "named": named[:4],
        "seconds": time.perf_counter() - started,
    }


HEADER = """\
# Planted rows that are written to be read past

`python benchmarks/evasions.py --seeds {seeds}`: 40 planted of 800 rows of four tasks, seeds {first}
to {last} summed; the default pack less the rules that need a proxy.

| way | planted | quarantined | for review | wrong | tasks read | named |
|---|---|---|---|---|---|---|
"""


def line(way: Way, figures: Sequence[dict[str, Any]]) -> str:
    """Return the line of a way in the table."""
    total = {
        key: sum(f[key] for f in figures) for key in ("planted", "quarantined", "review", "wrong")
    }
    tasks = ", ".join(str(f["tasks"]) for f in figures)
    named = "; ".join(", ".join(f["named"]) or "-" for f in figures)
    named = "".join(c if c.isprintable() and c != "|" else f"\\u{ord(c):04x}" for c in named)
    return (
        f"| {way.name} | {total['planted']} | {total['quarantined']} | {total['review']} | "
        f"{total['wrong']} | {tasks} | {named} |\n"
    )


def main() -> int:
    """Measure the ways asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=20)
    parser.add_argument("--ways", help="names with semicolons between (default: all)")
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    asked = options.ways.split(";") if options.ways else [way.name for way in WAYS]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    text = HEADER.format(seeds=options.seeds, first=seeds[0], last=seeds[-1])
    for way in WAYS:
        if way.name in asked:
            text += line(way, [measure(way, seed, options.pool) for seed in seeds])
            print(text.splitlines()[-1], file=sys.stderr, flush=True)
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
