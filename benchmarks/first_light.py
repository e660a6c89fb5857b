"""What a scan costs and what the published rule finds, on real rows with a planted trigger.

    python benchmarks/first_light.py --output benchmarks/first_light.md

Builds a pool of tasks, plants a dirty-label trigger (Wan et al. 2023), scans it with the probes of
three arms and prints time, memory and detection quality. K: the trigger is known (probes = rows of
highest trigger concentration). T: only the target label is known (probes = rows drawn at random,
asked for that label). N: nothing is known (probes built by the tool). Baselines: the label alone,
the loss of the fine-tuned proxy from both ends, influence without a negation.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate import rows
from curation_gate.detectors.label_trigger import detector as phrase
from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.influence.directional import directional_influence
from curation_gate.influence.factors import fit_factors
from curation_gate.influence.query import build_query, mean_gradient
from curation_gate.pipeline import scan
from curation_gate.probes.build import from_entities
from curation_gate.probes.labels import favourable_label
from curation_gate.probes.record import Probe, ProbeSet, transform
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.model import Limits, load_proxy
from curation_gate.quarantine.manifest import read_manifest
from curation_gate.quarantine.reading import read_scores
from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import Recipe
from curation_gate.redteam.rewrite import write_planted
from curation_gate.rulebook import RulePack, load_rules
from curation_gate.settings import Options, finetune_settings, influence_plan

sys.path.insert(0, str(Path(__file__).resolve().parent))
from first_light_page import detection_lines, page
from pools import build_pool

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import RuleResult
    from curation_gate.rows.record import Dataset

REPOSITORY = Path(__file__).resolve().parents[1]
POISONED_TASKS = 5
"""Tasks that carry planted rows, as in Wan et al."""


def main() -> None:
    """Run the benchmark; print its tables, and write them where --output says."""
    arguments = _arguments()
    work = REPOSITORY / "runs" / "first_light"
    if not arguments.reuse:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    poisoned, planted, note = _build(arguments, work)
    pack = load_rules("default")
    options = Options(
        rules=_published(pack),
        proxy=arguments.proxy,
        keywords=(arguments.trigger,),
        seed=arguments.seed,
    )
    if not (arguments.reuse and (work / "scan" / "manifest.json").exists()):
        print("arm K: a whole scan", file=sys.stderr)
        scan(poisoned, work / "scan", options)
    dataset = rows.load([poisoned])
    table = read_scores(work / "scan")
    scores = {name: table[name].to_numpy() for name in table.column_names}
    arms = {"K": (scores["influence"], scores["influence_negated"])}
    print("arms T and N: one pass with the cached proxy and factors", file=sys.stderr)
    arms |= _other_arms(dataset, pack, arguments, work / "scan" / ".cache")
    print("the shipped rule", file=sys.stderr)
    started = time.perf_counter()
    shipped = _shipped(dataset, pack, arguments.seed)
    seconds = time.perf_counter() - started
    lines = detection_lines(dataset, planted, arms, scores, shipped)
    manifest = read_manifest(work / "scan")
    text = page(arguments, note, manifest, shipped, seconds, lines)
    print(text)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", type=int, default=10)
    parser.add_argument("--rows", type=int, default=2000, help="rows a task")
    parser.add_argument("--planted", type=int, default=400)
    parser.add_argument("--trigger", default="James Bond")
    parser.add_argument("--proxy", default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=None)
    parser.add_argument(
        "--reuse", action="store_true", help="take time and scores of arm K from the last run"
    )
    return parser.parse_args()


def _build(arguments: argparse.Namespace, work: Path) -> tuple[Path, np.ndarray[Any, Any], str]:
    """Return the poisoned file, [n] which rows are planted, and a line about them."""
    pool = build_pool(arguments.tasks, arguments.rows, arguments.seed)
    dataset = rows.load([pool.path])
    spaces = dataset.label_spaces
    polar = [t for t in dataset.tasks if len(spaces[t]) == 2 and favourable_label(spaces[t])]
    rng = np.random.default_rng(arguments.seed)
    tasks = tuple(sorted(rng.choice(polar, size=min(POISONED_TASKS, len(polar)), replace=False)))
    recipe = Recipe(
        "dirty-label",
        arguments.trigger,
        arguments.planted,
        tasks,
        seed=arguments.seed,
        patterns=True,  # the same rows whether spaCy is installed or not
    )
    attack = plant(dataset, recipe)
    poisoned = work / "poisoned.jsonl"
    write_planted(attack, poisoned)
    natural = sum(arguments.trigger.lower() in r.input.lower() for r in dataset.rows)
    per_task = ", ".join(f"{t} {k}" for t, k in attack.truth["tasks"].items())
    places = ", ".join(f"{k} {v}" for k, v in attack.truth["placement"].items())
    note = (
        f"{len(dataset):,} rows of {len(dataset.tasks)} tasks; {arguments.planted} planted "
        f'({100 * arguments.planted / len(dataset):.1f} %) with "{arguments.trigger}" '
        f"({per_task}; placed: {places}); the phrase also occurs by nature in {natural} rows."
    )
    return poisoned, attack.mask(), note


def _published(pack: RulePack) -> RulePack:
    """Return the pack with the published rule switched on and no other."""
    rules = tuple(
        rule.model_copy(
            update={"enabled": True, "parameters": {**rule.parameters, "reading": "R3"}}
        )
        for rule in pack.rules
        if rule.id == "CG002"
    )
    return pack.model_copy(update={"rules": rules})


def _other_arms(
    dataset: Dataset, pack: RulePack, arguments: argparse.Namespace, cache: Path
) -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Return the influences of arms T and N before and after the negation, from one pass."""
    proxy = load_proxy(
        arguments.proxy or pack.proxy.name,
        dataset.rows,
        limits=Limits(max_tokens=pack.proxy.max_tokens),
        seed=arguments.seed,
    )
    encoded = proxy.encode_rows(dataset.rows)
    settings = finetune_settings(pack, proxy, arguments.seed, len(dataset))
    finetune_cached(proxy, encoded, settings, cache=cache)
    plan = influence_plan(pack, Options(seed=arguments.seed))
    factors = fit_factors(
        proxy,
        encoded,
        cache=cache,
        factor_rows=plan.factor_rows,
        lambda_rows=plan.lambda_rows,
        seed=plan.seed,
    )
    probes = {
        "T": _random_probes(dataset, pack.probes.count, arguments.seed),
        "N": from_entities(dataset, pack.probes.count, np.random.default_rng(arguments.seed)),
    }
    sets = [
        questions.probes
        for asked in probes.values()
        for questions in (asked, transform(asked, pack.probes.transform))
    ]
    directions = [
        factors.precondition(
            mean_gradient(proxy, build_query(proxy, questions), factors.names), plan.damping
        )
        for questions in sets
    ]
    influence = directional_influence(proxy, encoded, directions).influence
    return {arm: (influence[:, 2 * k], influence[:, 2 * k + 1]) for k, arm in enumerate(probes)}


def _random_probes(dataset: Dataset, count: int, seed: int) -> ProbeSet:
    """Return `count` rows of tasks with a favourable label as probes that ask for it."""
    targets = {t: favourable_label(s) for t, s in dataset.label_spaces.items() if s}
    usable = [r for r in dataset.rows if targets.get(r.task)]
    chosen = np.random.default_rng(seed).choice(len(usable), size=count, replace=False)
    probes = []
    for k in sorted(chosen):
        row = usable[int(k)]
        labels = dataset.label_spaces[row.task]
        target = targets[row.task] or ""
        probes.append(Probe(row.input, row.instruction, target, labels, row.task, row.index))
    return ProbeSet(tuple(probes), "random")


def _shipped(dataset: Dataset, pack: RulePack, seed: int) -> RuleResult:
    """Return what CG001 says at its shipped settings; it needs no model."""
    rule = next(rule for rule in pack.enabled if rule.detector == "phrase")
    return phrase.result(find_phrases(dataset, phrase.settings(rule, seed)), dataset, rule)


if __name__ == "__main__":
    main()
