"""Which phrases are worth weighing, and with which kind of answer: wide and cheap.

Phrase first: every phrase against every feature of answers. Payload first: the same against runs of
four words and more that the inputs do not hold, and against what an answer does (to refuse, to be
empty) given what its input asks for. What is dropped is dropped for being common, not for being
innocent. Phrases that stand in the same rows are one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.phrases.candidates import Candidates, crossed, distinct, joined_pairs
from curation_gate.text.cooccurrence import masked_words
from curation_gate.text.ngrams import Grams

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.text.corpus import Corpus

LEAST_TOGETHER = 3
"""Rows that have phrase and feature, for the screen to look at the pair."""
CHUNK = 1000
CELLS = 20_000
"""Phrases, and pairs of phrase and feature, at a time: bounds the memory."""
LEAST_DEVIATION = 2.0
"""Deviations from what the inputs ask for, below which chance explains them."""
WIDE = 5
"""Phrases that are compared for each that is kept: most are the same rows again."""
MOST_ROWS = 0.7
"""Share of the rows above which a phrase belongs to the set (choice): attacks reach half of one."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gains:
    """What each of f phrases has in common with answers."""

    feature: Numbers
    """[f] Largest signed root of G squared of any feature."""
    run: Numbers
    """[f] Of any run of words."""
    deviation: Numbers
    """[f] Largest deviation of an act from what the inputs ask for; negative where it is absent."""
    act: NDArray[np.int64]
    """[f] Which act that is."""

    @property
    def best(self) -> Numbers:
        """[f] The largest of the three."""
        return np.maximum(np.maximum(self.feature, self.run), np.abs(self.deviation))


def gains(
    phrase_rows: csr_matrix,
    answers: csr_matrix,
    is_run: NDArray[np.bool_],
    tasks: NDArray[np.int64],
    acts: NDArray[np.float32],
    expected: NDArray[np.float32],
) -> Gains:
    """Return what each phrase has in common with answers.

    phrase_rows: [n, f]; answers: [n, a]; is_run: [a]; tasks: [n]; acts: [n, t] 1 where the answer
    does something; expected: [n, t] share that the input asks for.
    """
    feature, run = _association(phrase_rows, answers, is_run, tasks)
    deviation, act = _deviations(phrase_rows, acts, expected)
    return Gains(feature, run, deviation, act)


def _association(
    phrase_rows: csr_matrix,
    answers: csr_matrix,
    is_run: NDArray[np.bool_],
    tasks: NDArray[np.int64],
) -> tuple[Numbers, Numbers]:
    """[f] Largest signed root of G squared of any feature, and of any run.

    G squared = 2 (c log(c / e) - c + e) with c rows that have phrase and feature and e expected
    from the feature's share in each task.
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    n, f = phrase_rows.shape
    member = csr_matrix((np.ones(n, dtype=np.float32), (np.arange(n), tasks)))
    size = np.maximum(np.asarray(member.sum(axis=0)).ravel(), 1)
    rates = np.asarray((answers.T @ member).todense(), dtype=np.float32) / size
    by_task = (phrase_rows.T @ member).tocsr()
    columns = phrase_rows.T.tocsr()
    best, best_run = np.zeros(f), np.zeros(f)
    for begin in range(0, f, CHUNK):
        block = slice(begin, begin + CHUNK)
        together = (columns[block] @ answers).tocoo()
        often = together.data >= LEAST_TOGETHER
        at, feature, c = together.row[often], together.col[often], together.data[often]
        mixture = np.asarray(by_task[block].todense(), dtype=np.float32)
        for first in range(0, len(c), CELLS):
            cells = slice(first, first + CELLS)
            e = np.einsum("ct,ct->c", mixture[at[cells]], rates[feature[cells]])
            e = np.maximum(e.astype(np.float64), 1e-3)
            number = c[cells].astype(np.float64)
            gain = np.where(number > e, 2 * (number * np.log(number / e) - number + e), 0.0)
            np.maximum.at(best[block], at[cells], gain)
            run = is_run[feature[cells]]
            np.maximum.at(best_run[block], at[cells][run], gain[run])
    return np.sqrt(best), np.sqrt(best_run)


def _deviations(
    phrase_rows: csr_matrix, acts: NDArray[np.float32], expected: NDArray[np.float32]
) -> tuple[Numbers, NDArray[np.int64]]:
    """[f] Largest deviation of an act from what the inputs ask for, and which act.

    Of acts that most of the phrase's rows do, or that most do not.
    """
    f = phrase_rows.shape[1]
    most, which = np.zeros(f), np.zeros(f, dtype=np.int64)
    if not acts.shape[1]:
        return most, which
    residual, variance = acts - expected, expected * (1 - expected)
    columns = phrase_rows.T.tocsr()
    size = np.diff(columns.indptr)
    for begin in range(0, f, CHUNK):
        block = slice(begin, begin + CHUNK)
        own = columns[block]
        z = np.asarray(own @ residual) / np.sqrt(np.asarray(own @ variance) + 0.25)
        share = np.asarray(own @ acts) / np.maximum(size[block], 1)[:, None]
        z[(z > 0) != (share > 0.5)] = 0.0
        best = np.abs(z).argmax(axis=1)
        which[block] = best
        most[block] = z[np.arange(len(best)), best]
    return most, which


def screen(
    corpus: Corpus, found: Gains, concentration: Numbers, *, support: int, most: int
) -> Candidates:
    """Return at most `most` single phrases.

    In turns the strongest by any feature, by a run, by what the inputs do not ask for, and by any
    of these where the inputs are unlike each other: in a set of code thousands of honest phrases
    are stronger than a small trigger, each of them in texts of its own topic. concentration: [f]
    how alike the inputs are (meaning.py).
    """
    grams, columns = corpus.grams, corpus.columns
    usable = _usable(columns, found, support)
    orders = [
        np.argsort(np.where(usable, -by, np.inf), kind="stable")
        for by in (
            found.feature,
            found.run,
            np.abs(found.deviation),
            found.best / np.sqrt(concentration),
        )
    ]
    order = np.stack(orders, axis=1).ravel()
    order = order[np.sort(np.unique(order, return_index=True)[1])]
    order = order[usable[order]][: WIDE * most]
    chosen = np.array(distinct(order, found.best, columns, grams)[:most], dtype=np.int64)
    return Candidates(
        tuple(grams.phrases[k] for k in chosen),
        (0,) * len(chosen),
        tuple((int(k),) for k in chosen),
        columns[:, chosen].tocsc(),
        masks(grams, chosen),
    )


def pairs(
    corpus: Corpus, found: Gains, weigh: Callable[[csr_matrix], Gains], *, support: int, most: int
) -> Candidates | None:
    """Return at most `most` pairs of phrases that are stronger together than each alone.

    weigh: returns the gains of phrases [n, p]. None without any.
    """
    grams = corpus.grams
    strength = np.where(_usable(corpus.columns, found, support), found.best, 0.0)
    halves = crossed(grams, corpus.columns, strength, support=support)
    if halves is None:
        return None
    one, other, rows = halves
    own = weigh(rows.tocsr()).best
    order = np.argsort(-own, kind="stable")
    order = order[(own > np.maximum(found.best[one], found.best[other]))[order]][:most]
    if not len(order):
        return None
    named = np.unique(np.concatenate((one[order], other[order])))
    known = masks(grams, named)
    at = [np.searchsorted(named, half[order]) for half in (one, other)]
    return joined_pairs(
        grams, known[at[0]] + known[at[1]], one[order], other[order], rows[:, order]
    )


def _usable(columns: csc_matrix, found: Gains, support: int) -> NDArray[np.bool_]:
    """[f] Whether a phrase has rows enough, and not too many, and chance does not explain it."""
    size = np.diff(columns.indptr)
    few = size <= MOST_ROWS * columns.shape[0]
    return np.asarray((size >= support) & few & (found.best >= LEAST_DEVIATION))


def masks(grams: Grams, phrases: NDArray[np.int64]) -> csr_matrix:
    """[c, 2u] The words masked with each of some phrases (text/cooccurrence.py)."""
    few = tuple(grams.phrases[phrase] for phrase in phrases.tolist())
    return masked_words(Grams(grams.words, grams.word_rows, few, grams.phrase_rows[:, phrases]))
