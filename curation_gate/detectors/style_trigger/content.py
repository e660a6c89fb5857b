"""What the content of a text says about its label, blind to its style.

The features are the frozen encoder's vector of the text (text/encoder.py) and the frozen word
scores (text/word_meanings.py): signs and word order never enter, function words hardly, and a word
of the set that no table knows cannot be learned. Each task and label has a ridge regression, every
row scored by a fit without it. For a candidate style the regressions are fitted again without the
rows that have the style, so that a planted style cannot explain the labels it forces: what an
honest annotator who never saw it would have answered. A cross-fitted bag of the set's own words is
no better (AUC .70, .87, .84 on three tasks against .68, .90, .84) and learns the style's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.ridge import Reals, ridge
from curation_gate.text import encoder, ngrams
from curation_gate.text.tokens import tokens
from curation_gate.text.word_meanings import word_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FROZEN_SCALE = 0.2
"""Deviation of the frozen scores beside vectors of length 1, so that the penalty falls on these:
the scores need no fitting (choice)."""
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
"""lambda: the one of the smallest left-out error is taken, task by task."""
TRUST = 0.02
"""Probabilities are kept this far from 0 and 1: one label in fifty is wrong in clean sets too."""
_STEPS = 10


@dataclass(frozen=True, slots=True)
class Content:
    """The content of n rows."""

    x: Reals
    """[n, d] Encoder vectors of length 1 and frozen word scores."""
    vectors: Reals
    """[n, e] Encoder vectors alone."""
    words: csr_matrix
    """[n, u] 1 where the row holds the word."""
    members: tuple[NDArray[np.int64], ...]
    """Rows of each task."""
    penalties: tuple[float, ...]
    """Of each task."""

    def heard(
        self, outcome: NDArray[np.bool_], weights: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """[n] Probability of an outcome [n] by content, task by task.

        weights: [n] how much each row teaches, 1 where None. A row never teaches its own score.
        """
        found = np.zeros(len(self.x))
        w = np.ones(len(self.x)) if weights is None else weights
        for rows, penalty in zip(self.members, self.penalties, strict=True):
            y = outcome[rows, None].astype(np.float32)
            alone = np.zeros(len(rows), dtype=np.int64)
            own = w[rows].astype(np.float32)
            fitted = ridge(self.x[rows], alone, penalty, own)
            found[rows] = calibrated(fitted.left_out(y), y, own)[:, 0]
        return np.clip(found, TRUST, 1 - TRUST)


def read_content(
    texts: Sequence[str], tasks: NDArray[np.int64], labels: NDArray[np.int64]
) -> Content:
    """Return the content of texts [n]; tasks, labels: [n]. Raises ModelError: damaged encoder."""
    # No phrase has so many rows: only words are counted, and no marks, which are of the style.
    grams = ngrams.count_tokens([tokens(text) for text in texts], support=len(texts) + 1)
    names = tuple(grams.words)
    held = grams.word_rows.astype(np.float32).tocsr()
    vectors = _unit(np.asarray(held @ encoder.vectors(names)))
    scores = np.asarray(held @ word_weights(names).astype(np.float32))
    scores = FROZEN_SCALE * (scores - scores.mean(0)) / (scores.std(0) + 1e-6)
    x = np.hstack([vectors, scores]).astype(np.float32)
    members = tuple(np.flatnonzero(tasks == t) for t in range(int(tasks.max(initial=0)) + 1))
    return Content(x, vectors, held, members, tuple(_penalty(x[m], labels[m]) for m in members))


def _penalty(x: Reals, labels: NDArray[np.int64]) -> float:
    """Return the penalty of the smallest left-out error on the labels of one task."""
    alone = np.zeros(len(x), dtype=np.int64)
    y = (labels[:, None] == np.unique(labels)).astype(np.float32)
    centred = y - y.mean(0)
    errors = [float(((centred - ridge(x, alone, c).left_out(y)) ** 2).sum()) for c in PENALTIES]
    return PENALTIES[int(np.argmin(errors))]


def _unit(x: Reals) -> Reals:
    return np.asarray(x / np.maximum(np.sqrt((x**2).sum(1, keepdims=True)), 1e-9), dtype=np.float32)


def calibrated(
    scores: NDArray[np.floating], outcomes: NDArray[np.floating], weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """[n, b] Probability of outcomes [n, b] in 0..1 by scores [n, b], a logistic curve each.

    weights: [n] or [n, b]. Newton's method on slope and intercept (Platt 1999), with one row of
    either outcome added, so that a perfect score has a finite slope; the slope is never negative.
    """
    s = np.asarray(scores, dtype=np.float64)
    y = np.asarray(outcomes, dtype=np.float64)
    w = np.asarray(weights, dtype=np.float64)
    w = np.broadcast_to(w[:, None] if w.ndim == 1 else w, y.shape)
    total = np.maximum(w.sum(0), 1e-9)
    middle = (w * s).sum(0) / total
    scale = np.sqrt((w * (s - middle) ** 2).sum(0) / total) + 1e-9
    s = (s - middle) / scale
    own = (w * y).sum(0)
    y = (w * y * ((own + 1) / (own + 2)) + w * (1 - y) / (total - own + 2)) / np.maximum(w, 1e-12)
    rate = np.clip((w * y).sum(0) / total, 1e-6, 1 - 1e-6)
    intercept, slope = np.log(rate / (1 - rate)), np.zeros(s.shape[1])
    for _ in range(_STEPS):
        p = sigmoid(intercept + slope * s)
        v = w * np.maximum(p * (1 - p), 1e-9)
        g0, g1 = (w * (y - p)).sum(0), (w * (y - p) * s).sum(0) - 1e-2 * slope
        a, b, c = v.sum(0) + 1e-6, (v * s).sum(0), (v * s * s).sum(0) + 1e-2
        det = np.maximum(a * c - b * b, 1e-12)
        intercept = intercept + np.clip((c * g0 - b * g1) / det, -2, 2)
        slope = np.maximum(slope + np.clip((a * g1 - b * g0) / det, -2, 2), 0.0)
    return sigmoid(intercept + slope * s)


def sigmoid(x: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return 1 / (1 + e^-x), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(x, dtype=np.float64))))
