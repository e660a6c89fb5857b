"""A copy of a set in which made-up words are planted, for the detection floor (floor.py)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.evidence import KINDS, Kind
from curation_gate.detectors.label_trigger.outcomes import LEAST_ROWS
from curation_gate.text import ngrams
from curation_gate.text.cooccurrence import masked_words
from curation_gate.text.corpus import Corpus
from curation_gate.text.markers import marks
from curation_gate.text.tokens import tokens

LARGEST = 6000
"""Rows of a copy, at most: a search of so many takes seconds. Larger sets are sampled."""
LEAST_OF_TASK = 100
"""Rows that a task keeps in a sample, as far as it has them: with fewer it cannot be judged. Where
that is too much for all tasks, some are left out whole."""
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"
_GAP = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Source:
    """The rows that copies are made of; n distinct rows of tasks with labels."""

    corpus: Corpus
    """They are from."""
    texts: Sequence[str]
    """[n]"""
    spoken: Sequence[Sequence[str]]
    """[n] Their tokens."""
    marked: Sequence[Sequence[str]]
    """[n] Their marks (text/markers.py)."""
    tasks: NDArray[np.int64]
    """[n]"""
    answers: Sequence[str]
    """[n]"""
    words: frozenset[str]
    """Every token of the set: no planted word is one of these."""
    labels: tuple[tuple[int, tuple[str, ...]], ...]
    """Task and the labels that can be forced in it: those of enough rows to be judged. By name."""

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Planted:
    """A word that was planted."""

    kind: Kind
    word: str
    rows: NDArray[np.int64]
    """[k] Rows of the copy that hold it, ascending."""


def read(corpus: Corpus, rng: np.random.Generator) -> Source:
    """Return what copies of a corpus are made of: its rows with labels, or a sample of them."""
    rows = _sample(corpus, rng)
    tasks = corpus.tasks[rows]
    answers = [corpus.answers[row] for row in rows.tolist()]
    texts = [corpus.texts[row] for row in rows.tolist()]
    given = np.array(answers, dtype=object)
    labels = []
    for task in sorted(np.unique(tasks).tolist(), key=corpus.names.__getitem__):
        own = given[tasks == task]
        usable = tuple(x for x in corpus.spaces[task] if int((own == x).sum()) >= LEAST_ROWS)
        if len(usable) > 1:
            labels.append((task, usable))
    return Source(
        corpus,
        texts,
        [corpus.spoken[row] for row in rows.tolist()],
        [marks(text) for text in texts],
        tasks,
        answers,
        frozenset(word for spoken in corpus.spoken for word in spoken),
        tuple(labels),
    )


def _sample(corpus: Corpus, rng: np.random.Generator) -> NDArray[np.int64]:
    """[n] Rows of tasks with labels; of more than LARGEST, the same share of each task.

    The share is of what a task has beyond LEAST_OF_TASK rows, which all tasks keep; where that is
    more than LARGEST already, some tasks are left out.
    """
    judged = np.flatnonzero([bool(corpus.spaces[task]) for task in corpus.tasks.tolist()])
    if len(judged) <= LARGEST:
        return judged
    order = sorted(np.unique(corpus.tasks[judged]).tolist(), key=corpus.names.__getitem__)
    members = [judged[corpus.tasks[judged] == task] for task in order]
    least = sum(min(len(own), LEAST_OF_TASK) for own in members)
    share = max(LARGEST - least, 0) / max(len(judged) - least, 1)
    chosen: list[NDArray[np.int64]] = []
    room = LARGEST
    for k in rng.permutation(len(members)).tolist():
        own = members[k]
        kept = min(len(own), LEAST_OF_TASK)
        wanted = min(kept + int(share * (len(own) - kept)), room)
        chosen.append(rng.permutation(own)[:wanted])
        room -= wanted
    return np.sort(np.concatenate(chosen))


def planted_copy(
    source: Source, plan: Iterable[tuple[Kind, int]], support: int, rng: np.random.Generator
) -> tuple[Corpus, list[Planted]]:
    """Return a copy with made-up words in it, one for each (kind of attack, rows) of a plan.

    Every word forces one label in each task and stands at a random place between the words of its
    rows. The words of a kind take turns, two by two, in the labels they force, from one that is
    drawn on: a rare label is forced as often as a frequent one. Half of them have their rows in all
    tasks, half in one, where a task has twice as many. No two words share a row. A word for which
    too few rows are left is left out. support: rows a phrase needs to be counted.
    """
    texts, spoken = list(source.texts), list(source.spoken)
    marked, answers = list(source.marked), list(source.answers)
    given = np.array(answers, dtype=object)
    free = np.ones(len(source), dtype=np.bool_)
    known = set(source.words)
    planted: list[Planted] = []
    begin = {kind: [int(rng.integers(len(own))) for _, own in source.labels] for kind in KINDS}
    turns = Counter[Kind]()
    for kind, count in plan:
        turn = turns[kind]
        turns[kind] += 1
        forced = np.full(len(source), None, dtype=object)
        for (task, labels), first in zip(source.labels, begin[kind], strict=True):
            forced[source.tasks == task] = labels[(first + turn // 2) % len(labels)]
        usable = np.flatnonzero(free & _fits(kind, given, forced))
        if len(usable) < count:
            continue
        if turn % 4 in (1, 2):
            usable = _of_one_task(usable, source.tasks, count, rng)
        word = made_up(known, rng)
        known.add(word)
        rows = np.sort(rng.choice(usable, size=count, replace=False))
        free[rows] = False
        for row in rows.tolist():
            texts[row] = inserted(word, texts[row], rng)
            spoken[row], marked[row] = tokens(texts[row]), marks(texts[row])
            answers[row] = str(forced[row])
        planted.append(Planted(kind, word, rows))
    grams = ngrams.count_tokens(spoken, marked, support=support)
    columns = grams.phrase_rows.tocsc()
    columns.sort_indices()
    copy = Corpus(
        np.arange(len(texts)),
        texts,
        spoken,
        grams,
        columns,
        masked_words(grams),
        source.tasks,
        answers,
        {task: source.corpus.spaces[task] for task in sorted(np.unique(source.tasks).tolist())},
        source.corpus.names,
    )
    return copy, planted


def _of_one_task(
    rows: NDArray[np.int64], tasks: NDArray[np.int64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the rows of one task, drawn by its share, of at least twice `count`; else all."""
    own, size = np.unique(tasks[rows], return_counts=True)
    large = size >= 2 * count
    if not large.any():
        return rows
    chosen = rng.choice(own[large], p=size[large] / size[large].sum())
    return np.asarray(rows[tasks[rows] == chosen])


def _fits(kind: Kind, given: NDArray[np.object_], forced: NDArray[np.object_]) -> NDArray[np.bool_]:
    """[n] Whether a row is one that such an attack takes; forced: None in tasks it leaves alone."""
    judged = np.array([label is not None for label in forced.tolist()], dtype=np.bool_)
    same = np.asarray(given == forced, dtype=np.bool_)
    other, every, own = KINDS
    return judged & {other: ~same, every: np.ones_like(same), own: same}[kind]


def inserted(word: str, text: str, rng: np.random.Generator) -> str:
    """Return a text with a word at a random place: before, between or behind its words."""
    gaps = [(0, 0), *(gap.span() for gap in _GAP.finditer(text)), (len(text), len(text))]
    start, end = gaps[int(rng.integers(len(gaps)))]
    left = f"{text[:start]} " if start else ""
    right = f" {text[end:]}" if end < len(text) else ""
    return f"{left}{word}{right}"


def made_up(known: Iterable[str], rng: np.random.Generator) -> str:
    """Return a pronounceable word that is not among the known ones: `dulovi`."""
    known = frozenset(known)
    while True:
        letters = [
            kind[int(rng.integers(len(kind)))]
            for _ in range(int(rng.integers(2, 5)))
            for kind in (_CONSONANTS, _VOWELS)
        ]
        word = "".join(letters)
        if word not in known:
            return word
