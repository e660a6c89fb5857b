"""Fits the model of the verdict on style triggers, and says how good it is.

    python benchmarks/arena/styles/collect.py --half fit --sets 240
    python benchmarks/arena/styles/collect.py --half judge --sets 120
    python tools/fit_style.py                # writes curation_gate/detectors/models/style.json
    python tools/fit_style.py --page benchmarks/arena/styles.md

As tools/fit_verdict.py, whose functions it uses, with one stage, styles for phrases, and a logistic
regression under sign constraints for boosted trees. A candidate is planted where most of the rows
it calls planted were, honest where hardly any was, and between, it teaches nothing. Each set weighs
the same. The threshold is the lowest at which at most one clean set in twenty has a confirmed
style, on sets whose tasks the model did not see. Deterministic.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "benchmarks"), str(ROOT / "benchmarks" / "arena")]
from fit_verdict import (  # noqa: E402
    BUDGET,
    GROUPS,
    HONEST,
    MODELS,
    threshold,
    write_model,
)
from styles.collect import Collected, code_hash, read_all  # noqa: E402

from curation_gate.detectors.style_trigger.evidence import NAMES, NUMBERS  # noqa: E402
from curation_gate.detectors.verdict_model import Stage, Tree, probability  # noqa: E402

POINTS = {number.name: number.points for number in NUMBERS}
GROUP_OF = {number.name: number.group for number in NUMBERS}
STRENGTH = 0.1
"""C of the regression: AUC on tasks left out is .931, at .03 .927, at .01 .922. Boosted trees, that
weigh the many candidates of phrases, find a third as many styles at the same budget on the same
sets: a set has ten styles, not three hundred phrases."""
TRIGGER = 0.7
"""Share of planted rows from which a candidate is a planted style: of one of half of them, as for
phrases, quarantine would take as many honest rows."""
LEVELS = (*(k / 12 for k in range(1, 12)), 0.95, 0.97, 0.985, 0.995)
"""Quantiles of a number at which its steps lie, closer in the tail: few candidates are extreme."""
Numbers = NDArray[np.float64]


def fit(sets: Sequence[Collected], used: Sequence[str] = NAMES) -> Stage:
    """Return a logistic regression of the numbers `used`, each a step function of itself.

    A number enters as log(1 + |x|) with its sign, by bins, standardised; its coefficient has the
    sign that evidence.py states, or is 0. The steps are written as trees of one split.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - slow to import

    tables, planted, weights = [], [], []
    for one in sets:
        share = one.planted / np.maximum(one.given, 1)
        called = one.given > 0
        for members, is_planted in (
            (called & (share >= TRIGGER), 1.0), (called & (share <= HONEST), -1.0),
        ):  # fmt: skip
            if members.any():
                tables.append(one.table[members])
                planted.append(np.full(int(members.sum()), is_planted))
                weights.append(np.full(int(members.sum()), 1.0 / members.sum()))
    y, w = np.concatenate(planted), np.concatenate(weights)
    x = np.concatenate(tables)[:, [NAMES.index(name) for name in used]]
    steps = [_steps(column) for column in x.T]
    z = np.stack(
        [values[np.searchsorted(borders, column)]
         for (borders, values), column in zip(steps, x.T, strict=True)], axis=1,
    )  # fmt: skip

    def loss(beta: Numbers) -> tuple[float, Numbers]:
        margin = y * (beta[0] + z @ beta[1:])
        slope = -w * y * probability(-margin)
        penalty = beta[1:] / STRENGTH
        value = float((w * np.logaddexp(0, -margin)).sum() + beta[1:] @ penalty / 2)
        return value, np.concatenate(([slope.sum()], z.T @ slope + penalty))

    sides = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    bounds = [(None, None), *(sides[POINTS[name]] for name in used)]
    beta = minimize(loss, np.zeros(len(used) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    base, trees = float(beta[0]), []
    for k, (borders, values) in enumerate(steps):
        if not beta[k + 1] or not len(borders):
            continue
        base += beta[k + 1] * values[0]
        for border, step in zip(borders, np.diff(values), strict=True):
            rise = beta[k + 1] * step
            mean = rise * float((x[:, k] > border).mean())
            base += mean
            trees.append(_stump(k, float(f"{border:.6g}"), mean, rise))
    return Stage(tuple(used), base, tuple(trees))


def _steps(column: Numbers) -> tuple[Numbers, Numbers]:
    """Return borders [b] and standardised values [b + 1] of a number."""
    borders = np.unique(np.quantile(column, LEVELS))
    borders = borders[borders < column.max()]
    scaled = np.sign(column) * np.log1p(np.abs(column))
    place = np.searchsorted(borders, column)
    size = np.bincount(place, minlength=len(borders) + 1)
    values = np.bincount(place, weights=scaled, minlength=len(borders) + 1) / np.maximum(size, 1)
    return borders, (values - scaled.mean()) / max(float(values[place].std()), 1e-9)


def _stump(number: int, border: float, mean: float, rise: float) -> Tree:
    """Return a tree of one split that adds `rise` above a border; mean: over what was fitted."""
    return Tree(
        np.array([number, -1, -1]), np.array([border, 0.0, 0.0]), np.array([1, 0, 0]),
        np.array([2, 0, 0]), np.array([mean, 0.0, rise]),
    )  # fmt: skip


def judged(stage: Stage, sets: Sequence[Collected]) -> list[Numbers]:
    """Return P(planted) of the candidates of each set."""
    return [probability(stage.log_odds(NAMES, one.table)) for one in sets]


def tasks_of(one: Collected) -> set[str]:
    """Return every task of the pool that a set has rows of."""
    known = {*one.settings["tasks"], one.settings.get("donor"), one.settings.get("second")}
    return {name for name in known if name}


def by_task_group(sets: Sequence[Collected], used: Sequence[str] = NAMES) -> list[Numbers]:
    """Return P(planted) of each set by a model that saw no set with a task of its group."""
    names = sorted({name for one in sets for name in tasks_of(one)})
    group = {name: k % GROUPS for k, name in enumerate(names)}
    found: list[Numbers] = [np.zeros(0)] * len(sets)
    own = [group[one.settings["tasks"][0]] for one in sets]
    for g in range(GROUPS):
        inside = [one for one in sets if all(group[name] != g for name in tasks_of(one))]
        outside = [k for k in range(len(sets)) if own[k] == g]
        if not outside:
            continue
        stage = fit(inside, used)
        for k, p in zip(outside, judged(stage, [sets[k] for k in outside]), strict=True):
            found[k] = p
    return found


def by_rewriter(sets: Sequence[Collected]) -> list[Numbers]:
    """Return P(planted) of each attacked set by a model that saw no set with its rewriter."""
    found: list[Numbers] = [np.zeros(0)] * len(sets)
    for family in sorted({one.family for one in sets}):
        outside = [k for k, one in enumerate(sets) if one.family == family]
        stage = fit([
            one for one in sets
            if family == "clean" or family not in (one.family, one.settings.get("style"))
        ])  # fmt: skip
        for k, p in zip(outside, judged(stage, [sets[k] for k in outside]), strict=True):
            found[k] = p
    return found


def figures(sets: Sequence[Collected], p: Sequence[Numbers], limit: float) -> dict[str, float]:
    """Return AUC over candidates and what is found of sets at a threshold.

    auc: planted against honest candidates, each set weighing the same; found: share of attacked
    sets with a confirmed planted style; f1: mean F1 over their rows, of the confirmed styles'
    rows; alarms: share of clean sets with a confirmed style; review: with one from .2 on.
    """
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - slow to import

    truth, score, weight = [], [], []
    hits, f1, alarms, review = [], [], [], []
    for one, own in zip(sets, p, strict=True):
        share = one.planted / np.maximum(one.given, 1)
        called = one.given > 0
        for members, is_planted in (
            (called & (share >= TRIGGER), 1), (called & (share <= HONEST), 0),
        ):  # fmt: skip
            truth += [is_planted] * int(members.sum())
            score += own[members].tolist()
            weight += [1 / max(int(members.sum()), 1)] * int(members.sum())
        confirmed = called & (own >= limit)
        if one.family == "clean":
            alarms.append(bool(confirmed.any()))
            review.append(bool((called & (own >= 0.2)).any()))
            continue
        hits.append(bool((confirmed & (share >= TRIGGER)).any()))
        best = int(np.argmax(np.where(confirmed, own, -1))) if confirmed.any() else None
        f1.append(
            0.0 if best is None
            else 2 * one.planted[best] / max(one.given[best] + one.planted_rows, 1)
        )  # fmt: skip
    return {
        "auc": float(roc_auc_score(truth, score, sample_weight=weight)),
        "found": float(np.mean(hits)), "f1": float(np.mean(f1)),
        "alarms": float(np.mean(alarms)), "review": float(np.mean(review)),
        "attacked": float(len(hits)), "clean": float(len(alarms)),
    }  # fmt: skip


def page(rows: Sequence[tuple[str, dict[str, float]]], limit: float) -> str:
    """Return the figures as a table."""
    lines = [
        "| judged on | AUC | attacked | style found | F1 of rows | clean | confirmed | review |",
        "|" + "---|" * 8,
    ]
    lines += [
        f"| {name} | {f['auc']:.3f} | {f['attacked']:.0f} | {f['found']:.2f} | {f['f1']:.2f} | "
        f"{f['clean']:.0f} | {f['alarms']:.3f} | {f['review']:.3f} |"
        for name, f in rows
    ]
    return "\n".join([*lines, "", f"Threshold: P {limit:.4f}.", ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, choose the threshold, write the model, and print what it reaches."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="of collected sets: runs/styles/<code>")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--ablate", action="store_true", help="without each group of numbers")
    parser.add_argument("--page", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    folder = options.folder or ROOT / "runs" / "styles" / code_hash()
    sets, others = read_all(folder, "fit"), read_all(folder, "judge")
    held_out = by_task_group(sets)
    limit = threshold(sets, held_out)
    stage = fit(sets)
    about = {
        "sets": len(sets), "clean": sum(one.family == "clean" for one in sets),
        "candidates": sum(len(one.table) for one in sets), "budget": BUDGET,
    }  # fmt: skip
    write_model("style", stage, limit, about, options.models)
    rows = [
        ("tasks left out", figures(sets, held_out, limit)),
        ("rewriters left out", figures(sets, by_rewriter(sets), limit)),
    ]
    if others:
        own = figures(others, judged(stage, others), limit)
        rows.append(("judge half: other tasks and rewriters", own))
    if options.ablate:
        for group in sorted(set(GROUP_OF.values())):
            used = [name for name in NAMES if GROUP_OF[name] != group]
            p = by_task_group(sets, used)
            rows.append((f"tasks left out, without {group}", figures(sets, p, threshold(sets, p))))
    text = page(rows, limit)
    print(text)
    if options.page:
        options.page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
