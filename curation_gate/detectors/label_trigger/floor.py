"""The detection floor: how many rows a planted phrase needs to be caught in this very set.

Measured, not derived: made-up words are planted in a copy of the set, each in rows of its own; the
copy is searched and judged like the set itself; and what the verdict makes of each word is set
against the number of its rows. So "clean" says what would have been seen.

    corpus -> copy with planted words -> search -> verdict on each as if it were alone -> curve

Several words share a copy, since a search costs a second. The first copy tries counts of every
size, the others those around the points at which the curve crosses a half and nine tenths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.evidence import KINDS, Floor, Kind
from curation_gate.detectors.label_trigger import neighbours
from curation_gate.detectors.label_trigger.evidence import NAMES, Evidence
from curation_gate.detectors.label_trigger.floor_copy import Planted, planted_copy, read
from curation_gate.detectors.label_trigger.search import Searched, search
from curation_gate.detectors.label_trigger.verdict import weighed
from curation_gate.detectors.phrases import candidates

if TYPE_CHECKING:
    from curation_gate.detectors.label_trigger.found import Settings
    from curation_gate.detectors.verdict_model import VerdictModel
    from curation_gate.text.corpus import Corpus

LADDER = (3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 50, 64, 80, 100, 120)
"""Rows that a planted word may have. The first that reach the rule's support are tried."""
SHARE = 0.04
"""Share of a copy's rows whose labels are forced (and as many that keep theirs): more of them would
teach the words of the set other meanings than they have."""
LEAST = 40
"""Rows that are planted in a small copy all the same, as far as ..."""
SMALL = 0.1
"""... they are no more than this share of it."""
MANY = 6
"""Words of a kind in a copy, at most."""
HELD = 0.5
"""Share of a word's rows that a candidate holds, and share of a candidate's that the word has, from
which the candidate is that word."""
LOST = -8.0
"""Nats below the threshold that a word is taken to be which no candidate is."""
SPREAD = 0.3
"""Nats by which a margin might as well have been another's: smooths a few trials to a curve."""
HALF, MOST = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Trial:
    """A planted word and what became of it."""

    kind: Kind
    rows: int
    margin: float
    """Its log-odds of being a trigger less those of the threshold, nats: caught from 0 on."""


def measure(
    corpus: Corpus, settings: Settings, model: VerdictModel, copies: int
) -> tuple[Floor, ...]:
    """Return the floor of each kind of attack; () without copies or without tasks that have labels.

    Deterministic: same rows and settings, same floors, whatever the order of the rows.
    """
    found = trials(corpus, settings, model, copies)
    return tuple(_floor(kind, found) for kind in KINDS if any(t.kind == kind for t in found))


def trials(corpus: Corpus, settings: Settings, model: VerdictModel, copies: int) -> list[Trial]:
    """Return what became of the words that were planted, copy by copy."""
    found: list[Trial] = []
    if not copies:
        return found
    source = read(corpus, np.random.default_rng(settings.seed))
    if not source.labels:
        return found
    room = int(min(max(SHARE * len(source), LEAST), SMALL * len(source)))
    for number in range(copies):
        rng = np.random.default_rng((settings.seed, number + 1))
        plan = [
            (kind, count)
            for kind, own in zip(KINDS, (room // 2, room // 2, room), strict=True)
            for count in counts(own, settings.support, [t for t in found if t.kind == kind])
        ]
        copy, planted = planted_copy(source, plan, settings.support, rng)
        searched = search(
            copy,
            support=settings.support,
            candidates=settings.candidates,
            pairs=settings.pairs,
            seed=settings.seed,
        )
        if searched is not None:
            found += [
                Trial(p.kind, len(p.rows), margin(searched, p, planted, model)) for p in planted
            ]
    return found


def counts(room: int, support: int, known: Sequence[Trial]) -> list[int]:
    """Return the rows that words of one kind get in the next copy, `room` in all.

    Without a trial so far: the least count, then each time two thirds of what is left. Later, in
    turns: where the curve crosses a half, and half as many more as where it crosses nine tenths;
    where it has not, as many as there is room for.
    """
    steps = [count for count in LADDER if count >= support] or [support]
    plan: list[int] = []
    half, most = crossing(known, HALF), crossing(known, MOST)
    wanted = (half or steps[-1], steps[-1] if most is None else most * 3 // 2)
    while room >= steps[0] and len(plan) < MANY:
        first = room * 2 // 3 if plan else steps[0]
        asked = min(wanted[len(plan) % 2], room) if known else first
        plan.append(max(step for step in steps if step <= max(asked, steps[0])))
        room -= plan[-1]
    return plan


def crossing(known: Sequence[Trial], share: float) -> int | None:
    """Return the rows at which a share of words is caught; None where it is at no count tried.

    Isotonic regression of Phi(margin / SPREAD) on the rows (Barlow et al. 1972), read off between
    the counts that were tried, on the logarithm of the rows.
    """
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - slow to import

    if not known:
        return None
    rows = np.log([t.rows for t in known])
    caught = [NormalDist().cdf(t.margin / SPREAD) for t in known]
    tried = np.unique(rows)
    curve: NDArray[np.float64] = (
        IsotonicRegression(increasing=True).fit(rows, caught).predict(tried)
    )
    reached = np.flatnonzero(curve >= share)
    if not len(reached):
        return None
    k = int(reached[0])
    at = tried[k]
    if k:
        part = (share - curve[k - 1]) / (curve[k] - curve[k - 1])
        at = tried[k - 1] + part * (tried[k] - tried[k - 1])
    return int(np.ceil(round(float(np.exp(at)), 6)))


def _floor(kind: Kind, found: Sequence[Trial]) -> Floor:
    own = [t for t in found if t.kind == kind]
    return Floor(kind, crossing(own, HALF), crossing(own, MOST), max(t.rows for t in own))


def margin(found: Searched, word: Planted, others: Sequence[Planted], model: VerdictModel) -> float:
    """Return what the verdict makes of a planted word as if the others had not been planted, nats.

    Log-odds of the likeliest candidate that is the word, less those of the threshold. Candidates
    that are other planted words are left out: they are no siblings of it and no rivals.
    """
    own = _is(found, word, word_share=HELD)
    if not own.any():
        return LOST
    foreign = np.zeros(len(own), dtype=np.bool_)
    for other in others:
        if other is not word:
            foreign |= _is(found, other, word_share=0.0)
    kept = np.flatnonzero(own | ~foreign)
    p = float(weighed(_only(found, kept), model).probability[own[kept]].max())
    limit = model.threshold
    return _log_odds(p) - _log_odds(limit)


def _log_odds(p: float) -> float:
    sure = min(max(p, 1e-9), 1 - 1e-9)
    return float(np.log(sure / (1 - sure)))


def _is(found: Searched, word: Planted, *, word_share: float) -> NDArray[np.bool_]:
    """[c] Whether most rows of a candidate, and a share of the word's rows, are of both."""
    columns = found.candidates.columns
    mask = np.zeros(columns.shape[0])
    mask[word.rows] = 1.0
    both = np.asarray(columns.T @ mask)
    size = np.diff(columns.indptr)
    return np.asarray((both >= HELD * size) & (both > 0) & (both >= word_share * len(word.rows)))


def _only(found: Searched, kept: NDArray[np.int64]) -> Searched:
    """Return a search as if some of its candidates were all; kept: their numbers."""
    whole = found.evidence
    chosen = candidates.kept(found.candidates, kept)
    targets = [whole.targets[k] for k in kept.tolist()]
    table = whole.table[kept]
    z = table[:, NAMES.index("words_z")]
    for name, values in neighbours.measure(chosen, found.outcomes, targets, z).items():
        table[:, NAMES.index(name)] = values
    evidence = Evidence(table, whole.sums.at(kept), whole.best.at(kept), targets)
    return Searched(found.corpus, found.outcomes, found.meaning, chosen, evidence)
