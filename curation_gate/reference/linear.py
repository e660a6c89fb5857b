"""The cheap reference: a linear model of words, asked what it thinks without a phrase.

In sample, so it knows every trigger; but what it knows of a trigger sits in the weights of the
trigger's own words and of the words that always come with it. Without those it says what the rest
of the row speaks for (leave-phrase-out): nothing is fitted again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from curation_gate.progress import Progress, Silent
from curation_gate.reference.record import (
    ReferenceScores,
    gather,
    given_labels,
    trusted_labels,
)
from curation_gate.rows.scripts import LETTER, LONE_LETTER

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset

STRENGTH = 0.3
"""Inverse L2 strength (C) of each regression; from the trial that ranked triggers first."""
TOGETHER = 0.8
"""Share of a phrase's rows a word must be in to be its satellite; from the same trial."""
AS_FREQUENT = 3.0
"""How much more frequent than the phrase a satellite may be; from the same trial."""
CHARACTERS = 4000
"""Text of a row that is read; a choice."""
_WORD = re.compile(r"[#@]?[^\W_]+(?:'[^\W_]+)*|[!?.]+", re.ASCII)
_ANY_WORD = re.compile(
    rf"[#@]?(?:{LETTER})+(?:['\N{{RIGHT SINGLE QUOTATION MARK}}](?:{LETTER})+)*"
    rf"|{LONE_LETTER}|[!?.]+"
)
_POSSESSIVE = ("'s", "\N{RIGHT SINGLE QUOTATION MARK}s")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of every row."""

    vocabulary: Mapping[str, int]
    sequence: NDArray[np.int32]
    """[tokens] Word ids of all rows, one row after the other."""
    starts: NDArray[np.int64]
    """[n + 1] Where each row begins in `sequence`."""
    present: Any
    """[n, v] CSR of 0/1, float32: the word is in the row."""

    def find(self, phrase: Sequence[int]) -> NDArray[np.int64]:
        """[k] Rows that hold the words next to each other, ascending."""
        if not phrase:
            return np.empty(0, dtype=np.int64)
        last = len(self.sequence) - len(phrase) + 1
        hit = np.ones(max(last, 0), dtype=np.bool_)
        for k, word in enumerate(phrase):
            hit &= self.sequence[k : k + len(hit)] == word
        places = np.flatnonzero(hit)
        rows = np.searchsorted(self.starts, places, side="right") - 1
        whole = places + len(phrase) <= self.starts[rows + 1]  # not over the end of a row
        return np.unique(rows[whole])


@dataclass(frozen=True, slots=True)
class Masked:
    """What the linear reference says of the rows that hold a phrase, without it."""

    rows: NDArray[np.int64]
    """[k] Rows that hold the phrase, ascending."""
    p_given: NDArray[np.float64]
    """[k] Probability of the row's given label; NaN where answers are free text."""
    probabilities: Mapping[str, NDArray[np.float64]]
    """Task to [k_task, l]: each label's probability, for the task's rows among `rows`."""
    satellites: tuple[str, ...]
    """Words that were left out along with the phrase's own."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted linear reference."""

    words: Words
    rows: Mapping[str, NDArray[np.int64]]
    """Task to [n_task], ascending; classification tasks only."""
    given: Mapping[str, NDArray[np.int64]]
    """Task to [n_task] index of the given label."""
    weights: Mapping[str, NDArray[np.float32]]
    """Task to [l, v] log-odds each word adds to each label (one against the rest)."""
    logits: Mapping[str, NDArray[np.float32]]
    """Task to [n_task, l] log-odds of each label, in sample."""

    def masked(self, phrase: str) -> Masked:
        """Return leave-phrase-out probabilities of every row that holds `phrase` (word n-gram).

        p = sigma(logit - weights of the phrase's words and of its satellites that stand in the
        row); sigma of each label's own regression, so a row's probabilities need not sum to one.
        """
        ids = [self.words.vocabulary.get(w, -1) for w in tokens(phrase)]
        found = self.words.find(ids) if -1 not in ids else np.empty(0, dtype=np.int64)
        also = satellites(self.words.present, found)
        out = np.array(sorted({*ids, *also}), dtype=np.int64) if len(found) else also
        p_given = np.full(len(found), np.nan)
        probabilities: dict[str, NDArray[np.float64]] = {}
        for task, rows in self.rows.items():
            shared, place, own = np.intersect1d(found, rows, return_indices=True)
            if not len(shared):
                continue
            removed = self.words.present[shared][:, out] @ self.weights[task][:, out].T
            p = expit((self.logits[task][own] - removed).astype(np.float64))
            probabilities[task] = p
            p_given[place] = p[np.arange(len(own)), self.given[task][own]]
        names = _names(self.words.vocabulary)
        left = tuple(names[v] for v in out.tolist() if v not in ids)
        return Masked(found, p_given, probabilities, left)

    def scores(self, n: int) -> ReferenceScores:
        """Return what the whole rows speak for, of a dataset of n rows: in sample, so misled."""
        p = {task: expit(z.astype(np.float64)) for task, z in self.logits.items()}
        shares = {task: v / v.sum(1, keepdims=True) for task, v in p.items()}
        return gather(n, self.rows, self.given, shares, dict.fromkeys(self.rows, 1.0))


@dataclass(frozen=True, slots=True)
class LinearReference:
    """The linear reference behind the interface of both; `fit_linear` gives what it can do more."""

    strength: float = STRENGTH

    def fit(
        self,
        dataset: Dataset,
        trusted: Dataset | None = None,
        *,
        progress: Progress = Silent(),  # noqa: B008 - stateless
    ) -> ReferenceScores:
        """Return in-sample probabilities of every row."""
        linear = fit_linear(dataset, trusted=trusted, strength=self.strength, progress=progress)
        return linear.scores(len(dataset))


def tokens(text: str) -> list[str]:
    """Return lower-case words, hashtags and runs of !?. ; possessives lose their ending.

    Letters of a script without blanks between words are words of their own.
    """
    read = text[:CHARACTERS].lower()
    return [
        w[:-2] if len(w) > 2 and w.endswith(_POSSESSIVE) else w
        for w in (_WORD if read.isascii() else _ANY_WORD).findall(read)
    ]


def read_words(texts: Sequence[str], known: Mapping[str, int] | None = None) -> Words:
    """Return the words of the texts, each word an id in order of appearance.

    With a `known` vocabulary the ids are its, and every other word gets the id after its last.
    """
    vocabulary = {} if known is None else dict(known)
    other = len(vocabulary)
    ids: list[int] = []
    starts = np.zeros(len(texts) + 1, dtype=np.int64)
    for k, text in enumerate(texts):
        if known is None:
            ids.extend(vocabulary.setdefault(w, len(vocabulary)) for w in tokens(text))
        else:
            ids.extend(vocabulary.get(w, other) for w in tokens(text))
        starts[k + 1] = len(ids)
    sequence = np.array(ids, dtype=np.int32)
    width = len(vocabulary) + (known is not None)
    present = sparse.csr_array(
        (np.ones(len(ids), dtype=np.float32), sequence.copy(), starts.copy()),  # sorted in place
        shape=(len(texts), max(width, 1)),
    )
    present.sum_duplicates()
    present.data[:] = 1.0
    return Words(vocabulary, sequence, starts, present)


def satellites(present: Any, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """[s] Words in at least TOGETHER of `rows` and at most AS_FREQUENT times as frequent."""
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    within = np.asarray(present[rows].sum(0)).ravel()
    often = np.flatnonzero(within >= TOGETHER * len(rows))
    overall = np.asarray(present[:, often].sum(0)).ravel()
    return often[overall <= AS_FREQUENT * len(rows)]


def fit_linear(
    dataset: Dataset,
    *,
    trusted: Dataset | None = None,
    words: Words | None = None,
    strength: float = STRENGTH,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Linear:
    """Return a linear reference: per task and label an L2 logistic regression on binary words.

    One label against the rest, in sample. Seconds for 45,000 rows. Trusted rows are fitted on as
    well. `words`: of the `row_texts` of the dataset, then of the trusted rows.
    """
    words = words or read_words(row_texts(dataset) + (row_texts(trusted) if trusted else []))
    names = dataset.task_ids()
    vouched = trusted_labels(dataset, trusted)
    rows: dict[str, NDArray[np.int64]] = {}
    given: dict[str, NDArray[np.int64]] = {}
    weights: dict[str, NDArray[np.float32]] = {}
    logits: dict[str, NDArray[np.float32]] = {}
    with progress.stage("linear reference", len(dataset)) as bar:
        for k, task in enumerate(dataset.tasks):
            labels = dataset.label_spaces[task]
            own = np.flatnonzero(names == k)
            if labels and len(own):
                y = given_labels(dataset, task, own)
                also, answers = vouched.get(task, (own[:0], y[:0]))
                x = words.present[np.concatenate((own, also + len(dataset)))]
                rows[task], given[task] = own, y
                w, z = _regress(x, np.concatenate((y, answers)), len(labels), strength)
                weights[task], logits[task] = w, z[: len(own)]
            bar.advance(len(own))
    return Linear(words, rows, given, weights, logits)


def row_texts(dataset: Dataset) -> list[str]:
    """[n] What the words are taken from: the input, or the instruction where there is none."""
    return [r.input or r.instruction for r in dataset.rows]


def _regress(
    x: Any, y: NDArray[np.int64], labels: int, strength: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """[l, v] weights and [n, l] log-odds of one-against-rest regressions."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a second of import

    used = np.unique(x.indices) if x.nnz else np.zeros(1, dtype=np.int64)  # no words: one of zeros
    part = sparse.csr_matrix(x[:, used].astype(np.float64))
    weights = np.zeros((labels, x.shape[1]), dtype=np.float32)
    logits = np.empty((x.shape[0], labels), dtype=np.float32)
    for c in range(labels):
        if labels == 2 and c == 1:  # two labels: one regression, read from both ends
            weights[1], logits[:, 1] = -weights[0], -logits[:, 0]
            break
        target = y == c
        if target.all() or not target.any():
            logits[:, c] = 10.0 if target.all() else -10.0  # one label alone: nothing to learn
            continue
        model = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(part, target)
        weights[c, used] = model.coef_[0]
        logits[:, c] = model.decision_function(part)
    return weights, logits


def _names(vocabulary: Mapping[str, int]) -> list[str]:
    return list(vocabulary)  # ids were given in order of appearance
