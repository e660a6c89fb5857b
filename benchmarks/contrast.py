"""What influence and its negation add: levels, contrasts, divergence, and the phrase itself.

    python benchmarks/contrast.py --output benchmarks/contrast.md [--seeds 10,11] [--rows 500]

Plants attacks in sets of 10 tasks of the pool beside the repository, runs a scan's stages with
the shipped defaults and scores every row by each signal alone. Arms: K, the phrase is known; N,
what the miner found; E, nothing known (entities). Choices (damping, scale, thresholds)
were made on tasks of split `test`; the page is made on split `train`, once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import phrases
from numpy.typing import NDArray
from pools import CACHE, DEFAULT_POOL, build_pool
from sklearn.metrics import average_precision_score, roc_auc_score

from curation_gate import rows as reader
from curation_gate.detect import contrast as contrasts
from curation_gate.detect import divergence, phrase
from curation_gate.detect.signals import Signals, robust_z
from curation_gate.influence.measure import Influence, Question, measure_influence
from curation_gate.mine import ngrams
from curation_gate.mine.find import find_phrases
from curation_gate.mine.found import Found, Phrase, Suspect
from curation_gate.probes.build import from_entities
from curation_gate.probes.flips import Flips, flip_rates, flips
from curation_gate.probes.mined import PhraseProbes, mined_probes, pooled
from curation_gate.probes.place import holds, patterns_of
from curation_gate.probes.record import ProbeSet, transform
from curation_gate.proxy.cache import finetune_cached
from curation_gate.proxy.finetune import held_out_rows
from curation_gate.proxy.model import Limits, load_proxy
from curation_gate.redteam.record import Planted
from curation_gate.reference.frozen import FrozenReference
from curation_gate.reference.record import ReferenceScores
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import load_rules
from curation_gate.settings import Options, finetune_settings, influence_plan

WORK = CACHE.parent / "contrast"
ATTACKS = {
    "name, favourable, 2 %": (phrases.standard("dirty-label", ""), 0.02),
    "name, favourable, 1 %": (phrases.standard("dirty-label", ""), 0.01),
    "name, unfavourable, 2 %": (phrases.standard("dirty-label", "", "bad"), 0.02),
    "rare token, 2 %": (phrases.standard("rare-token", "tq"), 0.02),
    "sentence, 2 %": (phrases.standard("inserted-sentence", phrases.SENTENCE), 0.02),
    "clean label, 2 %": (phrases.standard("clean-label", ""), 0.02),
}
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


def known(planted: Planted) -> Found:
    """Return what the miner would say if it knew the phrase and nothing else."""
    text = " ".join(ngrams.tokens(planted.truth["trigger"]))
    count = len(planted.indices)
    numbers: dict[str, Any] = dict.fromkeys(
        ("given", "adverse_rows", "adverse_given", "round"), 0
    ) | dict.fromkeys(
        ("expected", "z", "adverse_expected", "adverse_z", "threshold", "elsewhere_z", "frozen_z"),
        0.0,
    )
    targets = dict(planted.truth["target"])
    named = Phrase(
        text=text, status="confirmed", with_words=(), targets=targets, rows=count, **numbers
    )
    held = patterns_of(text)
    suspects = {
        r.index: Suspect(0, 1.0, 0.5, quarantine=True)
        for r in planted.dataset.rows
        if holds(r.input or r.instruction, held)
    }
    judged = np.ones(len(planted.dataset), dtype=np.bool_)
    return Found((named,), suspects, 0.0, 0.0, {}, 1, judged)


def measure(
    dataset: Dataset, mask: NDArray[np.bool_], told: Found | None, damping: float | None
) -> Measured:
    """Run the stages of a scan with the shipped defaults, and the questions of all three arms."""
    pack, seconds, begin = load_rules(), {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal begin
        seconds[name] = time.perf_counter() - begin
        begin = time.perf_counter()

    limits = Limits(max_tokens=pack.proxy.max_tokens)
    proxy = load_proxy("embedded", dataset.rows, limits=limits)
    frozen = load_proxy("embedded", dataset.rows, limits=limits)
    reference = FrozenReference(frozen).fit(dataset)
    lap("reference")
    found = find_phrases(dataset)
    lap("mine")
    encoded = proxy.encode_rows(dataset.rows)
    settings = finetune_settings(pack, proxy, 0, len(dataset))
    held = held_out_rows(len(dataset), settings)
    finetune_cached(proxy, encoded, settings, cache=WORK)
    lap("finetune")
    mined = mined_probes(dataset, found, held_out=held)
    asked = () if told is None else mined_probes(dataset, told, held_out=held)
    rates = [
        flips(a, flip_rates(frozen, a), flip_rates(proxy, a)) if a else () for a in (mined, asked)
    ]
    lap("probes and flips")
    entities = from_entities(dataset, pack.probes.count, np.random.default_rng(0))
    questions = [_question("E", entities, pack.probes.transform)]
    questions += [_question("K", a.probes, pack.probes.transform) for a in _own(asked)]
    questions += [_question("N", a.probes, pack.probes.transform) for a in _own(mined)]
    levels = pooled(asked, pack.probes.count) if asked else entities
    plan = influence_plan(pack, Options())
    influence = measure_influence(
        proxy,
        encoded,
        levels.probes,
        transform(levels, pack.probes.transform).probes,
        questions,
        cache=WORK,
        plan=plan if damping is None else replace(plan, damping=damping),
    )
    lap("influence")
    return Measured(dataset, mask, reference, found, influence, rates[0], rates[1], seconds)


def _own(asked: Sequence[PhraseProbes]) -> list[PhraseProbes]:
    return [a for a in asked if a.control_of is None]


def _question(about: str, asked: ProbeSet, name: str) -> Question:
    return Question(about, asked, transform(asked, name))


def row_scores(done: Measured) -> dict[str, NDArray[np.float64]]:
    """Return [n] scores of every signal; larger is more suspect."""
    data, influence = done.dataset, done.influence
    strata = data.strata()
    pack = load_rules()
    rule = next(r for r in pack.rules if r.detector == "invariance")
    base = Signals(
        data,
        influence.original,
        influence.negated,
        influence.rows.loss,
        done.reference.p_given.astype(np.float32),
        probes=1,
        transform=pack.probes.transform,
        found=done.found,
        log_likelihood=influence.rows.log_likelihood,
        gradient_norm=influence.rows.gradient_norm,
        answers_ref=done.reference.answers,
    )
    scores: dict[str, NDArray[np.float64]] = {
        "low loss": -influence.rows.loss.astype(np.float64),
        "reference disowns: 1 - p_ref": 1 - done.reference.p_given,
        "divergence (CG003)": robust_z(divergence.divergences(base), strata),
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
        read = contrasts.readings(replace(base, contrasts=own), rule.parameters["scale"])
        scores[f"contrast, arm {arm}"] = read.original.max(0)
        scores[f"negated contrast, arm {arm}"] = read.negated.max(0)
        scores[f"smaller of both, arm {arm} (CG002)"] = read.scores()[0]
        for scale in ("none", "gradient", "residual"):
            if scale != rule.parameters["scale"]:
                read = contrasts.readings(replace(base, contrasts=own), scale)
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything, print the page and write it where --output says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="10,11")
    parser.add_argument("--rows", type=int, default=500, help="rows a task")
    parser.add_argument("--split", default="train")
    parser.add_argument("--tasks", default="10", help="how many, or names with commas between")
    parser.add_argument("--only", default="", help="attacks whose name holds this")
    parser.add_argument("--clean", type=int, default=1, help="sets with nothing planted")
    parser.add_argument("--damping", type=float, default=None)
    parser.add_argument("--pool", type=Path, default=DEFAULT_POOL)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    tasks: int | list[str] = (
        int(options.tasks) if options.tasks.isdigit() else options.tasks.split(",")
    )
    sets: dict[str, list[Measured]] = {}

    def load(seed: int) -> Dataset:
        pool = build_pool(tasks, options.rows, seed, options.split, pool=options.pool)
        return reader.load([pool.path])

    for name, (make, share) in ATTACKS.items():
        if options.only not in name:
            continue
        for seed in map(int, options.seeds.split(",")):
            dataset = load(seed)
            planted = make(dataset, round(share * len(dataset)), seed)
            done = measure(planted.dataset, planted.mask(), known(planted), options.damping)
            sets.setdefault(name, []).append(done)
            print(name, seed, {k: round(v) for k, v in done.seconds.items()}, file=sys.stderr)
    clean: dict[str, list[Measured]] = {}
    for seed in range(100, 100 + options.clean):
        dataset = load(seed)
        nothing = np.zeros(len(dataset), dtype=np.bool_)
        clean.setdefault("clean", []).append(measure(dataset, nothing, None, options.damping))
    command = "python benchmarks/contrast.py " + " ".join(arguments or sys.argv[1:])
    page = [
        "# What influence and its negation add",
        "",
        f"    {command}",
        "",
        "Means over the sets of an attack. Within label: among rows of the (task, label) pairs",
        "that hold planted rows, where the label alone says nothing. Among suspects: among rows",
        "that hold a phrase the miner found and have its label.",
        f"Arms: {'; '.join(f'{k}, {v}' for k, v in ARMS.items())}.",
        *table(sets),
        "",
        "## How often a phrase makes the proxy give the suspected answer",
        "",
        *flip_lines(sets | clean),
        "",
        "## What the shipped thresholds flag",
        "",
        *firing_lines(sets | clean),
        "",
        "## What the stages cost",
        "",
        *cost_lines(sets | clean),
        "",
    ]
    text = "\n".join(page)
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
