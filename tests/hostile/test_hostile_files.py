"""Files made to break a reader: each gives a clear error or a correct result."""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
from typing import TYPE_CHECKING

import pytest

from curation_gate.errors import CurateError, InconclusiveError, InputError
from curation_gate.rows import limits, load, write_cleaned

if TYPE_CHECKING:
    from pathlib import Path

GOOD = b'{"text": "fine", "label": "x"}\n'


def written(folder: Path, content: bytes, name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("bad", "column", "part"),
    [
        (b'{"text": "a", "label": "x"', 27, "delimiter"),
        (b'{"text": "a" "label": "x"}', 14, "delimiter"),
        (b'{"text": "a\xc3\x28", "label": "x"}', 12, "invalid UTF-8: byte 0xc3"),
        (b'{"text": "\xed\xa0\x80", "label": "x"}', 11, "invalid UTF-8: byte 0xed"),
        (b'{"text": "a\x00", "label": "x"}', 12, "control character"),
        (b"\x00\x00", 1, "a value must stand here"),
        (b'{"text": "a", "label": "x", "text": "b"}', 29, 'duplicate key "text"'),
        (b'{"text": "\\ud83d", "label": "x"}', 11, "lone surrogate"),
        (b'{"text": "a", "label": "x", "n": NaN}', 34, "NaN is not JSON"),
        (b'{"text": "a", "label": "x", "n": -Infinity}', 34, "-Infinity is not JSON"),
        (b'{"a":' * 100_000, 1, "nested more than"),
        (b'{"text": "a", "label": ' + b"[" * 5000 + b"]" * 5000 + b"}", 1, "nested more than"),
    ],
)
def test_a_bad_line_is_named_with_its_column(
    tmp_path: Path, bad: bytes, column: int, part: str
) -> None:
    for ending in (b"", b"\n", b"\r\n" + GOOD):
        path = written(tmp_path, GOOD + b"\n" + bad + ending)

        with pytest.raises(InputError) as caught:
            load([path])

        assert part in caught.value.message
        assert (caught.value.line, caught.value.column) == (3, column)
        assert str(caught.value).startswith(f"{path}:3:{column}: ")
        assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf\n", b"[]", gzip.compress(b"")])
def test_nothing_is_never_clean(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InconclusiveError):
        load([written(tmp_path, content)])


def test_every_cut_of_a_gzip_file_is_an_error(tmp_path: Path) -> None:
    packed = gzip.compress(GOOD * 20, mtime=0)

    for cut in range(1, len(packed)):
        with pytest.raises(CurateError, match=r"cut short|damaged|not gzip"):
            load([written(tmp_path, packed[:cut], "data.jsonl.gz")])


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (gzip.compress(GOOD)[:-8] + b"\0" * 8, "damaged"),
        (gzip.compress(GOOD) + b"trailing rubbish", "damaged"),
        (gzip.compress(GOOD)[:12] + b"\xff" * 30, "damaged"),
    ],
)
def test_damaged_gzip_is_an_error(tmp_path: Path, content: bytes, part: str) -> None:
    with pytest.raises(InputError, match=part):
        load([written(tmp_path, content, "data.jsonl.gz")])


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED", 1_000_000)
    bomb = gzip.compress(b" " * 1_000_001)
    assert len(bomb) < 2000

    with pytest.raises(InputError, match="unpacks to more than 1,000,000 bytes"):
        load([written(tmp_path, bomb, "data.jsonl.gz")])

    assert len(load([written(tmp_path, gzip.compress(GOOD + b" " * 900_000))])) == 1


def test_a_line_of_a_megabyte_is_a_row(tmp_path: Path) -> None:
    text = "word " * 250_000
    line = json.dumps({"text": text, "label": "x"}).encode()

    dataset = load([written(tmp_path, GOOD + line + b"\n" + GOOD)])
    (cleaned,) = write_cleaned(dataset, {0, 2}, tmp_path / "out")

    assert dataset.rows[1].input == text
    assert cleaned.read_bytes() == line + b"\n"


def test_long_rows_of_escapes_take_no_quadratic_time(tmp_path: Path) -> None:
    body = b"\\\\" * 250_000 + b"\\ud83d\\ude00" * 50_000
    begin = time.perf_counter()

    dataset = load([written(tmp_path, b'{"text": "' + body + b'", "label": "x"}')])

    assert len(dataset.rows[0].input) == 300_000
    assert time.perf_counter() - begin < 5


def test_markup_and_escapes_in_text_are_kept_as_they_are(tmp_path: Path) -> None:
    text = "[red]x[/] <script>alert(1)</script> \x1b]0;title\x07\x1b[2J \u202e {{x}} %0A::error::\0"
    line = json.dumps({"text": text, "label": "x", "id": text, "task": text}).encode() + b"\n"

    dataset = load([written(tmp_path, line)])
    (cleaned,) = write_cleaned(dataset, (), tmp_path / "out")

    row = dataset.rows[0]
    assert row.input == row.id == row.task == text
    assert cleaned.read_bytes() == line


def test_keys_from_a_file_cannot_reach_the_terminal_raw(tmp_path: Path) -> None:
    evil = "\\u001b[2J" + "\u202e" + "k" * 500
    path = written(tmp_path, f'{{"{evil}": 1, "{evil}": 2}}'.encode())

    with pytest.raises(InputError) as caught:
        load([path])
    with pytest.raises(InputError) as unknown:
        load([written(tmp_path, f'{{"{evil}": 1}}'.encode())])

    for text in (str(caught.value), str(unknown.value.hint)):
        assert re.fullmatch(r"[ -~]{1,400}", text)


def test_huge_numbers_are_kept(tmp_path: Path) -> None:
    digits = "1" * (sys.get_int_max_str_digits() + 1)
    line = f'{{"text": "a", "label": "x", "id": {digits}, "n": {"9" * 40}, "f": 1e400}}\n'.encode()

    dataset = load([written(tmp_path, line)])
    (cleaned,) = write_cleaned(dataset, (), tmp_path / "out")

    assert dataset.rows[0].id == digits
    assert dataset.records[0]["n"] == int("9" * 40)
    assert json.dumps(dataset.records[0], allow_nan=False)
    assert cleaned.read_bytes() == line


def test_csv_with_nul_and_long_fields_loses_nothing(tmp_path: Path) -> None:
    content = b'text,label\n"a\0b",x\n' + b"c" * 300_000 + b",y\n"

    dataset = load([written(tmp_path, content, "data.csv")])
    (cleaned,) = write_cleaned(dataset, {1}, tmp_path / "out")

    assert [row.input for row in dataset.rows] == ["a\0b", "c" * 300_000]
    assert cleaned.read_bytes() == b'text,label\n"a\0b",x\n'


def test_an_open_quote_swallows_no_rows_silently(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="never closed") as caught:
        load([written(tmp_path, b'text,label\na,x\n"b,x\nc,x\nd,x\n', "data.csv")])

    assert caught.value.line == 3


def test_a_row_that_only_looks_like_two_is_one(tmp_path: Path) -> None:
    text = 'a\\n{"text": "b", "label": "x"}'

    dataset = load([written(tmp_path, f'{{"text": {json.dumps(text)}, "label": "x"}}'.encode())])

    assert [row.input for row in dataset.rows] == [text]


def test_columns_called_like_methods_are_only_columns(tmp_path: Path) -> None:
    row = {"text": "a", "label": "x", "__class__": "y", "get": "z", "": {"": ""}}

    dataset = load([written(tmp_path, json.dumps(row).encode())], columns={"source": "__class__"})

    assert dataset.rows[0].source == "y"
    assert dict(dataset.records[0]) == row
