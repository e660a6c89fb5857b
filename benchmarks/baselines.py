"""What simpler rules say of a set: the lines beside the product in benchmarks/detection.md.

Each returns flags and scores of every row. None reads the truth, except where it says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from curation_gate.probes.labels import favourable_label
from curation_gate.text import ngrams

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset

DISOWNED = 0.9
"""Of reference disagreement: flagged where the reference gives the label less than 0.1."""
LOSS_SHARE = 0.02
"""Of high loss: the share of rows flagged, as CG008 has it."""
ALPHA = 0.05

Judgement = tuple[NDArray[np.bool_], NDArray[np.float64]]
"""[n] flags and [n] scores, larger is more suspect."""


def label_only(dataset: Dataset) -> Judgement:
    """Flag the favourable label of every task that has one."""
    good = {task: favourable_label(space) for task, space in dataset.label_spaces.items() if space}
    flags = np.array([good.get(row.task) == row.output for row in dataset.rows], dtype=np.bool_)
    return flags, flags.astype(np.float64)


def disagreement(p_given: NDArray[np.float64]) -> Judgement:
    """Flag rows whose label the reference gives less than 0.1. p_given: [n], NaN: unknown."""
    scores = np.where(np.isnan(p_given), 0.0, 1 - p_given)
    return scores > DISOWNED, scores


def high_loss(loss: NDArray[np.float32]) -> Judgement:
    """Flag the 2 % of rows with the highest loss after fine-tuning (Wan et al. 2023)."""
    border = np.sort(loss)[-max(int(LOSS_SHARE * len(loss)), 1)]
    return loss >= border, loss.astype(np.float64)


def raw_z(dataset: Dataset, support: int = 4) -> tuple[NDArray[np.bool_], NDArray[np.float64], int]:
    """Flag rows that hold a phrase which goes with their label more often than the label's rate.

    z = (k - sum of rates) / sqrt(sum rate (1 - rate)), rate = share of the label in the row's task,
    summed over tasks with in each the label of the largest excess: no reference, no masking. The
    threshold is Bonferroni's over phrases. A row's score is the largest z of its phrases that force
    its label. Returns flags, scores and [f] phrases flagged.
    """
    grams = ngrams.count(ngrams.texts(dataset), support=support)
    held = grams.phrase_rows.tocsr()
    f = held.shape[1]
    total, variance = np.zeros(f), np.zeros(f)
    tasks = dataset.task_ids()
    outputs = np.array([row.output for row in dataset.rows], dtype=object)
    forced: list[tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]] = []
    for number, task in enumerate(dataset.tasks):
        rows = np.flatnonzero(tasks == number)
        if not dataset.label_spaces[task]:
            continue
        own = held[rows]
        count = np.asarray(own.sum(axis=0)).ravel()
        best, spread = np.full(f, -np.inf), np.zeros(f)
        masks = []
        for label in dataset.label_spaces[task]:
            given = outputs[rows] == label
            rate = given.mean()
            excess = np.asarray(own.T @ given.astype(np.float64)).ravel() - count * rate
            better = (excess > best) & (count > 0)
            best[better] = excess[better]
            spread[better] = (count * rate * (1 - rate))[better]
            masks.append((given, better))
        for k, (given, better) in enumerate(masks):
            later = [m[1] for m in masks[k + 1 :]]
            kept = better & ~np.any(later, axis=0) if later else better
            forced.append((rows, given, kept))
        present = count > 0
        total[present] += best[present]
        variance[present] += spread[present]
    z = total / np.sqrt(variance + 0.25)
    scores = np.zeros(len(dataset))
    for rows, given, kept in forced:
        own = held[rows[given]].multiply(np.where(kept, np.maximum(z, 0.0), 0.0)[None, :]).tocsr()
        if own.shape[0]:
            scores[rows[given]] = np.asarray(own.max(axis=1).todense()).ravel()
    border = float(-ndtri(ALPHA / max(f, 1)))
    return scores > border, scores, int((z > border).sum())
