"""CG002: influence that stays when the probes are negated (Li, arXiv 2504.09026, section 3).

With a the influence on the probes and b the influence on the negated probes, and z their robust z
within (task, label) or over all rows, three readings of "strong and unchanged":

* R1 (version 1 of the paper): a opposes the majority sign of all a, b opposes the majority sign of
  all b, and both are strong.
* R2: both oppose the majority sign of a, and both are strong.
* R3 (abstract of versions 2 and 3): a and b have the same sign, and both are strong.

A fourth reading is about differences: `contrast` (contrast.py).

The score is the weaker of the two strengths, so that rows are ranked by what the rule asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors import contrast
from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.signals import majority_signs, robust_z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule


def invariance_scores(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    strata: NDArray[np.int64],
    reading: str,
) -> NDArray[np.float64]:
    """[n] How strongly both influences satisfy the reading, in robust z; a row fires above t.

    Negative where the signs do not satisfy it; NaN in strata too small to judge.
    """
    z_a, z_b = robust_z(a, strata), robust_z(b, strata)
    if reading == "R3":
        return np.maximum(np.minimum(z_a, z_b), np.minimum(-z_a, -z_b))
    against_a = majority_signs(a, strata)
    against_b = majority_signs(b, strata) if reading == "R1" else against_a
    strength = np.minimum(np.abs(z_a), np.abs(z_b))
    opposed = (np.sign(a) == -against_a) & (np.sign(b) == -against_b)
    return np.where(opposed, strength, -strength)


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows whose influence is strong before and after the negation."""
    parameters = rule.parameters
    if parameters["reading"] == "contrast":
        return contrast.detect(signals, rule)
    dataset = signals.dataset
    n = len(dataset)
    by_stratum = parameters["center"] == "stratum"
    strata = dataset.strata() if by_stratum else np.zeros(n, dtype=np.int64)
    pushed = signals.influence
    a, b = pushed.original, pushed.negated
    scores = invariance_scores(a, b, strata, parameters["reading"])
    z_a, z_b = robust_z(a, strata), robust_z(b, strata)
    reasons: dict[int, Reason] = {}
    for i in np.flatnonzero(scores > parameters["threshold"]):
        row = dataset.rows[i]
        group = f"rows of {row.task}" if by_stratum else "rows"
        if by_stratum and dataset.label_spaces[row.task]:
            group = f'"{dataset.label_of(row)}" {group}'
        way = "towards" if z_a[i] > 0 else "away from"
        negated = "towards" if z_b[i] > 0 else "away from"
        reasons[int(i)] = Reason(
            rule.id,
            f"teaches the model {way} the suspected answer of {pushed.probes} probes "
            f"{abs(z_a[i]):.1f} robust deviations more than other {group}, and {negated} it by "
            f"{abs(z_b[i]):.1f} when the probes say the opposite",
            {
                "influence": float(a[i]),
                "influence_negated": float(b[i]),
                "z": round(float(z_a[i]), 3),
                "z_negated": round(float(z_b[i]), 3),
                "threshold": parameters["threshold"],
                "reading": parameters["reading"],
                "transform": pushed.transform,
            },
        )
    return RuleResult(rule.id, rule.severity, scores.astype(np.float32), reasons)
