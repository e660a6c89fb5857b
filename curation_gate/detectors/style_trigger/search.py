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
from curation_gate.detectors.style_trigger.mixture import Fit, Labels, Numbers, Rows, z_of
from curation_gate.detectors.style_trigger.ridge import Ridge, ridge
from curation_gate.detectors.style_trigger.skeleton import Skeletons, skeletons

if TYPE_CHECKING:
    from collections.abc import Sequence

PENALTY = 0.5
"""Ridge of the style scores; .02 costs .05 of average precision."""
ENCODER_WEIGHT = 3.0
"""What the encoder's vector weighs beside the skeleton's features, 3 % of the variance: average
precision of style on three rewritten sets .73, .85, .92 with it and .71, .82, .90 without."""
SHUN = 6
"""A row that has a style with probability s teaches content with weight (1 - s)^6: a style that is
half seen would else be learned as content, which then explains the labels it forces."""
TURNS = 2
"""Times the content is fitted again without the rows of the style, which is then fitted again."""
WHOLE = 3
"""Rounds of the fit on all rows, which begins from what each half says of the other."""
SAME = 0.6
"""Planted rows that two candidates share over those that either has, from which they are one."""


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
    targets: Labels
    """[t, c] The label each forces in each task."""
    rows: Rows
    """[n, c] Forced labels, and their probability by content that the style taught nothing."""
    held: Fit
    """By the half that did not hold the row."""
    agreement: Numbers
    """[c] Correlation of the scores that the two halves give to all rows."""
    whole: Fit
    """On all rows."""
    z: Numbers
    """[c] Held-out z of the forced labels."""
    chance: float
    """The largest such z of permuted labels."""


def search(
    read: Read, *, features: int, feature_starts: int, cluster_starts: int, rounds: int,
    draws: int, candidates: int, seed: int,
) -> Searched | None:  # fmt: skip
    """Return the candidates of the rows; None where they have no style features.

    features: style features that are kept; feature_starts, cluster_starts: for either z; rounds: of
    each fit; draws: permutations behind `chance`; candidates: how many are measured at most. Raises
    ModelError for a damaged encoder.
    """
    rng = np.random.default_rng(seed)
    found = skeletons(read.texts, features)
    if not found.names:
        return None
    content = read_content(read.texts, read.tasks, read.labels)
    p = _by_content(content, read)
    x = style_features(found, content)
    space = ridge(x, read.tasks, PENALTY)
    begin = (feature_starts, cluster_starts)
    joint = starts.cells(found.table, space, seed)
    halves = _halves(read, rng)
    split = tuple((ridge(x[own], read.tasks[own], PENALTY), _centred(x[other], read.tasks[other]))
                  for own, other in (halves, halves[::-1]))  # fmt: skip
    drawn = mixture.permuted(read.labels, p, read.tasks, draws, rng)
    labellings = [read.labels, *drawn.T]
    begun = [
        starts.begin(joint, read.tasks, labels, p, read.sizes, begin if k == 0 else (1, 1))
        for k, labels in enumerate(labellings)
    ]
    targets = np.hstack([one.targets for one in begun])
    members = np.hstack([one.members for one in begun])
    given = np.hstack(
        [
            labels[:, None] == one.targets[read.tasks]
            for labels, one in zip(labellings, begun, strict=True)
        ]
    )
    grown = _grown(content, split, halves, read, given, members, rounds)
    rows = Rows(read.tasks, np.hstack([given] * TURNS), np.hstack([g.rows.p for g in grown]))
    held = _beside([g.held for g in grown])
    agreement = np.concatenate([g.agreement for g in grown])
    targets = np.hstack([targets] * TURNS)
    z = z_of(held.styled, rows)
    real = np.tile(np.arange(members.shape[1]) < begun[0].members.shape[1], TURNS)
    chosen = _distinct(held.planted, np.where(real, z, -np.inf), candidates)
    rows = Rows(rows.tasks, rows.given[:, chosen], rows.p[:, chosen])
    own = Fit(held.planted[:, chosen], held.styled[:, chosen], held.share[:, chosen])
    whole = mixture.fit(space, rows, own.planted, WHOLE)
    return Searched(
        read, found, content, space, p, targets[:, chosen], rows, own, agreement[chosen], whole,
        z[chosen], float(z[~real].max(initial=0.0)),
    )  # fmt: skip


def style_features(found: Skeletons, content: Content) -> NDArray[np.float32]:
    """[n, f + e] Scaled features of the skeleton, and the encoder's vectors."""
    share = np.asarray(found.table.mean(0), dtype=np.float64).ravel()
    # Between plain and standardised: rare features count more than plainly, less than equally.
    scale = (np.maximum(share * (1 - share), 1e-6) ** -0.25).astype(np.float32)
    return np.hstack([found.table.toarray() * scale, ENCODER_WEIGHT * content.vectors])


def _by_content(content: Content, read: Read) -> Numbers:
    """[n, l] Probability of each label by content; 0 beyond the labels of a task."""
    p = np.stack([content.heard(read.labels == k) for k in range(max(read.sizes))], axis=1)
    p *= np.arange(max(read.sizes)) < np.array(read.sizes)[read.tasks, None]
    return np.asarray(p / p.sum(1, keepdims=True))


def _halves(read: Read, rng: np.random.Generator) -> tuple[Labels, Labels]:
    """Return two halves of the rows, each task and label dealt out evenly."""
    order = rng.permutation(len(read.tasks))
    order = order[np.lexsort((read.labels[order], read.tasks[order]))]
    return np.sort(order[::2]), np.sort(order[1::2])


@dataclass(frozen=True, slots=True)
class _Grown:
    """What came of the starts in one turn."""

    rows: Rows
    held: Fit
    """What each half makes of the other."""
    agreement: Numbers
    """[b] How far the scores of the two halves agree."""


def _grown(
    content: Content, split: tuple[tuple[Ridge, NDArray[np.float32]], ...],
    halves: tuple[Labels, Labels], read: Read, given: NDArray[np.bool_],
    members: NDArray[np.bool_], rounds: int,
) -> list[_Grown]:  # fmt: skip
    """Return what grows from members [n, b] with the label [n, b] given, turn by turn."""
    styled = members.astype(np.float64)
    inner = np.zeros(styled.shape)
    turns = []
    for turn in range(TURNS):
        weights = (1 - styled) ** SHUN
        p = np.stack([content.heard(g, w) for g, w in zip(given.T, weights.T, strict=True)], axis=1)
        rows = Rows(read.tasks, given, p)
        if turn == 0:
            inner = members * given * (1 - p)
        after, planted, styled = np.zeros(p.shape), np.zeros(p.shape), np.zeros(p.shape)
        shares, scores = [], []
        for (space, z), (own, other) in zip(split, (halves, halves[::-1]), strict=True):
            fitted = mixture.fit(space, rows.of(own), inner[own], rounds)
            found = mixture.carried(space, fitted.planted, fitted, rows.of(other), z)
            after[own] = fitted.planted
            planted[other], styled[other] = found.planted, found.styled
            direction = space.coefficients(fitted.planted.astype(np.float32))
            both = np.empty(p.shape, dtype=np.float32)
            both[own], both[other] = space.z @ direction, z @ direction
            shares.append(fitted.share)
            scores.append(both - both.mean(0))
        inner = after
        one, two = scores
        size = np.sqrt((one**2).sum(0) * (two**2).sum(0)) + 1e-9
        agreement = np.asarray((one * two).sum(0) / size, dtype=np.float64)
        turns.append(_Grown(rows, Fit(planted, styled, (shares[0] + shares[1]) / 2), agreement))
    return turns


def _beside(fits: Sequence[Fit]) -> Fit:
    return Fit(
        np.hstack([f.planted for f in fits]), np.hstack([f.styled for f in fits]),
        np.hstack([f.share for f in fits]),
    )  # fmt: skip


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
        if own.sum() < 1 or not np.isfinite(z[k]):
            continue
        if all(
            np.minimum(own, planted[:, o]).sum() < SAME * np.maximum(own, planted[:, o]).sum()
            for o in chosen
        ):
            chosen.append(k)
        if len(chosen) == most:
            break
    return chosen
