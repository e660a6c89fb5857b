"""One verdict a row, from what every rule said of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curation_gate.detect.evidence import Reason, RowVerdict, RuleResult, Verdicts


def decide(results: Sequence[RuleResult], fingerprints: Sequence[str]) -> Verdicts:
    """Return the verdict of each row.

    fingerprints: [n] Content of each row; rows of one content get one verdict, the gravest, since
    leaving one of them in would leave in what the others were taken out for.

    A row is quarantined when a rule of that severity fired on it (a reason may call for another one
    than its rule), is for review when only rules of severity `review` did, and is kept otherwise.
    Its score is the highest of its percentiles (0..1, 1 = most suspect) among the rules that can
    judge it: for ranking, not a probability.
    """
    n = len(fingerprints)
    verdict: list[RowVerdict] = ["keep"] * n
    reasons: dict[int, list[Reason]] = {}
    score = np.zeros(n, dtype=np.float32)
    for result in results:
        score = np.fmax(score, percentiles(result.scores))
        for row, reason in result.reasons.items():
            reasons.setdefault(row, []).append(reason)
            if verdict[row] != "quarantine":
                verdict[row] = reason.severity or result.severity
    _agree_on_twins(fingerprints, verdict, reasons)
    return Verdicts(tuple(verdict), score, {row: tuple(reasons[row]) for row in sorted(reasons)})


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
