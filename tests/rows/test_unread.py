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
    assert told.startswith("Conversations with several answers: 2. The last one of each is judged")


def test_references_behind_the_first_are_told(tmp_path: Path) -> None:
    one = {"Definition": ["d"], "Instance": {"input": "q", "output": ["a"]}}
    two = {"Definition": ["d"], "Instance": {"input": "q", "output": ["a", "b"]}}
    assert notes(tmp_path, [one]) == []
    (told,) = notes(tmp_path, [one, two])
    assert told == "Rows with several references: 1. The first of each is judged."


def test_texts_say_nothing(tmp_path: Path) -> None:
    assert notes(tmp_path, [{"text": "a", "label": "b"}]) == []
