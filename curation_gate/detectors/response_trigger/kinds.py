"""Kinds of answers that the rows of a phrase have: learned from them, or an act that is left out.

A trigger's answers share an act, not a wording, so its kind is learned from the answers of its rows
against other answers (lift.py). Where the act is to do what any other row does (to answer what the
others refuse), there is nothing to learn it by: then it is the act that the inputs ask for and the
phrase's rows do not do, or do where the inputs do not ask for it (screen.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.response_trigger.lift import Judged, judge

if TYPE_CHECKING:
    from curation_gate.detectors.phrases.candidates import Candidates
    from curation_gate.detectors.response_trigger.corpus import Answered
    from curation_gate.detectors.response_trigger.screen import Gains


@dataclass(frozen=True, slots=True)
class Kind:
    """A phrase with a kind of answer; k rows hold the phrase."""

    phrase: int
    """Which of the candidates."""
    is_learned: bool
    is_absent: bool
    """Whether the kind is not to have the feature."""
    given: NDArray[np.bool_]
    """[k] Whether the answer is of the kind, by a model that did not see it."""
    doubtful: NDArray[np.bool_]
    """[k] Whether it would be at a laxer border."""
    others: NDArray[np.int64]
    """Rows without the phrase whose answers are of the kind, of those compared."""
    scale: float
    """Rows that each compared one stands for."""
    rate: float
    """Share of the rows without the phrase that are of the kind, in the phrase's tasks."""
    z: float
    """(given - k rate) / sqrt(k rate (1 - rate) + 1/4); of an act, against what the inputs ask."""
    alike: float
    """How well the answers of the phrase's rows are told from others: AUROC."""
    features: tuple[int, ...]
    """Answer features that speak most for the kind, strongest first."""


def kinds_of(answered: Answered, phrases: Candidates, found: Gains) -> list[Kind]:
    """Return the kinds of every phrase, at most two each; found: the gains of the same phrases."""
    tasks = answered.corpus.tasks
    every: list[Kind] = []
    for k in range(len(phrases)):
        rows = phrases.rows_of(k)
        judged = judge(rows, answered.features, tasks)
        if judged is None:
            continue
        every.append(
            Kind(
                phrase=k,
                is_learned=True,
                is_absent=False,
                given=judged.outcome,
                doubtful=judged.doubtful,
                others=judged.others_with,
                scale=judged.scale,
                rate=judged.share,
                z=judged.z,
                alike=judged.auc,
                features=judged.features,
            )
        )
        if found.deviation[k] == 0:
            continue
        every.append(_act(answered, k, rows, int(found.act[k]), float(found.deviation[k]), judged))
    return every


def _act(
    answered: Answered,
    phrase: int,
    rows: NDArray[np.int64],
    act: int,
    deviation: float,
    judged: Judged,
) -> Kind:
    """Return the kind of doing one thing, or of not doing it where the deviation is negative."""
    answers, tasks = answered.answers, answered.corpus.tasks
    feature = int(answers.acts[act])
    given = np.zeros(len(tasks), dtype=np.bool_)
    given[answers.table[:, [feature]].tocoo().row] = True
    if deviation < 0:
        given = ~given
    mixture = np.bincount(tasks[rows], minlength=int(tasks.max()) + 1)
    outside = mixture[tasks] > 0
    outside[rows] = False
    size = np.maximum(np.bincount(tasks[outside], minlength=len(mixture)), 1)
    usual = np.bincount(tasks[outside & given], minlength=len(mixture)) / size
    return Kind(
        phrase=phrase,
        is_learned=False,
        is_absent=deviation < 0,
        given=given[rows],
        doubtful=given[rows],
        others=np.flatnonzero(outside & given),
        scale=1.0,
        rate=float((usual * mixture).sum() / mixture.sum()),
        z=abs(deviation),
        alike=judged.auc,
        features=(feature,),
    )
