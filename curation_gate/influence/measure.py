"""Influence of every row on the probes, on their negation, and on what a phrase adds to them.

A contrast is the influence on questions with a phrase minus that on the same questions without it:
<grad l_i, v(Q+) - v(Q0)>, one direction, since influence is linear in the probes' gradient. Levels
(the influence on Q+ alone) share a large part that is the same for all rows of a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from curation_gate.errors import UsageError
from curation_gate.influence.directional import RowPass, directional_influence
from curation_gate.influence.factors import fit_factors
from curation_gate.influence.pairwise import (
    HEURISTIC_DAMPING,
    aggregated_influence,
    pairwise_influence,
)
from curation_gate.influence.query import build_query, mean_gradient
from curation_gate.probes.record import contrast
from curation_gate.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from curation_gate.probes.record import Probe, ProbeSet
    from curation_gate.proxy.batches import Encoded
    from curation_gate.proxy.model import Proxy

Method = Literal["directional", "aggregated", "pairwise"]
Statistic = Literal["mean", "median"]


MOVED = 3
"""Probes that are kept to be shown, of each phrase (choice)."""


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

    def __post_init__(self) -> None:
        """Raise UsageError for a plan that its method cannot carry out: before the work."""
        if self.statistic == "median" and self.method != "pairwise":
            raise UsageError("the median over probes needs --influence pairwise")
        if self.method != "directional" and self.damping != HEURISTIC_DAMPING:
            raise UsageError(
                f"--influence {self.method} knows one damping, "
                f"{HEURISTIC_DAMPING} x mean eigenvalue",
                hint="leave influence.damping at null, or use the directional method",
            )


@dataclass(frozen=True, slots=True)
class Question:
    """Probes with and without a phrase, and the negation of both."""

    about: str
    """The phrase; of probes without one phrase, their origin."""
    probes: ProbeSet
    negated: ProbeSet
    """The same probes, negated."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What each row does to the difference a phrase makes; nats, positive = makes it larger."""

    about: str
    original: NDArray[np.float32]
    """[n] a(Q+) - a(Q0)"""
    negated: NDArray[np.float32]
    """[n] The same between the negated probes."""
    margin: float
    """Mean measurement of Q+ minus that of Q0 at the fine-tuned weights, nats."""
    margin_negated: float
    moved: tuple[Moved, ...] = ()
    """The probes that the phrase moves most, the most first."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One probe and what a phrase does to it at the fine-tuned weights."""

    probe: Probe
    present: float
    """Its measurement with the phrase, nats."""
    absent: float
    """And without."""


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
    contrasts: tuple[Contrast, ...]
    """One for each question whose probes are known without what is suspected."""
    rows: RowPass
    """Loss, likelihood and gradient norm of each row, of the same pass."""


def measure_influence(
    proxy: Proxy,
    encoded: Encoded,
    probes: Sequence[Probe],
    negated: Sequence[Probe],
    questions: Sequence[Question] = (),
    *,
    cache: Path,
    plan: Plan = Plan(),
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Influence:
    """Return every row's influence on both probe sets, and its contrasts.

    Contrasts always come from the directional pass; `plan.method` says how the levels are computed.
    """
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
    directions = []
    if plan.method == "directional":
        directions = [mean_gradient(proxy, query, factors.names) for query in queries]
    contrasts: list[tuple[str, _Difference, _Difference]] = []
    for question in questions:
        parts = [_difference(proxy, s, factors.names) for s in (question.probes, question.negated)]
        if parts[0] is not None and parts[1] is not None:
            directions += [parts[0].gradient, parts[1].gradient]
            contrasts.append((question.about, parts[0], parts[1]))
    solved = [factors.precondition(gradient, plan.damping) for gradient in directions]
    rows = directional_influence(proxy, encoded, solved, progress=progress)
    if plan.method == "directional":
        columns = [rows.influence[:, 0], rows.influence[:, 1]]
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
    first = len(directions) - 2 * len(contrasts)
    return Influence(
        np.ascontiguousarray(columns[0], dtype=np.float32),
        np.ascontiguousarray(columns[1], dtype=np.float32),
        float(queries[0].margins.mean()),
        float(queries[1].margins.mean()),
        tuple(
            Contrast(
                about,
                np.ascontiguousarray(rows.influence[:, first + 2 * k]),
                np.ascontiguousarray(rows.influence[:, first + 2 * k + 1]),
                plain.margin,
                turned.margin,
                plain.moved,
            )
            for k, (about, plain, turned) in enumerate(contrasts)
        ),
        rows,
    )


@dataclass(frozen=True, slots=True)
class _Difference:
    """What a phrase adds to the measurement of its probes."""

    gradient: dict[str, Tensor]
    """Of the mean measurement of Q+ minus that of Q0."""
    margin: float
    moved: tuple[Moved, ...]


def _difference(proxy: Proxy, asked: ProbeSet, names: Sequence[str]) -> _Difference | None:
    """Return what the phrase adds; None where no probe is known without what is suspected."""
    present, absent = contrast(asked)
    if not present:
        return None
    with_it, without = build_query(proxy, present), build_query(proxy, absent)
    plus, minus = mean_gradient(proxy, with_it, names), mean_gradient(proxy, without, names)
    rises = with_it.margins - without.margins
    most = np.argsort(-rises, kind="stable")[:MOVED].tolist()
    return _Difference(
        {name: plus[name] - minus[name] for name in names},
        float(rises.mean()),
        tuple(
            Moved(present[k], float(with_it.margins[k]), float(without.margins[k])) for k in most
        ),
    )
