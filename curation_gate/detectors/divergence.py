"""CG003: rows that taught the proxy something the frozen reference does not believe.

The score is the log-odds of the row's own label by the fine-tuned proxy minus those by the frozen
reference, which never saw it; robust z within (task, label). In free text: the mean log-likelihood
of the answer, fine-tuned minus frozen, nats a token. A planted row is learned (its phrase explains
it) and disowned by the reference (its text does not). So is a row that is merely hard: alone this
ranks, it does not convict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.signals import robust_z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule

SURE = 1e-3
"""Probabilities are held between this and one minus it: neither model is surer of a single row."""


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows whose label the proxy learned furthest beyond the reference's belief."""
    learned, frozen = learned_probability(signals), frozen_probability(signals)
    strata = signals.dataset.strata()
    values = divergences(signals)
    scores = robust_z(values, strata)
    sizes = np.bincount(strata, weights=np.isfinite(values))
    scores = np.where(np.isfinite(values), scores, np.nan)
    reasons: dict[int, Reason] = {}
    for i in np.flatnonzero(scores > rule.parameters["threshold"]).tolist():
        row = signals.dataset.rows[i]
        among = int(sizes[strata[i]])
        if signals.dataset.label_spaces[row.task]:
            said = (
                f'the fine-tuned proxy gives "{row.output}" a probability of {learned[i]:.2f}, the '
                f"frozen reference {frozen[i]:.2f}: {scores[i]:.1f} robust deviations more than "
                f'the {among} "{signals.dataset.label_of(row)}" rows of {row.task} differ'
            )
        else:
            said = (
                f"fine-tuning made its answer {values[i]:.1f} nats a token more likely, "
                f"{scores[i]:.1f} robust deviations more than the {among} rows of {row.task}"
            )
        reasons[i] = Reason(
            rule.id,
            said,
            {
                "divergence": round(float(values[i]), 4),
                "z": round(float(scores[i]), 3),
                "p_learned": round(float(learned[i]), 4),
                "p_ref": None if np.isnan(frozen[i]) else round(float(frozen[i]), 4),
                "stratum_rows": among,
                "threshold": rule.parameters["threshold"],
            },
        )
    return RuleResult(rule.id, rule.severity, scores.astype(np.float32), reasons)


def divergences(signals: Signals) -> NDArray[np.float32]:
    """[n] Fine-tuned minus frozen log-odds of the given label, nats; NaN where neither can say.

    The fine-tuned proxy's probability of a label is that of its tokens: after fine-tuning next to
    all of its probability lies on the task's labels, so nothing is left to divide by.
    """
    learned, frozen = learned_probability(signals), frozen_probability(signals).astype(np.float64)
    values = _log_odds(learned) - _log_odds(frozen)
    answers = signals.reference.answers
    free = ~np.isfinite(frozen) & np.isfinite(answers)
    values = np.where(free, -signals.proxy.loss - answers, values)
    return np.asarray(values, dtype=np.float32)


def frozen_probability(signals: Signals) -> NDArray[np.float32]:
    """[n] Probability of each row's label by the frozen reference; NaN where it cannot say."""
    return signals.reference.p_given.astype(np.float32)


def learned_probability(signals: Signals) -> NDArray[np.float64]:
    """[n] Probability of each row's answer by the fine-tuned proxy.

    Of a free-text answer: of a token, the geometric mean.
    """
    said, spaces = signals.proxy, signals.dataset.label_spaces
    labelled = np.array([bool(spaces[r.task]) for r in signals.dataset.rows])
    return np.exp(np.where(labelled, said.log_likelihood, -said.loss).astype(np.float64))


def _log_odds(p: NDArray[np.float64]) -> NDArray[np.float64]:
    held = np.clip(p, SURE, 1 - SURE)
    return np.asarray(np.log(held) - np.log1p(-held))
