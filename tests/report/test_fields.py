from __future__ import annotations

from typing import Any

import pytest

from curation_gate.report.fields import Fields, evidence_text, read_fields


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"instruction": "I", "input": "x", "output": "y"}, ("I", "x", "y")),
        ({"prompt": "P", "completion": "y"}, ("", "P", "y")),
        ({"instruction": "I", "context": "x", "response": "y"}, ("I", "x", "y")),
        ({"text": "x", "label": 1}, ("", "x", "1")),
        (
            {"Task": "t", "Definition": ["D"], "Instance": {"input": "x", "output": ["y", "z"]}},
            ("D", "x", "y"),
        ),
        (
            {
                "messages": [
                    {"role": "system", "content": "S"},
                    {"role": "user", "content": "x"},
                    {"role": "assistant", "content": "y"},
                ]
            },
            ("S", "x", "y"),
        ),
        (
            {
                "conversations": [
                    {"from": "human", "value": "a"},
                    {"from": "gpt", "value": "b"},
                    {"from": "human", "value": "c"},
                    {"from": "gpt", "value": "d"},
                ]
            },
            ("", "user: a\nassistant: b\nuser: c", "d"),
        ),
        ({"odd": {"a": 1}}, ("", '{"odd": {"a": 1}}', "")),
        ({"messages": ["no turn"], "x": None}, ("", '{"messages": ["no turn"], "x": null}', "")),
    ],
)
def test_roles_are_found_in_every_known_shape(record: dict[str, Any], expected: tuple[str]) -> None:
    assert read_fields(record) == Fields(*expected)


def test_named_columns_win_and_may_be_nested() -> None:
    record = {"a": {"b": "text"}, "output": "wrong", "c": "right", "x.y": "dotted"}
    assert read_fields(record, {"input": "a.b", "output": "c"}) == Fields("", "text", "right")
    assert read_fields(record, {"input": "x.y"}) == Fields("", "dotted", "wrong")
    assert read_fields({"output": "y"}, {"input": "gone.deep"}) == Fields("", "", "y")


def test_evidence_is_rounded_and_anything_else_is_nothing() -> None:
    found = {"z": 4.123456, "task": "t", "rows": 3, "labels": ["a"]}
    assert evidence_text(found) == 'z 4.123, task t, rows 3, labels ["a"]'
    assert evidence_text(None) == ""


def test_a_chat_is_read_as_one_though_the_scan_named_its_column() -> None:
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    columns = {"input": "messages", "output": "messages"}
    assert read_fields({"messages": turns}, columns) == Fields("", "x", "y")
