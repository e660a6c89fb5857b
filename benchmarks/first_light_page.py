"""What benchmarks/first_light.py measured, as a page."""

from __future__ import annotations

import argparse
import os
import platform
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate.detectors.invariance import invariance_scores
from curation_gate.detectors.signals import majority_signs, robust_z
from curation_gate.probes.labels import favourable_label
from curation_gate.redteam.evaluate import Evaluation, score

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import RuleResult
    from curation_gate.rows.record import Dataset


DISOWNED = 0.9
"""Of the reference's baseline: flagged where it gives the label less than 0.1 (a choice)."""
THRESHOLD = 3.0
"""Robust z of the published rule (rules/paper.yaml); fixed before any truth is seen."""
ARMS = {
    "K": "trigger known: rows of highest trigger concentration",
    "T": "target label known: rows drawn at random, asked for the favourable label",
    "N": "nothing known: probes built by the tool (entities)",
}


def detection_lines(
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


def page(
    arguments: argparse.Namespace,
    note: str,
    manifest: dict[str, Any],
    shipped: RuleResult,
    mining_seconds: float,
    lines: list[str],
) -> str:
    """Return the page: time and memory, detection, and what was asked."""
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
R1, R2 and R3 are the three readings of the rule in `curation_gate/detectors/invariance.py`.
The probes of arms K and N are rows of the scanned set itself, as in the paper, so a probe's own
row influences itself.
"""
