"""Grows styles in each half of the rows and judges them on the other half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.mixture import Fit, begin, deviation, fit, judge, lift
from curation_gate.detectors.style_trigger.space import style_space

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

    from curation_gate.detectors.style_trigger.found import Settings
    from curation_gate.detectors.style_trigger.skeleton import Skeletons
    from curation_gate.detectors.style_trigger.space import StyleSpace

APART = 0.5
"""Overlap of rows above which two features are one."""
FINAL = 4
"""Rounds of the fit on all rows, which begins from what each half says of the other (choice)."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What styles grown in each half of the rows do to the other half, for b labellings."""

    planted: NDArray[np.float64]
    """[n, b]"""
    styled: NDArray[np.float64]
    """[n, b]"""
    targets: NDArray[np.int64]
    """[t, b] By the first half."""
    excess: NDArray[np.float64]
    """[t, b]"""
    variance: NDArray[np.float64]
    """[t, b]"""

    @property
    def z(self) -> NDArray[np.float64]:
        """[b] Excess of the forced label over adverse rows, in deviations."""
        return deviation(self.excess, self.variance)[0]


class Search:
    """Grows styles from the features of the largest lift."""

    def __init__(
        self,
        features: Skeletons,
        tasks: NDArray[np.int64],
        sizes: tuple[int, ...],
        p: NDArray[np.float64],
        settings: Settings,
        rng: np.random.Generator,
    ) -> None:
        self.features = features
        self.tasks, self.sizes, self.p, self.settings = tasks, sizes, p, settings
        half = np.zeros(len(tasks), dtype=np.bool_)
        for task in range(len(sizes)):
            rows = rng.permutation(np.flatnonzero(tasks == task))
            half[rows[: len(rows) // 2]] = True
        self.halves = (np.flatnonzero(half), np.flatnonzero(~half))
        self.rng = rng
        self.spaces = tuple(self.space(rows) for rows in self.halves)

    def space(self, rows: NDArray[np.int64]) -> StyleSpace:
        """Return the space of some of the rows."""
        return style_space(self.features.table[rows], self.tasks[rows], len(self.sizes), self.rng)

    def held_out(self, labels: NDArray[np.int64]) -> HeldOut:
        """Return what the style grown in each half does to the other, for labellings [n, b]."""
        planted, styled = np.zeros(labels.shape), np.zeros(labels.shape)
        excess = variance = np.zeros((len(self.sizes), labels.shape[1]))
        targets = []
        for turn, space in enumerate(self.spaces):
            own, other = self.halves[turn], self.halves[1 - turn]
            fitted = self.grow(own, space, labels[own])
            found = judge(
                fitted,
                space,
                self.features.table[other],
                self.tasks[other],
                self.p[other],
                labels[other],
            )
            planted[other], styled[other] = found.planted, found.styled
            excess, variance = excess + found.excess, variance + found.variance
            targets.append(fitted.targets)
        return HeldOut(planted, styled, targets[0], excess, variance)

    def grow(self, rows: NDArray[np.int64], space: StyleSpace, labels: NDArray[np.int64]) -> Fit:
        """Return the style of the largest z of those that grow from the best features of rows."""
        table, tasks, p = self.features.table[rows], self.tasks[rows], self.p[rows]
        columns = table.tocsc()
        z, targets = lift(table, tasks, self.sizes, p, labels)
        draws = labels.shape[1]
        starts = np.array([self._starts(columns, z[:, b]) for b in range(draws)])
        fits = []
        for turn in range(self.settings.starts):
            chosen = starts[:, turn]
            label = np.stack([targets[:, chosen[b], b] for b in range(draws)], axis=1)
            first = begin(columns, tasks, p, labels, chosen, label)
            fits.append(fit(space, self.sizes, p, labels, first, label, self.settings.rounds))
        best = np.argmax([f.z for f in fits], axis=0)
        return _picked(fits, best)

    def whole(self, labels: NDArray[np.int64], given: HeldOut) -> Fit:
        """Return the style of all rows, grown from what each half says of the other."""
        rows = np.arange(len(labels))
        return fit(
            self.space(rows), self.sizes, self.p, labels, given.planted, given.targets, FINAL
        )

    def _starts(self, columns: csc_matrix, z: NDArray[np.float64]) -> list[int]:
        """Return the features of the largest lift that hardly share rows, the best one again."""
        chosen: list[int] = []
        held: list[NDArray[np.int32]] = []
        for feature in np.argsort(-z, kind="stable")[: 20 * self.settings.starts].tolist():
            rows = columns.indices[columns.indptr[feature] : columns.indptr[feature + 1]]
            shared = [len(np.intersect1d(rows, h)) / max(min(len(rows), len(h)), 1) for h in held]
            if all(share < APART for share in shared):
                chosen.append(feature)
                held.append(rows)
            if len(chosen) == self.settings.starts:
                break
        return chosen + chosen[:1] * (self.settings.starts - len(chosen))


def _picked(fits: list[Fit], best: NDArray[np.intp]) -> Fit:
    """Return for each labelling the fit that is best for it."""

    def take(name: str) -> NDArray[Any]:
        return np.stack([getattr(fits[k], name)[..., b] for b, k in enumerate(best)], axis=-1)

    return Fit(
        take("planted"),
        take("styled"),
        take("targets"),
        take("z"),
        take("weights"),
        take("share"),
        take("overall"),
        tuple(fits[k].maps[b] for b, k in enumerate(best)),
    )
