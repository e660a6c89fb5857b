"""Influence of every row on the probes and on their negation, by the method asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from curation_gate.errors import UsageError
from curation_gate.influence.directional import directional_influence
from curation_gate.influence.factors import fit_factors
from curation_gate.influence.pairwise import (
    HEURISTIC_DAMPING,
    aggregated_influence,
    pairwise_influence,
)
from curation_gate.influence.query import build_query, mean_gradient
from curation_gate.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation_gate.probes.build import Probe
    from curation_gate.proxy.batches import Encoded
    from curation_gate.proxy.model import Proxy

Method = Literal["directional", "aggregated", "pairwise"]
Statistic = Literal["mean", "median"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How influence is computed."""

    method: Method = "directional"
    statistic: Statistic = "mean"
    """Over probes; the median needs every probe's own influence, so `pairwise`."""
    damping: float = HEURISTIC_DAMPING
    """Share of each module's mean eigenvalue."""
    factor_rows: int = 2000
    lambda_rows: int = 1000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Influence:
    """What each row does to the probes; nats, positive = pushes them towards their target."""

    original: NDArray[np.float32]
    """[n]"""
    negated: NDArray[np.float32]
    """[n] The same on the negated probes."""
    margin: float
    """Mean measurement of the probes at the fine-tuned weights, nats."""
    margin_negated: float


def measure_influence(
    proxy: Proxy,
    encoded: Encoded,
    probes: Sequence[Probe],
    negated: Sequence[Probe],
    *,
    cache: Path,
    plan: Plan = Plan(),
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Influence:
    """Return every row's influence on both probe sets.

    Raises UsageError for a plan that the method cannot carry out.
    """
    if plan.statistic == "median" and plan.method != "pairwise":
        raise UsageError("the median over probes needs --influence pairwise")
    if plan.method != "directional" and plan.damping != HEURISTIC_DAMPING:
        raise UsageError(
            f"--influence {plan.method} knows one damping, {HEURISTIC_DAMPING} x mean eigenvalue",
            hint="leave influence.damping at null, or use the directional method",
        )
    factors = fit_factors(
        proxy,
        encoded,
        cache=cache,
        factor_rows=plan.factor_rows,
        lambda_rows=plan.lambda_rows,
        seed=plan.seed,
        progress=progress,
    )
    queries = [build_query(proxy, probes), build_query(proxy, negated)]
    if plan.method == "directional":
        directions = [
            factors.precondition(mean_gradient(proxy, query, factors.names), plan.damping)
            for query in queries
        ]
        both = directional_influence(proxy, encoded, directions, progress=progress)
        columns = [both[:, 0], both[:, 1]]
    elif plan.method == "aggregated":
        columns = [
            aggregated_influence(proxy, factors, query, encoded, progress=progress)
            for query in queries
        ]
    else:
        over = np.median if plan.statistic == "median" else np.mean
        columns = [
            over(pairwise_influence(proxy, factors, query, encoded, progress=progress), axis=0)
            for query in queries
        ]
    return Influence(
        np.ascontiguousarray(columns[0], dtype=np.float32),
        np.ascontiguousarray(columns[1], dtype=np.float32),
        float(queries[0].margins.mean()),
        float(queries[1].margins.mean()),
    )
