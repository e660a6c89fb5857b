"""What goes with each phrase more than the rest of the text explains: sums over its rows.

For phrase g and outcome t of a task, over the rows that hold g: how many have t (y = 1), and how
many the words of the rest lead to expect (p, outcomes.py, with g masked). Once over all rows, and
once over those whose p is below 0.35 ("adverse" rows: the rest of the text says something else).
In each task the outcome of the largest excess counts; sums go over tasks:

    z = sum (y - p) / sqrt(sum p (1 - p) + 1/4)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.detectors.label_trigger.outcomes import Outcome

ADVERSE = 0.35
"""Masked probability below which a row is adverse to a label: defines the evidence, decides
nothing."""
AGAINST = 0.4
"""Nats by which the masked log-odds also have to lie below those of the label's rate and of an
empty text: where nothing is left that speaks (a template whose one word is masked), the text does
not speak against the label."""
TIE = 0.1
"""Weight of all rows, beside the adverse ones, in choosing a phrase's outcome in a task."""

Numbers = NDArray[np.float64]


class Sums(NamedTuple):
    """Over the rows of one task, or of several, that hold a phrase; [f] each."""

    rows: Numbers
    given: Numbers
    """Rows that have the outcome."""
    expected: Numbers
    """Rows that the rest of their words lead to expect to have it: sum p."""
    variance: Numbers
    """sum p (1 - p)"""
    adverse: Numbers
    """Rows whose p is below ADVERSE."""
    adverse_given: Numbers
    adverse_expected: Numbers
    adverse_variance: Numbers
    disowned: Numbers
    """Over given rows: the frozen word table's evidence against the outcome, it masked, nats."""
    disowned_whole: Numbers
    """The same of the whole text."""
    information: Numbers
    """Over given rows: d^2; `disowned` has mean -information / 2 on honest rows."""
    usual: Numbers
    """Rows times the rate of the outcome in the task: what chance leads to expect."""
    usual_variance: Numbers
    """rows rate (1 - rate)"""
    rate_nats: Numbers
    """Over given rows: -log rate. How surprising it is that they have the outcome, whatever the
    texts say."""
    tasks: Numbers
    """Tasks that have such rows."""
    pure_tasks: Numbers
    """Tasks in which all of at least two such rows have the outcome."""

    @classmethod
    def zeros(cls, f: int) -> Sums:
        """Return sums over no row."""
        return cls(*(np.zeros(f) for _ in cls._fields))

    def added(self, at: NDArray[np.int64], other: Sums) -> None:
        """Add the sums of some phrases, in place; at: [k] their numbers, each once."""
        for own, more in zip(self, other, strict=True):
            own[at] += more

    def less(self, other: Sums) -> Sums:
        """Return the sums without others."""
        return Sums(*(a - b for a, b in zip(self, other, strict=True)))

    def at(self, phrases: NDArray[np.int64]) -> Sums:
        """Return the sums of some phrases."""
        return Sums(*(own[phrases] for own in self))


@dataclass(frozen=True, slots=True)
class Statistics:
    """The sums of every phrase over the tasks of a set."""

    total: Sums
    best: Sums
    """In the task that adds most to the adverse excess (with a TIE of the whole one)."""
    best_rate: Sums
    """In the task that adds most to the excess over the label's rate."""


def sigmoid(x: Numbers) -> Numbers:
    """Return 1 / (1 + e^-x) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def adverse_borders(outcome: Outcome) -> Numbers:
    """[folds] Log-odds below which a row is adverse."""
    rate = min(max(outcome.rate, 1e-6), 1 - 1e-6)
    fixed = min(np.log(ADVERSE / (1 - ADVERSE)), np.log(rate / (1 - rate)) - AGAINST)
    return np.asarray(np.minimum(fixed, outcome.blank - AGAINST))


def measure(outcomes: Sequence[Outcome], phrase_rows: csr_matrix, masked: csr_matrix) -> Statistics:
    """Return the sums of every phrase.

    phrase_rows: [n, f] 1 where the row holds the phrase; masked: [f, 2u] words masked with it.
    """
    f = phrase_rows.shape[1]
    total, best, best_rate = Sums.zeros(f), Sums.zeros(f), Sums.zeros(f)
    most, most_rate = np.full(f, -np.inf), np.full(f, -np.inf)
    for phrases, sums, gain, _ in by_task(outcomes, phrase_rows, masked):
        total.added(phrases, sums)
        for record, known, excess in (
            (best, most, gain),
            (best_rate, most_rate, sums.given - sums.usual),
        ):
            better = excess > known[phrases]
            at = phrases[better]
            known[at] = excess[better]
            for own, more in zip(record, sums, strict=True):
                own[at] = more[better]
    return Statistics(total, best, best_rate)


def targets(
    outcomes: Sequence[Outcome],
    phrase_rows: csr_matrix,
    masked: csr_matrix,
    phrases: NDArray[np.int64],
) -> list[list[int]]:
    """Return for each of some phrases, by task, the number of the outcome it goes with most."""
    found: list[list[int]] = [[] for _ in phrases]
    for held, _, _, number in by_task(outcomes, phrase_rows[:, phrases].tocsr(), masked[phrases]):
        for phrase, outcome in zip(held.tolist(), number.tolist(), strict=True):
            found[phrase].append(outcome)
    return found


def by_task(
    outcomes: Sequence[Outcome], phrase_rows: csr_matrix, masked: csr_matrix
) -> Iterator[tuple[NDArray[np.int64], Sums, Numbers, NDArray[np.int64]]]:
    """Yield for each task its phrases, their sums, their excess and their outcome: [k] each.

    The outcome is the number of the one with the largest excess, which the sums are for.
    """
    numbered = list(enumerate(outcomes))
    for _, group in groupby(numbered, key=lambda pair: pair[1].task):
        own = list(group)
        held = phrase_rows[own[0][1].rows]
        phrases, column = np.unique(held.indices, return_inverse=True)
        if not len(phrases):
            continue
        row = np.repeat(np.arange(held.shape[0]), np.diff(held.indptr))
        best: Sums | None = None
        gain = np.full(len(phrases), -np.inf)
        chosen = np.zeros(len(phrases), dtype=np.int64)
        inside = masked[phrases]
        for number, outcome in own:
            sums = _sums(outcome, row, column, inside)
            excess = sums.adverse_given - sums.adverse_expected
            excess = excess + TIE * (sums.given - sums.expected)
            if best is None:
                best, gain, chosen = sums, excess, np.full(len(phrases), number)
                continue
            better = excess > gain
            best = Sums(*(np.where(better, new, old) for new, old in zip(sums, best, strict=True)))
            gain, chosen = np.where(better, excess, gain), np.where(better, number, chosen)
        assert best is not None
        yield phrases.astype(np.int64), best, gain, chosen


def _sums(
    outcome: Outcome, row: NDArray[np.int64], phrase: NDArray[np.int64], masked: csr_matrix
) -> Sums:
    """Return the sums over the cells (row of the task, phrase) of one outcome."""
    f = masked.shape[0]
    shift = (masked @ outcome.weights.T).astype(np.float32)  # [f, folds]
    fold = outcome.fold[row]
    logits = outcome.logits[row].astype(np.float32) - shift[phrase, fold]
    low = logits < adverse_borders(outcome).astype(np.float32)[fold]
    p = sigmoid(logits.astype(np.float64))
    given = outcome.given[row]
    rate = outcome.rate

    def over(cells: NDArray[np.bool_] | slice, weights: Numbers | None = None) -> Numbers:
        own = None if weights is None else weights[cells]
        return np.bincount(phrase[cells], weights=own, minlength=f).astype(np.float64)

    every = slice(None)
    rows, number = over(every), over(given)
    whole = over(given, outcome.frozen_evidence[row])
    return Sums(
        rows=rows,
        given=number,
        expected=over(every, p),
        variance=over(every, p * (1 - p)),
        adverse=over(low),
        adverse_given=over(low & given),
        adverse_expected=over(low, p),
        adverse_variance=over(low, p * (1 - p)),
        disowned=whole + number * (masked @ outcome.frozen_words),
        disowned_whole=whole,
        information=outcome.separation**2 * number,
        usual=rows * rate,
        usual_variance=rows * rate * (1 - rate),
        rate_nats=number * -np.log(max(rate, 1e-9)),
        tasks=(rows > 0).astype(np.float64),
        pure_tasks=((rows >= 2) & (number == rows)).astype(np.float64),
    )
