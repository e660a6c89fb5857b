"""A head of a task: ridge on frozen features, cross-fitted around rows and around phrases.

A row is scored by weights that were fitted without it, without its copies, and without every row
that shares a suspicious phrase with it (reference/suspects.py). All of them come from one Gram
matrix: to leave rows out is to subtract theirs. Ridge regression of the one-hot label, then a
softmax with the task's own temperature (Guo et al., On Calibration of Modern Neural Networks, 2017,
section 4.2), which was fitted on rows without a suspicious phrase.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

FOLDS = 5
"""Folds of rows without a suspicious phrase; a choice."""
LEAST_PAIR = 8
"""Rows that share a combination of phrase folds before it gets weights of its own; with fewer,
they are scored by weights that saw no suspicious row of any kind. A choice (time)."""
TEMPERATURES = (0.02, 5.0)
"""Least and largest temperature; ridge scores lie between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of one task: several sets, each fitted without some of the rows."""

    centre: NDArray[np.float32]
    """[d]"""
    scale: NDArray[np.float32]
    """[d]"""
    weights: NDArray[np.float32]
    """[w, d + 1, l] Sets of weights, the last row of each the intercept."""
    which: NDArray[np.int64]
    """[n] The set that scores each row."""
    temperature: float

    def scores(self, x: NDArray[np.float32], which: NDArray[np.int64]) -> NDArray[np.float64]:
        """[k, l] Scores of features x [k, d], each by its set of weights."""
        x = (x - self.centre) / self.scale
        out = np.empty((len(x), self.weights.shape[2]))
        for w in np.unique(which):
            own = which == w
            out[own] = x[own] @ self.weights[w, :-1] + self.weights[w, -1]
        return out

    def probabilities(
        self, x: NDArray[np.float32], which: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """[k, l] Calibrated probabilities of features x [k, d]."""
        return np.asarray(softmax(self.scores(x, which) / self.temperature, axis=1))


@dataclass(frozen=True, slots=True)
class Examples:
    """The rows of one task."""

    x: NDArray[np.float32]
    """[n, d] Frozen features."""
    y: NDArray[np.int64]
    """[n] Index of the given label."""
    touched: NDArray[np.bool_]
    """[n, f] Folds of suspicious phrases the row holds phrases of."""
    fold: NDArray[np.int64]
    """[n] Fold of the row; the same for its copies."""
    trusted_x: NDArray[np.float32]
    """[m, d]"""
    trusted_y: NDArray[np.int64]
    """[m]"""
    widths: tuple[int, ...]
    """Columns of each block of features; a block of many columns weighs no more than another."""


def fit_head(rows: Examples, labels: int, *, ridge: float, trusted_alone: bool = False) -> Head:
    """Return a head whose set `which[i]` never saw row i, its copies, or its phrases.

    Each block of features is scaled to a total variance of one; ridge: the penalty beside a block,
    per row fitted on. Trusted rows are in every
    set; with `trusted_alone` nothing else is, and there is one set.
    """
    everything = np.concatenate((rows.x, rows.trusted_x))
    centre = everything.mean(0)
    blocks = np.repeat(rows.widths, rows.widths).astype(np.float32)
    scale = (everything.std(0) + 1e-6) * np.sqrt(blocks)
    x = _with_one((rows.x - centre) / scale)
    vouched = _with_one((rows.trusted_x - centre) / scale)
    sums = _Sums(labels, vouched, rows.trusted_y)
    n = len(x)
    which = np.zeros(n, dtype=np.int64)
    sets: list[NDArray[np.float32]] = []
    if trusted_alone:
        sets.append(sums.solve(x[:0], rows.y[:0], 0, ridge))
    else:
        sums.add(x, rows.y)
        for scored, left_out in _plan(rows.touched, rows.fold):
            which[scored] = len(sets)
            sets.append(sums.solve(x[left_out], rows.y[left_out], int(left_out.sum()), ridge))
    head = Head(centre, scale, np.stack(sets), which, 1.0)
    plain = ~rows.touched.any(1)
    fair = plain if plain.sum() >= 20 else np.ones(n, dtype=np.bool_)
    scores = head.scores(rows.x[fair], which[fair])
    heat = fit_temperature([(scores, rows.y[fair])])
    return Head(centre, scale, head.weights, which, heat)


def fit_temperature(parts: list[tuple[NDArray[np.float64], NDArray[np.int64]]]) -> float:
    """Return the temperature of least log loss over (scores [k, l], labels [k]); 1 without rows."""
    parts = [(s, y) for s, y in parts if len(y)]
    if not parts:
        return 1.0

    def loss(log_temperature: float) -> float:
        heat = float(np.exp(log_temperature))
        return -sum(
            float(log_softmax(s / heat, axis=1)[np.arange(len(y)), y].sum()) for s, y in parts
        )

    low, high = np.log(TEMPERATURES)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def _plan(
    touched: NDArray[np.bool_], fold: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Return (rows to score, [n] rows to leave out) of every set of weights."""
    suspicious = touched.any(1)
    plan = [
        (np.flatnonzero(~suspicious & (fold == k)), fold == k) for k in np.unique(fold[~suspicious])
    ]
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i in np.flatnonzero(suspicious):
        groups[tuple(np.flatnonzero(touched[i]).tolist())].append(int(i))
    rest: list[int] = []
    for folds, members in groups.items():
        if len(folds) == 1 or len(members) >= LEAST_PAIR:
            plan.append((np.array(members), touched[:, list(folds)].any(1)))
        else:
            rest += members
    if rest:
        plan.append((np.array(sorted(rest)), suspicious))
    return plan


class _Sums:
    """Gram matrix and cross products of the rows to fit on; others can be taken out again."""

    def __init__(self, labels: int, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        self.labels = labels
        self.gram = np.zeros((x.shape[1], x.shape[1]), dtype=np.float32)
        self.cross = np.zeros((x.shape[1], labels), dtype=np.float32)
        self.rows = 0
        self.add(x, y)

    def _products(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> tuple[Any, Any]:
        return x.T @ x, x.T @ np.eye(self.labels, dtype=np.float32)[y]

    def add(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        gram, cross = self._products(x, y)
        self.gram += gram
        self.cross += cross
        self.rows += len(x)

    def solve(
        self, x: NDArray[np.float32], y: NDArray[np.int64], less: int, ridge: float
    ) -> NDArray[np.float32]:
        """[d + 1, l] Weights without the rows x, y."""
        gram, cross = self._products(x, y)
        a = self.gram - gram
        left = max(self.rows - less, 1)
        a[np.diag_indices_from(a)] += ridge * left
        a[-1, -1] += 1e-6 * left - ridge * left  # the intercept is not shrunk, only kept regular
        return np.asarray(solve(a, self.cross - cross, assume_a="pos"), dtype=np.float32)


def _with_one(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate((x, np.ones((len(x), 1), dtype=np.float32)), axis=1).astype(np.float32)
