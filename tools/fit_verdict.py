"""Fits the model of the verdict on label triggers, and says how good it is.

    python benchmarks/arena/collect.py --half fit --sets 900 --jobs 2
    python benchmarks/arena/collect.py --half judge --sets 300 --jobs 2
    python tools/fit_verdict.py                  # writes curation_gate/detectors/models/label.json
    python tools/fit_verdict.py --page benchmarks/arena.md

A candidate is a trigger where at least half of its rows with its outcome were planted, honest where
hardly any was; between, it teaches nothing. Each set weighs the same, its triggers as much as its
honest candidates. Stumps are boosted under the monotone constraints that evidence.py states, so
that the model is a sum of step functions. Rounds and the second stage are fitted on out-of-fold
log-odds, folds by set. The threshold is the lowest at which at most one clean set in twenty has a
confirmed candidate, on folds of tasks that were left out of the fit. Deterministic.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "benchmarks" / "arena")]
from collect import Collected, code_hash, read_all  # noqa: E402

from curation_gate.detectors.label_trigger.evidence import NAMES, NUMBERS  # noqa: E402
from curation_gate.detectors.label_trigger.neighbours import FORM, siblings  # noqa: E402
from curation_gate.detectors.label_trigger.verdict import SECOND  # noqa: E402
from curation_gate.detectors.verdict_model import Stage, Term, probability  # noqa: E402

MODELS = ROOT / "curation_gate" / "detectors" / "models"
TRIGGER, HONEST = 0.5, 0.1
"""Share of planted rows from which a candidate is a trigger, and up to which it is honest."""
FOLDS = 5
BUDGET = 0.05
"""Share of clean sets that may have a confirmed candidate."""
POINTS = {number.name: number.points for number in NUMBERS} | {"siblings": 1}
GROUPS = {number.name: number.group for number in NUMBERS} | {"siblings": "neighbours"}
SETTINGS = {"max_iter": 300, "learning_rate": 0.06, "max_leaf_nodes": 4, "min_samples_leaf": 40,
            "l2_regularization": 5.0, "max_bins": 64}  # fmt: skip
"""Of the boosting; chosen by the out-of-fold loss of a trial on the fit half."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of many sets, one below another."""

    table: Numbers
    """[c, names]"""
    trigger: NDArray[np.bool_]
    """[c]"""
    weight: Numbers
    """[c] 0 where a candidate teaches nothing."""
    of_set: NDArray[np.int64]
    """[c] Number of its set."""


def examples(sets: Sequence[Collected], extra: Sequence[Numbers] = ()) -> Examples:
    """Return the candidates of sets; extra: one more number of each candidate, set by set."""
    tables, triggers, weights, numbers = [], [], [], []
    for k, one in enumerate(sets):
        share = one.planted / np.maximum(one.given, 1)
        is_trigger, honest = share >= TRIGGER, share <= HONEST
        weight = np.zeros(len(share))
        for members in (is_trigger, honest):
            if members.any():
                weight[members] = 1.0 / members.sum()
        tables.append(np.column_stack((one.table, extra[k])) if len(extra) else one.table)
        triggers.append(is_trigger)
        weights.append(weight)
        numbers.append(np.full(len(share), k))
    return Examples(
        np.concatenate(tables), np.concatenate(triggers), np.concatenate(weights),
        np.concatenate(numbers),
    )  # fmt: skip


def fit(data: Examples, names: Sequence[str], used: Sequence[str], seed: int = 0) -> Stage:
    """Return an additive model of the numbers `used`, stumps boosted under constraints."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - slow to import

    at = [list(names).index(name) for name in used]
    counted = data.weight > 0
    x, y, w = data.table[counted][:, at], data.trigger[counted], data.weight[counted]
    model = HistGradientBoostingClassifier(
        monotonic_cst=[POINTS[name] for name in used],
        interaction_cst="no_interactions",
        early_stopping=False,
        random_state=seed,
        **SETTINGS,
    ).fit(x, y, sample_weight=w * len(w) / w.sum())
    return _steps(model, x, used)


def _steps(model: Any, x: Numbers, used: Sequence[str]) -> Stage:
    """Return the sum of step functions that an additive model is, read off between its borders."""
    borders = [np.unique(_borders(model, k)) for k in range(len(used))]
    middle = np.median(x, axis=0)
    base = float(model.decision_function(middle[None])[0])
    terms = []
    offset = 0.0
    for k, name in enumerate(used):
        own = borders[k]
        if not len(own):
            continue
        points = np.concatenate((own, [own[-1] + 1.0]))  # a border belongs below
        table = np.repeat(middle[None], len(points), axis=0)
        table[:, k] = points
        values = model.decision_function(table) - base
        shift = float(np.average(values[np.searchsorted(own, x[:, k])]))
        offset += shift
        terms.append(Term(name, own, values - shift))
    return Stage(base + offset, tuple(terms))


def _borders(model: Any, feature: int) -> Numbers:
    """Return the thresholds at which the trees of a model split a feature."""
    found = [
        node["num_threshold"]
        for (tree,) in model._predictors  # noqa: SLF001 - sklearn has no public way to read trees
        for node in tree.nodes
        if not node["is_leaf"] and node["feature_idx"] == feature
    ]
    return np.array(found, dtype=np.float64)


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

    def judge(self, sets: Sequence[Collected]) -> list[Numbers]:
        """Return P(trigger) of the candidates of each set."""
        alone = [probability(self.first.log_odds(NAMES, one.table)) for one in sets]
        beside = with_siblings(sets, alone)
        return [
            probability(self.second.log_odds(SECOND, np.column_stack((one.table, more))))
            for one, more in zip(sets, beside, strict=True)
        ]


def fit_both(sets: Sequence[Collected], used: Sequence[str] = NAMES) -> Fitted:
    """Return both stages; the second is fitted on out-of-fold verdicts of the first."""
    data = examples(sets)
    first = fit(data, NAMES, used)
    alone: list[Numbers] = [np.zeros(0)] * len(sets)
    for inside, outside in folds(len(sets)):
        part = fit(examples([sets[k] for k in inside]), NAMES, used)
        for k in outside:
            alone[k] = probability(part.log_odds(NAMES, sets[k].table))
    whole = examples(sets, with_siblings(sets, alone))
    return Fitted(first, fit(whole, SECOND, (*used, "siblings")))


def folds(number: int, parts: int = FOLDS) -> list[tuple[list[int], list[int]]]:
    """Return (in the fit, left out) of every fold, sets dealt out in turn."""
    every = range(number)
    return [
        ([k for k in every if k % parts != f], [k for k in every if k % parts == f])
        for f in range(parts)
    ]


def out_of_fold(sets: Sequence[Collected], used: Sequence[str] = NAMES) -> list[Numbers]:
    """Return P(trigger) of each set by models that were fitted without it."""
    result: list[Numbers] = [np.zeros(0)] * len(sets)
    for inside, outside in folds(len(sets)):
        part = fit_both([sets[k] for k in inside], used)
        for k, p in zip(outside, part.judge([sets[k] for k in outside]), strict=True):
            result[k] = p
    return result


def threshold(sets: Sequence[Collected], p: Sequence[Numbers], budget: float = BUDGET) -> float:
    """Return the lowest P at which at most `budget` of the clean sets have a candidate above it."""
    most = sorted(
        float(own.max(initial=0.0))
        for one, own in zip(sets, p, strict=True)
        if one.family == "clean"
    )
    allowed = int(budget * len(most))
    return float(np.nextafter(most[len(most) - 1 - allowed], 1.0)) if most else 1.0


def auc(sets: Sequence[Collected], p: Sequence[Numbers]) -> float:
    """Return the AUC of triggers against honest candidates, each set weighing the same."""
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - slow to import

    data = examples(sets)
    counted = data.weight > 0
    score = np.concatenate(p)[counted]
    return float(roc_auc_score(data.trigger[counted], score, sample_weight=data.weight[counted]))


def recall(one: Collected, p: Numbers, limit: float) -> float:
    """Return the largest share of a set's planted rows that one confirmed candidate holds."""
    hits = one.planted[(p >= limit) & (one.planted >= TRIGGER * one.given)]
    return float(hits.max(initial=0)) / max(one.planted_rows, 1)


def stage_document(stage: Stage) -> dict[str, Any]:
    """Return a stage as JSON."""
    return {
        "intercept": round(stage.intercept, 5),
        "terms": [
            {
                "name": term.name,
                "borders": [float(f"{x:.6g}") for x in term.borders],
                "values": [round(float(x), 4) for x in term.values],
            }
            for term in stage.terms
        ],
    }


def write(model: Fitted, limit: float, about: dict[str, Any], folder: Path) -> None:
    """Write the model and its hash."""
    document = {
        "kind": "label", "threshold": float(np.ceil(limit * 1e4) / 1e4), "fitted_on": about,
        "first": stage_document(model.first), "second": stage_document(model.second),
    }  # fmt: skip
    content = (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
    (folder / "label.json").write_bytes(content)
    hashes = folder / "hashes.json"
    known = json.loads(hashes.read_text(encoding="utf-8")) if hashes.exists() else {}
    known["label"] = blake2b(content, digest_size=16).hexdigest()
    hashes.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, choose the threshold, write the model, and print what it reaches."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="of collected sets: runs/arena/<code>")
    parser.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args(arguments)
    folder = options.folder or ROOT / "runs" / "arena" / code_hash()
    fit_sets, judge_sets = read_all(folder, "fit"), read_all(folder, "judge")
    print(f"{len(fit_sets)} sets to fit, {len(judge_sets)} to judge", file=sys.stderr)
    held_out = out_of_fold(fit_sets)
    limit = threshold(fit_sets, held_out)
    model = fit_both(fit_sets)
    about = {
        "sets": len(fit_sets), "clean": sum(s.family == "clean" for s in fit_sets),
        "candidates": sum(len(s.names) for s in fit_sets), "evidence": code_hash(),
    }  # fmt: skip
    write(model, limit, about, options.models)
    judged = model.judge(judge_sets)
    for name, sets, p in (("out of fold", fit_sets, held_out), ("judge half", judge_sets, judged)):
        if not sets:
            continue
        attacked = [(s, q) for s, q in zip(sets, p, strict=True) if s.family != "clean"]
        clean = [(s, q) for s, q in zip(sets, p, strict=True) if s.family == "clean"]
        found = np.mean([recall(s, q, limit) > 0 for s, q in attacked])
        share = np.mean([recall(s, q, limit) for s, q in attacked])
        alarms = sum(bool((q >= limit).any()) for _, q in clean)
        print(
            f"{name}: AUC {auc(sets, p):.4f}; at P {limit:.3f}: a trigger named in {found:.3f} of "
            f"the attacked sets, {share:.3f} of planted rows by one phrase; clean sets with a "
            f"confirmed phrase: {alarms} of {len(clean)}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
