from __future__ import annotations

from typing import Any

import pytest

from curation_gate.rows.messages import split_turns, turn_keys
from curation_gate.rows.problem import RowProblem

KEYS = ("role", "content")


def turn(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def test_the_last_assistant_turn_is_the_output() -> None:
    turns = [
        turn("system", "s"),
        turn("user", "u1"),
        turn("assistant", "a1"),
        turn("user", "u2"),
        turn("assistant", "a2"),
        turn("user", "thanks"),
    ]

    assert split_turns(turns, KEYS) == ("s", "user: u1\nassistant: a1\nuser: u2", "a2")


def test_names_of_sharegpt_are_translated() -> None:
    turns = [
        {"from": "human", "value": "h"},
        {"from": "gpt", "value": "g"},
        {"from": "tool", "value": "t"},
        {"from": "gpt", "value": "end"},
    ]

    assert turn_keys(turns) == ("from", "value")
    assert split_turns(turns, ("from", "value")) == ("", "user: h\nassistant: g\ntool: t", "end")


def test_parts_and_tool_calls_are_text() -> None:
    turns = [
        turn("user", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        turn("assistant", None, tool_calls=[{"name": "f"}]),
    ]

    assert split_turns(turns, KEYS) == ("", "a\nb", '[{"name": "f"}]')


@pytest.mark.parametrize(
    ("turns", "part"),
    [
        ([turn("user", "u")], "no turn of the assistant"),
        ([], "must be a list of turns"),
        (None, "this is null"),
        ([turn("user", "u"), "x"], "turn 2 must be an object"),
        ([turn("user", 5)], 'turn 1: "content" must be a string, this is a number'),
        ([turn("assistant", None)], "this is null"),
        ([{"role": 3, "content": "x"}], '"role" must be a string'),
        ([turn("user", [{"type": "image_url"}])], "no text"),
    ],
)
def test_says_what_is_wrong_with_a_conversation(turns: Any, part: str) -> None:
    with pytest.raises(RowProblem) as caught:
        split_turns(turns, KEYS)

    assert part in caught.value.message


def test_other_lists_are_no_conversations() -> None:
    assert turn_keys([{"speaker": "x"}]) is None
    assert turn_keys("text") is None
    assert turn_keys([]) is None
