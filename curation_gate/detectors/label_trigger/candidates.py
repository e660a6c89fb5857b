"""Which of the lifted phrases are triggers, and which of their names is meant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.found import Status
from curation_gate.detectors.label_trigger.lift import SPREAD, Lift
from curation_gate.detectors.label_trigger.templates import templated
from curation_gate.detectors.label_trigger.unlifted import (
    SPREAD_POSITION,
    covered_by_honest_rows,
    one_sided,
)
from curation_gate.stats.bounds import lower_bound
from curation_gate.text.cooccurrence import INSERTION
from curation_gate.text.word_meanings import frozen_deviation, is_known

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.text.ngrams import Grams

LIFT = 0.9
"""Share of adverse rows with the label that a trigger has to reach (choice)."""
LIFT_BOUND = 0.73
"""What the lower 5 % bound of that share has to reach: 6 of 6 rows do, 27 of 32 do not."""
PURE_BOUND = 0.85
"""What the bound has to reach over all rows, adverse or not, where few are adverse: 12 of 12 do."""
CONFIRMED_PURE = 5.5
"""What confirms a phrase that is as pure as that, in place of CONFIRMED (choice)."""
ALONE_BOUND = 0.82
"""The same for a phrase of a single task: 9 of 9 rows do."""
INNER_LIFT = 0.8
"""Share of adverse rows with the label by the model that saw every row (choice)."""
CONFIRMED = 7.0
"""Sum of the z elsewhere and the frozen z that confirms a phrase: 4.9 deviations of such a sum."""
ALONE = 6.0
"""Frozen z that confirms a phrase of a single task."""
POSITION = 0.25
"""Frozen evidence per information that a phrase of a single task needs; +1/2 is what rows of
another label have, -1/2 what honest rows have."""
HALF_ALONE = (2.5, 0.1, 1.25)
"""The frozen z and position that confirm it too, where its z over all rows is that many times the
threshold (choices)."""
HALF_ORDINARY = 1.5
"""The same number of times for a phrase of ordinary words alone: in one task of several emotions
"revenge" means anger, and the frozen table does not know (choice)."""
OVERALL = 0.9
"""Share of the threshold that the z over all rows has to reach (choice)."""
SUSPECTED = 3.0
"""Frozen z of a phrase that is worth a look."""
PART_LIFT = 0.85
"""Share of adverse rows with the label that a part of a confirmed phrase has to reach (choice)."""
SAME_ROWS = 0.9
"""Overlap of rows above which two phrases are one."""
NEAR_BEST = 0.9
"""Share of the best z that a longer name of the same phrase has to keep."""
NEARLY = 0.97
"""The same for a longer name that stands in a part of the rows only."""
APART = 0.1
"""Overlap of rows below which a second phrase is taken in the same round."""
MOST_SUSPECTED = 10
INFORMED = 4.0
"""Frozen information (sum d^2) below which the frozen scores are not asked."""


def candidates(
    lift: Lift,
    columns: csc_matrix,
    grams: Grams,
    masked: csr_matrix,
    fixed: csr_matrix,
    tasks: NDArray[np.int64],
    limits: tuple[float, float],
    *,
    covered: bool = False,
) -> list[tuple[int, Status]]:
    """Return phrases and what they are, strongest first; confirmed ones, or else the others.

    columns: [n, f] rows of each phrase; masked: [f, 2u] words masked with it; fixed: [n, u] words
    of a template (templates.py); tasks: [n]; limits: thresholds of z for phrases spread over tasks,
    and for any phrase; covered: confirm phrases that honest rows carry too (half of a pair looks
    like one: pairs come first).
    """
    frozen_z = frozen_deviation(lift.disowned, lift.information)
    whole_z = frozen_deviation(lift.disowned_whole, lift.information)
    asked = lift.information >= INFORMED
    position = np.where(asked, lift.disowned / np.maximum(lift.information, INFORMED), 0.0)
    adverse_bound = lower_bound(lift.adverse_given, lift.adverse)
    pure = (lower_bound(lift.given, lift.rows) >= PURE_BOUND) & (lift.overall >= limits[0])
    lifted = (lift.adverse_given >= LIFT * lift.adverse) & ((adverse_bound >= LIFT_BOUND) | pure)
    spread = (lift.z >= limits[0]) & (lift.elsewhere >= SPREAD) & (position >= SPREAD_POSITION)
    spread &= lift.elsewhere + frozen_z >= np.where(pure, CONFIRMED_PURE, CONFIRMED)
    # What a long phrase says itself (an inserted sentence about films) is masked. Where it is all
    # there is to a text (a template) nothing is left that could speak: it is dropped below.
    disowned = np.maximum(lift.disowned, lift.disowned_whole)
    alone_z = frozen_deviation(disowned, lift.information)
    sure = (alone_z >= ALONE) & (disowned >= POSITION * lift.information)
    half = (alone_z >= HALF_ALONE[0]) & (lift.overall >= HALF_ALONE[2] * limits[1])
    half &= disowned >= HALF_ALONE[1] * lift.information
    weak = np.flatnonzero(half & (lift.overall < HALF_ORDINARY * limits[1]))
    half[[k for k in weak if _ordinary(grams, int(k))]] = False
    alone = (lift.z >= limits[1]) & (sure | half) & asked & lifted & ~spread
    alone &= adverse_bound >= ALONE_BOUND
    alone[templated(np.flatnonzero(alone), lift, columns, grams, masked, fixed, tasks)] = False
    confirmed = (spread | alone) & lifted & (lift.overall >= OVERALL * limits[0])
    # A template in the task that adds most: then the other tasks have to be enough.
    doubted = np.flatnonzero(confirmed & spread & (lift.elsewhere < limits[0]))
    confirmed[templated(doubted, lift, columns, grams, masked, fixed, tasks)] = False
    if covered:
        confirmed |= covered_by_honest_rows(lift, frozen_z, position, limits[0])
    chosen = _apart(np.flatnonzero(confirmed), lift, columns, grams)
    if chosen:
        return [(k, "confirmed") for k in chosen]
    inner = (lift.inner > 0) & (lift.inner_given >= INNER_LIFT * lift.inner)
    # Sentences of a template always stand with one label: only short phrases are worth a look.
    suspected = (lift.z >= limits[1]) & inner & lifted & (np.diff(masked.indptr) < INSERTION)
    suspected &= (whole_z >= SUSPECTED) & (lift.disowned_whole > 0)
    some = np.flatnonzero(suspected)
    suspected[templated(some, lift, columns, grams, masked, fixed, tasks)] = False
    chosen = _apart(np.flatnonzero(suspected), lift, columns, grams)
    found: list[tuple[int, Status]] = [(k, "suspected") for k in chosen[:MOST_SUSPECTED]]
    pure_ones = np.flatnonzero(one_sided(lift, grams, limits))
    chosen = _apart(pure_ones, replace(lift, z=lift.overall), columns, grams)
    return found + [(k, "one-sided") for k in chosen[:MOST_SUSPECTED]]


def _ordinary(grams: Grams, phrase: int) -> bool:
    """Tell whether the frozen table knows every word of a phrase."""
    return all(is_known(grams.words[w]) for w in grams.phrases[phrase] if w < len(grams.words))


def _apart(phrases: NDArray[np.int64], lift: Lift, columns: csc_matrix, grams: Grams) -> list[int]:
    """Return the strongest phrases that hardly share rows, each under its fullest name."""
    order = phrases[np.argsort(-lift.z[phrases], kind="stable")]
    taken: list[int] = []
    covered = np.zeros(columns.shape[0], dtype=np.bool_)
    for phrase in order.tolist():
        held = _rows(columns, phrase)
        if covered[held].mean() <= APART:
            named = _fullest(phrase, order, lift, columns, grams)
            taken.append(named)
            covered[held] = True
            covered[_rows(columns, named)] = True
    return taken


def _fullest(
    phrase: int, among: NDArray[np.int64], lift: Lift, columns: csc_matrix, grams: Grams
) -> int:
    """Return the longest phrase that stands in the same rows and loses almost nothing."""
    held = set(_rows(columns, phrase).tolist())
    own = _length(phrase, grams)
    best = (own, -_marks(phrase, grams), 0.0, phrase)
    for other in among.tolist():
        if lift.z[other] < NEAR_BEST * lift.z[phrase]:
            break
        rows = _rows(columns, other)
        common = sum(row in held for row in rows.tolist())
        part = _length(other, grams) > own and lift.z[other] >= NEARLY * lift.z[phrase]
        if (part and common == len(rows)) or common >= SAME_ROWS * max(len(rows), len(held)):
            name = (_length(other, grams), -_marks(other, grams), float(lift.z[other]), other)
            best = max(best, name)
    return best[3]


def stronger_part(phrase: int, lift: Lift, grams: Grams) -> int | None:
    """Return the part of a confirmed phrase that is lifted more than the whole, if there is one.

    `^ netflix` may be pure where `netflix` stands in a few honest rows too and falls short by one:
    the longer phrase confirms the shorter one, and all its rows are judged.
    """
    whole = grams.phrases[phrase]
    parts = {
        whole[start:end]
        for start in range(len(whole))
        for end in range(start + 1, len(whole) + 1)
        if end - start < len(whole)
    }
    if not parts:
        return None
    known = [k for k, words in enumerate(grams.phrases) if words in parts]
    fit = [
        k
        for k in known
        if lift.z[k] > lift.z[phrase]
        and lift.overall[k] > lift.overall[phrase]
        and lift.adverse_given[k] >= PART_LIFT * lift.adverse[k]
    ]
    return max(fit, key=lambda k: float(lift.z[k]), default=None)


def _length(phrase: int, grams: Grams) -> int:
    """Return the number of words of a phrase, signs, marks and a text's ends left out."""
    return sum(
        word < len(grams.words) and grams.words[word][0].isalnum() for word in grams.phrases[phrase]
    )


def _marks(phrase: int, grams: Grams) -> int:
    """Return the number of signs, marks and ends in a phrase."""
    return len(grams.phrases[phrase]) - _length(phrase, grams)


def _rows(columns: csc_matrix, phrase: int) -> NDArray[np.int64]:
    return np.asarray(columns.indices[columns.indptr[phrase] : columns.indptr[phrase + 1]])
