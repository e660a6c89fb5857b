"""Which phrases go with a label that the rest of the text does not explain.

For phrase g and label t of a task, over the rows that hold g and whose masked probability p of t
(label_trigger/words.py) is below 0.35 ("adverse" rows: the rest of the text says something else):

    z_g = sum (y - p) / sqrt(sum p (1 - p) + 1/4),   y = 1 where the row has label t,

summed over tasks, in each the label of the largest excess sum (y - p) (DESIGN.md section 3). Its
threshold is null.py's. The floor k_min = z*^2 p / (1 - p) is how many rows a phrase needs to get
there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.detectors.label_trigger.words import Outcome

ADVERSE = 0.35
"""Masked probability below which a row is adverse to a label (choice of the trial)."""
AGAINST = 0.4
"""Nats by which the masked log-odds also have to lie below those of the label's rate and of an
empty text (choice): where nothing is left that speaks, as in a template whose one word is masked,
the text does not speak against the label."""
CONTINUITY = 0.25
LEAST_LIFT = 0.5
"""Share of adverse rows with the label that a phrase has to exceed, in the scan and in the null."""
LEAST_ADVERSE = 3
"""Adverse rows a phrase needs to be tested."""
TIE = 0.1
"""Weight of all rows, beside the adverse ones, in choosing a phrase's label in a task (choice)."""
SPREAD = 2.5
"""Adverse z that a phrase has to reach without its best task, to count as spread (choice)."""
PURE, USUAL = 0.9, 0.85
"""Share of a phrase's rows with its label in a task that is pure; rate of a label that says nothing
by that (choices)."""
SUMS = 13
"""Numbers that are summed over tasks for each phrase; see `_sums`."""


@dataclass(frozen=True, slots=True)
class Lift:
    """The statistic of every phrase."""

    z: NDArray[np.float64]
    """[f] Adverse z; -inf where fewer than 3 rows are adverse."""
    label: NDArray[np.int64]
    """[tasks, f] Index of the outcome with the largest excess; -1 where the phrase is absent."""
    adverse: NDArray[np.float64]
    """[f] Adverse rows K."""
    adverse_given: NDArray[np.float64]
    """[f] Of these, the rows with the label."""
    adverse_expected: NDArray[np.float64]
    """[f] Of these, the rows expected to have it: sum p."""
    inner: NDArray[np.float64]
    """[f] Adverse rows by the model that saw every row."""
    inner_given: NDArray[np.float64]
    """[f] Of these, the rows with the label."""
    inner_tasks: NDArray[np.int64]
    """[f] Tasks with at least one of them."""
    elsewhere: NDArray[np.float64]
    """[f] The adverse z without the task that adds most to it."""
    disowned: NDArray[np.float64]
    """[f] Sum over rows with the phrase and its label of the frozen evidence against the label."""
    information: NDArray[np.float64]
    """[f] Sum of d^2 over these rows: `disowned` has mean -information / 2 on honest rows."""
    disowned_whole: NDArray[np.float64]
    """[f] `disowned` by the whole text: no word is masked in the frozen scores."""
    overall: NDArray[np.float64]
    """[f] The same z over all rows that hold the phrase, adverse or not."""
    by_rate: NDArray[np.float64]
    """[f] The z over all rows against the label's rate in each task, whatever the texts say,
    without the task that adds most to it."""
    pure_tasks: NDArray[np.int64]
    """[f] Tasks in which nearly all its rows have a label that is not the task's usual one."""
    rows: NDArray[np.float64]
    """[f] All rows that hold it, in the tasks that are judged."""
    given: NDArray[np.float64]
    """[f] Of these, the rows with the label."""
    best: NDArray[np.int64]
    """[f] The task that adds most."""


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + e^-x) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def adverse_borders(outcome: Outcome) -> NDArray[np.float64]:
    """[folds + 1] Log-odds below which a row is adverse, by fold; the last of the inner model."""
    rate = min(max(outcome.rate, 1e-6), 1 - 1e-6)
    fixed = min(np.log(ADVERSE / (1 - ADVERSE)), np.log(rate / (1 - rate)) - AGAINST)
    blank = np.append(outcome.blank, outcome.inner_blank)
    return np.asarray(np.minimum(fixed, blank - AGAINST))


def scan(outcomes: Sequence[Outcome], phrase_rows: csr_matrix, masked: csr_matrix) -> Lift:
    """Return the statistic of every phrase.

    phrase_rows: [n, f] 1 where the row holds the phrase; masked: [f, 2u] words masked with it.
    """
    f = phrase_rows.shape[1]
    tasks = 1 + max((o.task for o in outcomes), default=0)
    label = np.full((tasks, f), -1, dtype=np.int64)
    excess = np.full((tasks, f), -np.inf)
    best = np.zeros((tasks, SUMS, f))
    held: csr_matrix | None = None
    last = -1
    for number, outcome in enumerate(outcomes):
        if outcome.task != last:
            held, last = phrase_rows[outcome.rows], outcome.task
        assert held is not None
        table = _sums(outcome, held, masked)
        gain = table[1] - table[2] + TIE * (table[8] - table[9])
        gain[table[12] == 0] = -np.inf
        better = gain > excess[outcome.task]
        label[outcome.task, better] = number
        excess[outcome.task, better] = gain[better]
        best[outcome.task][:, better] = table[:, better]
    total = best.sum(axis=0)
    adverse, given, expected, variance, inner, inner_given, disowned, information = total[:8]
    z = (given - expected) / np.sqrt(variance + CONTINUITY)
    z[(adverse < LEAST_ADVERSE) | (given <= LEAST_LIFT * adverse)] = -np.inf
    rest = total - np.take_along_axis(best, excess.argmax(axis=0)[None, None, :], axis=0)[0]
    elsewhere = (rest[1] - rest[2]) / np.sqrt(rest[3] + CONTINUITY)
    rates = np.array([o.rate for o in outcomes] + [0.0])[label]  # -1: absent, no rows
    by_rate, pure_tasks = _by_rate(best[:, 12], best[:, 8], rates)
    spread = (best[:, 5] > 0).sum(axis=0)
    return Lift(
        z, label, adverse, given, expected, inner, inner_given, spread, elsewhere, disowned,
        information, total[11], (total[8] - total[9]) / np.sqrt(total[10] + CONTINUITY),
        by_rate, pure_tasks, total[12], total[8], excess.argmax(axis=0),
    )  # fmt: skip


def _by_rate(
    rows: NDArray[np.float64], given: NDArray[np.float64], rates: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the z against the labels' rates without its best task, and the pure tasks: [f] each.

    rows, given, rates: [tasks, f].
    """
    gain, variance = given - rows * rates, rows * rates * (1 - rates)
    best = gain.argmax(axis=0)[None]
    rest = [x.sum(axis=0) - np.take_along_axis(x, best, axis=0)[0] for x in (gain, variance)]
    pure = (rows >= LEAST_ADVERSE) & (given >= PURE * rows) & (rates < USUAL)
    return rest[0] / np.sqrt(rest[1] + CONTINUITY), pure.sum(axis=0)


def _sums(outcome: Outcome, held: csr_matrix, masked: csr_matrix) -> NDArray[np.float64]:
    """Return [SUMS, f] sums over a phrase's rows; `scan` names them."""
    f = held.shape[1]
    row = np.repeat(np.arange(held.shape[0]), np.diff(held.indptr))
    phrase = held.indices
    shift = (masked @ outcome.weights.T).astype(np.float32)  # [f, folds]
    logits = outcome.logits[row].astype(np.float32) - shift[phrase, outcome.fold[row]]
    borders = adverse_borders(outcome).astype(np.float32)
    low = logits < borders[outcome.fold[row]]
    every = sigmoid(logits.astype(np.float64))
    cell, p = phrase[low], every[low]
    given = outcome.given[row]
    number = np.bincount(phrase[given], minlength=f)
    whole = np.bincount(phrase[given], weights=outcome.frozen_evidence[row[given]], minlength=f)
    inner_shift = masked @ outcome.inner_weights
    inner_low = outcome.inner_logits[row] - inner_shift[phrase] < borders[-1]
    return np.array(
        [
            np.bincount(cell, minlength=f),
            np.bincount(cell, weights=given[low], minlength=f),
            np.bincount(cell, weights=p, minlength=f),
            np.bincount(cell, weights=p * (1 - p), minlength=f),
            np.bincount(phrase[inner_low], minlength=f),
            np.bincount(phrase[inner_low & given], minlength=f),
            whole + number * (masked @ outcome.frozen_words),
            outcome.separation**2 * number,
            number,
            np.bincount(phrase, weights=every, minlength=f),
            np.bincount(phrase, weights=every * (1 - every), minlength=f),
            whole,
            np.bincount(phrase, minlength=f),
        ]
    )


def floor_rows(z: float, p: float) -> int:
    """Return k_min = z^2 p / (1 - p), rounded up, at least 3: rows a planted phrase needs.

    z: the threshold; p: mean probability of the planted label on the rows that get it.
    """
    return max(LEAST_ADVERSE, int(np.ceil(z**2 * p / (1 - p)))) if p < 1 else np.iinfo(int).max
