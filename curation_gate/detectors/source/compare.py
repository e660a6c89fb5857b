"""Which source's rows carry labels that the reference disowns more often than other sources' do.

A row is disowned where the reference gives its label less than 0.35. Honest sources differ in how
many rows of each label they have and in how hard their texts are, so disowned rows are compared
inside cells: task x label the reference expects x how sure it is. Both are known before the row's
own label is read. What the reference expects is first adapted to the source's own share of labels,
estimated from its texts alone (Saerens, Latinne, Decaestecker, Adjusting the Outputs of a
Classifier to New a Priori Probabilities, Neural Computation 14, 2002). Over cells c with n_c rows,
d_c of them disowned and m_c of the source,

    z = sum_c (o_c - m_c d_c / n_c) / sqrt(sum_c v_c),
    v_c = m_c (n_c - m_c) d_c (n_c - d_c) / (n_c^2 (n_c - 1)),

with o_c its disowned rows (Mantel, Haenszel, J. Natl. Cancer Inst. 22, 1959). The null permutes
disowned rows inside cells and takes the largest z over all sources. Honest sources differ by more
than chance where there are enough of them to tell: then z is divided by their own spread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from curation_gate.reference.record import given_labels

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset

DISOWNED = 0.35
"""Probability of its label below which a row is disowned: that of adverse rows (its lift)."""
SURENESS = 4
"""Classes of sureness within a task and expected label (choice)."""
PRIOR_ROWS = 20.0
"""Rows that the task's own share of labels counts as, in a source's share (choice)."""
STEPS = 20
SPREAD_SOURCES = 8
"""Sources from which on their spread is estimated: as many as a stratum needs (signals)."""
CONTINUITY = 0.25
SHARE = 0.02
"""Smallest share of a label that is divided by."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one origin."""

    kind: str
    """source, site (the host of source addresses), file, or task name (a `Task` of rows that are a
    part of another task)."""
    name: str
    rows: NDArray[np.int64]
    """[k] All its rows, ascending."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How a source compares with the others."""

    group: Group
    judged: NDArray[np.int64]
    """[k] Its rows in cells that other sources share."""
    disowned: NDArray[np.int64]
    """[o] Of these, the rows whose label the reference disowns."""
    expected: float
    """How many would be, at the other sources' rates in the same cells."""
    z: float
    """Divided by the spread of honest sources, where that is known and above 1."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All sources, and what chance gives."""

    sources: tuple[Compared, ...]
    """Largest z first."""
    threshold: float
    """z that the largest of all sources exceeds by chance in a share alpha of draws; NaN where
    there is nothing to compare."""
    spread: float
    """Robust deviation of z over sources, at least 1; 1 where there are too few to tell."""
    p_label: NDArray[np.float64]
    """[n] Probability of each row's label, adapted to its source; NaN where not compared."""


def groups(dataset: Dataset) -> tuple[Group, ...]:
    """Return every origin that rows can be grouped by.

    A kind with a single group tells nothing and is left out, and so is a site whose rows are those
    of one source.
    """
    found: dict[tuple[str, str], list[int]] = {}
    files = len({row.file for row in dataset.rows}) > 1
    named = Counter(file.path.name for file in dataset.files)
    paths = [f.path.name if named[f.path.name] == 1 else str(f.path) for f in dataset.files]
    for k, row in enumerate(dataset.rows):
        if row.source:
            found.setdefault(("source", row.source), []).append(k)
            site = _site(row.source)
            if site and site != row.source:
                found.setdefault(("site", site), []).append(k)
        if row.named is not None and row.named != row.task:
            found.setdefault(("task name", row.named), []).append(k)
        if files:
            found.setdefault(("file", paths[row.file]), []).append(k)
    kinds = Counter(kind for kind, _ in found)
    seen: set[tuple[int, ...]] = set()
    chosen = []
    for (kind, name), rows in found.items():
        if (kinds[kind] > 1 or len(rows) < len(dataset)) and tuple(rows) not in seen:
            seen.add(tuple(rows))
            chosen.append(Group(kind, name, np.array(rows, dtype=np.int64)))
    return tuple(chosen)


def _site(source: str) -> str | None:
    """Return the host of an address, None where the source is none."""
    try:
        return urlsplit(source).hostname if "://" in source else None
    except ValueError:  # a bracket that is never closed
        return None


def compare(
    dataset: Dataset,
    reference: ReferenceScores,
    *,
    support: int,
    alpha: float,
    draws: int,
    rng: np.random.Generator,
) -> Comparison:
    """Return how sources of at least `support` rows compare; rows of free text are not judged."""
    found = [group for group in groups(dataset) if len(group.rows) >= support]
    n = len(dataset)
    origin = _origin(found, n)
    p_label, cell = _cells(dataset, reference, origin)
    known = np.flatnonzero(cell >= 0)
    disowned = p_label < DISOWNED
    compared: list[Compared] = []
    total = np.bincount(cell[known], minlength=int(cell.max(initial=-1)) + 1)
    bad = np.bincount(cell[known], weights=disowned[known], minlength=len(total))
    held: list[NDArray[np.float64]] = []
    for group in found:
        own = group.rows[cell[group.rows] >= 0]
        mine = np.bincount(cell[own], minlength=len(total))
        others = total - mine
        judged = own[others[cell[own]] > 0]
        if len(judged) < support:
            continue
        shared = np.where(others > 0, mine, 0).astype(np.float64)
        hits = np.bincount(cell[judged], weights=disowned[judged], minlength=len(total))
        rate = (bad - hits) / np.maximum(others, 1)
        held.append(shared)
        expected = float((shared * rate).sum())
        compared.append(Compared(group, judged, judged[disowned[judged]], expected, 0.0))
    if not compared:
        return Comparison((), float("nan"), 1.0, p_label)
    spent = np.array([_variance(m, total, bad.astype(np.float64)) for m in held])
    mean = np.array([(m * bad / np.maximum(total, 1)).sum() for m in held])
    members = _members(compared, n)
    z = _deviations(disowned.astype(np.float64), members, mean, spent)
    maxima = np.empty(draws)
    order = known[np.argsort(cell[known], kind="stable")]
    mixed = np.zeros(n)
    for draw in range(draws):
        # Whole numbers sort the cells, fractions the rows inside each.
        mixed[order] = disowned[known[np.argsort(cell[known] + rng.random(len(known)))]]
        maxima[draw] = _deviations(mixed, members, mean, spent).max()
    limit = float(np.quantile(maxima, 1 - alpha, method="higher"))
    spread = _spread(z)
    ranked = sorted(
        (
            Compared(c.group, c.judged, c.disowned, c.expected, float(value) / spread)
            for c, value in zip(compared, z, strict=True)
        ),
        key=lambda c: -c.z,
    )
    return Comparison(tuple(ranked), limit, spread, p_label)


def _deviations(
    disowned: NDArray[np.float64],
    members: csr_matrix,
    mean: NDArray[np.float64],
    variance: NDArray[np.float64],
) -> NDArray[np.float64]:
    """[s] z of each source; a quarter is added to the variance (continuity, as in the lift)."""
    return np.asarray((members @ disowned - mean) / np.sqrt(variance + CONTINUITY))


def _members(sources: Sequence[Compared], n: int) -> csr_matrix:
    """[s, n] 1 where a judged row is of the source."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    rows = np.concatenate([source.judged for source in sources])
    starts = np.cumsum([0, *(len(source.judged) for source in sources)])
    return csr_matrix((np.ones(len(rows)), rows, starts), shape=(len(sources), n))


def _variance(
    held: NDArray[np.float64], total: NDArray[np.int64], bad: NDArray[np.float64]
) -> float:
    """Return the variance of a source's disowned rows when they are permuted inside cells."""
    some = total > 1
    m, n, d = held[some], total[some].astype(np.float64), bad[some]
    return float((m * (n - m) * d * (n - d) / (n**2 * (n - 1))).sum())


def _spread(z: NDArray[np.float64]) -> float:
    """Return 1.4826 MAD of z over sources, at least 1 (the empirical null of Efron, JASA 2004)."""
    if len(z) < SPREAD_SOURCES:
        return 1.0
    return max(1.0, 1.4826 * float(np.median(np.abs(z - np.median(z)))))


def _origin(found: list[Group], n: int) -> NDArray[np.int64]:
    """[n] Index of the first group that holds each row, whose share of labels it is judged by."""
    origin = np.full(n, -1, dtype=np.int64)
    for k, group in enumerate(found):
        free = group.rows[origin[group.rows] < 0]
        origin[free] = k
    return origin


def _cells(
    dataset: Dataset, reference: ReferenceScores, origin: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return [n] adapted probability of each row's label, and [n] its cell (-1: not judged)."""
    n = len(dataset)
    p_label, cell = np.full(n, np.nan), np.full(n, -1, dtype=np.int64)
    count = 0
    for task, every in reference.rows.items():
        given = given_labels(dataset, task, every)
        table = reference.probabilities[task]
        fit = (given >= 0) & np.isfinite(table).all(axis=1)
        rows, given = every[fit], given[fit]
        if not len(rows):
            continue
        table = _adapted(table[fit], origin[rows])
        p_label[rows] = table[np.arange(len(rows)), given]
        expected, sure = table.argmax(axis=1), table.max(axis=1)
        for label in np.unique(expected):
            members = np.flatnonzero(expected == label)
            for part in np.array_split(members[np.argsort(sure[members], kind="stable")], SURENESS):
                cell[rows[part]] = count
                count += 1
    return p_label, cell


def _adapted(table: NDArray[np.float64], origin: NDArray[np.int64]) -> NDArray[np.float64]:
    """[m, l] Probabilities with each source's share of labels in place of the task's.

    The share is fitted to the probabilities alone by EM, the task's share counting as PRIOR_ROWS
    rows: no label of the source is read.
    """
    share = np.maximum(table.mean(axis=0), SHARE)
    share /= share.sum()
    place = np.unique(origin, return_inverse=True)[1]
    number = np.bincount(place)[:, None]
    mine = np.repeat(share[None, :], len(number), axis=0)  # [sources, l]
    posterior = table
    for _ in range(STEPS):
        weighted = table * (mine / share)[place]
        posterior = weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-12)
        sums = np.column_stack(
            [np.bincount(place, weights=column, minlength=len(number)) for column in posterior.T]
        )
        mine = (sums + PRIOR_ROWS * share) / (number + PRIOR_ROWS)
    return posterior
