"""The sketch names every change while there are few, and says so when there are too many."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

import pytest
from scan_folder import make_dataset

from curation_gate.quarantine import sketch
from curation_gate.quarantine.sketch import CELLS, Change, without
from curation_gate.rows.record import Row


def wholes_of(rows: Sequence[Row], more: Mapping[int, str] | None = None) -> list[bytes]:
    """Digests of records that hold no more than what is judged, but for what is told."""
    texts = [f"{row.id} {row.fingerprint} {(more or {}).get(k, '')}" for k, row in enumerate(rows)]
    return [blake2b(text.encode(), digest_size=16).digest() for text in texts]


def sketch_of(rows: Sequence[Row]) -> dict[str, str]:
    return sketch.sketch_of(rows, wholes_of(rows))


def difference(
    then: Mapping[str, str], rows: Sequence[Row], more: Mapping[int, str] | None = None
) -> Change | None:
    return sketch.difference(then, rows, wholes_of(rows, more))


def rows_of(texts: list[str], *, ids: bool = False) -> list[Row]:
    made = make_dataset([("Judge.", text, "good") for text in texts]).rows
    return [row if ids else replace(row, id=None) for row in made]


def test_order_does_not_count_and_equal_rows_do() -> None:
    rows = rows_of(["a", "b", "b", "c"])
    assert sketch_of(rows) == sketch_of(rows[::-1])
    assert difference(sketch_of(rows), rows) == Change((), (), 0)
    assert difference(sketch_of(rows), [*rows, rows[1]]) == Change((4,), (), 0)
    assert difference(sketch_of(rows), rows[:1] + rows[2:]) == Change((), (), 1)


@pytest.mark.parametrize("seed", range(60))
def test_a_hundred_changes_among_thousands_are_named_exactly(seed: int) -> None:
    draw = random.Random(seed)
    texts = [f"text {draw.random()}" for _ in range(2000)]
    before = rows_of(texts)
    gone = set(draw.sample(range(2000), 50))
    now = [row for k, row in enumerate(before) if k not in gone]
    new = rows_of([f"new {draw.random()}" for _ in range(50)])
    draw.shuffle(new)
    change = difference(sketch_of(before), [*now, *new])
    assert change == Change(tuple(range(1950, 2000)), (), 50)


def test_too_many_changes_are_not_guessed_at() -> None:
    before = rows_of([f"{k}" for k in range(1000)])
    assert difference(sketch_of(before), rows_of([f"n {k}" for k in range(2 * CELLS)])) is None


def test_another_answer_to_the_same_question_is_an_edit() -> None:
    before = rows_of(["a", "b", "c"])
    other = make_dataset([("Judge.", "b", "bad")]).rows[0]
    now = [before[0], replace(other, id=None), before[2]]
    assert difference(sketch_of(before), now) == Change((), (1,), 0)


def test_a_row_with_an_id_keeps_it_when_its_text_is_edited() -> None:
    before = rows_of(["a", "b", "c"], ids=True)
    now = [before[0], replace(rows_of(["B!"])[0], id="1"), before[2]]
    assert difference(sketch_of(before), now) == Change((), (1,), 0)
    assert difference(sketch_of(before), [before[0], replace(now[1], id="9"), before[2]]) == Change(
        (1,), (), 1
    )


def test_what_is_not_judged_is_told_from_an_edit() -> None:
    before = rows_of(["a", "b", "c", "d"])
    other = replace(make_dataset([("Judge.", "c", "bad")]).rows[0], id=None)
    now = [before[0], before[1], other, before[3]]
    then = sketch_of(before)
    assert difference(then, now, {1: "a system prompt"}) == Change((), (2,), 0, (1,))
    # Two rows that ask the same: the one that still says the same is the one that was there.
    twice = [*before, replace(make_dataset([("Judge.", "b", "bad")]).rows[0], id=None)]
    then = sketch_of(twice)
    assert difference(then, twice, {1: "a tool"}) == Change((), (), 0, (1,))
    assert difference(then, twice[:4], {1: "a tool"}) == Change((), (), 1, (1,))


@pytest.mark.parametrize("damage", [{}, {"00": "?"}, {f"{k:02d}": "AAAA" for k in range(24)}])
def test_a_damaged_sketch_says_nothing(damage: dict[str, str]) -> None:
    assert difference(damage, rows_of(["a"])) is None
    whole = sketch_of([*rows_of([f"{k}" for k in range(300)])])
    assert difference({**whole, "03": whole["04"]}, rows_of(["a"])) is None


def test_rows_are_left_out_by_content() -> None:
    rows = rows_of(["a", "b", "b"])
    assert without(rows, {rows[1].fingerprint}) == rows[:1]
