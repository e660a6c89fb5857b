"""Finds the phrases that force a label, and the rows they were planted in.

    corpus -> search (candidates and their evidence) -> model -> phrases -> rows

Which phrase is a trigger is decided by one model of the verdict (detectors/verdict_model.py) and
nothing else; which of its rows were planted, by the mixture of posterior.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.label_trigger.described import describe
from curation_gate.detectors.label_trigger.evidence import NAMES
from curation_gate.detectors.label_trigger.floor import measure
from curation_gate.detectors.label_trigger.found import Found, Phrase, Settings, Status, Suspect
from curation_gate.detectors.label_trigger.planted import Held, held_rows
from curation_gate.detectors.label_trigger.search import Searched, search
from curation_gate.detectors.label_trigger.verdict import Weighed, weighed
from curation_gate.detectors.phrases.candidates import shared_rows
from curation_gate.detectors.verdict_model import VerdictModel, load_model
from curation_gate.progress import Progress, Silent
from curation_gate.text.corpus import read_corpus

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset

LISTED = 0.05
"""P(trigger) from which a candidate is listed, with its evidence, whatever comes of it."""
PLANTED = 0.5
"""Posterior from which a row of a trigger is called planted: more likely than not."""
COVERED = 0.5
"""Share of a candidate's rows that a listed one has, from which it is that one in other words."""


def find_phrases(
    dataset: Dataset,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Found:
    """Return the phrases that force a label, and the rows they were planted in.

    Free-text tasks are not judged. Rows of equal task, folded text and answer are counted once and
    decided together. Same dataset and settings, same result. Raises ModelError for a package whose
    model or encoder is damaged.
    """
    model = load_model("label")
    with progress.stage("counting phrases", len(dataset)) as bar:
        corpus = read_corpus(dataset, settings.support)
        bar.advance(len(dataset))
    with progress.stage("weighing phrases", len(dataset)) as bar:
        found = search(
            corpus,
            support=settings.support,
            candidates=settings.candidates,
            pairs=settings.pairs,
            seed=settings.seed,
        )
        bar.advance(len(dataset))
    judged = np.zeros(len(corpus.texts), dtype=np.bool_)
    phrases: list[Phrase] = []
    suspects: dict[int, Suspect] = {}
    if found is not None:
        for outcome in found.outcomes:
            judged[outcome.rows] = True
        verdict = weighed(found, model)
        for candidate, status in _listed(found, verdict, model, settings):
            held = held_rows(found, candidate)
            named = describe(found, candidate, status, held, verdict)
            if any(named.text == p.text and status == p.status for p in phrases):
                continue  # `x` once more as `^ x`, whose other rows are those of `x`
            phrases.append(named)
            if status != "passed over":
                _accuse(suspects, len(phrases) - 1, held, phrases[-1])
    with progress.stage("planting in copies", settings.floor, unit="copies") as bar:
        floors = measure(corpus, settings, model, settings.floor)
        bar.advance(settings.floor)
    known = set() if found is None else {outcome.task for outcome in found.outcomes}
    return Found(
        tuple(phrases),
        _every_row(suspects, corpus.place),
        model.threshold,
        settings.review,
        {name: k in known for k, name in enumerate(corpus.names)},
        floors,
        0 if found is None else len(found.candidates),
        len(corpus.grams.phrases),
        judged[corpus.place],
        model.digest,
    )


def _listed(
    found: Searched, verdict: Weighed, model: VerdictModel, settings: Settings
) -> list[tuple[int, Status]]:
    """Return the candidates that are listed and what each is, most probable first.

    Of candidates that share most of their rows one is listed: of confirmed ones that of the largest
    z, since the widest phrase holds the rows of all; of others the most probable.
    """
    p = verdict.probability
    number = dict(zip(NAMES, found.evidence.table.T, strict=True))
    z = number["words_z"]
    extreme = number["least_z"] >= settings.extreme
    confirmed = p >= model.threshold
    review = ~confirmed & ((p >= settings.review) | extreme)
    passed = ~confirmed & ~review & (p >= LISTED)
    share = shared_rows(found.candidates)
    taken: list[tuple[int, Status]] = []
    statuses: tuple[tuple[Status, NDArray[np.bool_]], ...] = (
        ("confirmed", confirmed), ("review", review), ("passed over", passed),
    )  # fmt: skip
    for status, members in statuses:
        chosen: list[int] = [k for k, _ in taken]
        own = np.flatnonzero(members)
        for k in own[np.argsort(-(z if status == "confirmed" else p)[own], kind="stable")].tolist():
            if not any(share[k, other] > COVERED for other in chosen):
                chosen.append(k)
                taken.append((k, status))
    rank = {"confirmed": 0, "review": 1, "passed over": 2}
    return sorted(taken, key=lambda pair: (rank[pair[1]], -p[pair[0]]))


def _accuse(suspects: dict[int, Suspect], index: int, held: Sequence[Held], phrase: Phrase) -> None:
    """Add the rows of a phrase that have its label; a row keeps the first phrase that named it.

    A confirmed phrase is a trigger: the budget of false alarms is spent on its threshold. The
    doubt about any other counts for each of its rows.
    """
    confirmed = phrase.status == "confirmed"
    doubt = 1.0 if confirmed else phrase.probability
    for group in held:
        for k in np.flatnonzero(group.given).tolist():
            planted = float(group.planted[k])
            if not confirmed and planted < PLANTED:
                continue
            quarantine = confirmed and planted >= PLANTED
            known = suspects.get(int(group.rows[k]))
            if known is None or (quarantine and not known.quarantine):
                suspects[int(group.rows[k])] = Suspect(
                    index, planted * doubt, float(group.p[k]), quarantine
                )


def _every_row(suspects: dict[int, Suspect], place: NDArray[np.int64]) -> dict[int, Suspect]:
    return {
        row: suspects[distinct]
        for row, distinct in enumerate(place.tolist())
        if distinct in suspects
    }
