from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_gate.errors import InputError
from curation_gate.rows import load, write_cleaned
from curation_gate.rows.relabel import relabelled, value_span

CHAT = {
    "messages": [
        {"role": "user", "content": "a"},
        {"content": "wrong", "role": "assistant"},
        {"role": "user", "content": "bye"},
    ]
}


def change(data: Path, labels: dict[int, str], drop: set[int] = frozenset()) -> bytes:
    dataset = load([data])
    folder = data.parent / "out"
    (written,) = write_cleaned(dataset, drop, folder, relabelled(dataset, labels))
    return written.read_bytes()


@pytest.mark.parametrize(
    ("before", "label", "after"),
    [
        (
            '  {"instruction" : "i","output":"old" , "output2":"old"}\r\n',
            "new",
            '  {"instruction" : "i","output":"new" , "output2":"old"}\r\n',
        ),
        ('{"text":"x","label": 1}\n', "0", '{"text":"x","label": 0}\n'),
        ('{"text":"x","label":true}', "false", '{"text":"x","label":false}'),
        (
            '{"Definition":["d"],"Instance":{"input":"x","output":["old","other"]}}\n',
            "new",
            '{"Definition":["d"],"Instance":{"input":"x","output":["new","other"]}}\n',
        ),
        (
            '{"input":"é \\u0041","output":"x"}\n',
            'ü"\\',
            '{"input":"é \\u0041","output":"ü\\"\\\\"}\n',
        ),
        ('{"input":"e","output":"x"}\n', "ü", '{"input":"e","output":"\\u00fc"}\n'),
        (json.dumps(CHAT) + "\n", "right", json.dumps(CHAT).replace("wrong", "right") + "\n"),
        (
            '{"prompt":"x","chosen":{"role":"assistant","content":"y"},"rejected":"y"}\n',
            "z",
            '{"prompt":"x","chosen":{"role":"assistant","content":"z"},"rejected":"y"}\n',
        ),
        (
            '{"prompt":"x","chosen":"y","rejected":"y"}',
            "z",
            '{"prompt":"x","chosen":"z","rejected":"y"}',
        ),
    ],
)
def test_only_the_answer_of_a_json_line_changes(
    tmp_path: Path, before: str, label: str, after: str
) -> None:
    other = before.strip().replace("old", "kept") + "\n"
    data = tmp_path / "data.jsonl"
    data.write_bytes(("\ufeff" + other + before).encode())
    assert change(data, {1: label}) == ("\ufeff" + other + after).encode()


def test_a_list_a_task_file_and_gzip(tmp_path: Path) -> None:
    rows = (
        '[ {"input":"a","output":"x"} ,\n {"input":"b","output":"y"},{"input":"c","output":"z"} ]'
    )
    data = tmp_path / "data.json"
    data.write_text(rows)
    assert change(data, {1: "new"}, {0}).decode() == (
        '[ {"input":"b","output":"new"},{"input":"c","output":"z"} ]'
    )
    task = tmp_path / "task1.json"
    task.write_text('{"Definition":["d"],"Instances":[{"input":"a","output":["x"]}], "n":1}')
    assert change(task, {0: "new"}).decode() == task.read_text().replace('"x"', '"new"')
    packed = tmp_path / "data.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"input":"a","output":"x"}\n'))
    assert gzip.decompress(change(packed, {0: "new"})) == b'{"input":"a","output":"new"}\n'


@pytest.mark.parametrize(
    ("row", "label", "after"),
    [
        ('a,"x, ""y""\n",7\r\n', "new", 'a,"new",7\r\n'),
        ("a,x,7\r\n", 'q",\n', 'a,"q"",\n",7\r\n'),
        ('"a,""b",x,\n', "new", '"a,""b",new,\n'),
    ],
)
def test_only_the_answer_of_a_csv_record_changes(
    tmp_path: Path, row: str, label: str, after: str
) -> None:
    data = tmp_path / "data.csv"
    data.write_bytes(("input,output,n\r\n" + row + "z,z,1\r\n").encode())
    assert change(data, {0: label}) == ("input,output,n\r\n" + after + "z,z,1\r\n").encode()


def test_a_row_that_cannot_be_relabelled_says_where_and_what_to_do(tmp_path: Path) -> None:
    parts = {
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": ["b"]}]
    }
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(CHAT) + "\n" + json.dumps(parts) + "\n")
    with pytest.raises(InputError, match=r"data\.jsonl:2: this row cannot be relabelled") as caught:
        relabelled(load([data]), {1: "new"})
    assert "accept or release" in str(caught.value.hint)
    numbers = tmp_path / "numbers.jsonl"
    numbers.write_text('{"text":"x","label":1}\n')
    for label in ("yes", "true", "1.5"):
        with pytest.raises(InputError, match=r"numbers\.jsonl:1: this row cannot"):
            relabelled(load([numbers]), {0: label})
    table = tmp_path / "data.parquet"
    pq.write_table(pa.table({"input": ["a"], "output": ["b"]}), table)
    with pytest.raises(InputError, match="rows of parquet files cannot be relabelled"):
        relabelled(load([table]), {0: "c"})


@pytest.mark.parametrize(
    "row",
    [
        {"text": "### Instruction:\nq\n\n### Response:\na"},
        {"messages": [CHAT["messages"][0], {**CHAT["messages"][1], "thinking": "hm"}]},
        {"messages": [CHAT["messages"][0], {"role": "assistant", "content": [{"text": "a"}]}]},
    ],
)
def test_an_answer_that_is_a_part_of_a_text_stays(tmp_path: Path, row: dict[str, object]) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(row) + "\n")
    with pytest.raises(InputError, match="cannot be relabelled: its answer is"):
        change(data, {0: "new"})
    assert not (tmp_path / "out").exists()


def test_a_file_that_changed_is_not_written(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text('{"input":"a","output":"x"}\n')
    dataset = load([data])
    data.write_text('{"input":"b","output":"x"}\n')
    with pytest.raises(InputError, match="changed since it was read"):
        relabelled(dataset, {0: "new"})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\', max_size=3), inner)
    ),
    max_leaves=12,
)


@given(VALUES, st.data(), st.sampled_from([None, 0, 2]), st.booleans())
def test_a_value_is_found_wherever_it_stands(
    value: object, data: st.DataObject, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    path: list[str | int] = []
    while isinstance(value, list | dict) and value and data.draw(st.booleans()):
        keys = range(len(value)) if isinstance(value, list) else list(value)
        step = data.draw(st.sampled_from(keys))
        path.append(step)
        value = value[step]
    start, end = value_span(text, tuple(path))
    assert json.loads(text[start:end]) == value
