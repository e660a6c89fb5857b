"""Says how good the verdict on label triggers is, on drawn sets: the page benchmarks/arena.md.

    python benchmarks/arena/collect.py --half fit --sets 600 --jobs 2
    python benchmarks/arena/collect.py --half judge --sets 250 --jobs 2
    python benchmarks/arena/page.py -o benchmarks/arena.md

The judge half has other tasks and other wordings than the half that was fitted on. Left out: by
models that saw no set with a task of the group of the set's largest task; no set of its family.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "benchmarks" / "arena")]
from collect import Collected, code_hash, read_all  # noqa: E402
from fit_verdict import (  # noqa: E402
    HONEST,
    TRIGGER,
    Numbers,
    alone,
    by_task_group,
    calibrated,
    calibration,
    fit_both,
    left_out,
    threshold,
)

from curation_gate.detectors.label_trigger.numbers import NUMBERS  # noqa: E402
from curation_gate.detectors.verdict_model import load_model  # noqa: E402

CLEAN = "clean"
DOSES = (0, 8, 12, 16, 24, 50, 100, 10**9)
"""Borders of the lines by planted rows."""
PARTS = (
    ("counts", ("counts",)),
    ("+ words of the set", ("counts", "words")),
    ("+ frozen word table", ("counts", "words", "table")),
    ("+ frozen encoder", ("counts", "words", "table", "encoder")),
    ("+ form", ("counts", "words", "table", "encoder", "form")),
    ("+ neighbours: all", ("counts", "words", "table", "encoder", "form", "neighbours")),
    ("all but the encoder", ("counts", "words", "table", "form", "neighbours")),
)
"""Lines of the ablation: groups of numbers."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a verdict reaches on some sets."""

    auc: float
    """Of triggers against honest candidates, each set weighing the same."""
    first: float
    """Share of attacked sets whose most probable candidate was planted."""
    named: float
    """Share of attacked sets with a confirmed candidate that was planted."""
    wrong: float
    """Confirmed honest candidates a set, over all sets."""
    alarmed: int
    clean: int


def figures(sets: Sequence[Collected], p: Sequence[Numbers], limit: float) -> Figures:
    """Return what P(trigger) of the candidates of each set reaches at a threshold."""
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - slow to import

    truth, score, weight = [], [], []
    first, named, wrong, alarmed, clean = [], [], 0, 0, 0
    for one, own in zip(sets, p, strict=True):
        share = one.planted / np.maximum(one.given, 1)
        planted, honest = share >= TRIGGER, share <= HONEST
        for members in (planted, honest):
            if members.any():
                truth.append(planted[members])
                score.append(own[members])
                weight.append(np.full(int(members.sum()), 1.0 / members.sum()))
        sure = own >= limit
        wrong += int((sure & honest).sum())
        if one.family == CLEAN:
            clean += 1
            alarmed += bool(sure.any())
        else:
            first.append(bool(len(own)) and bool(planted[int(own.argmax())]))
            named.append(bool((sure & planted).any()))
    return Figures(
        float(
            roc_auc_score(
                np.concatenate(truth), np.concatenate(score), sample_weight=np.concatenate(weight)
            )
        ),
        float(np.mean(first)),
        float(np.mean(named)),
        wrong / len(sets),
        alarmed,
        clean,
    )


def page(fit_sets: Sequence[Collected], judge_sets: Sequence[Collected]) -> str:
    """Return the page."""
    by_task = by_task_group(fit_sets)
    scale = calibration(fit_sets, by_task)
    by_task = calibrated(by_task, *scale)
    limit = threshold(fit_sets, by_task)
    model = fit_both(fit_sets).scaled(*scale)
    judged = model.judge(judge_sets)
    by_family = left_out(
        alone,
        fit_sets,
        lambda one: int(one.seed) % 2 if one.family == CLEAN else one.family,
        lambda one, family: (
            one.family == family or (one.family == CLEAN and one.seed % 2 == family)
        ),
    )
    by_family = calibrated(by_family, *calibration(fit_sets, by_family))
    sets = len(fit_sets), len(judge_sets)
    shipped = load_model("label")
    lines = [
        "# The arena: the verdict on drawn sets",
        "",
        "    python benchmarks/arena/collect.py --half fit --sets 408 --largest 6000 --jobs 2",
        "    python benchmarks/arena/collect.py --half judge --sets 80 --largest 6000 --jobs 2",
        "    python benchmarks/arena/page.py -o benchmarks/arena.md",
        "",
        (
            f"{sets[0]} sets of the fit half, {sets[1]} of the judge half (other tasks, other "
            "wordings), four in five attacked; arena/README.md says what is drawn. One attack in "
            "four has fewer than 15 rows, one in five is planted in rows that have the target "
            "already, and labels are as imbalanced as 95 %: not every one can be seen. First: "
            "attacked sets whose most probable candidate was planted. Named: those with a "
            "confirmed candidate that was planted, at P "
            f"{limit:.3f} (shipped: {shipped.threshold:.3f}). Wrong: confirmed honest candidates "
            "a set. The lines of families and of groups of numbers are of the first stage, which "
            "reads no siblings."
        ),
        "",
        "| verdict | AUC | first | named | wrong | clean sets alarmed |",
        "| --- | --- | --- | --- | --- | --- |",
        _line("fitted on these sets", fit_sets, model.judge(fit_sets), limit),
        _line("left out: group of tasks", fit_sets, by_task, limit),
        _line("left out: attack family", fit_sets, by_family, limit),
        _line("judge half", judge_sets, judged, limit),
        "",
        "## By rows planted (judge half, and the fit half with its tasks left out)",
        "",
        "| planted | sets | first | named | sets, fit half | first | named |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for low, high in pairwise(DOSES):

        def inside(one: Collected, low: int = low, high: int = high) -> bool:
            return low <= one.planted_rows < high and one.family != CLEAN

        name = f"{max(low, 6)} to {high - 1}" if high < DOSES[-1] else f"{low} and more"
        lines.append(
            f"| {name} | {_part(judge_sets, judged, limit, inside)} | "
            f"{_part(fit_sets, by_task, limit, inside)} |"
        )
    lines += [
        "",
        "## By attack family",
        "",
        "| family | sets | first | named | sets, fit half, family left out | first | named |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for family in sorted({one.family for one in fit_sets} - {CLEAN}):

        def of_family(one: Collected, family: str = family) -> bool:
            return one.family == family

        lines.append(
            f"| {family.replace('_', ' ')} | {_part(judge_sets, judged, limit, of_family)} | "
            f"{_part(fit_sets, by_family, limit, of_family)} |"
        )
    lines += [
        "",
        "## Reliability (judge half; honest candidates, and the most probable trigger of each set)",
        "",
        "| P(trigger) | candidates | of these planted |",
        "| --- | --- | --- |",
        *_reliability(judge_sets, judged),
        "",
        "## What each group of numbers adds (judge half, each with a threshold of its own)",
        "",
        "| numbers | AUC | first | named | wrong | clean sets alarmed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, groups in PARTS:
        used = [number.name for number in NUMBERS if number.group in groups]
        fitting = partial(alone, used=used)
        held_out = left_out(fitting, fit_sets, _half, lambda one, half: _half(one) == half)
        judged_by = fitting(fit_sets).judge(judge_sets)
        lines.append(_line(name, judge_sets, judged_by, threshold(fit_sets, held_out)))
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines) + "\n"


def _half(one: Collected) -> int:
    """Return one of two folds, by seed."""
    return one.seed % 2


def _line(name: str, sets: Sequence[Collected], p: Sequence[Numbers], limit: float) -> str:
    own = figures(sets, p, limit)
    return (
        f"| {name} | {own.auc:.3f} | {own.first:.2f} | {own.named:.2f} | {own.wrong:.3f} | "
        f"{own.alarmed} of {own.clean} |"
    )


def _part(
    sets: Sequence[Collected],
    p: Sequence[Numbers],
    limit: float,
    inside: Callable[[Collected], bool],
) -> str:
    """Return sets, first and named of the sets that are inside, as cells."""
    chosen = [k for k, one in enumerate(sets) if inside(one)]
    if not chosen:
        return "0 | - | -"
    first, named = [], []
    for k in chosen:
        planted = sets[k].planted >= TRIGGER * np.maximum(sets[k].given, 1)
        first.append(bool(len(p[k])) and bool(planted[int(p[k].argmax())]))
        named.append(bool((planted & (p[k] >= limit)).any()))
    return f"{len(chosen)} | {np.mean(first):.2f} | {np.mean(named):.2f}"


def _reliability(sets: Sequence[Collected], p: Sequence[Numbers]) -> list[str]:
    score, truth = [], []
    for one, own in zip(sets, p, strict=True):
        share = one.planted / np.maximum(one.given, 1)
        score.append(own[share <= HONEST])
        truth.append(np.zeros(len(score[-1])))
        if (share >= TRIGGER).any():
            score.append(own[share >= TRIGGER].max(keepdims=True))
            truth.append(np.ones(1))
    every, planted_ones = np.concatenate(score), np.concatenate(truth)
    edges: NDArray[np.float64] = np.array([0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1.01])
    lines = []
    for low, high in pairwise(edges):
        inside = (every >= low) & (every < high)
        planted = f"{planted_ones[inside].mean():.2f}" if inside.any() else "-"
        lines.append(f"| {low:.2f} to {min(high, 1):.2f} | {int(inside.sum()):,} | {planted} |")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="of collected sets: runs/arena/<code>")
    parser.add_argument("-o", "--output", type=Path, help="default: print it")
    options = parser.parse_args(arguments)
    folder = options.folder or ROOT / "runs" / "arena" / code_hash()
    text = page(read_all(folder, "fit"), read_all(folder, "judge"))
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
