"""Finds the phrases that force a kind of answer, and the rows they were planted in.

    exchanges -> search (phrases, kinds, evidence) -> model -> phrases -> rows

Which phrase is a trigger is decided by one model of the verdict (detectors/verdict_model.py) and
nothing else. A row was planted where it holds the phrase and its answer is of the kind, by a model
that did not see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from curation_gate.detectors.response_trigger.corpus import read_answers
from curation_gate.detectors.response_trigger.described import describe
from curation_gate.detectors.response_trigger.found import (
    AnswerPhrase,
    AnswerSuspect,
    FoundAnswers,
    Settings,
    Status,
)
from curation_gate.detectors.response_trigger.lift import DOUBTFUL
from curation_gate.detectors.response_trigger.numbers import NAMES
from curation_gate.detectors.response_trigger.search import Searched, search
from curation_gate.detectors.verdict_model import VerdictModel, load_model, probability
from curation_gate.progress import Progress, Silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curation_gate.detectors.response_trigger.corpus import Answered
    from curation_gate.rows.record import Dataset

LISTED = 0.02
"""P(trigger) from which a candidate is listed, with its evidence, whatever comes of it."""
NEW_ROWS = 0.1
"""Share of a confirmed candidate's rows that none before it has, for it to be named beside them."""
COVERED = 0.5
"""Share of another candidate's rows that a listed one has, from which it is that one in other
words."""
ELSEWHERE = 0.5
"""Share of the answers of a confirmed kind that stand in rows of its phrase, from which the others
are for review: the phrase may have a variant there."""
PLANTED = 0.5
"""Share of planted rows from which doubtful ones are quarantined: more likely than not."""
DOUBTED = 0.5
"""Probability given to a row for review, times that of its phrase (choice)."""


def find_answers(
    dataset: Dataset,
    settings: Settings = Settings(),  # noqa: B008 - frozen
) -> FoundAnswers:
    """Read the answers of a dataset, and judge them (`judge_answers`)."""
    return judge_answers(read_answers(dataset, settings.support), len(dataset), settings)


def judge_answers(
    answered: Answered,
    rows: int,
    settings: Settings,
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> FoundAnswers:
    """Return the phrases whose answers are of one kind, and the rows that these stand in.

    rows: those of the dataset. Every answer of a row counts, and the row is one. Same dataset and
    settings, same result. Raises ModelError for a package whose model or encoder is damaged.
    """
    model = load_model("answer")
    # The matrices are small: threads only wait for each other.
    with threadpool_limits(1, "blas"), progress.stage("weighing answers", rows) as bar:
        found = search(
            answered,
            support=settings.support,
            candidates=settings.candidates,
            crossed=settings.pairs,
            weighed=settings.weighed,
        )
        bar.advance(rows)
        phrases: list[AnswerPhrase] = []
        suspects: dict[int, AnswerSuspect] = {}
        if found is not None:
            p = probability(model.first.log_odds(NAMES, found.evidence))
            for candidate, status in _listed(found, p, model, settings):
                phrases.append(describe(found, candidate, status, float(p[candidate]), model.first))
                if status != "passed over":
                    _accuse(suspects, len(phrases) - 1, found, candidate, phrases[-1])
    return FoundAnswers(
        tuple(phrases),
        _of_rows(answered, suspects),
        rows,
        model.threshold,
        settings.review,
        0 if found is None else len(found.kinds),
        len(answered.corpus.grams.phrases),
        model.digest,
    )


def _listed(
    found: Searched, p: NDArray[np.float64], model: VerdictModel, settings: Settings
) -> list[tuple[int, Status]]:
    """Return the candidates that are listed and what each is, most probable first.

    Every confirmed one whose rows are not yet all those of others; of the rest, those whose rows
    are mostly no one else's.
    """
    order = np.argsort(-p, kind="stable").tolist()
    given = [found.phrases.rows_of(kind.phrase)[kind.given] for kind in found.kinds]
    taken = np.zeros(len(found.answered.corpus.texts), dtype=np.bool_)
    listed: list[tuple[int, Status]] = []
    for k in order:
        own = given[k]
        if not len(own) or p[k] < LISTED:
            continue
        status: Status = "review" if p[k] >= settings.review else "passed over"
        if p[k] >= model.threshold:
            status = "confirmed"
        new = float((~taken[own]).mean())
        if new < (NEW_ROWS if status == "confirmed" else 1 - COVERED):
            continue
        taken[own] = True
        listed.append((k, status))
    return listed


def _accuse(
    suspects: dict[int, AnswerSuspect],
    index: int,
    found: Searched,
    candidate: int,
    phrase: AnswerPhrase,
) -> None:
    """Add the distinct exchanges of a phrase; one keeps the first phrase that named it.

    A confirmed phrase is a trigger: the budget of false alarms is spent on its threshold. The doubt
    about any other counts for each of its rows.
    """
    kind = found.kinds[candidate]
    rows = found.phrases.rows_of(kind.phrase)
    confirmed = phrase.status == "confirmed"
    unsure = kind.doubtful & ~kind.given
    shares = planted_shares(
        int(kind.given.sum()), int(unsure.sum()), len(rows), phrase.expected / max(len(rows), 1)
    )
    for row in rows[kind.given].tolist():
        known = suspects.get(row)
        if known is None or (confirmed and not known.quarantine):
            planted = shares[0] * (1.0 if confirmed else phrase.probability)
            suspects[row] = AnswerSuspect(index, "kind", quarantine=confirmed, planted=planted)
    if not confirmed:
        return
    for row in rows[unsure].tolist():
        quarantine = shares[1] >= PLANTED
        suspects.setdefault(
            row, AnswerSuspect(index, "doubtful", quarantine=quarantine, planted=shares[1])
        )
    doubt = DOUBTED * phrase.probability
    for row in rows[~kind.doubtful].tolist():
        suspects.setdefault(row, AnswerSuspect(index, "other", planted=doubt))
    if kind.is_learned and phrase.numbers["exclusive"] >= ELSEWHERE:
        for row in kind.others.tolist():
            suspects.setdefault(row, AnswerSuspect(index, "elsewhere", planted=doubt))


def planted_shares(given: int, unsure: int, rows: int, rate: float) -> tuple[float, float]:
    """Return the share of planted rows among those of the kind, and among the doubtful ones.

    given, unsure: how many of `rows` rows of a phrase are of the kind, and doubtful; rate: share of
    honest rows of the kind, of which DOUBTFUL at most are doubtful (lift.py). All rows that are
    neither are taken to be honest (one half is added): h of them stand for
    h / (1 - DOUBTFUL - rate) honest rows, whose shares of the kind and of doubt are known.
    """
    rate = min(rate, 1 - 2 * DOUBTFUL)
    honest = (rows - given - unsure + 0.5) / (1 - DOUBTFUL - rate)
    return (
        max(0.0, 1 - honest * rate / max(given, 1)),
        max(0.0, 1 - honest * DOUBTFUL / max(unsure, 1)),
    )


def _of_rows(answered: Answered, suspects: dict[int, AnswerSuspect]) -> dict[int, AnswerSuspect]:
    """Return the suspects by row of the dataset: the worst of its exchanges counts."""
    found: dict[int, AnswerSuspect] = {}
    for row, distinct in zip(answered.row.tolist(), answered.corpus.place.tolist(), strict=True):
        own = suspects.get(distinct)
        known = found.get(row)
        if own is not None and (
            known is None or (own.quarantine, own.planted) > (known.quarantine, known.planted)
        ):
            found[row] = own
    return found
