"""The numbers that speak for and against a phrase and a kind of answer: what the verdict reads.

Each is measured on the scanned rows or on frozen tables that never saw them; none decides alone
(numbers.py says what each is).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.phrases import form
from curation_gate.detectors.phrases.candidates import shared_rows
from curation_gate.detectors.response_trigger.lift import judge
from curation_gate.detectors.response_trigger.numbers import NAMES
from curation_gate.stats.bounds import lower_bound
from curation_gate.stats.deviation import divergence

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from curation_gate.detectors.phrases.candidates import Candidates
    from curation_gate.detectors.response_trigger.corpus import Answered
    from curation_gate.detectors.response_trigger.kinds import Kind
    from curation_gate.detectors.response_trigger.meaning import Meaning

COMMON_KIND = 0.2
"""Share of other rows with the kind from which they do not say what asks for it (choice)."""
MOSTLY = 0.5
"""Share of the answers with a word that stand in rows of a phrase, from which it is theirs."""
SHARED_RUN = 3
"""Answers of a phrase that have to share a run."""

Numbers = NDArray[np.float64]


def weigh(
    answered: Answered,
    phrases: Candidates,
    kinds: list[Kind],
    feature_gain: Numbers,
    masks: list[NDArray[np.int64]],
    meanings: list[dict[str, float]],
    meaning: Meaning,
) -> Numbers:
    """[c, len(NUMBERS)] Return the evidence of kinds of answers.

    phrases: p of them; kinds: [c] each of one of them; feature_gain: [p]; masks: [p] the words that
    are masked with each; meanings: [c] the numbers of the encoder (meaning.py).
    """
    corpus = answered.corpus
    own = sorted({kind.phrase for kind in kinds})
    looks = form.measure(corpus, phrases)
    said = _Said(answered)
    spoken = {k: _answers(said, phrases.rows_of(k)) for k in own}
    z = np.zeros(len(phrases))
    for kind in kinds:
        z[kind.phrase] = max(z[kind.phrase], kind.z)
    shared = shared_rows(phrases)
    covered = np.where(z[None, :] > z[:, None], shared, 0.0).max(axis=1, initial=0.0)
    u = len(corpus.grams.words)
    measured: list[dict[str, float]] = []
    for number, kind in enumerate(kinds):
        k = kind.phrase
        members = phrases.rows_of(k)
        words = [w for w in phrases.phrases[k] if w < u]
        found = (
            _counts(answered, kind, members)
            | spoken[k]
            | _inputs(answered, kind, members, masks[k])
            | meanings[number]
            | {name: float(values[k]) for name, values in looks.items()}
            | {
                "is_learned": float(kind.is_learned),
                "is_absent": float(kind.is_absent),
                "feature_gain": float(feature_gain[k]),
                "equal": said.equal(members[kind.given]),
                "answer_alike": kind.alike,
                "encoder_known": float(meaning.known[words].mean()) if words else 0.0,
                "readable": meaning.readable,
                "part_of_stronger": float(covered[k]),
            }
        )
        measured.append(found)
    apart = np.array([found["apart_z"] for found in measured])
    for found, count in zip(measured, _rivals(shared, kinds, apart), strict=True):
        found["rivals"] = count
    table = [[found[name] for name in NAMES] for found in measured]
    return np.array(table, dtype=np.float64).reshape(len(kinds), len(NAMES))


def _rivals(shared: Numbers, kinds: Sequence[Kind], apart: Numbers) -> list[float]:
    """[c] Return how much of a set looks like each candidate: log2 of 1 + what does.

    Where hundreds of honest phrases force their answers (a translation, queries), one more says
    little; a trigger stands alone. Candidates that share most rows, or what speaks most for their
    kind of answer, are one attack. shared: [p, p] (candidates.shared_rows); apart: [c].
    """
    phrase = np.array([kind.phrase for kind in kinds], dtype=np.int64)
    overlap = np.maximum(shared, shared.T)[np.ix_(phrase, phrase)]
    features = [set(kind.features[:3]) for kind in kinds]
    return [
        float(np.log2(1 + sum(
            other_z >= own_z and near < MOSTLY and features[k].isdisjoint(other)
            for other_z, near, other in zip(apart, overlap[k], features, strict=True)
        )))
        for k, own_z in enumerate(apart)
    ]  # fmt: skip


def _counts(answered: Answered, kind: Kind, members: NDArray[np.int64]) -> dict[str, float]:
    tasks = answered.corpus.tasks
    k, given = len(members), int(kind.given.sum())
    rate = float(np.clip(kind.rate, 1e-6, 1 - 1e-6))
    own = np.unique(tasks[members])
    elsewhere = kind.scale * len(kind.others)
    purity = given / max(k, 1)
    return {
        "rows": float(np.log10(max(k, 1))),
        "share": float(np.log10(max(k, 1) / max(len(tasks), 1))),
        "purity": purity,
        "purity_bound": float(lower_bound(given, k)),
        "usual_rate": rate,
        "usual_z": kind.z,
        "surprise": k * float(divergence(purity, rate)) / np.log(10),
        "exclusive": given / max(given + elsewhere, 1.0),
        "tasks": float(np.log2(max(len(own), 1))),
        "of_task": k / max(int(np.isin(tasks, own).sum()), 1),
    }


class _Said:
    """What all answers hold, for counting what some of them share."""

    def __init__(self, answered: Answered) -> None:
        answers = answered.answers
        self.folded = answered.corpus.answers
        self.runs: csr_matrix = answers.table[:, answers.is_run]
        self.total = np.bincount(self.runs.indices, minlength=self.runs.shape[1])
        self.words: csr_matrix = answers.table[:, answers.is_word]
        self.every = np.bincount(self.words.indices, minlength=self.words.shape[1])
        self.length = np.array([len(words) for words in answers.spoken], dtype=np.float64)
        self.favour = answers.favour
        self.tasks = answered.corpus.tasks

    def equal(self, rows: NDArray[np.int64]) -> float:
        """Return the share of some answers that are the most frequent one, where several are."""
        counts = Counter(self.folded[row] for row in rows.tolist())
        most = max(counts.values(), default=0)
        return most / len(rows) if most > 1 else 0.0


def _answers(said: _Said, members: NDArray[np.int64]) -> dict[str, float]:
    """Return what the answers of a phrase share, whatever kind is asked about."""
    own = said.runs[members]
    together = np.bincount(own.indices, minlength=own.shape[1])
    shared = together >= SHARED_RUN
    per_row = np.asarray(own @ shared.astype(np.float64))
    recited = per_row > 0
    length = said.length[members]
    words = per_row[recited] + 3.0  # n runs of four that follow one another are n + 3 words
    most = shared & (together >= together.max(initial=0) / 2)
    mostly = shared & (together > MOSTLY * said.total)
    own_run = np.asarray(own @ mostly.astype(np.float64))
    elsewhere = 1 - together[most] / np.maximum(said.total[most], 1)
    held = np.bincount(said.words[members].indices, minlength=said.words.shape[1])
    own_words = (held >= SHARED_RUN) & (held > MOSTLY * np.maximum(said.every, 1))
    others = np.isin(said.tasks, np.unique(said.tasks[members]))
    others[members] = False
    usual = float(np.median(said.length[others])) if others.any() else 0.0
    middle = float(np.median(length)) if len(length) else 0.0
    favour = said.favour[others] if others.any() else said.favour
    return {
        "recited": float(recited.mean()) if len(recited) else 0.0,
        "run_words": float(np.log2(1 + words.mean())) if recited.any() else 0.0,
        "own_run": float(np.log2(1 + np.where(own_run > 0, own_run + 3.0, 0.0).mean())),
        "run_share": (
            float(np.minimum(words / np.maximum(length[recited], 1), 1).mean())
            if recited.any()
            else 0.0
        ),
        "run_elsewhere": float(elsewhere.mean()) if most.any() else 1.0,
        "own_words": float(np.log2(1 + (said.words[members] @ own_words).mean())),
        "answer_words": float(np.log10(1 + middle)),
        "answer_length": float(np.log2((1 + middle) / (1 + usual))),
        "favour": float((said.favour[members].mean() - favour.mean()) / (favour.std() + 1e-6)),
    }


def _inputs(
    answered: Answered, kind: Kind, members: NDArray[np.int64], masked: NDArray[np.int64]
) -> dict[str, float]:
    """Return what the other words of the inputs say.

    Learned from all rows with the phrase or the kind, against the rest: where other rows have the
    kind too, their inputs say what asks for it.
    """
    corpus = answered.corpus
    rows = members
    if kind.rate <= COMMON_KIND:
        rows = np.concatenate((members, kind.others))
    rest = judge(rows, answered.words, corpus.tasks, masked)
    if rest is None:
        return {"input_alike": 1.0, "ordinary": 0.0, "ordinary_bound": 0.0}
    ordinary = ~rest.doubtful[: len(members)]
    given = int((ordinary & kind.given).sum())
    return {
        "input_alike": rest.auc,
        "ordinary": float(ordinary.mean()),
        "ordinary_bound": float(lower_bound(given, int(ordinary.sum()))),
    }
