"""How well CG007 names a source that plants, and how often it names honest ones.

    python benchmarks/sources.py [--seeds 3] [--draws 20] -o benchmarks/sources.md

Sets of 3,000 rows of 10 tasks of the pool's split `train`; contributors are made up
(source_draws.py). The rule runs with its defaults. One reference is fitted for each set; honest
contributors are drawn several times over it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from attacks import noise
from pools import DEFAULT_POOL, build_pool
from source_draws import HONEST, SUSPECT, named, one_is_careless, one_plants

from curation_gate import rows as reader
from curation_gate.detectors.evidence import RuleResult
from curation_gate.detectors.signals import Measurements, Signals
from curation_gate.detectors.source import detector as source
from curation_gate.proxy.model import load_proxy
from curation_gate.reference.frozen import FrozenReference
from curation_gate.reference.record import ReferenceScores
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import Rule, load_rules

PLANTS = ((60, 0), (60, 60), (30, 30), (15, 15), (15, 60))
"""Planted and honest rows of the contributor who plants."""
CARELESS = ((100, 0.2), (100, 0.4))
"""Rows of the careless contributor, and the share of wrong labels."""


@dataclass(frozen=True, slots=True)
class Line:
    """One run."""

    kind: str
    found: bool
    """The suspect is named."""
    others: int
    """Honest sources named."""
    rows: int
    """Rows for review."""
    seconds: float
    said: str


def run(kind: str, dataset: Dataset, reference: ReferenceScores, rule: Rule) -> Line:
    """Return what the rule says of one set."""
    measured = Measurements(candidates={}, reference=reference)
    signals = Signals(dataset, measured, frozenset({"candidates", "reference"}))
    started = time.perf_counter()
    result: RuleResult = source.detect(signals, rule)
    seconds = time.perf_counter() - started
    names = {str(reason.evidence["source"]) for reason in result.reasons.values()}
    said = next((r.message.split(";")[0] for r in result.reasons.values()), "")
    line = Line(kind, SUSPECT in names, len(names - {SUSPECT}), len(result.reasons), seconds, said)
    print(line, file=sys.stderr, flush=True)
    return line


def measure(seeds: Sequence[int], draws: int, pool: Path) -> list[Line]:
    """Return every run."""
    rule = next(rule for rule in load_rules("default").rules if rule.detector == "source")
    lines = []
    for seed in seeds:
        dataset = reader.load([build_pool(10, 300, seed, "train", pool=pool).path])
        proxy = load_proxy("embedded", dataset.rows)

        def refer(rows: Dataset, proxy: object = proxy) -> ReferenceScores:
            return FrozenReference(proxy).fit(rows)  # type: ignore[arg-type]

        for mixed, extra in ((dataset, ""), (noise(dataset, seed), ", 5 % label noise")):
            reference = refer(mixed)
            for kind, draw in HONEST.items():
                for k in range(draws):
                    names = draw(mixed, np.random.default_rng(1000 * seed + k))
                    names = np.where(names == SUSPECT, "userA", names)
                    lines.append(run(kind + extra, named(mixed, names), reference, rule))
        for planted, honest in PLANTS:
            attacked, names = one_plants(dataset, seed, planted, honest)
            kind = f"one plants {planted} rows, beside {honest} honest ones"
            lines.append(run(kind, named(attacked, names), refer(attacked), rule))
        for rows, share in CARELESS:
            mixed, names = one_is_careless(dataset, seed, rows, share)
            kind = f"one is careless: {share:.0%} of {rows} labels wrong"
            lines.append(run(kind, named(mixed, names), refer(mixed), rule))
    return lines


def page(lines: Sequence[Line], command: str) -> str:
    """Return the tables."""
    head = (
        "| contributors | sets | suspect named | sets with an honest one named | rows for review "
        "| seconds |"
    )
    text = (
        "Sets of 3,000 rows of 10 tasks of split `train`, 30 contributors of unequal size, the\n"
        "rule at its defaults. Rows for review and seconds are medians, reference aside."
    )
    out = ["# Sources at risk (CG007)", "", f"    {command}", "", text]
    out += ["", head, "|---|---|---|---|---|---|"]
    for kind in dict.fromkeys(line.kind for line in lines):
        own = [line for line in lines if line.kind == kind]
        suspect = "" if kind.startswith("honest") else f"{sum(x.found for x in own)}/{len(own)}"
        out.append(
            f"| {kind} | {len(own)} | {suspect} | {sum(x.others > 0 for x in own)} | "
            f"{np.median([x.rows for x in own]):.0f} | {np.median([x.seconds for x in own]):.2f} |"
        )
    example = next((x.said for x in lines if x.found), "")
    return "\n".join([*out, "", f"Example: {example}.", ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description="Measure CG007, source at risk.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=8)
    parser.add_argument("--draws", type=int, default=20, help="of honest contributors, over a set")
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    lines = measure(seeds, options.draws, options.pool)
    command = f"python benchmarks/sources.py --seeds {options.seeds} --draws {options.draws}"
    text = page(lines, command)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
