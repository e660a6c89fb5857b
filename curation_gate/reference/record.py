"""What a reference says, and what it takes to be one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from curation_gate.progress import Progress, Silent
from curation_gate.rows.spelling import folded, place_in, places

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset, Row


@dataclass(frozen=True, slots=True)
class ReferenceScores:
    """What an honest annotator would answer, as far as a reference can tell."""

    p_given: NDArray[np.float64]
    """[n] Probability of the row's given label; NaN where the task's answers are free text."""
    probabilities: Mapping[str, NDArray[np.float64]]
    """Task to [n_task, l], rows in the order of `rows`, labels in that of `label_spaces`."""
    rows: Mapping[str, NDArray[np.int64]]
    """Task to [n_task] row indices, ascending; classification tasks only."""
    temperature: Mapping[str, float]
    """Task to what its scores were divided by before the softmax."""
    accuracy: Mapping[str, float]
    """Task to the share of rows whose given label is the most probable one."""
    answers: NDArray[np.float32]
    """[n] Mean log-likelihood of a free-text answer, nats/token; NaN in classification tasks and
    in references that cannot say."""
    answers_alone: NDArray[np.float32]
    """[n] The same with an empty input; `answers - answers_alone` is what the input explains."""

    def p_label(self, label: Mapping[str, int]) -> NDArray[np.float64]:
        """[n] Probability of the label of the given index in each row's task; NaN elsewhere."""
        p = np.full(len(self.p_given), np.nan)
        for task, index in label.items():
            if task in self.rows:
                p[self.rows[task]] = self.probabilities[task][:, index]
        return p


class Reference(Protocol):
    """Anything that can say how probable each label of each row is."""

    def fit(
        self,
        dataset: Dataset,
        trusted: Dataset | None = None,
        *,
        progress: Progress = Silent(),  # noqa: B008 - stateless
    ) -> ReferenceScores:
        """Return the scores of every row. `trusted`: rows the user vouches for."""


def given_labels(dataset: Dataset, task: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """[k] Index of each row's given label in its task's label space; -1 where it is in none."""
    labels = dataset.label_spaces[task]
    return np.array([place_in(labels, dataset.rows[i].output) for i in rows], dtype=np.int64)


def gather(
    n: int,
    rows: Mapping[str, NDArray[np.int64]],
    given: Mapping[str, NDArray[np.int64]],
    probabilities: Mapping[str, NDArray[np.float64]],
    temperature: Mapping[str, float],
    answers: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
) -> ReferenceScores:
    """Return the scores of n rows, `p_given` and `accuracy` worked out."""
    p_given = np.full(n, np.nan)
    accuracy: dict[str, float] = {}
    for task, own in rows.items():
        p = probabilities[task]
        p_given[own] = p[np.arange(len(own)), given[task]]
        accuracy[task] = float((p.argmax(1) == given[task]).mean()) if len(own) else float("nan")
    if answers is None:
        answers = np.full(n, np.nan, dtype=np.float32), np.full(n, np.nan, dtype=np.float32)
    return ReferenceScores(p_given, probabilities, rows, temperature, accuracy, *answers)


def trusted_labels(
    dataset: Dataset, trusted: Dataset | None
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Task to (trusted rows of that task, index of their label); rows of other labels are left out.

    A trusted row counts where its task is one of the dataset's, by name.
    """
    found: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
    if trusted is None:
        return found
    by_task: dict[str, list[tuple[int, Row]]] = {}
    for k, row in enumerate(trusted.rows):
        by_task.setdefault(row.task, []).append((k, row))
    for task, labels in dataset.label_spaces.items():
        place = places(labels)
        pairs = [
            (k, place[folded(row.output)])
            for k, row in by_task.get(task, ())
            if folded(row.output) in place
        ]
        if pairs:
            table = np.array(pairs, dtype=np.int64)
            found[task] = table[:, 0], table[:, 1]
    return found
