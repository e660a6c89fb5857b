from __future__ import annotations

from typing import Any

import pytest

from curation_gate.errors import UsageError
from curation_gate.rows.problem import RowProblem
from curation_gate.rows.schema import Fields, find_schema

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "2+2?"},
    {"role": "assistant", "content": "4"},
]


@pytest.mark.parametrize(
    ("record", "name", "fields"),
    [
        (
            {
                "id": "i",
                "Task": "t",
                "Definition": ["d"],
                "Instance": {"input": "q", "output": ["a", "b"]},
            },
            "natural-instructions",
            Fields("d", "q", "a", "t", "i", None, alternatives=("b",)),
        ),
        (
            {"id": "i", "Task": "t", "Instance": {"input": "q", "output": ["a"]}},
            "natural-instructions",
            Fields("", "q", "a", "t", "i", None),
        ),
        (
            {"task_name": "t", "definition": "d", "inputs": "q", "targets": "a"},
            "natural-instructions",
            Fields("d", "q", "a", "t", None, None),
        ),
        (
            {"instruction": "d", "input": "q", "output": "a", "source": "web"},
            "alpaca",
            Fields("d", "q", "a", None, None, "web"),
        ),
        ({"instruction": "d", "output": "a"}, "alpaca", Fields("d", "", "a", None, None, None)),
        (
            {"instruction": "d", "context": "q", "response": "a", "category": "open_qa"},
            "dolly",
            Fields("d", "q", "a", "open_qa", None, None),
        ),
        (
            {"prompt": "q", "completion": "a"},
            "prompt-completion",
            Fields("", "q", "a", None, None, None),
        ),
        (
            {"prompt": "q", "response": "a"},
            "prompt-response",
            Fields("", "q", "a", None, None, None),
        ),
        (
            {"messages": CHAT, "id": 7},
            "messages",
            Fields("Be brief.", "2+2?", "4", None, "7", None, chat=True),
        ),
        (
            {
                "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}],
                "system": "s",
            },
            "sharegpt",
            Fields("s", "q", "a", None, None, None, chat=True),
        ),
        ({"text": "q", "label": 1}, "text-label", Fields("", "q", "1", None, None, None)),
        ({"sentence": "q", "label": True}, "text-label", Fields("", "q", "true", None, None, None)),
    ],
)
def test_finds_the_schema_from_the_names(record: dict[str, Any], name: str, fields: Fields) -> None:
    schema = find_schema([record])

    assert name == schema.name
    assert fields == schema.fields(record)


def test_a_column_can_be_told_and_goes_into_objects() -> None:
    record = {"instruction": "d", "output": "a", "meta": {"who": "eve"}, "meta.who": "no"}

    plain = find_schema(
        [{"instruction": "d", "output": "a", "meta": {"who": "eve"}}], {"source": "meta.who"}
    )

    assert plain.fields(record).source == "no" or plain.columns["source"] == "meta.who"
    assert plain.fields({"instruction": "d", "output": "a", "meta": {"who": "eve"}}).source == "eve"
    dotted = find_schema([record], {"source": "meta.who"})
    assert dotted.fields(record).source == "no"


def test_telling_one_role_keeps_the_others() -> None:
    record = {"instruction": "d", "input": "q", "output": "a", "better": "b"}

    schema = find_schema([record], {"output": "better"})

    assert schema.columns == {"instruction": "instruction", "input": "input", "output": "better"}
    assert schema.fields(record) == Fields("d", "q", "b", None, None, None)


def test_told_columns_make_a_schema_of_their_own() -> None:
    record = {"frage": "q", "antwort": "a", "nr": 3}

    schema = find_schema([record], {"input": "frage", "output": "antwort", "id": "nr"})

    assert schema.name == "custom"
    assert schema.fields(record) == Fields("", "q", "a", None, "3", None)


def test_told_columns_go_before_a_conversation() -> None:
    record = {"messages": CHAT, "q": "x", "a": "y"}

    assert find_schema([record], {"input": "q", "output": "a"}).fields(record).output == "y"


def test_a_wrong_column_lists_those_there_are() -> None:
    with pytest.raises(RowProblem, match='no column "answr"') as caught:
        find_schema([{"instruction": "d", "output": "a"}], {"output": "answr"})

    assert caught.value.hint == 'the columns are "instruction", "output"'


def test_unknown_columns_and_roles_are_errors() -> None:
    with pytest.raises(RowProblem, match="fit no schema") as caught:
        find_schema([{"foo": 1, "bar": 2}])
    assert '"foo", "bar"' in str(caught.value.hint)
    with pytest.raises(UsageError, match='no role "outptu"'):
        find_schema([{"instruction": "d", "output": "a"}], {"outptu": "output"})


@pytest.mark.parametrize(
    ("record", "part"),
    [
        ({"instruction": "d", "input": "q"}, '"output" is missing'),
        ({"instruction": "d", "output": None}, '"output" is null'),
        ({"instruction": "d", "output": 5}, "must be a string, this is a number"),
        ({"instruction": "d", "output": []}, "empty list"),
        ({"instruction": "d", "output": ["a", 1]}, "strings alone"),
        (
            {"instruction": {"a": 1}, "output": "a"},
            '"instruction" must be a string, this is an object',
        ),
        ({"output": "a"}, '"instruction" is missing'),
    ],
)
def test_a_later_row_that_does_not_fit_is_an_error(record: dict[str, Any], part: str) -> None:
    schema = find_schema([{"instruction": "d", "input": "q", "output": "a"}, record])

    with pytest.raises(RowProblem) as caught:
        schema.fields(record)

    assert part in caught.value.message


def test_null_and_absent_inputs_are_empty_where_there_is_an_instruction() -> None:
    schema = find_schema([{"instruction": "d", "input": "q", "output": "a"}])

    assert schema.fields({"instruction": "d", "input": None, "output": "a"}).input == ""
    assert schema.fields({"instruction": "d", "output": "a"}).input == ""


def test_marks_of_any_type_become_text() -> None:
    schema = find_schema([{"text": "q", "label": "a", "id": 1, "task": "t", "source": "s"}])
    record = {"text": "q", "label": "a", "id": 10**29, "task": "", "source": ["a", "b"]}

    fields = schema.fields(record)

    assert (fields.id, fields.task, fields.source) == ("1" + "0" * 29, None, "a, b")


def test_an_odd_first_row_does_not_hide_a_column_of_the_others() -> None:
    rows = [{"instruction": "d", "input": "q", "output": "a"}] * 9
    odd = {"input": "q", "output": "a"}

    schema = find_schema([odd, *rows])

    assert schema.name == "alpaca"
    with pytest.raises(RowProblem, match='"instruction" is missing'):
        schema.fields(odd)


def test_an_odd_row_does_not_change_the_schema_of_the_others() -> None:
    row = {"prompt": "q", "completion": "a"}
    odd = {**row, "instruction": "d", "output": "b", "messages": CHAT, "text": "t", "label": "l"}

    assert find_schema([row, row, odd]).name == "prompt-completion"


def test_a_broken_first_conversation_is_still_one() -> None:
    schema = find_schema([{"messages": []}, {"messages": CHAT}])

    assert schema.name == "messages"
    with pytest.raises(RowProblem, match="list of turns"):
        schema.fields({"messages": []})
