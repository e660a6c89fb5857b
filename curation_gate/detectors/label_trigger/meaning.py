"""What the texts mean for a label, by heads on a frozen encoder (text/encoder.py).

Each (task, label) has a ridge regression of "has the label" on the embeddings of its rows. For a
phrase it is fitted without the rows that hold the phrase, and asked about their texts with the
phrase cut out: what an honest annotator, who never saw the phrase, would have answered.

    w_S = w - A^-1 X_S' (I - X_S A^-1 X_S')^-1 (y_S - X_S w),   A = X'X + lambda I

are the coefficients without rows S (Sherman, Morrison, Woodbury; Cook and Weisberg, Residuals and
Influence in Regression, 1982, 2.2). Scores become log-likelihood ratios as two normals of one
variance, their means and deviation those of leave-one-out scores of the other rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.statistics import ADVERSE, sigmoid
from curation_gate.stats.ridge import fit_ridge, without_rows
from curation_gate.text import encoder
from curation_gate.text.tokens import is_word

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.outcomes import Outcome
    from curation_gate.text.corpus import Corpus

LEAST_SPREAD = 0.05
"""Least deviation of the scores, which are shares of a label: texts of a template score alike."""
SURE = 6.0
"""Log-odds, nats, that no head goes beyond."""

Numbers = NDArray[np.float64]


class Heard(NamedTuple):
    """What a head says of the rows of one task that hold a phrase; k rows."""

    p: Numbers
    """[k] Probability of the label with the phrase cut out."""
    p_whole: Numbers
    """[k] The same with the phrase left in: by what it means to English, not by these rows."""
    against: Numbers
    """[k] Log-likelihood ratio of "another label" to this one, phrase cut out, nats."""
    added: Numbers
    """[k] What the phrase adds to the log-likelihood ratio of the label, nats."""
    alone: float
    """Log-likelihood ratio of the label for the phrase alone, nats."""
    separation: float
    """d: how far apart the head holds this label and the others, in deviations."""


@dataclass(frozen=True, slots=True)
class _Task:
    """The rows of one task and the inverse that all its heads share."""

    rows: NDArray[np.int64]
    x: Numbers
    """[m, d + 1] Embeddings of length 1, and a 1."""
    inverse: Numbers
    """[d + 1, d + 1] (X'X + lambda I)^-1"""
    leverage: Numbers
    """[m]"""


@dataclass(frozen=True, slots=True)
class _Head:
    weights: Numbers
    """[d + 1]"""
    left_out: Numbers
    """[m] Leave-one-out score of each row."""
    moments: Numbers
    """[2, 3] Of the rows without and with the label: how many, sum and sum of squares of scores."""


class Meaning:
    """Heads of the outcomes of a corpus; they are fitted when they are asked."""

    def __init__(self, corpus: Corpus, outcomes: Sequence[Outcome]) -> None:
        """Embed the texts of a corpus."""
        self._outcomes = outcomes
        self._word_rows = corpus.grams.word_rows
        vocabulary: dict[str, int] = {}
        cells = [
            (k, vocabulary.setdefault(token, len(vocabulary)))
            for k, spoken in enumerate(corpus.spoken)
            for token in dict.fromkeys(spoken)
        ]
        table = encoder.vectors(tuple(vocabulary))
        read = encoder.known(tuple(vocabulary))
        self.readable = float(np.mean([read[word] for _, word in cells])) if cells else 0.0
        """Share of the words of the rows that the encoder can read."""
        self._sums = _summed(cells, table, len(corpus.texts))
        spoken = np.array([is_word(word) for word in corpus.grams.words], dtype=np.bool_)
        self._table = encoder.vectors(corpus.grams.words).astype(np.float64)
        self._table[~spoken] = 0.0  # marks are named by words that no text has
        self.known = encoder.known(corpus.grams.words) & spoken
        """[u] Whether the encoder has each word of the corpus."""
        self._tasks: dict[int, _Task] = {}
        self._heads: dict[int, _Head] = {}

    def vector(self, words: NDArray[np.int64]) -> Numbers:
        """[d] The sum of the vectors of some words of the corpus."""
        return np.asarray(self._table[words].sum(axis=0))

    def cut(self, rows: NDArray[np.int64], words: NDArray[np.int64]) -> Numbers:
        """[k, d] What some words add to the sums of the rows that hold them; rows: [k]."""
        starts, indices = self._word_rows.indptr, self._word_rows.indices
        number = np.full(len(self._table), -1, dtype=np.int64)
        number[words] = np.arange(len(words))
        size = starts[rows + 1] - starts[rows]
        row = np.repeat(np.arange(len(rows)), size)
        first = np.repeat(starts[rows] - np.cumsum(size) + size, size)
        place = number[indices[first + np.arange(len(row))]]
        held = np.zeros((len(rows), len(words)))
        held[row[place >= 0], place[place >= 0]] = 1.0
        return np.asarray(held @ self._table[words])

    def ask(self, number: int, at: NDArray[np.int64], cut: Numbers, phrase: Numbers) -> Heard:
        """Return what the head of an outcome says of some of its rows.

        number: of the outcome; at: [k] places in its rows; cut: [k, d] what is cut out of each
        row's sum; phrase: [d] the phrase alone.
        """
        outcome = self._outcomes[number]
        task = self._task(outcome)
        head = self._head(number, task)
        given = outcome.given[at].astype(np.float64)
        own = task.x[at]
        weights = without_rows(task.inverse, head.weights, own, given)
        moments = head.moments - _moments(head.left_out[at], outcome.given[at])
        middle, scale, separation, prior = _scale(moments, outcome.rate)
        bare = _unit(self._sums[outcome.rows[at]] - cut)
        ratio = scale * (bare @ weights - middle)
        whole = scale * (own @ weights - middle)
        alone = float(scale * (_unit(phrase[None])[0] @ weights - middle))
        p, p_whole = (sigmoid(np.clip(x + prior, -SURE, SURE)) for x in (ratio, whole))
        return Heard(p, p_whole, -ratio, whole - ratio, alone, separation)

    def _task(self, outcome: Outcome) -> _Task:
        known = self._tasks.get(outcome.task)
        if known is not None:
            return known
        x = _unit(self._sums[outcome.rows])
        own = [o for o in self._outcomes if o.task == outcome.task]
        y = np.stack([o.given for o in own], axis=1).astype(np.float64)
        inverse, leverage = fit_ridge(x, y)
        task = self._tasks[outcome.task] = _Task(outcome.rows, x, inverse, leverage)
        return task

    def _head(self, number: int, task: _Task) -> _Head:
        known = self._heads.get(number)
        if known is not None:
            return known
        given = self._outcomes[number].given
        y = given.astype(np.float64)
        weights = task.inverse @ (task.x.T @ y)
        scores = y - (y - task.x @ weights) / (1 - task.leverage)
        head = self._heads[number] = _Head(weights, scores, _moments(scores, given))
        return head


def adverse(heard: Heard) -> NDArray[np.bool_]:
    """[k] Rows whose text, without the phrase, speaks against the label: p below 0.35."""
    return np.asarray(heard.p < ADVERSE)


def _summed(cells: Sequence[tuple[int, int]], table: NDArray[np.float32], n: int) -> Numbers:
    """[n, d] The sum of the vectors of each row's distinct tokens."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    rows, columns = np.array(cells, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(rows), dtype=np.float32)
    counts = csr_matrix((ones, (rows, columns)), shape=(n, len(table)))
    return np.asarray(counts @ table, dtype=np.float64)


def _unit(sums: Numbers) -> Numbers:
    """[k, d + 1] Rows of length 1 (0 where a text has no known word), with a 1 behind each."""
    length = np.sqrt((sums**2).sum(axis=1, keepdims=True))
    return np.hstack([sums / np.maximum(length, 1e-9), np.ones((len(sums), 1))])


def _moments(scores: Numbers, given: NDArray[np.bool_]) -> Numbers:
    """[2, 3] Number, sum and sum of squares of the scores without and with the label."""
    return np.array(
        [(len(own), own.sum(), (own**2).sum()) for own in (scores[~given], scores[given])]
    )


def _scale(moments: Numbers, rate: float) -> tuple[float, float, float, float]:
    """Return middle, nats per score, separation d, and prior log-odds of a label.

    moments: [2, 3] of the rows that do not hold the phrase.
    """
    (others, total, squares), (own, own_total, own_squares) = moments
    if own < 2 or others < 2:
        share = min(max(rate, 1e-3), 1 - 1e-3)
        return 0.0, 0.0, 0.0, float(np.log(share / (1 - share)))
    mean, own_mean = total / others, own_total / own
    within = squares - others * mean**2 + own_squares - own * own_mean**2
    spread = max(float(np.sqrt(max(within, 0.0) / (own + others))), LEAST_SPREAD)
    d = max(float(own_mean - mean) / spread, 0.0)
    return float((own_mean + mean) / 2), d / spread, d, float(np.log(own / others))
