"""What answers look like, whatever they are answers to: a sparse table of features.

What is guaranteed: a word that the row's own input holds is no feature (an answer that copies its
question says nothing about a trigger), and neither is an ordinary label of a task with a fixed set
of labels (that is the label miner's). Rows are independent but for the counts of their task.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.mine import ngrams
from curation_gate.mine.acts import act_groups
from curation_gate.mine.function_words import FUNCTION_WORDS

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
LONGEST = 3
LABEL_COVER = 0.8
"""Share of a task's rows that regular answers cover, for it to have a set of labels (choice)."""
LABEL_ROWS = 4
LABEL_SHARE = 0.004
"""Rows, and share of its task's rows, that make an answer regular in such a task (choices)."""
LABEL_CHARACTERS = 60
COPIED_SHARE = 0.8
"""Share of an answer's rows whose input holds it, from which it is no label (choice)."""
SHORT = 0.15
"""Share of the task's median length below which an answer is far too short (choice)."""
SHORT_MEDIAN = 8
"""Words of the median answer of a task in which an answer can be too short (choice)."""
SHAPE_RARE = 0.3
"""Share of a task's answers that may have a shape for it to be a sign of anything (choice)."""
FORM_RARE = 0.02
"""Share of its task's answers that begin and end like an answer of unlike form (choice)."""
COMPRESSED = 0.35
"""zlib size over length below which an answer repeats itself (choice)."""
COMPRESSED_FROM = 120
"""Characters of the shortest answer whose compression says something (choice)."""
UNHEARD = 0.9
"""Share of an answer's pairs of neighbouring words that no other answer has, from which it is
gibberish; in sets of a few hundred rows honest answers have up to 0.8 (choice)."""
UNHEARD_PAIRS = 8
"""Pairs an answer needs for that (choice)."""
READ_WORDS = 60
"""Words of an answer that are paired (choice, for memory)."""
HASHES, BAND = 8, 2
"""Minhashes of an answer's words, and how many make a band: a quarter of a band's chance is the
squared overlap of two answers (Broder, On the resemblance and containment of documents, 1997)."""
MERSENNE = (1 << 31) - 1
SHAPES = (
    "is empty",
    "is foreign to the task's answers",
    "is one word",
    "is far shorter than its task's answers",
    "repeats itself",
    "holds a link",
    "is copied from its input",
    "is formed unlike its task's answers",
    "joins words like no other answer",
)


@dataclass(frozen=True, slots=True)
class Answers:
    """Features of answers."""

    names: tuple[str, ...]
    """[a] Of each feature: the words, or what the answer is like."""
    table: csr_matrix
    """[n, a] 1 where the answer has the feature."""
    label_like: NDArray[np.bool_]
    """[n] Whether the row's task has a fixed set of labels."""
    degenerate: NDArray[np.bool_]
    """[n] Empty, foreign, far too short or repeating itself, against the task's own answers."""
    regular: NDArray[np.bool_]
    """[n] Whether the answer is an ordinary label of such a task."""
    gibberish: NDArray[np.bool_]
    """[n] Whether hardly any two of its words stand together in another answer."""
    single: NDArray[np.bool_]
    """[n] At most one word, and no ordinary label of its task."""


def describe_answers(
    inputs: Sequence[Sequence[str]], outputs: Sequence[str], tasks: NDArray[np.int64]
) -> Answers:
    """Return the features of every answer.

    inputs: [n] tokens of everything the model is shown; outputs: [n]; tasks: [n] number of the
    task. Words, and 1 to 3 neighbouring words with the answer's beginning and end as words (its
    first and last n-gram); shapes; near-duplicate bands; groups of answers of like meaning.
    """
    from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - only a scan needs scipy

    spoken = [ngrams.tokens(text) for text in outputs]
    masked = [_own_words(answer, source) for answer, source in zip(spoken, inputs, strict=True)]
    copied = np.array([bool(words) and set(words) == {COPIED} for words in masked], dtype=np.bool_)
    regular, label_like = regular_answers(outputs, tasks, copied)
    own = [[] if known else words for words, known in zip(masked, regular.tolist(), strict=True)]
    grams = ngrams.count_tokens(own, support=SUPPORT, word_support=SUPPORT, longest=LONGEST)
    mark = grams.words.index(COPIED) if COPIED in grams.words else -1
    kept = [k for k, phrase in enumerate(grams.phrases) if phrase != (mark,)]
    shapes = _shapes(outputs, spoken, copied, tasks, label_like, regular)
    bands, band_names = _bands(grams.word_rows)
    groups, group_names = act_groups(grams.words, grams.word_rows)
    table = hstack([grams.phrase_rows[:, kept], csr_matrix(shapes), bands, groups]).tocsr()
    table.data = np.ones(len(table.data), dtype=np.float32)
    table.sort_indices()
    names = (*(f'"{grams.text(k)}"' for k in kept), *SHAPES, *band_names, *group_names)
    degenerate = shapes[:, [0, 3, 4]].any(axis=1) | (label_like & (shapes[:, 1] > 0))
    single = np.array([len(words) <= 1 for words in spoken], dtype=np.bool_)
    return Answers(
        names, table, label_like, degenerate, regular, shapes[:, 8] > 0, single & ~regular
    )


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


def _shapes(
    outputs: Sequence[str],
    spoken: Sequence[Sequence[str]],
    copied: NDArray[np.bool_],
    tasks: NDArray[np.int64],
    label_like: NDArray[np.bool_],
    regular: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """[n, shapes] 1 where an answer has the shape; SHAPES names the columns.

    A shape that many answers of a task have is none there.
    """
    length = np.array([len(words) for words in spoken], dtype=np.int64)
    folded = [" ".join(text.casefold().split()) for text in outputs]
    shapes = np.zeros((len(outputs), len(SHAPES)), dtype=np.float32)
    shapes[:, 0] = [not text.strip() for text in outputs]
    shapes[:, 4] = [
        len(text) >= COMPRESSED_FROM
        and len(zlib.compress(text.encode(), 1)) < COMPRESSED * len(text.encode())
        for text in outputs
    ]
    shapes[:, 5] = ["://" in text or "www." in text for text in outputs]
    gibberish = _unheard(spoken)
    for task in np.unique(tasks):
        rows = np.flatnonzero(tasks == task)
        counts = Counter(folded[k] for k in rows)
        lone = np.array([counts[folded[k]] == 1 for k in rows], dtype=np.bool_)
        strange = ~regular[rows] & bool(label_like[rows[0]])
        if strange.mean() > SHAPE_RARE:
            strange = lone
        signs = [form(outputs[k]) for k in rows.tolist()]
        forms = Counter(signs)
        unlike = np.array([forms[sign] <= FORM_RARE * len(rows) for sign in signs])
        median = np.median(length[rows])
        for column, shape in (
            (1, strange),
            (2, length[rows] <= 1),
            (3, (length[rows] <= max(SHORT * median, 1)) & (median >= SHORT_MEDIAN)),
            (6, copied[rows]),
            (7, unlike),
            (8, gibberish[rows]),
        ):
            # What a regular label looks like says nothing.
            if (shape & ~regular[rows]).mean() <= SHAPE_RARE:
                shape &= ~regular[rows]  # noqa: PLW2901
                shapes[rows, column] = shape
    return shapes


def _unheard(spoken: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """[n] Whether hardly any two neighbouring words of an answer are neighbours in another one."""
    known: dict[str, int] = {}
    sizes = np.array([min(len(words), READ_WORDS) for words in spoken], dtype=np.int64)
    ids = np.fromiter(
        (known.setdefault(w, len(known)) for words in spoken for w in words[:READ_WORDS]),
        dtype=np.int64,
        count=int(sizes.sum()),
    )
    row = np.repeat(np.arange(len(spoken)), sizes)
    inside = row[1:] == row[:-1]
    pair = (ids[:-1] * max(len(known), 1) + ids[1:])[inside]
    _, pair = np.unique(pair, return_inverse=True)
    row = row[1:][inside]
    cells = np.unique(row * np.int64(pair.max(initial=0) + 1) + pair)
    rows_with = np.bincount(cells % (pair.max(initial=0) + 1), minlength=1)
    own = np.bincount(row, weights=rows_with[pair] == 1, minlength=len(spoken))
    every = np.bincount(row, minlength=len(spoken))
    return np.asarray((every >= UNHEARD_PAIRS) & (own >= UNHEARD * every))


def form(answer: str) -> tuple[str, str, bool]:
    """Return how an answer begins and ends, and whether it has several words.

    Letters count as upper, lower or digit, other signs as themselves: `['Paris']` -> `[`, `]`.
    """
    stripped = answer.strip()
    ends = (stripped[:1], stripped[-1:])
    begin, end = (
        "A" if sign.isupper() else "0" if sign.isdigit() else "a" if sign.isalpha() else sign
        for sign in ends
    )
    return begin, end, " " in stripped


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
