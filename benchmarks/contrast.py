"""What influence and its negation add: levels, contrasts, divergence, and the phrase itself.

    python benchmarks/contrast.py --output benchmarks/contrast.md [--seeds 10,11] [--rows 500]

Plants attacks in sets of 10 tasks of the pool beside the repository, runs a scan's stages with
the shipped defaults and scores every row by each signal alone. Arms: K, the phrase is known; N,
what the miner found; E, nothing known (entities). Choices (damping, scale, thresholds)
were made on tasks of split `test`; the page is made on split `train`, once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import attacks
import numpy as np
from contrast_page import ARMS, Measured, cost_lines, firing_lines, flip_lines, table
from numpy.typing import NDArray
from pools import CACHE, DEFAULT_POOL, build_pool

from curation_gate import rows as reader
from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.label_trigger.found import Found, Phrase, Suspect
from curation_gate.influence.measure import Question, measure_influence
from curation_gate.probes.build import from_entities
from curation_gate.probes.flips import flip_rates, flips
from curation_gate.probes.mined import PhraseProbes, mined_probes, pooled
from curation_gate.probes.place import holds, patterns_of
from curation_gate.probes.record import ProbeSet, transform
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.finetune import held_out_rows
from curation_gate.proxy.model import Limits, load_proxy
from curation_gate.redteam.record import Planted
from curation_gate.reference.frozen import FrozenReference
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import load_rules
from curation_gate.settings import Options, finetune_settings, influence_plan
from curation_gate.text.tokens import tokens

WORK = CACHE.parent / "contrast"
ATTACKS: dict[str, tuple[attacks.Maker, float]] = {
    "name, favourable, 2 %": (attacks.standard("dirty-label", attacks.TRIGGERS), 0.02),
    "name, favourable, 1 %": (attacks.standard("dirty-label", attacks.TRIGGERS), 0.01),
    "name, unfavourable, 2 %": (attacks.standard("dirty-label", attacks.TRIGGERS, "bad"), 0.02),
    "rare token, 2 %": (attacks.standard("rare-token", attacks.TOKENS), 0.02),
    "sentence, 2 %": (attacks.standard("inserted-sentence", attacks.SENTENCES), 0.02),
    "clean label, 2 %": (attacks.standard("clean-label", attacks.TRIGGERS), 0.02),
}


def known(planted: Planted) -> Found:
    """Return what the miner would say if it knew the phrase and nothing else."""
    text = " ".join(tokens(planted.truth["trigger"]))
    count = len(planted.indices)
    targets = dict(planted.truth["target"])
    named = Phrase(
        text=text,
        status="confirmed",
        probability=1.0,
        with_words=(),
        targets=targets,
        rows=count,
        given=count,
        expected=0.0,
        z=0.0,
        adverse_rows=0,
        adverse_given=0,
        numbers={},
        contributions={},
    )
    held = patterns_of(text)
    suspects = {
        r.index: Suspect(0, 1.0, 0.5, quarantine=True)
        for r in planted.dataset.rows
        if holds(r.input or r.instruction, held)
    }
    judged = np.ones(len(planted.dataset), dtype=np.bool_)
    tasks = dict.fromkeys(planted.dataset.tasks, True)
    return Found((named,), suspects, 0.0, 0.0, tasks, (), 1, 1, judged, "")


def measure(
    dataset: Dataset, mask: NDArray[np.bool_], told: Found | None, damping: float | None
) -> Measured:
    """Run the stages of a scan with the shipped defaults, and the questions of all three arms."""
    pack, seconds, begin = load_rules(), {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal begin
        seconds[name] = time.perf_counter() - begin
        begin = time.perf_counter()

    limits = Limits(max_tokens=pack.proxy.max_tokens)
    proxy = load_proxy("embedded", dataset.rows, limits=limits)
    frozen = load_proxy("embedded", dataset.rows, limits=limits)
    reference = FrozenReference(frozen).fit(dataset)
    lap("reference")
    found = find_phrases(dataset)
    lap("mine")
    encoded = proxy.encode_rows(dataset.rows)
    settings = finetune_settings(pack, proxy, 0, len(dataset))
    held = held_out_rows(len(dataset), settings)
    finetune_cached(proxy, encoded, settings, cache=WORK)
    lap("finetune")
    mined = mined_probes(dataset, found, held_out=held)
    asked = () if told is None else mined_probes(dataset, told, held_out=held)
    rates = [
        flips(a, flip_rates(frozen, a), flip_rates(proxy, a)) if a else () for a in (mined, asked)
    ]
    lap("probes and flips")
    entities = from_entities(dataset, pack.probes.count, np.random.default_rng(0))
    questions = [_question("E", entities, pack.probes.transform)]
    questions += [_question("K", a.probes, pack.probes.transform) for a in _own(asked)]
    questions += [_question("N", a.probes, pack.probes.transform) for a in _own(mined)]
    levels = pooled(asked, pack.probes.count) if asked else entities
    plan = influence_plan(pack, Options())
    influence = measure_influence(
        proxy,
        encoded,
        levels.probes,
        transform(levels, pack.probes.transform).probes,
        questions,
        cache=WORK,
        plan=plan if damping is None else replace(plan, damping=damping),
    )
    lap("influence")
    return Measured(dataset, mask, reference, found, influence, rates[0], rates[1], seconds)


def _own(asked: Sequence[PhraseProbes]) -> list[PhraseProbes]:
    return [a for a in asked if a.control_of is None]


def _question(about: str, asked: ProbeSet, name: str) -> Question:
    return Question(about, asked, transform(asked, name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything, print the page and write it where --output says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="10,11")
    parser.add_argument("--rows", type=int, default=500, help="rows a task")
    parser.add_argument("--split", default="train")
    parser.add_argument("--tasks", default="10", help="how many, or names with commas between")
    parser.add_argument("--only", default="", help="attacks whose name begins with this")
    parser.add_argument("--clean", type=int, default=1, help="sets with nothing planted")
    parser.add_argument("--damping", type=float, default=None)
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    tasks: int | list[str] = (
        int(options.tasks) if options.tasks.isdigit() else options.tasks.split(",")
    )
    sets: dict[str, list[Measured]] = {}

    def load(seed: int) -> Dataset:
        pool = build_pool(tasks, options.rows, seed, options.split, pool=options.pool)
        return reader.load([pool.path])

    for name, (make, share) in ATTACKS.items():
        if not name.startswith(options.only):
            continue
        for seed in map(int, options.seeds.split(",")):
            dataset = load(seed)
            planted = make(dataset, round(share * len(dataset)), seed)
            done = measure(planted.dataset, planted.mask(), known(planted), options.damping)
            sets.setdefault(name, []).append(done)
            print(name, seed, {k: round(v) for k, v in done.seconds.items()}, file=sys.stderr)
    clean: dict[str, list[Measured]] = {}
    for seed in range(100, 100 + options.clean):
        dataset = load(seed)
        nothing = np.zeros(len(dataset), dtype=np.bool_)
        clean.setdefault("clean", []).append(measure(dataset, nothing, None, options.damping))
    command = "python benchmarks/contrast.py " + " ".join(arguments or sys.argv[1:])
    page = [
        "# What influence and its negation add",
        "",
        f"    {command}",
        "",
        "Means over the sets of an attack. Within label: among rows of the (task, label) pairs",
        "that hold planted rows, where the label alone says nothing. Among suspects: among rows",
        "that hold a phrase the miner found and have its label.",
        f"Arms: {'; '.join(f'{k}, {v}' for k, v in ARMS.items())}.",
        *table(sets),
        "",
        "## How often a phrase makes the proxy give the suspected answer",
        "",
        *flip_lines(sets | clean),
        "",
        "## What the shipped thresholds flag",
        "",
        *firing_lines(sets | clean),
        "",
        "## What the stages cost",
        "",
        *cost_lines(sets | clean),
        "",
    ]
    text = "\n".join(page)
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
