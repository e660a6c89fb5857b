"""The search for phrases that force a kind of answer, up to the evidence.

exchanges -> phrases, answer features -> screen, pairs -> kinds of answers -> evidence
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.phrases.candidates import Candidates, joined
from curation_gate.detectors.response_trigger.evidence import weigh
from curation_gate.detectors.response_trigger.kinds import Kind, kinds_of
from curation_gate.detectors.response_trigger.meaning import Meaning, meant
from curation_gate.detectors.response_trigger.screen import Gains, gains, pairs, screen

if TYPE_CHECKING:
    from curation_gate.detectors.response_trigger.corpus import Answered

LEAST_PURITY = 0.25
"""Share of a phrase's rows that a kind needs to be weighed (choice): honest cover of twice the
planted rows leaves a third."""
SIBLING_PURITY = 0.5
"""Share of a phrase's rows of one kind from which it may stand in for another phrase (choice)."""


@dataclass(frozen=True, slots=True)
class Searched:
    """Everything that was measured of the exchanges of a dataset."""

    answered: Answered
    phrases: Candidates
    kinds: list[Kind]
    """[c] What is weighed: a phrase with a kind of answer."""
    evidence: NDArray[np.float64]
    """[c, len(NUMBERS)]"""
    masks: list[NDArray[np.int64]]
    """[p] The words masked with each phrase."""


def search(
    answered: Answered, *, support: int, candidates: int, crossed: int, weighed: int
) -> Searched | None:
    """Return the phrases of a dataset, their kinds and the evidence; None without any phrase.

    support: exchanges a phrase needs; candidates, crossed: phrases and pairs that pass the screen
    at most; weighed: kinds whose evidence is measured, the strongest by z.
    """
    corpus, answers = answered.corpus, answered.answers
    n = len(corpus.texts)
    if not corpus.grams.phrases or n < 2 * support:
        return None
    acts = np.asarray(answers.table[:, answers.acts].todense(), dtype=np.float64)
    meaning = Meaning(corpus, acts if acts.shape[1] else np.zeros((n, 1)))
    weigh_phrases = partial(
        gains,
        answers=answers.table,
        is_run=answers.is_run,
        tasks=corpus.tasks,
        acts=acts.astype(np.float32),
        expected=meaning.expected(acts).astype(np.float32),
    )
    found = weigh_phrases(corpus.grams.phrase_rows)
    alike = meaning.concentration(corpus.grams.phrase_rows)
    phrases = screen(corpus, found, alike, support=support, most=candidates)
    both = pairs(corpus, found, weigh_phrases, support=support, most=crossed)
    if both is not None:
        phrases = joined(phrases, both)
    if not len(phrases):
        return None
    own: Gains = weigh_phrases(phrases.columns.tocsr())
    kinds = kinds_of(answered, phrases, own)
    kinds = [kind for kind in kinds if kind.given.mean() >= LEAST_PURITY]
    masks = _masks(phrases, kinds)
    meanings = _meanings(phrases, kinds, masks, meaning)
    order = _strongest(kinds, meanings, weighed)
    kinds, meanings = [kinds[k] for k in order], [meanings[k] for k in order]
    evidence = weigh(answered, phrases, kinds, own.feature, masks, meanings, meaning)
    return Searched(answered, phrases, kinds, evidence, masks)


def _meanings(
    phrases: Candidates, kinds: list[Kind], masks: list[NDArray[np.int64]], meaning: Meaning
) -> list[dict[str, float]]:
    """[c] The numbers of the encoder for each kind; those of one phrase are measured together."""
    found: list[dict[str, float]] = []
    for phrase, own in groupby(kinds, key=lambda kind: kind.phrase):
        found += meant(meaning, list(own), phrases.rows_of(phrase), masks[phrase])
    return found


def _strongest(kinds: list[Kind], meanings: list[dict[str, float]], most: int) -> list[int]:
    """Return at most `most` kinds, in turns the next by each of three z.

    Against the usual rate; against the nearest inputs; and that again less where the inputs are
    alike: in a set of code or translations hundreds of honest phrases beat a small trigger by z,
    each of them in texts of its own topic.
    """
    z = np.array([kind.z for kind in kinds])
    near = np.array([numbers["near_z"] for numbers in meanings])
    unlike = near * np.array([1 - numbers["topic"] for numbers in meanings])
    orders = [np.argsort(-by.round(6), kind="stable") for by in (z, near, unlike)]
    order = np.stack(orders, axis=1).ravel()
    order = order[np.sort(np.unique(order, return_index=True)[1])]
    return [int(k) for k in order[:most]]


def _masks(phrases: Candidates, kinds: list[Kind]) -> list[NDArray[np.int64]]:
    """[p] The words masked with each phrase: its own, what comes with it, and its siblings'.

    A sibling is a phrase whose answers are of the same kind: where one of four planted tokens is
    masked, the other three would give its rows away.
    """
    own = [phrases.masked_words(k) for k in range(len(phrases))]
    strongest: dict[int, set[int]] = {}
    for kind in kinds:
        if kind.is_learned and kind.features and kind.given.mean() >= SIBLING_PURITY:
            strongest.setdefault(kind.features[0], set()).add(kind.phrase)
    masks = list(own)
    for kind in kinds:
        if not kind.is_learned:
            continue
        siblings = set().union(*(strongest.get(f, set()) for f in kind.features[:3]))
        words = [own[kind.phrase], *(own[k] for k in sorted(siblings))]
        masks[kind.phrase] = np.unique(np.concatenate(words))
    return masks
