from __future__ import annotations

from typing import Any

import pytest

from curation_gate.rows.problem import RowProblem
from curation_gate.rows.record import Exchange
from curation_gate.rows.turns import (
    BEFORE,
    Said,
    conversation,
    last_answer,
    read_history,
    read_turns,
    turn_keys,
    usual_keys,
)


def turn(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def said(turns: Any) -> Said:
    return conversation(read_turns(turns))


def test_every_answer_has_what_stands_before_it() -> None:
    turns = [
        turn("system", "s"),
        turn("user", "u1"),
        turn("assistant", "a1"),
        turn("user", "u2"),
        turn("assistant", "a2"),
        turn("user", "thanks"),
    ]

    read = said(turns)

    assert (read.system, read.input, read.output) == (
        "s",
        "user: u1\nassistant: a1\nuser: u2",
        "a2",
    )
    assert read.earlier == (Exchange("u1", "a1"),)
    assert last_answer(turns) == 4


def test_tool_results_stand_before_the_answer_that_reads_them() -> None:
    turns = [
        turn("user", "weather in Oslo?"),
        turn("assistant", None, tool_calls=[call("weather", '{"city": "Oslo", "days": 2}')]),
        turn("tool", "rain"),
        turn("assistant", "It rains."),
    ]

    read = said(turns)

    assert read.earlier == (Exchange("weather in Oslo?", "weather(city=Oslo, days=2)"),)
    assert read.input.endswith("assistant: weather(city=Oslo, days=2)\ntool: rain")


def call(name: str, arguments: Any) -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"content": None, "tool_calls": [call("f", '{"a": "x y"}')]}, "f(a=x y)"),
        ({"content": "ok", "tool_calls": [call("f", {"a": [1]})]}, "ok\nf(a=[1])"),
        ({"content": "", "tool_calls": [call("f", None), call("g", "raw")]}, "f()\ng(raw)"),
        ({"content": None, "function_call": {"name": "f", "arguments": "{}"}}, "f()"),
        ({"content": None, "function_call": {"name": "f", "parameters": {"a": "b"}}}, "f(a=b)"),
        ({"content": None, "tool_calls": '[{"name": "f", "arguments": {"a": 1}}]'}, "f(a=1)"),
        ({"content": None, "tool_calls": [{"odd": 1}]}, '{"odd": 1}'),
        ({"content": "a", "reasoning_content": "first"}, "first\na"),
        ({"content": "a", "thinking": "hm"}, "hm\na"),
        ({"content": None, "refusal": "no"}, "no"),
        ({"content": [{"type": "tool_use", "name": "f", "input": {"a": "b"}}]}, "f(a=b)"),
        ({"content": [{"type": "thinking", "thinking": "t"}, {"text": "x"}]}, "t\nx"),
        ({"content": [{"type": "tool_call", "value": '{"name": "f", "arguments": {}}'}]}, "f()"),
        ({"content": {"type": "text", "text": "x"}}, "x"),
        ({"tool_calls": [call("f", "{}")]}, "f()"),
    ],
)
def test_calls_and_thinking_are_a_part_of_the_answer(more: dict[str, Any], text: str) -> None:
    assert said([turn("user", "q"), {"role": "assistant", **more}]).output == text


@pytest.mark.parametrize(
    "keys",
    [("role", "content"), ("from", "value"), ("role", "value"), ("speaker", "text")],
)
@pytest.mark.parametrize(
    "roles", [("user", "assistant"), ("human", "gpt"), ("User", "Bot"), ("prompter", "model")]
)
def test_turns_are_read_under_the_names_people_use(
    keys: tuple[str, str], roles: tuple[str, str]
) -> None:
    turns = [{keys[0]: role, keys[1]: text} for role, text in zip(roles, "qa", strict=True)]

    assert turn_keys(turns) == keys
    assert said(turns) == Said("", "q", "a", ())


def test_roles_of_tools_are_told_apart_from_answers() -> None:
    turns = [
        {"from": "human", "value": "h"},
        {"from": "function_call", "value": "g"},
        {"from": "observation", "value": "t"},
        {"from": "gpt", "value": "end"},
    ]

    assert said(turns) == Said("", "user: h\nassistant: g\ntool: t", "end", (Exchange("h", "g"),))


def test_most_conversations_decide_the_keys() -> None:
    odd = [{"from": "human", "value": "x"}]
    usual = [turn("user", "x")]

    assert usual_keys([odd, usual, usual, None, []]) == ("role", "content")
    assert usual_keys(["text", [{"speaker": "x"}]]) is None
    both = {"from": "gpt", "value": "hidden", **turn("assistant", "seen")}
    assert read_turns([both], ("role", "content"))[0].text == "seen"
    assert read_turns([both], ("from", "value"))[0].text == "hidden"


def test_a_system_turn_in_the_middle_stays_there() -> None:
    turns = [turn("user", "q"), turn("system", "now in rhyme"), turn("assistant", "a")]

    assert said(turns) == Said("", "user: q\nsystem: now in rhyme", "a", ())


def test_long_conversations_take_memory_in_their_length() -> None:
    turns = [turn("user" if k % 2 == 0 else "assistant", "word " * 20) for k in range(4000)]

    read = said(turns)

    assert len(read.earlier) == 1999
    assert max(len(exchange.input) for exchange in read.earlier) == BEFORE
    assert len(read.input) > 300_000


def test_history_is_rounds_or_turns() -> None:
    rounds = [["q", "a"], [None, "b"]]

    assert [t.role for t in read_history(rounds)] == ["user", "assistant"] * 2
    assert read_history([turn("user", "q")])[0].text == "q"
    assert read_history(None) == []
    with pytest.raises(RowProblem, match="round 1 of the history"):
        read_history(["q", "a"])


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
        ([turn("user", [5])], "no text"),
    ],
)
def test_says_what_is_wrong_with_a_conversation(turns: Any, part: str) -> None:
    with pytest.raises(RowProblem) as caught:
        said(turns)

    assert part in caught.value.message


def test_other_lists_are_no_conversations() -> None:
    assert turn_keys([{"speaker": "x"}]) is None
    assert turn_keys("text") is None
    assert turn_keys([]) is None
