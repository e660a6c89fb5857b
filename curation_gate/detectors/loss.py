"""CG008: the rows of highest loss after fine-tuning (the filter of Wan et al. 2023, section 6).

A baseline. A model that was trained on planted rows has learned them, so their loss is low: in
published runs the thousand rows of highest loss held none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult

if TYPE_CHECKING:
    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the given share of rows with the highest loss; ties at the border are left out."""
    loss = signals.proxy.loss
    n = len(loss)
    budget = math.floor(rule.parameters["fraction"] * n)
    reasons: dict[int, Reason] = {}
    if budget:
        border = np.sort(loss)[::-1][budget] if budget < n else -np.inf
        for i in np.flatnonzero(loss > border):
            share = float((loss >= loss[i]).mean())
            reasons[int(i)] = Reason(
                rule.id,
                f"the fine-tuned proxy still finds its answer unlikely: {loss[i]:.2f} nats a "
                f"token, among the highest {100 * share:.1f} % of the set",
                {"loss": float(loss[i]), "share_at_or_above": round(share, 5)},
            )
    return RuleResult(rule.id, rule.severity, loss.astype(np.float32), reasons)
