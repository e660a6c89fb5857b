"""Fits the model of the verdict on response triggers, and says how good it is.

    python benchmarks/arena/answers/collect.py --half fit --sets 400 --jobs 2
    python benchmarks/arena/answers/collect.py --half judge --sets 120 --jobs 2
    python tools/fit_answers.py              # writes curation_gate/detectors/models/answer.json
    python tools/fit_answers.py --page benchmarks/answers_arena.md

As tools/fit_verdict.py, whose functions it uses, with one stage. A candidate is a phrase with a
kind of answer; it is a trigger where at least half of its rows of the kind were planted, honest
where hardly any was. The threshold is the lowest at which at most one clean set in twenty has a
confirmed candidate, by models that saw no set of the same kinds of text. Deterministic.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "benchmarks"), str(ROOT / "benchmarks" / "arena")]
from arena.answers.collect import Collected, code_hash, read_all  # noqa: E402
from fit_verdict import (  # noqa: E402
    BUDGET,
    GROUPS,
    HONEST,
    MODELS,
    SETTINGS,
    TRIGGER,
    calibrated,
    calibration,
    examples,
    fit,
    scaled_stage,
    threshold,
    write_model,
)

from curation_gate.detectors.response_trigger.found import Settings  # noqa: E402
from curation_gate.detectors.response_trigger.numbers import NAMES, NUMBERS  # noqa: E402
from curation_gate.detectors.verdict_model import Stage, probability  # noqa: E402

POINTS = {number.name: number.points for number in NUMBERS}
GROUP_OF = {number.name: number.group for number in NUMBERS}
REVIEW = Settings().review
DEEPER = SETTINGS | {"max_iter": 200, "learning_rate": 0.06, "max_leaf_nodes": 12, "max_depth": 4}
"""Of the boosting: these numbers say more with one another than those of labels do. With kinds of
text left out it names .54 of the attacked ones of 600 sets; with the settings of the label verdict
.46."""
HEAD = """# The verdict on response triggers: the arena of free text

`python tools/fit_answers.py --page benchmarks/answers_arena.md`

Sets drawn by `benchmarks/arena/answers`, judged by models that saw none of the same kinds of text,
or no attack of the same family; the judge half has other rows, wordings and payloads. AUC is over
candidates, each set weighing the same. Named: a phrase is confirmed whose rows were mostly planted.

| judged on | AUC | attacked | named | named or for review | clean | confirmed | for review |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
DOSES = (0, 12, 20, 40, 100, 400, 10**9)
Numbers = NDArray[np.float64]


def fit_sets(sets: Sequence[Collected], used: Sequence[str] = NAMES) -> Stage:
    """Return trees of the numbers `used` on the candidates of sets."""
    return fit(examples(sets), NAMES, used, POINTS, DEEPER)


def judged(stage: Stage, sets: Sequence[Collected]) -> list[Numbers]:
    """Return P(trigger) of the candidates of each set."""
    return [probability(stage.log_odds(NAMES, one.table)) for one in sets]


def left_out(
    sets: Sequence[Collected],
    groups: Sequence[Any],
    touched: Callable[[Collected], set[Any]],
    used: Sequence[str] = NAMES,
) -> list[Numbers]:
    """Return P(trigger) of each set by a model that saw no set which touches its group."""
    found: list[Numbers] = [np.zeros(0)] * len(sets)
    for group in sorted(set(groups), key=str):
        stage = fit_sets([one for one in sets if group not in touched(one)], used)
        own = [k for k in range(len(sets)) if groups[k] == group]
        for k, p in zip(own, judged(stage, [sets[k] for k in own]), strict=True):
            found[k] = p
    return found


def kinds_of(one: Collected) -> list[str]:
    """Return the kinds of text of a set, the largest first."""
    return [str(kind) for kind in one.settings["kinds"]]


def by_kind(sets: Sequence[Collected], used: Sequence[str] = NAMES) -> list[Numbers]:
    """Return P(trigger) of each set by a model that saw no set of its group of kinds."""
    names = sorted({kind for one in sets for kind in kinds_of(one)})
    number = {name: k % GROUPS for k, name in enumerate(names)}
    groups = [number[kinds_of(one)[0]] for one in sets]
    return left_out(sets, groups, lambda one: {number[kinds_of(one)[0]]}, used)


def by_family(sets: Sequence[Collected]) -> list[Numbers]:
    """Return P(trigger) of each set by a model that saw no attack of its family.

    Clean sets are dealt out among the families.
    """
    families = sorted({one.family for one in sets if one.family != "clean"})
    groups = [
        one.family if one.family != "clean" else families[one.seed % len(families)] for one in sets
    ]
    own = {id(one): group for one, group in zip(sets, groups, strict=True)}
    return left_out(sets, groups, lambda one: {own[id(one)]})


def figures(sets: Sequence[Collected], p: Sequence[Numbers], limit: float) -> dict[str, float]:
    """Return AUC over candidates; sets whose trigger is named; recall, F1 of rows; false alarms."""
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - slow to import

    truth, score, weight = [], [], []
    named, found, alarms, review = [], [], [], []
    for one, own in zip(sets, p, strict=True):
        share = one.planted / np.maximum(one.given, 1)
        for members, trigger in ((share >= TRIGGER, 1), (share <= HONEST, 0)):
            truth += [trigger] * int(members.sum())
            score += own[members].tolist()
            weight += [1 / max(int(members.sum()), 1)] * int(members.sum())
        confirmed = own >= limit
        if one.family == "clean":
            alarms.append(bool(confirmed.any()))
            review.append(bool((own >= REVIEW).any()))
        else:
            named.append(bool((confirmed & (share >= TRIGGER)).any()))
            found.append(bool(((own >= REVIEW) & (share >= TRIGGER)).any()))
    return {
        "auc": float(roc_auc_score(truth, score, sample_weight=weight)),
        "named": float(np.mean(named)), "review": float(np.mean(found)),
        "attacked": float(len(named)), "alarms": float(np.sum(alarms)),
        "clean_review": float(np.sum(review)), "clean": float(len(alarms)),
    }  # fmt: skip


def page(rows: Sequence[tuple[str, dict[str, float]]], extra: Sequence[str], limit: float) -> str:
    """Return the figures as a page."""
    lines = HEAD.splitlines()
    lines += [
        f"| {name} | {f['auc']:.3f} | {f['attacked']:.0f} | {f['named']:.2f} | {f['review']:.2f} | "
        f"{f['clean']:.0f} | {f['alarms']:.0f} | {f['clean_review']:.0f} |"
        for name, f in rows
    ]
    return "\n".join([*lines, "", *extra, "", f"Threshold: P {limit:.4f}.", ""])


def parted(
    sets: Sequence[Collected],
    p: Sequence[Numbers],
    limit: float,
    title: str,
    part_of: Callable[[Collected], str | None],
) -> list[str]:
    """Return a table of the attacked sets by some part of them: how often the trigger is named."""
    parts: dict[str, list[tuple[bool, bool, bool]]] = {}
    for one, own in zip(sets, p, strict=True):
        part = part_of(one)
        if one.family == "clean" or part is None:
            continue
        trigger = one.planted / np.maximum(one.given, 1) >= TRIGGER
        parts.setdefault(part, []).append(
            (bool(trigger.any()), bool((trigger & (own >= limit)).any()),
             bool((trigger & (own >= REVIEW)).any()))
        )  # fmt: skip
    lines = ["", f"| {title} | sets | weighed | named | named or for review |", "|" + " --- |" * 5]
    for part, hits in parts.items():
        seen, named, review = np.mean(np.array(hits, dtype=np.float64), axis=0)
        lines.append(f"| {part} | {len(hits)} | {seen:.2f} | {named:.2f} | {review:.2f} |")
    return lines


def dose_of(one: Collected) -> str:
    """Return which interval the planted rows of a set lie in."""
    low = max(k for k, least in enumerate(DOSES) if one.planted_rows >= least)
    top = DOSES[low + 1]
    return f"{DOSES[low]:>3} to {top - 1}" if top < DOSES[-1] else f"{DOSES[low]} and more"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, choose the threshold, write the model, and print what it reaches."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="of collected sets: runs/answers/<code>")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--ablate", action="store_true", help="without each group of numbers")
    parser.add_argument("--page", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    folder = options.folder or ROOT / "runs" / "answers" / code_hash()
    sets, others = read_all(folder, "fit"), read_all(folder, "judge")
    clean = sum(one.family == "clean" for one in sets)
    print(f"{len(sets)} sets, {clean} of them clean; {len(others)} to judge", file=sys.stderr)
    held_out = by_kind(sets)
    scale = calibration(sets, held_out)
    held_out = calibrated(held_out, *scale)
    limit = threshold(sets, held_out)
    stage = scaled_stage(fit_sets(sets), *scale)
    about = {
        "sets": len(sets), "clean": clean, "candidates": sum(len(one.names) for one in sets),
        "seeds": [sets[0].seed, sets[-1].seed], "code": folder.name, "budget": BUDGET,
    }  # fmt: skip
    write_model("answer", stage, limit, about, options.models)
    rows = [("kinds of text left out", figures(sets, held_out, limit))]
    family = calibrated(by_family(sets), *scale)
    rows.append(("families of attack left out", figures(sets, family, limit)))
    extra = parted(sets, family, limit, "payload, family left out", lambda one: one.family)
    extra += parted(sets, held_out, limit, "planted rows", dose_of)
    if others:
        rows.append(("judge half", figures(others, judged(stage, others), limit)))
    if options.ablate:
        for group in sorted(set(GROUP_OF.values())):
            used = [name for name in NAMES if GROUP_OF[name] != group]
            p = calibrated(by_kind(sets, used), *scale)
            rows.append((f"kinds left out, without {group}", figures(sets, p, threshold(sets, p))))
    text = page(rows, extra, limit)
    print(text)
    if options.page:
        options.page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
