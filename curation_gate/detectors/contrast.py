"""CG002, reading `contrast`: rows that teach the difference a phrase makes, negated or not.

For each phrase the miner found (with nothing found: for the entities of the probes) a row has two
contrasts: its influence on the probes with the phrase minus that on the same probes without it, and
the same between the negated probes. Each is divided by the row's own scale, since a row the proxy
finds hard pushes everything harder, and is read as robust z within (task, label). The score is the
smaller of the two: an honest row's push turns when the question is negated, and what it
does to a phrase it does not hold is an accident that does not come twice. Of several phrases the
largest score counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.detectors.evidence import Reason, RuleResult
from curation_gate.detectors.signals import robust_z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curation_gate.detectors.signals import Signals
    from curation_gate.rulebook import Rule

SMALLEST_RESIDUAL = 1e-3
"""Of a row the proxy is sure of; its gradient is as small, and their quotient is noise."""


@dataclass(frozen=True, slots=True)
class Readings:
    """The contrasts of every row with every phrase, as robust z."""

    about: tuple[str, ...]
    original: NDArray[np.float64]
    """[phrases, n]"""
    negated: NDArray[np.float64]
    """[phrases, n]"""

    def scores(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """[n] the smaller of the two of the phrase where it is largest, and [n] which phrase."""
        smaller = np.minimum(self.original, self.negated)
        best = np.where(np.isnan(smaller), -np.inf, smaller).argmax(0)
        return smaller[best, np.arange(smaller.shape[1])], best


def readings(signals: Signals, scale: str) -> Readings:
    """Return the contrasts in the rows' own scale (residual, gradient or none), as robust z."""
    strata = signals.dataset.strata()
    own = row_scale(signals, scale)
    contrasts = signals.influence.contrasts
    shape = (len(contrasts), len(signals.dataset))
    original, negated = np.empty(shape), np.empty(shape)
    for k, found in enumerate(contrasts):
        original[k] = robust_z(np.asarray(found.original / own, dtype=np.float32), strata)
        negated[k] = robust_z(np.asarray(found.negated / own, dtype=np.float32), strata)
    return Readings(tuple(c.about for c in contrasts), original, negated)


def columns(signals: Signals) -> dict[str, NDArray[np.float32]]:
    """Return `contrast` and `contrast_negated` [n]: robust z, of the phrase a row teaches most.

    In the rows' residual scale, whether a rule asks for it or not; empty where nothing was asked.
    """
    if not signals.influence.contrasts:
        return {}
    found = readings(signals, "residual")
    best = found.scores()[1], np.arange(len(signals.dataset))
    return {
        "contrast": found.original[best].astype(np.float32),
        "contrast_negated": found.negated[best].astype(np.float32),
    }


def row_scale(signals: Signals, scale: str) -> NDArray[np.float64]:
    """[n] What a row's contrasts are divided by.

    residual: 1 - p of its own answer by the fine-tuned proxy (in free text, p of a token);
    gradient: the norm of its loss's gradient; none: 1.
    """
    if scale == "gradient":
        norm = signals.influence.gradient_norm.astype(np.float64)
        return np.maximum(norm, np.finfo(np.float32).tiny)
    if scale == "residual":
        spaces, learned = signals.dataset.label_spaces, signals.proxy
        labelled = np.array([bool(spaces[r.task]) for r in signals.dataset.rows])
        likely = np.where(labelled, learned.log_likelihood, -learned.loss).astype(np.float64)
        return np.maximum(-np.expm1(likely), SMALLEST_RESIDUAL)
    return np.ones(len(signals.dataset))


def detect(signals: Signals, rule: Rule) -> RuleResult:
    """Return the rows whose contrast is beyond their stratum before and after the negation.

    Scores are NaN where no probe is known without what is suspected, and in small strata.
    """
    parameters = rule.parameters
    n = len(signals.dataset)
    pushed = signals.influence
    if not pushed.contrasts:
        note = f"{rule.id} had no probes with and without a phrase, and took no contrast."
        nothing = np.full(n, np.nan, dtype=np.float32)
        return RuleResult(rule.id, rule.severity, nothing, {}, notes=(note,))
    found = readings(signals, parameters["scale"])
    scores, best = found.scores()
    strata = signals.dataset.strata()
    sizes = np.bincount(strata)
    reasons: dict[int, Reason] = {}
    for i in np.flatnonzero(scores > parameters["threshold"]).tolist():
        row = signals.dataset.rows[i]
        k = int(best[i])
        about = found.about[k]
        shown = "the entities of its probes" if about == "entities" else f'"{about}"'
        label = (
            f'"{signals.dataset.label_of(row)}" ' if signals.dataset.label_spaces[row.task] else ""
        )
        z, z_negated = found.original[k, i], found.negated[k, i]
        reasons[i] = Reason(
            rule.id,
            f"teaches the model that {shown} means the suspected answer: what the phrase adds to "
            f"it grows {z:.1f} robust deviations more than by the other {sizes[strata[i]] - 1} "
            f"{label}rows of {row.task}, and {z_negated:.1f} more where the text says the opposite",
            {
                "about": about,
                "z": round(float(z), 3),
                "z_negated": round(float(z_negated), 3),
                "contrast": float(pushed.contrasts[k].original[i]),
                "contrast_negated": float(pushed.contrasts[k].negated[i]),
                "scale": parameters["scale"],
                "stratum_rows": int(sizes[strata[i]]),
                "threshold": parameters["threshold"],
                "transform": pushed.transform,
            },
        )
    return RuleResult(rule.id, rule.severity, scores.astype(np.float32), reasons)
