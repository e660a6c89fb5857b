from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from curation_gate.errors import InconclusiveError, InputError
from curation_gate.rows import load

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, content: bytes, name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def failure(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        load([path])
    return caught.value


def test_rows_know_their_line_and_their_bytes(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"text": "a", "label": "x"}\r\n\r\n  {"text": "b", "label": "y"}'

    dataset = load([written(tmp_path, content)])

    assert [(row.index, row.input, row.output, row.line) for row in dataset.rows] == [
        (0, "a", "x", 1),
        (1, "b", "y", 3),
    ]
    spans = dataset.files[0].spans
    assert spans is not None
    assert [content[a:b] for a, b in spans.tolist()] == [
        b'{"text": "a", "label": "x"}\r\n',
        b'  {"text": "b", "label": "y"}',
    ]


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    text = "a\u2028b\u0085c\x7f"

    dataset = load([written(tmp_path, f'{{"text": "{text}", "label": "x"}}\n'.encode())])

    assert [row.input for row in dataset.rows] == [text]


def test_columns_count_characters_behind_the_indent(tmp_path: Path) -> None:
    path = written(
        tmp_path, '{"text": "a", "label": "x"}\n  {"text": "é", "label": NaN}\n'.encode()
    )

    error = failure(path)

    assert (error.line, error.column) == (2, 26)
    assert error.message == f"{path}:2:26: NaN is not JSON"
    assert error.hint


def test_invalid_utf8_is_found_in_its_column(tmp_path: Path) -> None:
    error = failure(written(tmp_path, b'{"text": "\xc3\xa9\xff", "label": "x"}\n'))

    assert (error.line, error.column) == (1, 12)
    assert "0xff" in error.message


@pytest.mark.parametrize("line", ["[1]", "1", '"a"', "null"])
def test_a_row_must_be_an_object(tmp_path: Path, line: str) -> None:
    error = failure(written(tmp_path, f'{{"text": "a", "label": "x"}}\n{line}\n'.encode()))

    assert (error.line, error.column) == (2, 1)
    assert "must be an object" in error.message


def test_two_objects_on_a_line_are_an_error(tmp_path: Path) -> None:
    error = failure(written(tmp_path, b'{"text": "a", "label": "x"}{"text": "b", "label": "x"}'))

    assert (error.line, error.column) == (1, 28)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_nothing_to_scan_is_inconclusive(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InconclusiveError, match=r"no rows.*data\.jsonl"):
        load([written(tmp_path, content)])
