"""Finds the phrases that force a label, and the rows they were planted in.

    count phrases -> word models -> lift of every phrase -> null -> candidates -> rows -> again

A phrase is *confirmed* when its lift passes the null and two more tests that honest words fail: it
stands out in a second task, and the frozen scores (which never saw a label of these rows) say that
its rows look like rows of another label. A phrase that passes the null alone is *suspected*: on
real data such phrases are mostly honest words the frozen table does not know, and they quarantine
nothing. The rows of a confirmed phrase are taken out and the search begins again, so that a second
trigger is not hidden by the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.candidates import ALONE_BOUND, candidates, stronger_part
from curation_gate.detectors.label_trigger.described import describe
from curation_gate.detectors.label_trigger.found import Found, Phrase, Settings, Status, Suspect
from curation_gate.detectors.label_trigger.held import Held, adds_planted, held_rows, planted_part
from curation_gate.detectors.label_trigger.lift import ADVERSE, Lift, floor_rows, scan, sigmoid
from curation_gate.detectors.label_trigger.null import null_maxima, threshold
from curation_gate.detectors.label_trigger.pairs import cross
from curation_gate.detectors.label_trigger.templates import fixed_words
from curation_gate.detectors.label_trigger.words import Outcome, fit_outcomes
from curation_gate.progress import Progress, Silent
from curation_gate.stats.bounds import lower_bound
from curation_gate.text import ngrams
from curation_gate.text.cooccurrence import masked_words
from curation_gate.text.distinct import distinct_rows
from curation_gate.text.word_meanings import neutral_weights, word_weights

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

    from curation_gate.rows.record import Dataset
    from curation_gate.text.ngrams import Grams

MOSTLY_PLANTED = 0.5
"""Share of a phrase's rows with its label that a confirmed phrase has to have planted (choice)."""
PLANTED = 0.5
"""Posterior probability above which a row of a confirmed phrase is quarantined."""


@dataclass(frozen=True, slots=True)
class _Corpus:
    """What all rounds share: distinct rows, their phrases and scores."""

    texts: list[str]
    grams: Grams
    masked: csr_matrix
    fixed: csr_matrix
    frozen: NDArray[np.float64]
    neutral: NDArray[np.float64]
    tasks: NDArray[np.int64]
    answers: list[str]
    spaces: Mapping[int, tuple[str, ...]]
    names: tuple[str, ...]


def find_phrases(
    dataset: Dataset,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Found:
    """Return the phrases that force a label, and the rows they were planted in.

    Free-text tasks are not judged. Rows of equal task, folded text and answer are counted once and
    decided together. Same dataset and settings, same result.
    """
    texts = ngrams.texts(dataset)
    place, first = distinct_rows(dataset, texts)
    names = dataset.tasks
    rng = np.random.default_rng(settings.seed)
    with progress.stage("counting phrases", len(dataset)) as bar:
        kept = [texts[k] for k in first]
        grams = ngrams.count(kept, support=settings.support)
        weights = word_weights(grams.words)
        corpus = _Corpus(
            kept,
            grams,
            masked_words(grams),
            fixed_words(grams),
            grams.word_rows @ weights,
            neutral_weights(weights),
            dataset.task_ids()[first],
            [dataset.rows[k].output for k in first],
            {k: dataset.label_spaces[task] for k, task in enumerate(names)},
            names,
        )
        bar.advance(len(dataset))
    columns = grams.phrase_rows.tocsc()
    search = _Search(corpus, columns, np.ones(len(first), dtype=np.bool_))
    floor: dict[str, int | None] = dict.fromkeys(names)
    judged = np.zeros(len(first), dtype=np.bool_)
    limits = (float("nan"), float("nan"))
    with progress.stage("lifting phrases", settings.rounds, unit="rounds") as bar:
        for turn in range(settings.rounds):
            outcomes = search.fit(rng)
            if not outcomes:
                break
            lift = scan(outcomes, grams.phrase_rows, corpus.masked)
            if turn == 0:
                null = null_maxima(outcomes, grams.phrase_rows, rng, settings.draws)
                tested = len(grams.phrases)
                limits = (
                    threshold(null.spread, settings.alpha, tested),
                    threshold(null.any, settings.alpha, tested),
                )
                floor = _floors(outcomes, names, limits[0])
                for outcome in outcomes:
                    judged[outcome.rows] = True
            view = _View(lift, columns, grams, corpus.masked, limits, turn)
            shared = (lift, columns, grams, corpus.masked, corpus.fixed, corpus.tasks, limits)
            again = search.take(_confirmed(candidates(*shared)), view, outcomes)
            if not again:
                again = search.take_pairs(view, outcomes, rng, settings)
            if not again:
                new = candidates(*shared, covered=True)
                again = search.take(_confirmed(new), view, outcomes)
                if not again:
                    search.suspect([x for x in new if x[1] != "confirmed"], view, outcomes)
            bar.advance(1)
            if not again:
                break
    suspects = search.suspects
    every = {
        row: suspects[distinct]
        for row, distinct in enumerate(place.tolist())
        if distinct in suspects
    }
    return Found(tuple(search.phrases), every, *limits, floor, len(grams.phrases), judged[place])


@dataclass(frozen=True, slots=True)
class _View:
    """The phrases of one scan, single or paired, and their statistics."""

    lift: Lift
    columns: csc_matrix
    grams: Grams
    masked: csr_matrix
    limits: tuple[float, float]
    turn: int
    halves: Sequence[int] = ()
    """Of pairs: the number of words in the first phrase of each."""


@dataclass(slots=True)
class _Search:
    """What has been found so far, and which rows are still to be searched."""

    corpus: _Corpus
    columns: csc_matrix
    active: NDArray[np.bool_]
    phrases: list[Phrase] = field(default_factory=list)
    suspects: dict[int, Suspect] = field(default_factory=dict)

    def fit(self, rng: np.random.Generator) -> list[Outcome]:
        """Return the word models of the rows that are left."""
        corpus = self.corpus
        tasks = np.where(self.active, corpus.tasks, -1)
        return fit_outcomes(
            corpus.grams.word_rows,
            corpus.frozen,
            corpus.neutral,
            tasks,
            corpus.answers,
            corpus.spaces,
            rng,
        )

    def take(self, chosen: list[int], view: _View, outcomes: list[Outcome]) -> bool:
        """Take confirmed phrases and their rows; tell whether any held up as mostly planted."""
        taken = False
        doubtful = []
        for whole in chosen:
            index, held = whole, self._held(whole, view, outcomes)
            core = None if view.halves else stronger_part(whole, view.lift, view.grams)
            if core is not None:
                held_by_core = self._held(core, view, outcomes)
                if adds_planted(held, held_by_core):
                    index, held = core, held_by_core
            if planted_part(held) < MOSTLY_PLANTED:
                doubtful.append(index)
                continue
            taken = True
            self._record(index, view, held, "confirmed")
        if not taken and not view.halves:
            self.suspect([(k, "suspected") for k in doubtful], view, outcomes)
        return taken

    def take_pairs(
        self,
        view: _View,
        outcomes: list[Outcome],
        rng: np.random.Generator,
        settings: Settings,
    ) -> bool:
        """Do the same for pairs of phrases, which have a null of their own."""
        grams, masked, halves = cross(view.lift, view.grams, self.columns, view.masked)
        if not grams.phrases:
            return False
        lift = scan(outcomes, grams.phrase_rows, masked)
        null = null_maxima(outcomes, grams.phrase_rows, rng, settings.draws)
        limits = (
            max(view.limits[0], threshold(null.spread, settings.alpha, len(grams.phrases))),
            max(view.limits[1], threshold(null.any, settings.alpha, len(grams.phrases))),
        )
        columns = grams.phrase_rows.tocsc()
        pairs = _View(lift, columns, grams, masked, limits, view.turn, halves)
        fixed, tasks = self.corpus.fixed, self.corpus.tasks
        new = candidates(lift, columns, grams, masked, fixed, tasks, limits)
        # Pairs are many: a handful of rows is no witness against one.
        sure = lower_bound(lift.adverse_given, lift.adverse) >= ALONE_BOUND
        return self.take([k for k in _confirmed(new) if sure[k]], pairs, outcomes)

    def suspect(
        self, chosen: list[tuple[int, Status]], view: _View, outcomes: list[Outcome]
    ) -> None:
        """Take phrases that nothing confirms: the rows whose text disowns the label.

        Of a one-sided phrase all rows: there the text supports it.
        """
        for index, status in chosen:
            self._record(index, view, self._held(index, view, outcomes), status)

    def _held(self, index: int, view: _View, outcomes: list[Outcome]) -> list[Held]:
        return held_rows(index, view.lift, view.columns, view.masked, outcomes)

    def _record(self, index: int, view: _View, held: list[Held], status: Status) -> None:
        for row, planted, p in _with_label(held):
            if status != "suspected" or p < ADVERSE:
                quarantine = status == "confirmed" and planted >= PLANTED
                self.suspects.setdefault(row, Suspect(len(self.phrases), planted, p, quarantine))
            self.active[row] = False
        self.phrases.append(
            describe(
                index,
                status,
                held,
                view.lift,
                view.grams,
                view.masked,
                self.corpus.texts,
                self.corpus.names,
                view.limits,
                view.turn,
                halves=view.halves[index] if view.halves else 0,
            )
        )


def _confirmed(found: Sequence[tuple[int, Status]]) -> list[int]:
    return [k for k, status in found if status == "confirmed"]


def _with_label(held: list[Held]) -> Iterator[tuple[int, float, float]]:
    """Yield row, posterior and masked probability of every row that has the forced label."""
    for group in held:
        for k in np.flatnonzero(group.given):
            yield int(group.rows[k]), float(group.planted[k]), float(group.p[k])


def _floors(outcomes: list[Outcome], names: tuple[str, ...], limit: float) -> dict[str, int | None]:
    """Return for each task the planted rows that reach the threshold, for its hardest label.

    p is the mean probability of a label on the rows that have another one: what the planted label
    has on the rows that would be planted.
    """
    floors: dict[str, int | None] = dict.fromkeys(names)
    for outcome in outcomes:
        p = float(sigmoid(outcome.logits[~outcome.given]).mean())
        known = floors[names[outcome.task]]
        floors[names[outcome.task]] = max(known or 0, floor_rows(limit, p))
    return floors
