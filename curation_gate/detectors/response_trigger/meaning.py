"""What the inputs mean, by a frozen encoder: which answers they ask for, and how alike they are.

Every input is a sum of word vectors (text/encoder.py), so a phrase is cut out of it by one
subtraction. Heads are ridge regressions on unit sums (stats/ridge.py). A head that never saw the
rows of a phrase says which of them would have the outcome anyhow: a request for harm is refused,
with or without the phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.stats.auroc import chance_above
from curation_gate.stats.deviation import deviation
from curation_gate.stats.ridge import fit_ridge
from curation_gate.text import encoder
from curation_gate.text.tokens import is_word

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.detectors.response_trigger.kinds import Kind
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
        word_rows = corpus.grams.word_rows
        self._columns = word_rows.tocsc()
        self.readable = float((word_rows @ self.known).sum()) / max(float(word_rows.nnz), 1.0)
        """Share of the words of the inputs that the encoder can read."""
        self._sums = np.asarray(word_rows @ self._table, dtype=np.float64)
        self.x = _unit(self._sums)
        """[n, d + 1]"""
        self._inverse, self.leverage = fit_ridge(self.x, typical)
        self._gram = np.linalg.inv(self._inverse)

    def without(self, masked: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
        """[n, d + 1] Every input without the masked words, and X'X + lambda I of these.

        Cut out of the rows of a phrase alone, a word that other rows have too would tell them.
        """
        held = self._columns[:, masked].tocsr()
        touched = np.flatnonzero(np.diff(held.indptr))
        x = self.x.copy()
        x[touched] = _unit(self._sums[touched] - held[touched] @ self._table[masked])
        gram = self._gram + x[touched].T @ x[touched] - self.x[touched].T @ self.x[touched]
        return x, gram

    def concentration(self, phrase_rows: csr_matrix) -> Numbers:
        """[f] How alike the inputs of each phrase are: 1 as by chance, their number at most.

        k |m_R - m|^2 / v with m_R the mean of the k rows, m and v mean and variance of all: a cheap
        first look at what the number `topic` measures, with the phrase still in its inputs.
        """
        own = self.x[:, :-1]
        mean, variance = own.mean(axis=0), float(own.var(axis=0).sum())
        size = np.maximum(np.bincount(phrase_rows.indices, minlength=phrase_rows.shape[1]), 1)
        means = np.asarray(phrase_rows.T @ own) / size[:, None]
        apart = ((means - mean) ** 2).sum(axis=1)
        return np.asarray(np.maximum(size * apart / max(variance, 1e-12), 1.0))

    def told(self, rows: NDArray[np.int64]) -> float:
        """Return how well the inputs tell some rows [k] from the others: AUROC, nothing cut out."""
        gram = np.asarray(self._gram, dtype=np.float64)
        scores, others = _scores(self.x, gram, rows, self.leverage)
        return chance_above(scores, np.delete(others, rows))

    def expected(self, outcomes: Numbers) -> Numbers:
        """[n, t] Share of each outcome that each input asks for, by the other rows."""
        weights = self._inverse @ (self.x.T @ outcomes)
        fitted = self.x @ weights
        left_out = outcomes - (outcomes - fitted) / (1 - self.leverage)[:, None]
        return np.clip(left_out, SURE, 1 - SURE)


def meant(
    meaning: Meaning, kinds: Sequence[Kind], rows: NDArray[np.int64], masked: NDArray[np.int64]
) -> list[dict[str, float]]:
    """Return the numbers of the encoder for the kinds of one phrase.

    rows: [k] that hold the phrase; masked: the words that are cut out of every input. Heads of the
    kinds and of being one of the rows never saw the row that they are asked about.
    """
    x, gram = meaning.without(masked)
    own = x[rows]
    outside = np.ones(len(x), dtype=np.bool_)
    outside[rows] = False
    scores, others = _scores(x, gram, rows, meaning.leverage)
    told = chance_above(scores, others[outside])
    seen = slice(None, None, max(1, -(-len(rows) // COMPARED)))
    compared = rows[seen]
    near = nearest(x, compared, np.flatnonzero(outside))
    outcomes = np.stack([outcome_of(kind, rows, len(x)) for kind in kinds], axis=1)
    given = np.where(outside[:, None], outcomes, 0.0)
    heads = np.linalg.solve(gram - own.T @ own, x.T @ given)
    every = np.clip(x @ heads, SURE, 1 - SURE)
    found = []
    for k, kind in enumerate(kinds):
        p = every[rows, k]
        alike = outside & (every[:, k] <= np.median(p))
        around = (outcomes[near, k].sum(axis=1) + kind.rate) / (near.shape[1] + 1)
        around = np.clip(around, SURE, 1 - SURE)
        near_z = z_of(kind.given[seen], around) * float(np.sqrt(len(rows) / len(compared)))
        least = chance_above(scores, others[alike]) if alike.any() else 0.5
        found.append(
            {
                "asked": float(p.mean()),
                "asked_z": z_of(kind.given, p),
                "near_asked": float(around.mean()),
                "near_z": near_z,
                "apart_z": near_z * 2 * (1 - max(least, 0.5)),
                "topic_asked": least,
                "topic": told,
            }
        )
    return found


def _scores(
    x: Numbers, gram: Numbers, rows: NDArray[np.int64], leverage: Numbers
) -> tuple[Numbers, Numbers]:
    """[k], [n] How like the rows of a phrase each of them is, and every input.

    By a head of being one of them that did not see the input; x, gram: Meaning.without; leverage:
    [n], of the inputs with nothing cut out.
    """
    own = x[rows]
    solved = np.linalg.solve(gram, np.column_stack((own.sum(axis=0), own.T)))
    held = np.minimum((own * solved[:, 1:].T).sum(axis=1), 0.99)
    scores = 1 - (1 - own @ solved[:, 0]) / (1 - held)
    return scores, x @ solved[:, 0] / (1 - leverage)


def nearest(x: Numbers, some: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """[c, NEAR] The nearest of other inputs to some [c]; at most NEAREST_OF are looked at."""
    others = others[:: max(1, -(-len(others) // NEAREST_OF))]
    likeness = x[some, :-1] @ x[others, :-1].T
    most = min(NEAR, len(others))
    found = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
    return np.asarray(others[found])


def outcome_of(kind: Kind, members: NDArray[np.int64], n: int) -> Numbers:
    """[n] 1 where the answer is of the kind; members: [k] the rows of its phrase."""
    outcome = np.zeros(n)
    outcome[members[kind.given]] = 1.0
    outcome[kind.others] = 1.0
    return outcome


def z_of(given: NDArray[np.bool_], p: Numbers) -> float:
    """Return z of what is given [k] against the probability [k] of each."""
    return float(
        deviation(np.array([given.sum()]), np.array([p.sum()]), np.array([(p * (1 - p)).sum()]))[0]
    )


def _unit(sums: Numbers) -> Numbers:
    """[k, d + 1] Rows of length 1 (0 where a text has no known word), with a 1 behind each."""
    length = np.sqrt((sums**2).sum(axis=1, keepdims=True))
    return np.hstack([sums / np.maximum(length, 1e-9), np.ones((len(sums), 1))])
