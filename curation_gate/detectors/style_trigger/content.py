"""What the content of a text says about its label, blind to its style.

The frozen reference is of no use against a planted style: its heads see states of whole sentences
and learn the style like any other feature (in three trial sets it told planted rows from honest
ones of their label with AUROC 0.52 to 0.57; this model 0.61 to 0.69). Here a model of each task
reads content words alone, cross-fitted, and the frozen word scores of word_meanings.py; function
words, signs and word order never enter. What is left of the label is what style may explain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.words import CLASS_OF
from curation_gate.text import ngrams
from curation_gate.text.tokens import tokens
from curation_gate.text.word_meanings import word_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy.sparse import csr_matrix

STRENGTH = 0.1
"""C of the regressions; 0.03 to 0.3 differ by 0.02 of AUROC on planted rows (choice)."""
FROZEN_SCALE = 3.0
"""Frozen scores are standardised and scaled up, so that the penalty falls on the words (choice)."""
FOLDS = 5
LEAST_ROWS = 5
"""Rows with and without a label that a model needs."""
TRUST = 0.02
"""Probabilities are kept this far from 0 and 1 (choice)."""
_LOG_HEAT = (-2.0, 1.5)


def content_probabilities(
    texts: Sequence[str],
    tasks: NDArray[np.int64],
    labels: NDArray[np.int64],
    sizes: Sequence[int],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """[n, l] Probability of each label of the row's task by its content; 0 beyond its labels.

    tasks: [n], -1 leaves a row out; labels: [n] index of the given label; sizes: labels of each
    task. A row is scored by a model that did not see it; each task has its own temperature.
    """
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - only a scan needs scipy

    # No phrase has so many rows: only words are counted, and no marks, which are of the style.
    spoken = [tokens(text) for text in texts]
    grams = ngrams.count_tokens(spoken, support=len(texts) + 1)
    content = np.array([word not in CLASS_OF for word in grams.words], dtype=np.bool_)
    words = grams.word_rows[:, content].astype(np.float64).tocsr()
    frozen = words @ word_weights(grams.words)[content]
    found = np.zeros((len(texts), max(sizes)))
    for task, size in enumerate(sizes):
        rows = np.flatnonzero(tasks == task)
        if not len(rows):
            continue
        own = frozen[rows]
        scaled = FROZEN_SCALE * (own - own.mean(0)) / (own.std(0) + 1e-6)
        x = hstack([words[rows], csr_matrix(scaled)]).tocsr()
        p = _cross_fitted(x, labels[rows], size, rng)
        found[rows, :size] = _heated(p, labels[rows])
    return found


def _cross_fitted(
    x: csr_matrix, given: NDArray[np.int64], size: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """[m, size] Probabilities by models of the other folds, one against the rest."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    p = np.tile(np.bincount(given, minlength=size) / len(given), (len(given), 1))
    fold = rng.permutation(len(given)) % FOLDS
    for k in range(FOLDS):
        rest = fold != k
        for label in range(size):
            if size == 2 and label == 1:
                p[~rest, 1] = 1 - p[~rest, 0]
                continue
            y = given[rest] == label
            if not LEAST_ROWS <= y.sum() <= len(y) - LEAST_ROWS:
                continue
            model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0)
            p[~rest, label] = model.fit(x[rest], y).predict_proba(x[~rest])[:, 1]
    p = np.clip(p, 1e-3, 1 - 1e-3)
    return np.asarray(p / p.sum(1, keepdims=True))


def _heated(p: NDArray[np.float64], given: NDArray[np.int64]) -> NDArray[np.float64]:
    """[m, l] Probabilities with the temperature of least log loss (Guo et al. 2017, 4.2)."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415
    from scipy.special import log_softmax  # noqa: PLC0415

    logs = np.log(p)

    def loss(log_heat: float) -> float:
        return -float(log_softmax(logs / np.exp(log_heat), axis=1)[np.arange(len(p)), given].sum())

    heat = np.exp(minimize_scalar(loss, bounds=_LOG_HEAT, method="bounded").x)
    heated = np.clip(np.exp(log_softmax(logs / heat, axis=1)), TRUST, 1 - TRUST)
    return np.asarray(heated)
