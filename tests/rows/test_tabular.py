from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from curation_gate.errors import InputError
from curation_gate.rows import load

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, content: bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_values_stay_the_strings_they_are(tmp_path: Path) -> None:
    dataset = load([written(tmp_path, b"id,text,label\n001,NA,1.0\n2024-01-01,true,\n")])

    assert [dict(record) for record in dataset.records] == [
        {"id": "001", "text": "NA", "label": "1.0"},
        {"id": "2024-01-01", "text": "true", "label": ""},
    ]


def test_quoted_line_breaks_belong_to_their_record(tmp_path: Path) -> None:
    content = b'text,label\r\n"a\r\nb ""c"", d",x\r\n\r\n"e",y'

    dataset = load([written(tmp_path, content)])

    assert [(row.input, row.line) for row in dataset.rows] == [('a\r\nb "c", d', 2), ("e", 5)]
    spans = dataset.files[0].spans
    assert spans is not None
    assert [content[a:b] for a, b in spans.tolist()] == [b'"a\r\nb ""c"", d",x\r\n', b'"e",y']


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_tabs_and_semicolons_part_columns_too(tmp_path: Path, mark: str) -> None:
    dataset = load([written(tmp_path, f"text{mark}label\na, b{mark}x\n".encode(), "data.tsv")])

    assert [(row.input, row.output) for row in dataset.rows] == [("a, b", "x")]


def test_long_fields_are_read_and_the_global_limit_is_put_back(tmp_path: Path) -> None:
    before = csv.field_size_limit()

    dataset = load([written(tmp_path, b"text,label\n" + b"a" * 1_000_000 + b",x\n")])

    assert len(dataset.rows[0].input) == 1_000_000
    assert before == csv.field_size_limit()


@pytest.mark.parametrize(
    ("content", "line", "part"),
    [
        (b"text,label\na,x\na,b,x\n", 3, "3 fields, and the header names 2"),
        (b"text,label\na\n", 2, "1 fields"),
        (b'text,label\n"a\nb,x\nc,y\n', 2, "never closed"),
        (b'text,label\n"a"b,x\n', 2, "closing quote"),
        (b"text,label\ra,x\r", 1, "carriage return"),
        (b"text,text\na,x\n", 1, 'two columns are called "text"'),
        (b"text,label\na,x\nb\xff,y\n", 3, "invalid UTF-8"),
    ],
)
def test_says_what_is_wrong_and_where(tmp_path: Path, content: bytes, line: int, part: str) -> None:
    with pytest.raises(InputError) as caught:
        load([written(tmp_path, content)])

    assert part in caught.value.message
    assert line == caught.value.line
