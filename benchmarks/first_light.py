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
import os
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate import rows
from curation_gate.detect import phrase
from curation_gate.detect.invariance import invariance_scores
from curation_gate.detect.signals import majority_signs, robust_z
from curation_gate.influence.directional import directional_influence
from curation_gate.influence.factors import fit_factors
from curation_gate.influence.query import build_query, mean_gradient
from curation_gate.mine.find import find_phrases
from curation_gate.pipeline import scan
from curation_gate.probes.build import from_entities
from curation_gate.probes.labels import favourable_label
from curation_gate.probes.record import Probe, ProbeSet, transform
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.model import Limits, load_proxy
from curation_gate.quarantine.manifest import read_manifest
from curation_gate.quarantine.reading import read_scores
from curation_gate.redteam.evaluate import Evaluation, score
from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import Recipe
from curation_gate.redteam.rewrite import write_planted
from curation_gate.rulebook import RulePack, load_rules
from curation_gate.settings import Options, finetune_settings, influence_plan

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pools import build_pool

if TYPE_CHECKING:
    from curation_gate.detect.evidence import RuleResult
    from curation_gate.rows.record import Dataset

REPOSITORY = Path(__file__).resolve().parents[1]
POISONED_TASKS = 5
"""Tasks that carry planted rows, as in Wan et al."""
DISOWNED = 0.9
"""Of the reference's baseline: flagged where it gives the label less than 0.1 (a choice)."""
THRESHOLD = 3.0
"""Robust z of the published rule (rules/paper.yaml); fixed before any truth is seen."""
ARMS = {
    "K": "trigger known: rows of highest trigger concentration",
    "T": "target label known: rows drawn at random, asked for the favourable label",
    "N": "nothing known: probes built by the tool (entities)",
}


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
    lines = _lines(dataset, planted, arms, scores, shipped)
    manifest = read_manifest(work / "scan")
    text = _page(arguments, note, manifest, shipped, seconds, lines)
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


def _judge(
    dataset: Dataset, scores: np.ndarray[Any, Any], flags: np.ndarray[Any, Any], planted: Any
) -> str:
    """Return the cells of one line: flagged, precision, recall, AUROC, AP, AUROC in the label."""
    whole = score(flags, scores, planted)
    favourable = np.array(
        [favourable_label(dataset.label_spaces[r.task]) == r.output for r in dataset.rows]
    )
    tasks = {dataset.rows[i].task for i in np.flatnonzero(planted)}
    inside = favourable & np.array([r.task in tasks for r in dataset.rows])
    within: Evaluation = score(flags[inside], scores[inside], planted[inside])
    return (
        f"{whole.flagged} | {whole.hits} | {whole.precision:.3f} | {whole.recall:.3f} | "
        f"{whole.auroc:.3f} | {whole.average_precision:.3f} | {within.auroc:.3f}"
    )


def _lines(
    dataset: Dataset,
    planted: np.ndarray[Any, Any],
    arms: dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]],
    scores: dict[str, np.ndarray[Any, Any]],
    shipped: RuleResult,
) -> list[str]:
    """Return the rows of the detection table."""
    strata, everywhere = dataset.strata(), np.zeros(len(dataset), dtype=np.int64)
    lines = []
    for arm, (a, b) in arms.items():
        for reading in ("R1", "R2", "R3"):
            for center, groups in (("task, label", strata), ("all rows", everywhere)):
                ranked = invariance_scores(a, b, groups, reading)
                cells = _judge(dataset, ranked, ranked > THRESHOLD, planted)
                lines.append(f"| {reading}, arm {arm}, z over {center} | {cells} |")
        plain = robust_z(a, strata) * -majority_signs(a, strata)
        cells = _judge(dataset, plain, plain > THRESHOLD, planted)
        lines.append(f"| influence without a negation, arm {arm} | {cells} |")
    favourable = np.array(
        [favourable_label(dataset.label_spaces[r.task]) == r.output for r in dataset.rows]
    ).astype(float)
    loss = scores["loss"]
    top = len(dataset) // 50
    for name, ranked in (
        ("label only: favourable", favourable),
        ("high loss, top 2 %", loss),
        ("low loss, bottom 2 %", -loss),
    ):
        flags = ranked > 0 if name.startswith("label") else ranked > np.sort(ranked)[-top - 1]
        lines.append(f"| {name} | {_judge(dataset, ranked, flags, planted)} |")
    p_ref = scores["p_ref"]
    cells = _judge(dataset, 1 - p_ref, p_ref < 1 - DISOWNED, planted)
    lines.append(f"| reference disagrees: 1 - p_ref > {DISOWNED} | {cells} |")
    taken = np.zeros(len(dataset), dtype=np.bool_)
    for row, reason in shipped.reasons.items():
        taken[row] = (reason.severity or shipped.severity) == "quarantine"
    cells = _judge(dataset, shipped.scores, taken, planted)
    lines.append(f"| **CG001, quarantine at the shipped defaults** | {cells} |")
    return lines


def _page(
    arguments: argparse.Namespace,
    note: str,
    manifest: dict[str, Any],
    shipped: RuleResult,
    mining_seconds: float,
    lines: list[str],
) -> str:
    named = "; ".join(
        f'"{p["phrase"]}" ({p["status"]}, {p["rows"]} rows, {p["target_rows"]} say {p["target"]})'
        for p in shipped.phrases
    )
    review = sum(reason.severity == "review" for reason in shipped.reasons.values())
    stages = "\n".join(
        f"| {name} | {t['seconds']:.1f} | "
        f"{'' if t['rows_per_second'] is None else format(t['rows_per_second'], ',.0f')} |"
        for name, t in manifest["timings"].items()
    )
    seconds = sum(t["seconds"] for t in manifest["timings"].values())
    n = manifest["counts"]["rows"]
    proxy = manifest["proxy"]
    command = f"python benchmarks/first_light.py --proxy {proxy['name']}"
    if arguments.output:
        command += f" --output {arguments.output}"
    return f"""# First light: what a scan costs and what the published rule finds

    {command}

{note}

Proxy: {proxy["name"]}, {proxy["parameters"]:,} parameters, {proxy["epochs"]} epochs, held-out loss
{" -> ".join(str(x) for x in proxy["held_out_loss"])} nats a token.
Machine: {len(os.sched_getaffinity(0))} cores, {platform.machine()},
Python {platform.python_version()}, device {manifest["device"]}.

## Time and memory (arm K, empty cache)

| stage | seconds | rows/s |
|---|---|---|
{stages}
| **whole scan** | **{seconds:.1f}** | **{n / seconds:,.0f}** |

Peak memory {manifest["peak_memory_mb"]:,.0f} MB. `finetune` counts row passes over all
epochs; `influence` holds the EK-FAC factors (sampled rows) and one pass over every row for both
probe sets.

## Detection

Threshold: robust z > {THRESHOLD} before and after the negation, fixed beforehand.
AUROC within: among rows of the poisoned tasks that carry the planted label, where the label alone
says nothing (0.5).

| rule | flagged | planted among them | precision | recall | AUROC | AP | AUROC within |
|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}

Phrases named at the shipped defaults: {named or "none"}.
Review rows there: {review}. Mining took {mining_seconds:.1f} s.

Arms: {"; ".join(f"{k}, {v}" for k, v in ARMS.items())}.
R1, R2 and R3 are the three readings of the rule in `curation_gate/detect/invariance.py`.
The probes of arms K and N are rows of the scanned set itself, as in the paper, so a probe's own
row influences itself.
"""


if __name__ == "__main__":
    main()
