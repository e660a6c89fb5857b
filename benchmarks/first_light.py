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
import json
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate import rows
from curation_gate.detect.invariance import invariance_scores
from curation_gate.detect.signals import majority_signs, robust_z
from curation_gate.pipeline import scan
from curation_gate.probes.labels import favourable_label
from curation_gate.redteam.evaluate import Evaluation, score
from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import Recipe
from curation_gate.redteam.rewrite import write_planted
from curation_gate.rulebook import RulePack, load_rules
from curation_gate.settings import Options

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pools import build_pool

if TYPE_CHECKING:
    from curation_gate.pipeline import ScanResult
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
    "default": "the shipped rule pack, as `curate scan` runs it",
}


def main() -> None:
    """Run the benchmark; print its tables, and write them where --output says."""
    arguments = _arguments()
    work = REPOSITORY / "runs" / "first_light"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    poisoned, planted, note = _build(arguments, work)
    results: dict[str, ScanResult] = {}
    for arm, meaning in ARMS.items():
        print(f"arm {arm}: {meaning}", file=sys.stderr)
        options = _options(arm, poisoned, arguments, work)
        results[arm] = scan(poisoned, work / "scan", options)  # K fills the cache of the others
    text = _render(arguments, note, planted, results)
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


def _options(arm: str, poisoned: Path, arguments: argparse.Namespace, work: Path) -> Options:
    pack = load_rules("default")
    if arm == "default":
        return Options(rules=pack, proxy=arguments.proxy, seed=arguments.seed)
    pack = _published(pack)
    keywords: tuple[str, ...] = ()
    probes: Path | None = None
    if arm == "K":
        keywords = (arguments.trigger,)
    if arm == "T":
        probes = work / "probes.jsonl"
        _random_probes(rows.load([poisoned]), probes, pack.probes.count, arguments.seed)
    return Options(
        rules=pack, proxy=arguments.proxy, probes=probes, keywords=keywords, seed=arguments.seed
    )


def _published(pack: RulePack) -> RulePack:
    """Return the pack with the published rule switched on and no other."""
    rules = tuple(
        rule.model_copy(update={"enabled": True}) for rule in pack.rules if rule.id == "CG002"
    )
    return pack.model_copy(update={"rules": rules})


def _random_probes(dataset: Dataset, path: Path, count: int, seed: int) -> None:
    """Write `count` rows of tasks with a favourable label as probes that ask for it."""
    targets = {t: favourable_label(s) for t, s in dataset.label_spaces.items() if s}
    usable = [r for r in dataset.rows if targets.get(r.task)]
    chosen = np.random.default_rng(seed).choice(len(usable), size=count, replace=False)
    with path.open("w", encoding="utf-8") as stream:
        for k in sorted(chosen):
            row = usable[int(k)]
            probe = {
                "input": row.input,
                "instruction": row.instruction,
                "target": targets[row.task],
                "labels": list(dataset.label_spaces[row.task]),
                "task": row.task,
            }
            stream.write(json.dumps(probe, ensure_ascii=False) + "\n")


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


def _render(
    arguments: argparse.Namespace,
    note: str,
    planted: np.ndarray[Any, Any],
    results: dict[str, ScanResult],
) -> str:
    dataset = results["K"].dataset
    strata, everywhere = dataset.strata(), np.zeros(len(dataset), dtype=np.int64)
    lines = []
    for arm in ("K", "T", "N"):
        result = results[arm]
        a, b = result.scores["influence"], result.scores["influence_negated"]
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
    loss = results["K"].scores["loss"]
    top = len(dataset) // 50
    for name, ranked in (
        ("label only: favourable", favourable),
        ("high loss, top 2 %", loss),
        ("low loss, bottom 2 %", -loss),
    ):
        flags = ranked > 0 if name.startswith("label") else ranked > np.sort(ranked)[-top - 1]
        lines.append(f"| {name} | {_judge(dataset, ranked, flags, planted)} |")
    p_ref = results["K"].scores["p_ref"]
    cells = _judge(dataset, 1 - p_ref, p_ref < 1 - DISOWNED, planted)
    lines.append(f"| reference disagrees: 1 - p_ref > {DISOWNED} | {cells} |")
    final = results["default"]
    shipped = np.array([v == "quarantine" for v in final.verdicts.verdict])
    cells = _judge(dataset, final.verdicts.score, shipped, planted)
    lines.append(f"| **quarantine at the shipped defaults** | {cells} |")
    return _page(arguments, note, results, lines)


def _page(
    arguments: argparse.Namespace, note: str, results: dict[str, ScanResult], lines: list[str]
) -> str:
    timed, final = results["K"], results["default"].manifest
    named = "; ".join(
        f'"{p["phrase"]}" ({p["status"]}, {p["rows"]} rows, {p["target_rows"]} say {p["target"]})'
        for p in final["phrases"]
    )
    manifest = timed.manifest
    stages = "\n".join(
        f"| {name} | {t['seconds']:.1f} | "
        f"{'' if t['rows_per_second'] is None else format(t['rows_per_second'], ',.0f')} |"
        for name, t in manifest["timings"].items()
    )
    seconds = sum(t["seconds"] for t in manifest["timings"].values())
    n = len(timed.dataset)
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
Review rows there: {final["counts"]["review"]}. Mining them took
{final["timings"]["mine"]["seconds"]:.1f} s.

Arms: {"; ".join(f"{k}, {v}" for k, v in ARMS.items())}.
R1, R2 and R3 are the three readings of the rule in `curation_gate/detect/invariance.py`.
The probes of arms K and N are rows of the scanned set itself, as in the paper, so a probe's own
row influences itself.
"""


if __name__ == "__main__":
    main()
