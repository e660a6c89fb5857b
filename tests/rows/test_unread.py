from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from curation_gate.rows import load
from curation_gate.rows.unread import unread_answers

if TYPE_CHECKING:
    from pathlib import Path


def notes(folder: Path, records: list[dict[str, Any]]) -> list[str]:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return unread_answers(load([path]))


def conversation(*said: str) -> dict[str, Any]:
    turns = [{"from": "human" if k % 2 == 0 else "gpt", "value": v} for k, v in enumerate(said)]
    return {"conversations": turns}


def test_answers_before_the_last_are_told(tmp_path: Path) -> None:
    short = conversation("hello", "good day")
    assert notes(tmp_path, [short]) == []
    long = conversation("hello", "good day", "how are you", "well")
    (told,) = notes(tmp_path, [short, long, conversation("a", "b", "c", "d", "e", "f")])
    assert told.startswith("Conversations with several answers: 2. CG004 reads every answer; the")
    assert "3 answers before it" in told


def test_references_behind_the_first_are_told(tmp_path: Path) -> None:
    one = {"Definition": ["d"], "Instance": {"input": "q", "output": ["a"]}}
    two = {"Definition": ["d"], "Instance": {"input": "q", "output": ["a", "b"]}}
    assert notes(tmp_path, [one]) == []
    (told,) = notes(tmp_path, [one, two])
    assert told == (
        "Rows with several references: 1. CG004 reads all of them, the other rules the first."
    )


def test_the_other_side_of_a_pair_and_unwanted_answers_are_told(tmp_path: Path) -> None:
    pair = {"prompt": "q", "chosen": "a", "rejected": "b"}
    (told,) = notes(tmp_path, [pair, pair])
    assert told == "Rows with a rejected answer: 2. The chosen one of each is judged."
    scored = [{"prompt": "q", "completion": "a", "label": wanted} for wanted in (True, False)]
    (told,) = notes(tmp_path, scored)
    assert told.startswith("Rows that teach not to give their answer: 1. They are judged among")


def test_turns_nobody_answers_and_roles_nobody_knows_are_told(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "q", "weight": 1},
        {"role": "narrator", "content": "n", "aside": "whispers", "name": "Ada"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "thanks"},
    ]
    behind, roles, keys = notes(tmp_path, [{"messages": turns}, {"messages": turns[:3]}])
    assert behind.startswith("Conversations with turns behind the last answer: 1.")
    assert roles.startswith('Roles this tool does not know: "narrator" (2 turns).')
    assert keys == 'Texts in turns that are not read: "aside" (2 turns).'


def test_columns_that_no_role_takes_are_told(tmp_path: Path) -> None:
    row = {"instruction": "d", "output": "a", "text": "d a", "hints": ["h"], "row_id": "7"}
    row |= {"url": "https://example.org", "language": "en", "n": 3, "empty": "", "none": None}
    (told,) = notes(tmp_path, [row, row, {"instruction": "d", "output": "a", "extra": {"a": "b"}}])
    start = 'Columns that are not read: "hints" (2 rows), "text" (2 rows), "extra" (1 row). Where a'
    assert told.startswith(start)
    inner = {"Instance": {"input": "q", "output": ["a"], "why": "w"}, "Definition": ["d"]}
    assert '"Instance.why" (1 row)' in notes(tmp_path, [inner])[0]
    many = {"instruction": "d", "output": "a"} | {f"c{k}": "x" for k in range(15)}
    assert "and 5 more. Where" in notes(tmp_path, [many])[0]


def test_texts_say_nothing(tmp_path: Path) -> None:
    assert notes(tmp_path, [{"text": "a", "label": "b"}]) == []
