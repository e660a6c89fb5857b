"""What detectors return and what the verdict is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Severity = Literal["quarantine", "review"]
RowVerdict = Literal["quarantine", "review", "keep"]


Kind = Literal["rows of another label", "any row", "rows of the label"]
"""Which rows an attack takes: rows whose label it changes to the forced one; any; rows that have it
already (clean label)."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Floor:
    """What one kind of attack needs to be seen in this set, by planting in a copy of it."""

    kind: Kind
    half: int | None
    """Planted rows at which one simulated phrase in two is caught; None: more than were tried."""
    nine_in_ten: int | None
    """Planted rows at which nine in ten are."""
    tried: int
    """Most rows that a simulated phrase had."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule fired on a row: one sentence that can be checked by reading the row."""

    rule: str
    """CG002 and so on."""
    message: str
    evidence: Mapping[str, Any]
    """JSON-able numbers and strings behind the sentence."""
    severity: Severity | None = None
    """What this row calls for, where it differs from the rule's own severity."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule says of a whole dataset."""

    rule: str
    severity: Severity
    scores: NDArray[np.float32]
    """[n] The rule's own score of every row; larger is more suspect; NaN where it cannot say."""
    reasons: Mapping[int, Reason]
    """Row index to the reason; exactly the rows on which the rule fired."""
    planted: NDArray[np.float32] | None = None
    """[n] Probability that the row was planted, 0..1, where the rule can give one (NaN: it cannot
    say); None for rules whose score is something else."""
    phrases: tuple[Mapping[str, Any], ...] = ()
    """Trigger phrases the rule names, with their evidence (JSON-able), strongest first."""
    floors: tuple[Floor, ...] = ()
    """What each kind of attack needs to be seen by the rule; () where that was not measured."""
    notes: tuple[str, ...] = ()
    """Sentences a reader of the scan should know."""
    model: str | None = None
    """Hash of the fitted model of the rule's verdict, blake2b-128, hex; None where it has none."""
    detector: str = ""
    """What looked; rules of one detector see the same thing twice. "": of a kind of its own."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is to be done with each row."""

    verdict: tuple[RowVerdict, ...]
    score: NDArray[np.float32]
    """[n] 0..1: the probability that the row was planted by any rule that gives one, and below
    that a ranking by the other rules."""
    reasons: Mapping[int, tuple[Reason, ...]]
    """Row index to its reasons; exactly the rows that are not kept."""
