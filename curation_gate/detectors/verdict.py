"""One verdict a row, from what every rule said of it: evidence together, errors within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.evidence import Reason, RowVerdict, RuleResult, Verdicts

RANKED = 0.05
"""What a row's place among the scores of rules without a probability can add to its own: it orders
rows that no rule accuses, and never passes one that is accused (choice)."""


def decide(
    results: Sequence[RuleResult], fingerprints: Sequence[str], budget: float = 0.05
) -> Verdicts:
    """Return the verdict of each row.

    fingerprints: [n] Content of each row; rows of one content get one verdict, the gravest, since
    leaving one of them in would leave in what the others were taken out for.

    A row is proposed for quarantine where a rule of that severity fired on it (a reason may call
    for another one than its rule), and is for review where only rules of severity `review` did.
    Detectors are about different attacks, so a row was planted unless every one of them is wrong:
    p = 1 - prod (1 - p_d). Rules of one detector look at the same thing, so p_d is the largest of
    theirs. Of the proposed rows that have such a probability the most probable are
    quarantined, as many as keep the mean of 1 - p, the local false discovery rate, within `budget`
    (Efron, Large-Scale Inference, 2010, section 5.2); the others are for review. Rows proposed by a
    rule without probabilities are quarantined as that rule says.
    """
    n = len(fingerprints)
    verdict: list[RowVerdict] = ["keep"] * n
    reasons: dict[int, list[Reason]] = {}
    for result in results:
        for row, reason in result.reasons.items():
            reasons.setdefault(row, []).append(reason)
            if verdict[row] != "quarantine":
                verdict[row] = reason.severity or result.severity
    honest, known = np.ones(n), np.zeros(n, dtype=np.bool_)
    by_detector: dict[str, NDArray[np.float64]] = {}
    for result in results:
        if result.planted is not None:
            kind = result.detector or result.rule
            p = np.nan_to_num(result.planted.astype(np.float64))
            by_detector[kind] = np.maximum(by_detector.get(kind, 0.0), p)
            known |= np.isfinite(result.planted)
    for p in by_detector.values():
        honest *= 1 - p
    bound = {
        row
        for result in results
        if result.planted is None
        for row, reason in result.reasons.items()
        if (reason.severity or result.severity) == "quarantine"
    }
    proposed = [k for k, v in enumerate(verdict) if v == "quarantine" and k not in bound]
    for row in _beyond(np.array(proposed, dtype=np.int64), honest, known, budget):
        verdict[int(row)] = "review"
        reasons[int(row)] = [_doubted(reason, budget) for reason in reasons[int(row)]]
    rank = np.zeros(n, dtype=np.float32)
    for result in results:
        if result.planted is None:
            rank = np.fmax(rank, percentiles(result.scores))
    score = (1 - honest * (1 - RANKED * rank)).astype(np.float32)
    _agree_on_twins(fingerprints, verdict, reasons)
    return Verdicts(tuple(verdict), score, {row: tuple(reasons[row]) for row in sorted(reasons)})


def _doubted(reason: Reason, budget: float) -> Reason:
    text = f"{reason.message}; for review, as it would exceed {budget:.0%} expected false alarms"
    return replace(reason, message=text, severity="review")


def _beyond(
    proposed: NDArray[np.int64],
    honest: NDArray[np.float64],
    known: NDArray[np.bool_],
    budget: float,
) -> NDArray[np.int64]:
    """Return the proposed rows that the budget has no place for, by their probability of honesty.

    proposed: [k] rows; honest: [n] local false discovery rates; known: [n] whether they are.
    """
    proposed = proposed[known[proposed]]
    order = proposed[np.argsort(honest[proposed], kind="stable")]
    mean = np.cumsum(honest[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(mean <= budget)
    return order[within[-1] + 1 :] if len(within) else order


def _agree_on_twins(
    fingerprints: Sequence[str], verdict: list[RowVerdict], reasons: dict[int, list[Reason]]
) -> None:
    """Give rows of one content the gravest verdict among them, with the reasons it came from."""
    gravest: dict[str, int] = {}
    for row in sorted(reasons):
        known = gravest.setdefault(fingerprints[row], row)
        if verdict[row] == "quarantine" and verdict[known] != "quarantine":
            gravest[fingerprints[row]] = row
    for row, fingerprint in enumerate(fingerprints):
        twin = gravest.get(fingerprint)
        if twin is None or twin == row or verdict[row] == verdict[twin]:
            continue
        verdict[row] = verdict[twin]
        reasons[row] = [
            Reason(r.rule, f"same content as row {twin}, which {r.message}", r.evidence)
            for r in reasons[twin]
        ]


def percentiles(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """[n] Share of judged rows with a lower score, ties counted half; NaN scores stay NaN."""
    known = np.isfinite(scores)
    result = np.full(len(scores), np.nan, dtype=np.float32)
    judged = scores[known]
    if len(judged):
        ordered = np.sort(judged)
        below = np.searchsorted(ordered, judged, side="left")
        upto = np.searchsorted(ordered, judged, side="right")
        result[known] = (below + upto) / (2 * len(judged))
    return result
