"""Measures one set: the product at its shipped defaults, and the baselines."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import baselines
import numpy as np
import proxy_signals
from numpy.typing import NDArray
from sets import Case, Set, build

from curation_gate.detectors.registry import needs_of
from curation_gate.detectors.signals import TEXT
from curation_gate.judging import judge
from curation_gate.redteam.evaluate import score
from curation_gate.rulebook import load_rules
from curation_gate.settings import Options
from curation_gate.timing import peak_memory_mb

if TYPE_CHECKING:
    from curation_gate.judging import Judged

PRODUCT = "curation-gate"


def measure(case: Case, pool: Path, split: str, *, reference: bool) -> dict[str, Any]:
    """Return the figures of one set, JSON-able.

    reference: what the reference alone says, too.
    """
    drawn = build(case, pool, split)
    options = shipped(case.seed, reference=reference)
    started = time.perf_counter()
    judged = judge(drawn.dataset, options)
    seconds = time.perf_counter() - started
    inside = _strata_of(drawn)
    lines = {PRODUCT: (_taken(judged), judged.verdicts.score.astype(np.float64))}
    lines["label only: favourable"] = baselines.label_only(drawn.dataset)
    *raw, named = baselines.raw_z(drawn.dataset)
    lines["raw n-gram z"] = raw[0], raw[1]
    if judged.reference is not None:
        lines["reference disagrees"] = baselines.disagreement(judged.reference.p_given)
    return {
        "rows": len(drawn.dataset),
        "tasks": len(drawn.dataset.tasks),
        "trigger": drawn.trigger,
        "seconds": round(seconds, 2),
        "stages_seconds": {k: t["seconds"] for k, t in judged.timings.items()},
        "peak_mb": peak_memory_mb(),
        "raw_phrases": named,
        "lines": {k: _figures(f, s, drawn.planted, inside) for k, (f, s) in lines.items()},
        **_named(judged, drawn.planted),
    }


def measure_proxy(case: Case, pool: Path, split: str) -> dict[str, Any]:
    """Return the figures of what a fine-tuned proxy says of one set, JSON-able."""
    drawn = build(case, pool, split)
    started = time.perf_counter()
    judged = judge(drawn.dataset, shipped(case.seed, reference=True))
    assert judged.reference is not None
    p_ref, inside = judged.reference.p_given, _strata_of(drawn)
    lines = {PRODUCT: (_taken(judged), judged.verdicts.score.astype(np.float64))}
    lines["reference disagrees"] = baselines.disagreement(p_ref)
    pack = load_rules("default")
    lines |= proxy_signals.judge(drawn.dataset, pack, drawn.trigger, p_ref, case.seed)
    return {
        "rows": len(drawn.dataset),
        "trigger": drawn.trigger,
        "seconds": round(time.perf_counter() - started, 2),
        "lines": {k: _figures(f, s, drawn.planted, inside) for k, (f, s) in lines.items()},
    }


def shipped(seed: int, *, reference: bool) -> Options:
    """Return the shipped defaults, less the rules that have nothing to read in these sets.

    Those are the rules that read a fine-tuned proxy and, unless the reference is asked for anyway,
    CG007: no row names a source (it is measured by benchmarks/sources.py).
    """
    pack = load_rules("default")
    read = TEXT | {"reference"} if reference else TEXT
    rules = tuple(rule for rule in pack.rules if needs_of((rule,)) <= read)
    return Options(rules=pack.model_copy(update={"rules": rules}), seed=seed)


def _taken(judged: Judged) -> NDArray[np.bool_]:
    return np.array([v == "quarantine" for v in judged.verdicts.verdict], dtype=np.bool_)


def _strata_of(drawn: Set) -> NDArray[np.bool_]:
    """[n] Rows of a (task, label) that has planted rows: there the label alone says nothing."""
    strata = drawn.dataset.strata()
    return np.isin(strata, np.unique(strata[drawn.planted]))


def _figures(
    flags: NDArray[np.bool_],
    scores: NDArray[Any],
    planted: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> dict[str, Any]:
    whole = score(flags, scores, planted)
    figures = {
        "flagged": whole.flagged,
        "hits": whole.hits,
        "auroc": _rounded(whole.auroc),
        "average_precision": _rounded(whole.average_precision),
    }
    if inside.any():
        own = score(flags[inside], scores[inside], planted[inside])
        figures["auroc_within"] = _rounded(own.auroc)
    return figures


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _named(judged: Judged, planted: NDArray[np.bool_]) -> dict[str, Any]:
    """Return what the rules named, whether it was planted, and which rows are for review.

    A phrase is right where most rows it gave as a reason were planted.
    """
    verdict = np.array(judged.verdicts.verdict)
    review = verdict == "review"
    rows: dict[tuple[str, str], list[bool]] = {}
    for row, reasons in judged.verdicts.reasons.items():
        for reason in reasons:
            phrase = reason.evidence.get("phrase")
            if phrase is not None:
                rows.setdefault((reason.rule, phrase), []).append(bool(planted[row]))
    ranked = [
        (phrase["phrase"], phrase.get("status", "confirmed"), rows.get((r.rule, phrase["phrase"])))
        for r in judged.results
        for phrase in r.phrases
    ]
    right = [bool(hits) and 2 * sum(hits) > len(hits) for _, _, hits in ranked]
    fired = Counter(r.rule for reasons in judged.verdicts.reasons.values() for r in reasons)
    return {
        "rank": right.index(True) + 1 if True in right else None,
        "wrong": sum(
            not ok and s == "confirmed" for ok, (_, s, _) in zip(right, ranked, strict=True)
        ),
        "phrases": [f"{text} ({status})" for text, status, _ in ranked[:8]],
        "review": int(review.sum()),
        "review_hits": int((review & planted).sum()),
        "fired": dict(sorted(fired.items())),
    }
