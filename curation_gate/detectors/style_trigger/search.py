"""The search for styles: candidates grown in each half of the rows and carried to the other.

    skeletons, content -> starts -> in each half: style and rows fitted to each other -> carried to
    the other half -> candidates, fitted on all rows against content that never saw them

Fitting a style to labels finds one in any labels; what a half that was not fitted on says of it is
its evidence (evidence.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger import mixture, starts
from curation_gate.detectors.style_trigger.content import Content, read_content
from curation_gate.detectors.style_trigger.mixture import (
    CONTINUITY,
    Fit,
    Labels,
    Numbers,
    Rows,
    of_target,
)
from curation_gate.detectors.style_trigger.ridge import Ridge, ridge
from curation_gate.detectors.style_trigger.skeleton import Skeletons, skeletons

if TYPE_CHECKING:
    from collections.abc import Sequence

PENALTY = 0.5
"""Ridge of the style scores; .02 costs .05 of average precision."""
ENCODER_WEIGHT = 3.0
"""What the encoder's vector weighs beside the skeleton's features: about a fifth of the variance."""
AGAIN = 3
"""Rounds with the content that never saw the style."""
SAME = 0.6
"""Overlap of planted rows from which two candidates are one."""


@dataclass(frozen=True, slots=True)
class Read:
    """The distinct rows that are judged: n rows of t tasks."""

    texts: Sequence[str]
    tasks: Labels
    """[n]"""
    labels: Labels
    """[n] Index into the task's labels."""
    sizes: tuple[int, ...]
    """[t]"""


@dataclass(frozen=True, slots=True)
class Searched:
    """c candidates and what was measured of them."""

    read: Read
    features: Skeletons
    content: Content
    space: Ridge
    p: Numbers
    """[n, l] By content, every row teaching."""
    unseen: Numbers
    """[c, n, l] By content, rows of the candidate's style teaching nothing."""
    held: Fit
    """By the half that did not hold the row; [n, c] and [t, c]."""
    halves: tuple[Labels, Labels]
    agreement: Numbers
    """[c] Correlation of the scores that the two halves give to all rows."""
    whole: Fit
    """On all rows, content unseen."""
    chance: float
    """The largest held-out z of permuted labels."""
    z: Numbers
    """[c] Held-out z, comparable with `chance`."""


def search(
    read: Read, *, features: int, starts_from: tuple[int, int], rounds: int, draws: int,
    candidates: int, seed: int,
) -> Searched | None:  # fmt: skip
    """Return the candidates of the rows; None where they have no style features.

    features: style features that are kept; starts_from: starts from features and from clusters;
    rounds: of each fit; draws: permutations behind `chance`; candidates: how many are measured at
    most.
    """
    rng = np.random.default_rng(seed)
    found = skeletons(read.texts, features)
    if not found.names:
        return None
    content = read_content(read.texts, read.tasks, read.labels, read.sizes)
    p = content.probabilities()
    x = style_features(found, content)
    space = ridge(x, read.tasks, PENALTY)
    groups = starts.clusters(space, seed)
    rows = Rows(read.tasks, read.labels[:, None], p, read.sizes)
    halves = _halves(read, rng)
    first, aims = starts.begin(found.table, groups, rows, starts_from)
    drawn = mixture.permuted(read.labels, p, read.tasks, draws, rng)
    null = [
        starts.begin(found.table, groups, Rows(read.tasks, drawn[:, [k]], p, read.sizes), (2, 1))
        for k in range(draws)
    ]
    counts = [first.shape[1], *(part[0].shape[1] for part in null)]
    labels = np.hstack(
        [np.repeat(read.labels[:, None], counts[0], axis=1)]
        + [np.repeat(drawn[:, [k]], counts[k + 1], axis=1) for k in range(draws)]
    )
    every = Rows(read.tasks, labels, p, read.sizes)
    begun = np.hstack([first, *(part[0] for part in null)])
    targets = np.hstack([aims, *(part[1] for part in null)])
    held, agreement = _both_halves(x, every, halves, begun, targets, rounds)
    z = held_z(held, every)
    chance = float(z[counts[0] :].max(initial=0.0))
    chosen = _distinct(held.planted[:, : counts[0]], z[: counts[0]], candidates)
    own = Fit(
        held.planted[:, chosen], held.styled[:, chosen],
        held.targets[:, chosen], held.share[:, chosen],
    )  # fmt: skip
    unseen, whole = _again(space, content, own, rows)
    return Searched(
        read, found, content, space, p, unseen, own, halves, agreement[chosen], whole, chance,
        z[chosen],
    )  # fmt: skip


def style_features(found: Skeletons, content: Content) -> NDArray[np.float32]:
    """[n, f + d] Scaled features of the skeleton, and the encoder's vectors."""
    share = np.asarray(found.table.mean(0), dtype=np.float64).ravel()
    # Between plain and standardised: rare features count more than plainly, less than equally.
    scale = (np.maximum(share * (1 - share), 1e-6) ** -0.25).astype(np.float32)
    return np.hstack([found.table.toarray() * scale, ENCODER_WEIGHT * content.words])


def held_z(held: Fit, rows: Rows) -> Numbers:
    """[b] Excess of the forced labels over content among rows of the style, in deviations."""
    chosen = held.targets[rows.tasks]
    own = of_target(rows.p, chosen)
    excess = held.styled * ((rows.labels == chosen) - own)
    return np.asarray(
        excess.sum(0) / np.sqrt((held.styled**2 * own * (1 - own)).sum(0) + CONTINUITY)
    )


def _halves(read: Read, rng: np.random.Generator) -> tuple[Labels, Labels]:
    """Return two halves of the rows, each task and label dealt out evenly."""
    order = rng.permutation(len(read.tasks))
    order = order[np.lexsort((read.labels[order], read.tasks[order]))]
    return np.sort(order[::2]), np.sort(order[1::2])


def _both_halves(
    x: NDArray[np.float32], rows: Rows, halves: tuple[Labels, Labels], begun: Numbers,
    targets: Labels, rounds: int,
) -> tuple[Fit, Numbers]:  # fmt: skip
    """Return what each half makes of the other, and how far their scores agree [b]."""
    n, b = begun.shape
    planted, styled = np.zeros((n, b)), np.zeros((n, b))
    scores, aims, shares = [], [], []
    for own, other in (halves, halves[::-1]):
        space = ridge(x[own], rows.tasks[own], PENALTY)
        z = _centred(x[other], rows.tasks[other])
        fitted = mixture.fit(space, rows.of(own), begun[own], targets, rounds)
        carried = mixture.carried(space, rows.of(own), rows.of(other), fitted, z)
        planted[other], styled[other] = carried.planted, carried.styled
        aims.append(fitted.targets)
        shares.append(fitted.share)
        weights = space.coefficients(fitted.planted.astype(np.float32))
        scores.append(np.vstack([space.z @ weights, z @ weights])[np.argsort(np.r_[own, other])])
    one, two = (s - s.mean(0) for s in scores)
    size = np.sqrt((one**2).sum(0) * (two**2).sum(0)) + 1e-9
    agreement = np.asarray((one * two).sum(0) / size, dtype=np.float64)
    return Fit(planted, styled, aims[0], (shares[0] + shares[1]) / 2), agreement


def _centred(x: NDArray[np.float32], tasks: Labels) -> NDArray[np.float32]:
    """Return features less the mean of their task."""
    found = np.empty_like(x)
    for task in np.unique(tasks):
        rows = tasks == task
        found[rows] = x[rows] - x[rows].mean(0)
    return found


def _distinct(planted: Numbers, z: Numbers, most: int) -> list[int]:
    """Return the candidates of the largest z whose planted rows differ."""
    chosen: list[int] = []
    for k in np.argsort(-z, kind="stable").tolist():
        own = planted[:, k]
        if own.sum() < 1:
            continue
        if all(
            np.minimum(own, planted[:, o]).sum() < SAME * min(own.sum(), planted[:, o].sum())
            for o in chosen
        ):
            chosen.append(k)
        if len(chosen) == most:
            break
    return chosen


def _again(space: Ridge, content: Content, held: Fit, rows: Rows) -> tuple[Numbers, Fit]:
    """Return p [c, n, l] that never saw each style, and the fit on all rows against it."""
    unseen, fits = [], []
    for k in range(held.planted.shape[1]):
        p = content.probabilities(1 - held.styled[:, k])
        own = Rows(rows.tasks, rows.labels, p, rows.sizes)
        unseen.append(p)
        fits.append(
            mixture.fit(
                space, own, held.planted[:, [k]], held.targets[:, [k]], AGAIN, free=False
            )
        )
    if not fits:
        n, t = len(rows.tasks), len(rows.sizes)
        blank = Fit(np.zeros((n, 0)), np.zeros((n, 0)), held.targets, np.zeros((t, 0)))
        return np.zeros((0, n, rows.p.shape[1])), blank
    return np.stack(unseen), Fit(
        np.hstack([f.planted for f in fits]), np.hstack([f.styled for f in fits]),
        np.hstack([f.targets for f in fits]), np.hstack([f.share for f in fits]),
    )  # fmt: skip
