"""What answers look like, whatever they are answers to: a sparse table of features.

What is guaranteed: a word that the row's own input holds is no feature (an answer that copies its
question says nothing about a trigger), and neither is an ordinary label of a task with a fixed set
of labels (that is the label miner's). Rows are independent but for the counts of their task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.response_trigger.acts import act_groups
from curation_gate.detectors.response_trigger.function_words import FUNCTION_WORDS
from curation_gate.detectors.response_trigger.shapes import SHAPES, Shape, shapes_of
from curation_gate.text import ngrams
from curation_gate.text.tokens import tokens
from curation_gate.text.word_meanings import word_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NAMES = 4
"""Features that name an outcome."""
COPIED = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for words of the answer that the input holds; joins no phrase."""
STEM = 5
"""Letters that two words have to share to be one word: `govern` and `government` (choice)."""
SUPPORT = 3
"""Rows a feature needs."""
LONGEST = 4
"""Words of the longest feature: a run of so many that inputs do not hold is seldom chance."""
ACT_SHARE, MOST_ACTS = 0.01, 400
"""Share of the answers that do a thing, and that do not, for it to be expected of an input; and how
many such things are followed (choices, for memory and time)."""
LABEL_COVER = 0.8
"""Share of a task's rows that regular answers cover, for it to have a set of labels (choice)."""
LABEL_ROWS = 4
LABEL_SHARE = 0.004
"""Rows, and share of its task's rows, that make an answer regular in such a task (choices)."""
LABEL_CHARACTERS = 60
COPIED_SHARE = 0.8
"""Share of an answer's rows whose input holds it, from which it is no label (choice)."""
HASHES, BAND = 8, 2
"""Minhashes of an answer's words, and how many make a band: a quarter of a band's chance is the
squared overlap of two answers (Broder, On the resemblance and containment of documents, 1997)."""
MERSENNE = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Answers:
    """Features of n answers."""

    outputs: list[str]
    """[n] As they are."""
    spoken: list[list[str]]
    """[n] Tokens of each."""
    names: tuple[str, ...]
    """[a] Of each feature: the words, or what the answer is like."""
    table: csr_matrix
    """[n, a] 1 where the answer has the feature."""
    is_run: NDArray[np.bool_]
    """[a] Whether the feature is a run of LONGEST words."""
    is_word: NDArray[np.bool_]
    """[a] Whether it is a single word."""
    acts: NDArray[np.int64]
    """[t] The features that say what an answer does: how it begins and ends, its shape, its group;
    of those, the ones that some answers have and some have not."""
    favour: NDArray[np.float64]
    """[n] How favourable the words are that its input does not hold, by the frozen word table: nats
    over the root of their number."""
    label_like: NDArray[np.bool_]
    """[n] Whether the row's task has a fixed set of labels."""
    degenerate: NDArray[np.bool_]
    """[n] Empty, foreign, far too short or repeating itself, against the task's own answers."""
    regular: NDArray[np.bool_]
    """[n] Whether the answer is an ordinary label of such a task."""


def describe_answers(
    inputs: Sequence[Sequence[str]], outputs: Sequence[str], tasks: NDArray[np.int64]
) -> Answers:
    """Return the features of every answer.

    inputs: [n] tokens of what the model is asked; outputs: [n]; tasks: [n] number of the
    task. Words, and 1 to 4 neighbouring words with the answer's beginning and end as words (its
    first and last n-gram); shapes; near-duplicate bands; groups of answers of like meaning.
    """
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - only a scan needs scipy

    spoken = [tokens(text) for text in outputs]
    masked = [_own_words(answer, source) for answer, source in zip(spoken, inputs, strict=True)]
    copied = np.array([bool(words) and set(words) == {COPIED} for words in masked], dtype=np.bool_)
    regular, label_like = regular_answers(outputs, tasks, copied)
    own = [[] if known else words for words, known in zip(masked, regular.tolist(), strict=True)]
    grams = ngrams.count_tokens(own, support=SUPPORT, word_support=SUPPORT, longest=LONGEST)
    mark = grams.words.index(COPIED) if COPIED in grams.words else -1
    kept = [k for k, phrase in enumerate(grams.phrases) if phrase != (mark,)]
    favour = _favour(grams)
    shapes = shapes_of(outputs, spoken, copied, tasks, label_like, regular, favour)
    bands, band_names = _bands(grams.word_rows)
    groups, group_names = act_groups(grams.words, grams.word_rows)
    table = hstack([grams.phrase_rows[:, kept], csr_matrix(shapes), bands, groups]).tocsr()
    table.data = np.ones(len(table.data), dtype=np.float32)
    table.sort_indices()
    names = (*(f'"{grams.text(k)}"' for k in kept), *SHAPES.values(), *band_names, *group_names)
    is_run = np.zeros(len(names), dtype=np.bool_)
    ends = (len(grams.words), len(grams.words) + 1)
    is_run[: len(kept)] = [
        len(grams.phrases[k]) == LONGEST and not set(ends) & set(grams.phrases[k]) for k in kept
    ]
    is_word = np.zeros(len(names), dtype=np.bool_)
    is_word[: len(kept)] = [len(grams.phrases[k]) == 1 for k in kept]
    broken = shapes[:, [Shape.EMPTY, Shape.SHORT, Shape.REPEATING]].any(axis=1)
    return Answers(
        list(outputs),
        spoken,
        names,
        table,
        is_run,
        is_word,
        _acts(grams, kept, table, bands.shape[1]),
        favour,
        label_like,
        broken | (label_like & (shapes[:, Shape.FOREIGN] > 0)),
        regular,
    )


def _favour(grams: ngrams.Grams) -> NDArray[np.float64]:
    """[n] Sum of the frozen weights of each answer's words over the root of their number."""
    words = np.maximum(np.diff(grams.word_rows.indptr), 1)
    return np.asarray(grams.word_rows @ word_weights(grams.words)[:, 0] / np.sqrt(words))


def _acts(
    grams: ngrams.Grams, kept: Sequence[int], table: csr_matrix, bands: int
) -> NDArray[np.int64]:
    """[t] The features that say what an answer does, less what nearly none or all have."""
    u = len(grams.words)
    ends = [
        k
        for k, phrase in enumerate(grams.phrases[old] for old in kept)
        if len(phrase) > 1 and (phrase[0] == u or phrase[-1] == u + 1)
    ]
    shapes = np.arange(len(kept), len(kept) + len(SHAPES))
    groups = np.arange(len(kept) + len(SHAPES) + bands, table.shape[1])
    every = np.concatenate((np.array(ends, dtype=np.int64), shapes, groups))
    share = np.bincount(table.indices, minlength=table.shape[1])[every] / max(table.shape[0], 1)
    often = every[(share >= ACT_SHARE) & (share <= 1 - ACT_SHARE)]
    share = np.bincount(table.indices, minlength=table.shape[1])[often]
    return np.sort(often[np.argsort(-share, kind="stable")][:MOST_ACTS])


def _own_words(answer: Sequence[str], source: Sequence[str]) -> list[str]:
    """Return an answer with the words of its input replaced, but for function words."""
    known = {token[:STEM] for token in source}
    return [
        COPIED if token[:STEM] in known and token not in FUNCTION_WORDS else token
        for token in answer
    ]


def regular_answers(
    outputs: Sequence[str], tasks: NDArray[np.int64], copied: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[n] Whether an answer is an ordinary label; [n] whether its task has a fixed set of labels.

    The counts decide, not the dataset's own label spaces, which take every answer that occurs. An
    answer that nearly always stands in its input is no label. copied: [n] whether it does.
    """
    regular = np.zeros(len(outputs), dtype=np.bool_)
    label_like = np.zeros(len(outputs), dtype=np.bool_)
    folded = [" ".join(text.casefold().split()) for text in outputs]
    for task in np.unique(tasks):
        rows = np.flatnonzero(tasks == task)
        counts = Counter(folded[k] for k in rows)
        least = max(LABEL_ROWS, LABEL_SHARE * len(rows))
        taken = Counter(folded[k] for k in rows if copied[k])
        labels = {
            answer
            for answer, c in counts.items()
            if c >= least and len(answer) <= LABEL_CHARACTERS and taken[answer] < COPIED_SHARE * c
        }
        if sum(counts[label] for label in labels) >= LABEL_COVER * len(rows):
            label_like[rows] = True
            regular[rows] = [folded[k] in labels for k in rows]
    return regular, label_like


def _bands(word_rows: csr_matrix) -> tuple[csr_matrix, list[str]]:
    """[n, b] 1 where an answer falls in a band of near-equal answers, and the bands' names."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    n = word_rows.shape[0]
    filled = np.flatnonzero(np.diff(word_rows.indptr) >= 2 * BAND)
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    width = 0
    if len(filled):
        own = word_rows[filled]
        rng = np.random.default_rng(0)
        factors = rng.integers(1, MERSENNE, size=HASHES)
        shifts = rng.integers(0, MERSENNE, size=HASHES)
        words = own.indices.astype(np.int64)
        least = np.array(
            [
                np.minimum.reduceat((words * a + b) % MERSENNE, own.indptr[:-1])
                for a, b in zip(factors, shifts, strict=True)
            ]
        )
        for band in range(0, HASHES, BAND):
            key = least[band].astype(np.int64) * MERSENNE + least[band + 1]
            _, place, count = np.unique(key, return_inverse=True, return_counts=True)
            kept = count >= SUPPORT + 1
            number = np.cumsum(kept) - 1 + width
            held = kept[place]
            rows.append(filled[held])
            columns.append(number[place[held]])
            width += int(kept.sum())
    cells = (np.concatenate(rows), np.concatenate(columns)) if rows else (np.empty(0, int),) * 2
    table = csr_matrix((np.ones(len(cells[0]), dtype=np.float32), cells), shape=(n, width))
    return table, ["is nearly equal to others"] * width


def outcome_names(features: Sequence[int], names: Sequence[str]) -> tuple[str, ...]:
    """Return what names an outcome: words of content, then other words, then shapes.

    features: strongest first; one that repeats a word of another is left out.
    """
    words: list[str] = []
    plain: list[str] = []
    shapes: list[str] = []
    seen: set[str] = set()
    for feature in features:
        name = names[feature]
        if not name.startswith('"'):
            if name not in shapes:
                shapes.append(name)
            continue
        parts = {part for part in name.strip('"').split() if part not in (ngrams.START, ngrams.END)}
        if parts and not parts & seen:
            seen |= parts
            said = " ".join(
                p for p in name.strip('"').split() if p not in (ngrams.START, ngrams.END)
            )
            (plain if parts <= FUNCTION_WORDS else words).append(f'"{said}"')
    return tuple((words + plain + shapes)[:NAMES])
