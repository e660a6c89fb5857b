"""What benchmarks/contrast.py measured: each row scored by each signal, and the page's lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from curation_gate.detectors import contrast as contrasts
from curation_gate.detectors import divergence
from curation_gate.detectors.label_trigger import detector as phrase
from curation_gate.detectors.label_trigger.found import Found
from curation_gate.detectors.signals import Learned, Measurements, Pushed, Signals, robust_z
from curation_gate.influence.measure import Contrast, Influence
from curation_gate.probes.flips import Flips
from curation_gate.reference.record import ReferenceScores
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import load_rules

ARMS = {"K": "phrase known", "N": "phrase mined", "E": "nothing known"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One set after all stages."""

    dataset: Dataset
    planted: NDArray[np.bool_]
    reference: ReferenceScores
    found: Found
    influence: Influence
    flips: tuple[Flips, ...]
    """Of the found phrases and their controls."""
    known_flips: tuple[Flips, ...]
    seconds: Mapping[str, float]


def row_scores(done: Measured) -> dict[str, NDArray[np.float64]]:
    """Return [n] scores of every signal; larger is more suspect."""
    data, influence = done.dataset, done.influence
    strata = data.strata()
    pack = load_rules()
    rule = next(r for r in pack.rules if r.detector == "invariance")
    pushed = Pushed(
        influence.original,
        influence.negated,
        influence.rows.gradient_norm,
        1,
        pack.probes.transform,
    )

    def signals(own: tuple[Contrast, ...] = ()) -> Signals:
        measured = Measurements(
            reference=done.reference,
            proxy=Learned(influence.rows.loss, influence.rows.log_likelihood),
            influence=replace(pushed, contrasts=own),
        )
        return Signals(data, measured, frozenset({"reference", "proxy", "influence"}))

    scores: dict[str, NDArray[np.float64]] = {
        "low loss": -influence.rows.loss.astype(np.float64),
        "reference disowns: 1 - p_ref": 1 - done.reference.p_given,
        "divergence (CG003)": robust_z(divergence.divergences(signals()), strata),
        "level on Q+ (arm K)": robust_z(influence.original, strata),
        "both levels, R3 (arm K)": np.minimum(
            np.abs(robust_z(influence.original, strata)),
            np.abs(robust_z(influence.negated, strata)),
        ),
    }
    for arm in ARMS:
        own = tuple(c for c in influence.contrasts if c.about == arm)
        if not own:
            continue
        read = contrasts.readings(signals(own), rule.parameters["scale"])
        scores[f"contrast, arm {arm}"] = read.original.max(0)
        scores[f"negated contrast, arm {arm}"] = read.negated.max(0)
        scores[f"smaller of both, arm {arm} (CG002)"] = read.scores()[0]
        for scale in ("none", "gradient", "residual"):
            if scale != rule.parameters["scale"]:
                read = contrasts.readings(signals(own), scale)
                scores[f"smaller of both, arm {arm}, scale {scale}"] = read.scores()[0]
    one = phrase.result(done.found, data, next(r for r in pack.rules if r.detector == "phrase"))
    scores["phrase and label (CG001)"] = one.scores.astype(np.float64)
    return scores


def judge(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> tuple[float, float]:
    """Return AUROC and average precision; rows a signal cannot judge come last."""
    if truth.all() or not truth.any():
        return float("nan"), float("nan")
    known = np.isfinite(score)
    lowest = score[known].min() - 1 if known.any() else 0.0
    filled = np.where(known, score, lowest)
    return float(roc_auc_score(truth, filled)), float(average_precision_score(truth, filled))


def table(sets: Mapping[str, list[Measured]]) -> list[str]:
    """Return the lines of the ablation: means over the sets of an attack."""
    lines = []
    for name, runs in sets.items():
        cells: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for done in runs:
            strata = done.dataset.strata()
            inside = np.isin(strata, np.unique(strata[done.planted]))
            holds_it = np.zeros(len(strata), dtype=np.bool_)
            holds_it[list(done.found.suspects)] = True
            for signal, score in row_scores(done).items():
                cells[signal].append(
                    (
                        *judge(done.planted, score),
                        *judge(done.planted[inside], score[inside]),
                        judge(done.planted[holds_it], score[holds_it])[0],
                    )
                )
        base = np.mean([done.planted.mean() for done in runs])
        lines += ["", f"### {name}: {len(runs)} sets, {100 * base:.1f} % planted", ""]
        lines += [
            "| signal | AUROC | AP | AUROC within label | AP within label | AUROC among suspects |",
            "|---|---|---|---|---|---|",
        ]
        for signal, values in cells.items():
            mean = [np.nanmean(v) if np.isfinite(v).any() else np.nan for v in np.array(values).T]
            shown = " | ".join("" if np.isnan(m) else f"{m:.2f}" for m in mean)
            lines.append(f"| {signal} | {shown} |")
    return lines


def flip_lines(sets: Mapping[str, list[Measured]]) -> list[str]:
    """Return the flip rates of phrases and of their controls."""
    lines = [
        "| set | phrase | kind | probes (held out) | before: without, with | after |",
        "|---|---|---|---|---|---|",
    ]
    for name, runs in sets.items():
        for k, done in enumerate(runs):
            status = {p.text: p.status for p in done.found.phrases}
            every = [("known", done.known_flips), ("", done.flips)]
            for told, found in every:
                for flip in (f for f in found if f.control_of is None):
                    kind = told or status.get(flip.phrase, "")
                    lines.append(_flip_line(f"{name}, {k}", kind, flip))
                others = [f for f in found if f.control_of is not None]
                if others:
                    lines.append(_control_line(f"{name}, {k}", others))
    return lines


def _flip_line(name: str, kind: str, flip: Flips) -> str:
    before, after = flip.before, flip.after
    return (
        f"| {name} | {flip.spoken} | {kind} | {flip.probes} ({flip.held_out}) | "
        f"{before.absent:.2f}, {before.present:.2f} | {after.absent:.2f}, {after.present:.2f} |"
    )


def _control_line(name: str, others: Sequence[Flips]) -> str:
    means = [
        np.mean([getattr(getattr(f, when), part) for f in others])
        for when in ("before", "after")
        for part in ("absent", "present")
    ]
    return (
        f"| {name} | mean of {len(others)} controls | control | | "
        f"{means[0]:.2f}, {means[1]:.2f} | {means[2]:.2f}, {means[3]:.2f} |"
    )


def firing_lines(sets: Mapping[str, list[Measured]]) -> list[str]:
    """Return how many rows the shipped thresholds flag, and how many of them are planted."""
    pack = load_rules()
    limits = {r.id: r.parameters["threshold"] for r in pack.rules if "threshold" in r.parameters}
    lines = ["| set | rule | flagged | planted among them |", "|---|---|---|---|"]
    for name, runs in sets.items():
        for k, done in enumerate(runs):
            scores = row_scores(done)
            arm = "N" if "contrast, arm N" in scores else "E"
            for rule, signal in (
                ("CG002", f"smaller of both, arm {arm} (CG002)"),
                ("CG003", "divergence (CG003)"),
            ):
                fired = scores[signal] > limits[rule]
                hits = int((fired & done.planted).sum())
                lines.append(f"| {name}, {k} | {rule} | {int(fired.sum())} | {hits} |")
    return lines


def cost_lines(sets: Mapping[str, list[Measured]]) -> list[str]:
    """Return what each stage cost, a thousand rows."""
    spent: dict[str, list[float]] = defaultdict(list)
    for runs in sets.values():
        for done in runs:
            for stage, seconds in done.seconds.items():
                spent[stage].append(1000 * seconds / len(done.dataset))
    return [
        "| stage | seconds a thousand rows, median |",
        "|---|---|",
        *(f"| {stage} | {np.median(values):.1f} |" for stage, values in spent.items()),
    ]
