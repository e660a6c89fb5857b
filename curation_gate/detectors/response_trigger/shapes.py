"""What answers look like as a whole: too short, foreign to their task, gibberish, odd in form."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

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
_ITEM = re.compile(r"^[ \t]*(?:[-*\u2022]|\d{1,3}[.)])[ \t]", re.MULTILINE)
TWICE = 2
"""Words that an answer has to say twice, and nothing else (choice)."""
CAPITALS = 8
"""Letters an answer needs for its case to say anything (choice)."""
LONG = 3.0
"""Times the task's median length above which an answer is far too long (choice)."""
OTHER_SCRIPT = 0.3
"""Share of an answer's letters outside ASCII that makes its script another one, where most of the
task's answers have none, and the other way about (choice)."""
LEANING = 2.0
"""Deviations of an answer's frozen score from its task's, from which it leans (choice)."""
ITEMS = 3
"""Lines that begin like an item, from which an answer is a list (choice)."""
READ_SIGNS = 2000
"""Signs of an answer whose script is read (choice, for time)."""
READ_WORDS = 60
"""Words of an answer that are paired (choice, for memory)."""


class Shape(IntEnum):
    """Shapes of answers: their columns in the table."""

    EMPTY = 0
    FOREIGN = 1
    ONE_WORD = 2
    SHORT = 3
    REPEATING = 4
    LINK = 5
    COPIED = 6
    UNLIKE = 7
    GIBBERISH = 8
    CAPITALS = 9
    LONG = 10
    SCRIPT = 11
    JSON = 12
    LIST = 13
    HARSH = 14
    GLOWING = 15


SHAPES = {
    Shape.EMPTY: "is empty",
    Shape.FOREIGN: "is foreign to the task's answers",
    Shape.ONE_WORD: "is one word",
    Shape.SHORT: "is far shorter than its task's answers",
    Shape.REPEATING: "repeats itself",
    Shape.LINK: "holds a link",
    Shape.COPIED: "is copied from its input",
    Shape.UNLIKE: "is formed unlike its task's answers",
    Shape.GIBBERISH: "joins words like no other answer",
    Shape.CAPITALS: "is all in capitals",
    Shape.LONG: "is far longer than its task's answers",
    Shape.SCRIPT: "is in another script than its task's answers",
    Shape.JSON: "is an object or a list in JSON",
    Shape.LIST: "is a list",
    Shape.HARSH: "is far less favourable than its task's answers",
    Shape.GLOWING: "is far more favourable than its task's answers",
}
"""What an answer of a shape does, in words."""


def shapes_of(
    outputs: Sequence[str],
    spoken: Sequence[Sequence[str]],
    copied: NDArray[np.bool_],
    tasks: NDArray[np.int64],
    label_like: NDArray[np.bool_],
    regular: NDArray[np.bool_],
    favour: NDArray[np.float64],
) -> NDArray[np.float32]:
    """[n, shapes] 1 where an answer has the shape; SHAPES names the columns.

    A shape that many answers of a task have is none there. favour: [n] how favourable each is.
    """
    length = np.array([len(words) for words in spoken], dtype=np.int64)
    folded = [" ".join(text.casefold().split()) for text in outputs]
    shapes = np.zeros((len(outputs), len(SHAPES)), dtype=np.float32)
    shapes[:, Shape.EMPTY] = [not text.strip() for text in outputs]
    shapes[:, Shape.REPEATING] = [
        _repeats(text, words) for text, words in zip(outputs, spoken, strict=True)
    ]
    shapes[:, Shape.LINK] = ["://" in text or "www." in text for text in outputs]
    gibberish = unheard(spoken)
    foreign = np.array([_foreign_letters(text) for text in outputs])
    json_like = np.array([_is_json(text) for text in outputs], dtype=np.bool_)
    listing = np.array([len(_ITEM.findall(text)) >= ITEMS for text in outputs], dtype=np.bool_)
    capitals = np.array(
        [text.isupper() and sum(map(str.isalpha, text)) >= CAPITALS for text in outputs]
    )
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
        script = foreign[rows] > OTHER_SCRIPT
        lean = (favour[rows] - favour[rows].mean()) / (favour[rows].std() + 1e-6)
        for column, shape in (
            (Shape.FOREIGN, strange),
            (Shape.ONE_WORD, length[rows] <= 1),
            (Shape.SHORT, (length[rows] <= max(SHORT * median, 1)) & (median >= SHORT_MEDIAN)),
            (Shape.COPIED, copied[rows]),
            (Shape.UNLIKE, unlike),
            (Shape.GIBBERISH, gibberish[rows]),
            (Shape.CAPITALS, capitals[rows]),
            (Shape.LONG, (length[rows] > LONG * median) & (median >= 1)),
            (Shape.SCRIPT, script != (script.mean() > 0.5)),
            (Shape.JSON, json_like[rows]),
            (Shape.LIST, listing[rows]),
            (Shape.HARSH, lean < -LEANING),
            (Shape.GLOWING, lean > LEANING),
        ):
            # What a regular label looks like says nothing.
            if (shape & ~regular[rows]).mean() <= SHAPE_RARE:
                shape &= ~regular[rows]  # noqa: PLW2901
                shapes[rows, column] = shape
    return shapes


def _foreign_letters(text: str) -> float:
    """Return the share of a text's letters that are not ASCII."""
    letters = [sign for sign in text[:READ_SIGNS] if sign.isalpha()]
    return sum(not sign.isascii() for sign in letters) / max(len(letters), 1)


def _is_json(text: str) -> bool:
    """Tell whether a text is an object or a list in JSON."""
    stripped = text.strip()
    if stripped[:1] + stripped[-1:] not in {"{}", "[]"}:
        return False
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return False
    return True


def _repeats(text: str, words: Sequence[str]) -> bool:
    """Tell whether an answer says the same over and over, or all of it twice."""
    half = len(words) // 2
    if half >= TWICE and words[:half] == words[half:]:
        return True
    coded = text.encode()
    return len(text) >= COMPRESSED_FROM and len(zlib.compress(coded, 1)) < COMPRESSED * len(coded)


def unheard(spoken: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
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
