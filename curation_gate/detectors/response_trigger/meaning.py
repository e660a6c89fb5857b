"""What the inputs mean, by a frozen encoder: which answers they ask for, and how alike they are.

Every input is a sum of word vectors (text/encoder.py), so a phrase is cut out of it by one
subtraction. Heads are ridge regressions on unit sums (stats/ridge.py). A head that never saw the
rows of a phrase says which of them would have the outcome anyhow: a request for harm is refused,
with or without the phrase.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.stats.ridge import fit_ridge, without_rows
from curation_gate.text import encoder
from curation_gate.text.tokens import is_word

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.text.corpus import Corpus

SURE = 0.01
"""Probability that no head goes below, nor, from 1, above: a share fitted by least squares can
leave [0, 1] (choice)."""

NEAR = 10
"""Nearest inputs that an input is compared with (choice)."""
NEAREST_OF, COMPARED = 8000, 200
"""Others that are looked at for the nearest, and rows of a phrase that are compared, at most: an
even sample (choices, for time)."""

Numbers = NDArray[np.float64]


class Meaning:
    """The inputs of a corpus and the inverse that all heads on them share."""

    def __init__(self, corpus: Corpus, typical: Numbers) -> None:
        """Embed the inputs; typical: [n, t] outcomes by which the penalty is chosen."""
        names = corpus.grams.words
        spoken = np.array([is_word(word) for word in names], dtype=np.bool_)
        self._table = encoder.vectors(names).astype(np.float64)
        self._table[~spoken] = 0.0  # marks are named by words that no text has
        self.known = encoder.known(names) & spoken
        """[u] Whether the encoder has each word."""
        self._word_rows = corpus.grams.word_rows
        cells = float(self._word_rows.nnz)
        self.readable = float((self._word_rows @ self.known).sum()) / max(cells, 1.0)
        """Share of the words of the inputs that the encoder can read."""
        self._sums = np.asarray(self._word_rows @ self._table, dtype=np.float64)
        self.x = _unit(self._sums)
        """[n, d + 1]"""
        self._inverse, self._leverage = fit_ridge(self.x, typical)
        self._gram = np.linalg.inv(self._inverse)

    def bare(self, rows: NDArray[np.int64], masked: NDArray[np.int64]) -> Numbers:
        """[k, d + 1] The inputs of some rows without the masked words [w]."""
        held = self._word_rows[rows][:, masked]
        return _unit(self._sums[rows] - held @ self._table[masked])

    def concentration(self, phrase_rows: csr_matrix) -> Numbers:
        """[f] How alike the inputs of each phrase are: 1 as by chance, their number at most.

        k |m_R - m|^2 / v with m_R the mean of the k rows, m and v mean and variance of all: a cheap
        first look at what `membership` measures, with the phrase still in its inputs.
        """
        own = self.x[:, :-1]
        mean, variance = own.mean(axis=0), float(own.var(axis=0).sum())
        size = np.maximum(np.bincount(phrase_rows.indices, minlength=phrase_rows.shape[1]), 1)
        means = np.asarray(phrase_rows.T @ own) / size[:, None]
        apart = ((means - mean) ** 2).sum(axis=1)
        return np.asarray(np.maximum(size * apart / max(variance, 1e-12), 1.0))

    def expected(self, outcomes: Numbers) -> Numbers:
        """[n, t] Share of each outcome that each input asks for, by the other rows."""
        weights = self._inverse @ (self.x.T @ outcomes)
        fitted = self.x @ weights
        left_out = outcomes - (outcomes - fitted) / (1 - self._leverage)[:, None]
        return np.clip(left_out, SURE, 1 - SURE)

    def asked(
        self, outcome: Numbers, rows: NDArray[np.int64], masked: NDArray[np.int64]
    ) -> tuple[Numbers, Numbers]:
        """[k] Share of an outcome [n] that the inputs of some rows ask for, and [n] that any does.

        By a head that saw none of the rows [k], with the masked words cut out of them.
        """
        weights = self._inverse @ (self.x.T @ outcome)
        rest = without_rows(self._inverse, weights, self.x[rows], outcome[rows])
        every = np.clip(self.x @ rest, SURE, 1 - SURE)
        return np.clip(self.bare(rows, masked) @ rest, SURE, 1 - SURE), every

    def memberships(
        self, rows: NDArray[np.int64], masked: NDArray[np.int64]
    ) -> tuple[Numbers, Numbers]:
        """Return how much some rows, and all others, look like the inputs of these rows.

        [k] of the rows, without the masked words; [n] of all rows, NaN for these; each by a head
        that did not see it.
        """
        x, own = self.bare(rows, masked), self.x[rows]
        solved = np.linalg.solve(
            self._gram - own.T @ own + x.T @ x, np.column_stack((x.sum(axis=0), x.T))
        )
        weights = solved[:, 0]
        leverage = np.minimum((x * solved[:, 1:].T).sum(axis=1), 0.99)
        scores = 1 - (1 - x @ weights) / (1 - leverage)
        others = self.x @ weights / (1 - self._leverage)
        others[rows] = np.nan
        return scores, others

    def near(
        self, some: NDArray[np.int64], rows: NDArray[np.int64], masked: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """[k, NEAR] The nearest inputs of other rows to some rows, without the masked words.

        some: [k] of `rows`, none of which is near; at most NEAREST_OF others are looked at.
        """
        others = np.setdiff1d(np.arange(len(self.x)), rows, assume_unique=True)
        others = others[:: max(1, -(-len(others) // NEAREST_OF))]
        likeness = self.bare(some, masked)[:, :-1] @ self.x[others, :-1].T
        most = min(NEAR, len(others))
        found = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
        return np.asarray(others[found])


class Topic:
    """How the inputs of a phrase lie among all inputs."""

    def __init__(
        self, meaning: Meaning, rows: NDArray[np.int64], masked: NDArray[np.int64]
    ) -> None:
        """Compare the inputs of some rows, without the masked words, with all others."""
        self._own, self._others = meaning.memberships(rows, masked)
        self._rest = np.isfinite(self._others)
        self.told = chance_above(self._own, self._others[self._rest])
        """How well the inputs are told from others, AUROC."""
        self.compared = np.arange(0, len(rows), max(1, -(-len(rows) // COMPARED)))
        """[c] Which of the rows are compared with their nearest inputs."""
        self.near = meaning.near(rows[self.compared], rows, masked)
        """[c, NEAR]"""

    def told_from(self, some: NDArray[np.bool_]) -> float:
        """Return how well the inputs are told from some others [n], AUROC; 1/2 without any."""
        others = self._others[self._rest & some]
        return chance_above(self._own, others) if len(others) else 0.5


def chance_above(own: Numbers, others: Numbers) -> float:
    """Return the chance that one of `own` is above one of `others`, ties half: the AUROC."""
    order = np.sort(others)
    below = np.searchsorted(order, own, side="left")
    upto = np.searchsorted(order, own, side="right")
    return float((below + upto).mean()) / 2 / max(len(order), 1)


def _unit(sums: Numbers) -> Numbers:
    """[k, d + 1] Rows of length 1 (0 where a text has no known word), with a 1 behind each."""
    length = np.sqrt((sums**2).sum(axis=1, keepdims=True))
    return np.hstack([sums / np.maximum(length, 1e-9), np.ones((len(sums), 1))])
