"""Fits the model of the verdict on label triggers.

    python benchmarks/arena/collect.py --half fit --sets 600 --jobs 2
    python tools/fit_verdict.py                  # writes curation_gate/detectors/models/label.json

benchmarks/arena/page.py says how good it is, on these sets and on the judge half.

A candidate is a trigger where at least half of its rows with its outcome were planted, honest where
hardly any was; between, it teaches nothing. Each set weighs the same, its triggers as much as its
honest candidates. Trees of a few leaves are boosted under the monotone constraints that numbers.py
states. The second stage, which also reads what a candidate's siblings
are by the first, is fitted on out-of-fold verdicts of the first, folds by set. Then log-odds are
calibrated (slope and intercept) on all honest candidates and the most probable trigger of each
attacked set, by models that saw no set with the same tasks. The threshold is the lowest at which at
most one clean set in twenty has a confirmed candidate, by the same models. Deterministic.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "benchmarks" / "arena")]
from collect import Collected, code_hash, read_all  # noqa: E402

from curation_gate.detectors.label_trigger.evidence import NAMES  # noqa: E402
from curation_gate.detectors.label_trigger.neighbours import FORM, siblings  # noqa: E402
from curation_gate.detectors.label_trigger.numbers import NUMBERS, SIBLINGS  # noqa: E402
from curation_gate.detectors.label_trigger.verdict import SECOND  # noqa: E402
from curation_gate.detectors.verdict_model import Stage, Tree, probability  # noqa: E402

MODELS = ROOT / "curation_gate" / "detectors" / "models"
TRIGGER, HONEST = 0.5, 0.1
"""Share of planted rows from which a candidate is a trigger, and up to which it is honest."""
MOST_HONEST = 80
"""Honest candidates of a set that teach: half of them the strongest of its screen, the others
spread over the rest."""
INNER = 2
"""Folds behind the out-of-fold verdicts that the second stage is fitted on."""
GROUPS = 5
"""Groups of tasks; a set is judged by a model that saw none of its largest task's group."""
BUDGET = 0.05
"""Share of clean sets that may have a confirmed candidate."""
POINTS = {number.name: number.points for number in (*NUMBERS, SIBLINGS)}
SETTINGS: dict[str, Any] = {
    "max_iter": 120, "learning_rate": 0.08, "max_leaf_nodes": 6, "max_depth": 3,
    "min_samples_leaf": 20, "l2_regularization": 5.0, "max_bins": 255,
}  # fmt: skip
"""Of the boosting."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of many sets, one below another."""

    table: Numbers
    """[c, names]"""
    trigger: NDArray[np.bool_]
    """[c]"""
    weight: Numbers
    """[c]"""


def examples(sets: Sequence[Collected], extra: Sequence[Numbers] = ()) -> Examples:
    """Return the candidates of sets that teach; extra: one more number of each, set by set."""
    tables, triggers, weights = [], [], []
    for k, one in enumerate(sets):
        share = one.planted / np.maximum(one.given, 1)
        own, honest = np.flatnonzero(share >= TRIGGER), np.flatnonzero(share <= HONEST)
        rest = honest[MOST_HONEST // 2 :]
        rest = rest[:: max(1, -(-len(rest) // (MOST_HONEST // 2)))]
        for members, is_trigger in ((own, True), (np.r_[honest[: MOST_HONEST // 2], rest], False)):
            if not len(members):
                continue
            rows = one.table[members]
            tables.append(np.column_stack((rows, extra[k][members])) if len(extra) else rows)
            triggers.append(np.full(len(members), is_trigger))
            weights.append(np.full(len(members), 1.0 / len(members)))
    return Examples(np.concatenate(tables), np.concatenate(triggers), np.concatenate(weights))


def fit(
    data: Examples,
    names: Sequence[str],
    used: Sequence[str],
    points: Mapping[str, int] = POINTS,
    settings: Mapping[str, Any] = SETTINGS,
) -> Stage:
    """Return trees of the numbers `used`, boosted under monotone constraints.

    points: which way each number points; settings: of the boosting.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - slow to import

    at = [list(names).index(name) for name in used]
    w = data.weight
    model = HistGradientBoostingClassifier(
        monotonic_cst=[points[name] for name in used],
        early_stopping=False,
        random_state=0,
        **settings,
    ).fit(data.table[:, at], data.trigger, sample_weight=w * len(w) / w.sum())
    trees = [_tree(tree.nodes) for (tree,) in model._predictors]  # noqa: SLF001 - no public way
    base = float(model._baseline_prediction.ravel()[0])  # noqa: SLF001
    return Stage(tuple(used), base + sum(float(tree.value[0]) for tree in trees), tuple(trees))


def _tree(nodes: NDArray[Any]) -> Tree:
    """Return a tree of sklearn's, with the mean of the leaves below as the value of each node."""
    inner = nodes["is_leaf"] == 0
    value, count = nodes["value"].astype(np.float64), nodes["count"].astype(np.float64)
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    for k in range(len(nodes) - 1, -1, -1):  # children stand behind their parents
        if inner[k]:
            a, b = left[k], right[k]
            value[k] = (count[a] * value[a] + count[b] * value[b]) / (count[a] + count[b])
    number = np.where(inner, nodes["feature_idx"].astype(np.int64), -1)
    return Tree(number, np.where(inner, nodes["num_threshold"], 0.0), left, right, value)


def with_siblings(sets: Sequence[Collected], alone: Sequence[Numbers]) -> list[Numbers]:
    """Return the number `siblings` of the candidates of each set; alone: P by itself."""
    at = [NAMES.index(name) for name in FORM]
    return [
        siblings(one.table[:, at], p, one.same, one.shared.astype(np.float64))
        for one, p in zip(sets, alone, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Both stages."""

    first: Stage
    second: Stage

    def scaled(self, slope: float, intercept: float) -> Fitted:
        """Return the same with the log-odds of the second stage calibrated."""
        return Fitted(self.first, scaled_stage(self.second, slope, intercept))

    def judge(self, sets: Sequence[Collected]) -> list[Numbers]:
        """Return P(trigger) of the candidates of each set."""
        alone = [probability(self.first.log_odds(NAMES, one.table)) for one in sets]
        beside = with_siblings(sets, alone)
        return [
            probability(self.second.log_odds(SECOND, np.column_stack((one.table, more))))
            for one, more in zip(sets, beside, strict=True)
        ]


def scaled_stage(stage: Stage, slope: float, intercept: float) -> Stage:
    """Return a stage whose log-odds are slope times what they were, and intercept."""
    trees = tuple(replace(tree, value=slope * tree.value) for tree in stage.trees)
    return replace(stage, intercept=slope * stage.intercept + intercept, trees=trees)


def fit_both(sets: Sequence[Collected], used: Sequence[str] = NAMES) -> Fitted:
    """Return both stages; the second is fitted on out-of-fold verdicts of the first."""
    first = fit(examples(sets), NAMES, used)
    judged: list[Numbers] = [np.zeros(0)] * len(sets)
    for fold in range(INNER):
        inside = [one for k, one in enumerate(sets) if k % INNER != fold]
        part = fit(examples(inside), NAMES, used)
        for k in range(fold, len(sets), INNER):
            judged[k] = probability(part.log_odds(NAMES, sets[k].table))
    scale = calibration(sets, judged)
    whole = examples(sets, with_siblings(sets, calibrated(judged, *scale)))
    return Fitted(scaled_stage(first, *scale), fit(whole, SECOND, (*used, "siblings")))


@dataclass(frozen=True, slots=True)
class First:
    """The first stage alone: each candidate by itself."""

    stage: Stage

    def judge(self, sets: Sequence[Collected]) -> list[Numbers]:
        """Return P(trigger) of the candidates of each set."""
        return [probability(self.stage.log_odds(NAMES, one.table)) for one in sets]


def alone(sets: Sequence[Collected], used: Sequence[str] = NAMES) -> First:
    """Return the first stage alone."""
    return First(fit(examples(sets), NAMES, used))


def tasks_of(one: Collected) -> list[str]:
    """Return the pool's tasks that a set was drawn from, the largest first."""
    known = sorted(one.settings["tasks"], key=lambda task: -int(task.get("rows", 0)))
    return [name for task in known for name in (task["base"], task.get("joined")) if name]


def left_out(
    fitting: Callable[[Sequence[Collected]], Fitted | First],
    sets: Sequence[Collected],
    group_of: Callable[[Collected], Any],
    touches: Callable[[Collected, Any], bool],
) -> list[Numbers]:
    """Return P(trigger) of each set by a model fitted on the sets that do not touch its group.

    fitting: how the model is fitted; group_of: the group a set is judged in; touches: whether a set
    may not teach a group's model.
    """
    result: list[Numbers] = [np.zeros(0)] * len(sets)
    own = [group_of(one) for one in sets]
    for group in sorted(set(own), key=str):
        model = fitting([one for one in sets if not touches(one, group)])
        judged = [k for k in range(len(sets)) if own[k] == group]
        for k, p in zip(judged, model.judge([sets[k] for k in judged]), strict=True):
            result[k] = p
    return result


def by_task_group(sets: Sequence[Collected]) -> list[Numbers]:
    """Return P(trigger) of each set by a model that saw no set with a task of its group."""
    names = sorted({name for one in sets for name in tasks_of(one)})
    number = {name: k % GROUPS for k, name in enumerate(names)}
    return left_out(
        fit_both,
        sets,
        lambda one: number[tasks_of(one)[0]],
        lambda one, group: any(number[name] == group for name in tasks_of(one)),
    )


def calibration(sets: Sequence[Collected], p: Sequence[Numbers]) -> tuple[float, float]:
    """Return the slope and intercept that make log-odds what they say (Platt, 1999).

    p: of each set, by a model that did not see its tasks. Of the triggers of a set the most
    probable one counts, which is the one that is listed; every honest candidate counts.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    odds, truth = [], []
    for one, own in zip(sets, p, strict=True):
        share = one.planted / np.maximum(one.given, 1)
        sure = np.log(own / (1 - own))
        odds.append(sure[share <= HONEST])
        truth.append(np.zeros(int((share <= HONEST).sum()), dtype=np.bool_))
        if (share >= TRIGGER).any():
            odds.append(sure[share >= TRIGGER].max(keepdims=True))
            truth.append(np.ones(1, dtype=np.bool_))
    model = LogisticRegression(C=1e6).fit(np.concatenate(odds)[:, None], np.concatenate(truth))
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def calibrated(p: Sequence[Numbers], slope: float, intercept: float) -> list[Numbers]:
    """Return probabilities with their log-odds calibrated."""
    return [probability(slope * np.log(own / (1 - own)) + intercept) for own in p]


def threshold(sets: Sequence[Collected], p: Sequence[Numbers], budget: float = BUDGET) -> float:
    """Return the lowest P at which at most `budget` of the clean sets have a candidate above it."""
    most = sorted(
        float(own.max(initial=0.0))
        for one, own in zip(sets, p, strict=True)
        if one.family == "clean"
    )
    allowed = int(budget * len(most))
    return most[len(most) - 1 - allowed] + 1e-4 if most else 1.0


def stage_document(stage: Stage) -> dict[str, Any]:
    """Return a stage as JSON."""
    return {
        "names": stage.names,
        "intercept": round(stage.intercept, 5),
        "trees": [
            [
                tree.number.tolist(),
                [float(f"{x:.6g}") for x in tree.border],
                tree.left.tolist(),
                tree.right.tolist(),
                [round(float(x), 4) for x in tree.value],
            ]
            for tree in stage.trees
        ],
    }


def write(model: Fitted, limit: float, about: dict[str, Any], folder: Path) -> None:
    """Write the model of the verdict on label triggers, and its hash."""
    _write("label", stage_document(model.first), stage_document(model.second), limit, about, folder)


def write_model(name: str, stage: Stage, limit: float, about: dict[str, Any], folder: Path) -> None:
    """Write a model of one stage, and its hash."""
    nothing = {"names": [], "intercept": 0.0, "trees": []}
    _write(name, stage_document(stage), nothing, limit, about, folder)


def _write(
    name: str,
    first: dict[str, Any],
    second: dict[str, Any],
    limit: float,
    about: dict[str, Any],
    folder: Path,
) -> None:
    document = {
        "kind": name, "threshold": float(np.ceil(limit * 1e4) / 1e4), "fitted_on": about,
        "first": first, "second": second,
    }  # fmt: skip
    content = (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
    (folder / f"{name}.json").write_bytes(content)
    hashes = folder / "hashes.json"
    known = json.loads(hashes.read_text(encoding="utf-8")) if hashes.exists() else {}
    known[name] = blake2b(content, digest_size=16).hexdigest()
    hashes.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit both stages, choose the threshold, and write the model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="of collected sets: runs/arena/<code>")
    parser.add_argument("--models", type=Path, default=MODELS, help="where the model is written")
    options = parser.parse_args(arguments)
    code = code_hash()
    sets = read_all(options.folder or ROOT / "runs" / "arena" / code, "fit")
    clean = sum(one.family == "clean" for one in sets)
    print(f"{len(sets)} sets, {clean} of them clean", file=sys.stderr)
    held_out = by_task_group(sets)
    scale = calibration(sets, held_out)
    limit = threshold(sets, calibrated(held_out, *scale))
    model = fit_both(sets).scaled(*scale)
    about = {
        "sets": len(sets),
        "clean": clean,
        "candidates": sum(len(one.names) for one in sets),
        "seeds": [sets[0].seed, sets[-1].seed],
        "code": code,
        "budget": BUDGET,
    }
    write(model, limit, about, options.models)
    print(f"threshold {limit:.4f}; written to {options.models / 'label.json'}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
