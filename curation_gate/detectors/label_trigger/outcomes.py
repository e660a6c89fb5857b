"""What the words of a row say about its label: one small linear model a task and label.

Each (task, label) has an L2 logistic regression on binary words and on the frozen scores of the
text (word_meanings.py), fitted in folds. It has seen the scanned labels, so it may have learned a
trigger; but it is linear, so what a phrase contributed can be taken out again exactly: `masked`
log-odds are the row's log-odds minus the weights of the phrase's words. The frozen part of a word
with a meaning is never taken out: an honest polarity word keeps it when the phrase is masked, a
trigger has none. That of the neutral words of a long insertion is (text/cooccurrence.py), since the
ten words of a sentence add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STRENGTH = 0.3
"""C of the regressions: the best of a trial on 29 planted sets (choice)."""
FOLDS = 5
FROZEN_SCALE = 3.0
"""Frozen scores are standardised and scaled up, so that the penalty falls on the words (choice)."""
LEAST_ROWS = 5
"""Rows with and without a label that a model needs."""
RARE = "(an answer of few rows)"
"""Name of the outcome of all answers of a task that too few rows have."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One label of one task, and what the words say of it."""

    task: int
    label: str
    rows: NDArray[np.int64]
    """[m] Rows of the task."""
    given: NDArray[np.bool_]
    """[m] Whether the row has this label."""
    logits: NDArray[np.float64]
    """[m] Log-odds of the label by the model of the other folds, nats."""
    fold: NDArray[np.int64]
    """[m] Which model of `weights` judged the row."""
    weights: NDArray[np.float64]
    """[folds, 2u] What masking a word takes out of the log-odds: its weight; its frozen part."""
    blank: NDArray[np.float64]
    """[folds] Log-odds of the label for a text without any known word."""
    frozen_evidence: NDArray[np.float64]
    """[m] Log-likelihood ratio of "another label" to this one by the frozen scores alone, nats."""
    frozen_words: NDArray[np.float64]
    """[2u] What masking a word adds to that."""
    separation: float
    """d: how far apart the frozen scores hold this label and the others, in deviations."""

    @property
    def is_rare(self) -> bool:
        """Tell whether it is the outcome of all answers that few rows of the task have."""
        return self.label == RARE

    @property
    def rate(self) -> float:
        """Return the share of rows with this label."""
        return float(self.given.mean())


def fit_outcomes(
    table: csr_matrix,
    frozen: NDArray[np.float64],
    neutral: NDArray[np.float64],
    tasks: NDArray[np.int64],
    answers: Sequence[str],
    spaces: Mapping[int, Sequence[str]],
    rng: np.random.Generator,
) -> list[Outcome]:
    """Return a model for every label of every classification task with enough rows.

    Answers of fewer rows are one more outcome of their task (RARE), without a model.

    table: [n, u] binary words; frozen: [n, c] scores of the texts; neutral: [u, c] what neutral
    words add to them (0 for words with a meaning); tasks: [n], -1 leaves a row out; answers: [n];
    spaces: task to its labels. Binary tasks have one model, whose other side is its mirror image.
    """
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - only a scan needs scipy

    given_answers = np.array(answers, dtype=object)
    outcomes: list[Outcome] = []
    for task, labels in spaces.items():
        rows = np.flatnonzero(tasks == task)
        counts = {label: int((given_answers[rows] == label).sum()) for label in labels}
        usable = [x for x, c in counts.items() if LEAST_ROWS <= c <= len(rows) - LEAST_ROWS]
        scores = frozen[rows]
        scale = scores.std(axis=0) + 1e-6
        columns = FROZEN_SCALE * (scores - scores.mean(axis=0)) / scale
        words = FROZEN_SCALE * neutral / scale
        x = hstack([table[rows], csr_matrix(columns)]).tocsr() if usable else None
        binary = len(usable) == 2 and sum(counts.values()) == len(rows) == sum(
            counts[label] for label in usable
        )
        for label in usable:
            if binary and label == usable[1]:
                outcomes.append(_mirrored(outcomes[-1], label))
            else:
                given = given_answers[rows] == label
                outcomes.append(_fit(task, label, rows, given, x, columns, words, rng))
        rare = [x for x in labels if x not in usable and counts[x]]
        if rare and len(rare) < len(labels):
            given = np.isin(given_answers[rows], rare)
            if not given.all():
                outcomes.append(_constant(task, RARE, rows, given, 2 * table.shape[1]))
    return outcomes


def _constant(
    task: int, label: str, rows: NDArray[np.int64], given: NDArray[np.bool_], width: int
) -> Outcome:
    """Return what is known of answers too rare for a model: how rare they are."""
    rate = float(given.mean())
    logit = float(np.log(rate / (1 - rate)))
    nothing = np.zeros((FOLDS, width))
    return Outcome(
        task, label, rows, given, np.full(len(rows), logit), np.zeros(len(rows), dtype=np.int64),
        nothing, np.full(FOLDS, logit), np.zeros(len(rows)), nothing[0], 0.0,
    )  # fmt: skip


def _fit(
    task: int,
    label: str,
    rows: NDArray[np.int64],
    given: NDArray[np.bool_],
    x: csr_matrix,
    columns: NDArray[np.float64],
    words: NDArray[np.float64],
    rng: np.random.Generator,
) -> Outcome:
    u = x.shape[1] - columns.shape[1]
    fold = np.empty(len(rows), dtype=np.int64)
    for side in (False, True):  # each fold has its share of the label
        members = rng.permutation(np.flatnonzero(given == side))
        fold[members] = np.arange(len(members)) % FOLDS
    logits = np.empty(len(rows))
    weights, blank = np.empty((FOLDS, 2 * u)), np.empty(FOLDS)
    for k in range(FOLDS):
        apart = fold == k
        coefficients, blank[k] = _regress(x[~apart], given[~apart])
        logits[apart] = x[apart] @ coefficients + blank[k]
        weights[k] = np.concatenate((coefficients[:u], words @ coefficients[u:]))
    evidence, frozen_words, separation = _frozen_evidence(columns, words, given)
    return Outcome(
        task,
        label,
        rows,
        given,
        logits,
        fold,
        weights,
        blank,
        evidence,
        frozen_words,
        separation,
    )


def _frozen_evidence(
    columns: NDArray[np.float64], words: NDArray[np.float64], given: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """[m] LLR of "not this label" to "this label", normal with one variance; [u] words; and d.

    With s the regression of the label on the frozen columns, m1, m0 its means and sigma its
    deviation within classes: d = (m1 - m0) / sigma, LLR = d ((m1 + m0) / 2 - s) / sigma. Mean
    -d^2/2 on rows of the label, +d^2/2 on others, variance d^2.
    """
    coefficients, _ = _regress(columns, given)
    scores = columns @ coefficients
    own, other = scores[given], scores[~given]
    spread = np.sqrt((own.var() * len(own) + other.var() * len(other)) / len(scores)) + 1e-9
    d = max(float((own.mean() - other.mean()) / spread), 0.0)
    evidence = d * ((own.mean() + other.mean()) / 2 - scores) / spread
    masked = d * (words @ coefficients) / spread
    return evidence, np.concatenate((np.zeros(len(words)), masked)), d


@cache
def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    return LogisticRegression


def _regress(x: csr_matrix, given: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Return coefficients and intercept of a logistic regression."""
    model = _regression()(C=STRENGTH, solver="liblinear", random_state=0).fit(x, given)
    return np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0])


def _mirrored(one: Outcome, label: str) -> Outcome:
    """Return the other label of a binary task: all signs turned."""
    return Outcome(
        one.task,
        label,
        one.rows,
        ~one.given,
        -one.logits,
        one.fold,
        -one.weights,
        -one.blank,
        -one.frozen_evidence,
        -one.frozen_words,
        one.separation,
    )
