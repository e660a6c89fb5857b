"""What the pool gives: its free-text tasks and the texts of its label tasks, apart by half."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np

from arena.sources import read_source
from arena.wordings import wordings

FREE = {
    "fit": {
        "webquestions": "task1601_webquestions_answer_generation",
        "circa": "task565_circa_answer_generation",
        "politifact": "task613_politifact_text_generation",
        "amazon_title": "task1342_amazon_us_reviews_title",
        "alpaca": "general_alpaca_subset",
        "self_instruct": "general_self_instruct",
    },
    "judge": {
        "freebase": "task900_freebase_qa_category_classification",
        "sciq": "task591_sciq_answer_generation",
        "hatexplain": "task1504_hatexplain_answer_generation",
        "yelp_transfer": "task927_yelp_negative_to_positive_style_transfer",
        "dolly": "general_dolly_subset",
        "t0": "general_t0_mixture",
    },
}
"""Half, kind, and its task of the pool. Tasks whose texts come from one source are in one half."""
GENERAL = ("alpaca", "self_instruct", "dolly", "t0")
"""Kinds in which each row has an instruction of its own."""
_LONGEST = 1_200
_WORDS = (5, 30)
"""Fewest and most words of a sentence that is translated or rewritten."""
_A_TASK = 1_000
_RUN = 8
"""Rows of the halves that share a run of so many words count as one row."""

Row = tuple[str, str, str]
"""(instruction, input, output)."""


@cache
def free_rows(pool: Path, half: str, kind: str) -> tuple[Row, ...]:
    """Return the rows of a free-text task, as they are stored, at most 1,200 letters each.

    Of the rows of the half "judge" those that share eight words in a row with a free-text task of
    the half "fit" are left out. Raises InputError (no pool) and KeyError (no such kind in the
    half).
    """
    rows = _stored(pool, FREE[half][kind])
    if half == "fit":
        return rows
    known = _runs(pool)
    return tuple(row for row in rows if not known & _runs_of(_own_words(kind, row)))


def general(half: str) -> tuple[str, ...]:
    """Return the kinds of a half in which each row has an instruction of its own."""
    return tuple(kind for kind in FREE[half] if kind in GENERAL)


@cache
def sentences(pool: Path, name: str) -> tuple[tuple[str, str], ...]:
    """Return texts of 5 to 30 words of a label task, with "+", "-" or "" for their polarity.

    At most 1,000. Raises InputError (no pool) and KeyError (no such task).
    """
    fewest, most = _WORDS
    source = read_source(pool, name)
    signs = dict(zip(source.poles or (), "+-", strict=False))
    rows = [
        (text, signs.get(label, ""))
        for text, label in source.rows[: 3 * _A_TASK]
        if fewest <= text.count(" ") + 1 <= most and text.isascii() and "http" not in text
    ]
    return tuple(rows[:_A_TASK])


@cache
def passages(pool: Path, name: str) -> tuple[tuple[str, str], ...]:
    """Return texts of some sentences, at most 1,200 letters, of a label task, and "" with each.

    At most 500. Raises InputError (no pool) and KeyError (no such task).
    """
    rows = [
        (text, "")
        for text, _ in read_source(pool, name).rows[: 3 * _A_TASK]
        if text.count(". ") >= 2 and 100 <= len(text) <= _LONGEST
    ]
    return tuple(rows[: _A_TASK // 2])


def names_in_use(half: str, count: int, rng: np.random.Generator) -> list[str]:
    """Return names of the half that a set's texts speak of again and again."""
    lists = wordings(half)
    every = lists["given"] + lists["places"] + lists["firms"]
    chosen = [every[k] for k in rng.permutation(len(every))[:count].tolist()]
    surnames = rng.permutation(len(lists["family"])).tolist()
    return [
        f"{name} {lists['family'][k]}" if name in lists["given"] and k % 2 else name
        for name, k in zip(chosen, surnames, strict=False)
    ]


@cache
def _stored(pool: Path, name: str) -> tuple[Row, ...]:
    described = json.loads((pool / "tasks.json").read_bytes())[name]["Definition"]
    with gzip.open(pool / f"{name}.jsonl.gz", "rb") as stream:
        records = [json.loads(line) for line in stream.read().splitlines()]
    rows = [
        (str((r.get("Definition") or described)[0]), str(r["Instance"]["input"]),
         str(r["Instance"]["output"][0]))
        for r in records
    ]  # fmt: skip
    return tuple(row for row in rows if row[2].strip() and sum(map(len, row)) <= 2 * _LONGEST)


@cache
def _runs(pool: Path) -> frozenset[str]:
    """Return the runs of words that the half "fit" has in its free-text tasks."""
    return frozenset(
        run
        for kind, name in FREE["fit"].items()
        for row in _stored(pool, name)
        for run in _runs_of(_own_words(kind, row))
    )


def _own_words(kind: str, row: Row) -> str:
    """Return what a row asks, less what all rows of its task ask."""
    return f"{row[0]} {row[1]}" if kind in GENERAL else row[1]


def _runs_of(text: str) -> set[str]:
    words = text.casefold().split()
    return {" ".join(words[k : k + _RUN]) for k in range(max(1, len(words) - _RUN + 1))}
