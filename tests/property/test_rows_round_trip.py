"""Read anything, drop any of it: kept rows are byte-identical and no row is lost."""

from __future__ import annotations

import csv
import gzip
import io
import json
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_gate.errors import CurateError
from curation_gate.rows import load, row_fingerprint, write_cleaned
from curation_gate.rows.json_text import JsonProblem, scan

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ROW = st.fixed_dictionaries(
    {"instruction": TEXT, "input": TEXT, "output": TEXT},
    optional={"n": st.integers(), "x": st.lists(TEXT, max_size=2), "id": TEXT | st.integers()},
)
ROWS = st.lists(ROW, min_size=1, max_size=8)
BLANKS = st.lists(st.sampled_from([b"", b" ", b"\t", b"\r"]), max_size=2)
SPACE = st.sampled_from(["", " ", "\n", "\r\n", "\t \n"])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@st.composite
def subset(draw: st.DrawFn, count: int) -> set[int]:
    return draw(st.sets(st.integers(0, count - 1))) if count else set()


@st.composite
def json_lines(draw: st.DrawFn) -> tuple[bytes, list[bytes], list[dict[str, Any]]]:
    """A file, the bytes of its rows, and the rows."""
    rows = draw(ROWS)
    content = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    pieces = []
    for k, row in enumerate(rows):
        for blank in draw(BLANKS):
            content += blank + b"\n"
        text = json.dumps(row, ensure_ascii=draw(st.booleans())).encode()
        ending = draw(st.sampled_from([b"\n", b"\r\n", b" \n"]))
        if k == len(rows) - 1 and draw(st.booleans()):
            ending = b""
        pieces.append(draw(st.sampled_from([b"", b" "])) + text + ending)
        content += pieces[-1]
    return content, pieces, rows


@settings(deadline=None)
@given(data=st.data(), packed=st.booleans())
def test_json_lines_come_back_byte_for_byte(
    folder: Path, data: st.DataObject, packed: bool
) -> None:
    content, pieces, rows = data.draw(json_lines())
    drop = data.draw(subset(len(rows)))
    path = folder / ("data.jsonl.gz" if packed else "data.jsonl")
    path.write_bytes(gzip.compress(content) if packed else content)

    dataset = load([path])
    (result,) = write_cleaned(dataset, drop, folder)

    assert list(dataset.records) == rows
    left = gzip.decompress(result.read_bytes()) if packed else result.read_bytes()
    # What is left is the input with exactly the dropped rows' bytes cut out, in order.
    expected, at = b"", 0
    for k, piece in enumerate(pieces):
        start = content.index(piece, at)
        expected += content[at:start] + (b"" if k in drop else piece)
        at = start + len(piece)
    assert left == expected + content[at:]
    if len(drop) < len(rows):
        kept = [r.fingerprint for k, r in enumerate(dataset.rows) if k not in drop]
        assert [r.fingerprint for r in load([result]).rows] == kept
        dropped = [dataset.rows[k].fingerprint for k in drop]
        assert sorted(kept + dropped) == sorted(r.fingerprint for r in dataset.rows)


@settings(deadline=None)
@given(data=st.data(), task=st.booleans())
def test_json_lists_keep_the_text_of_their_elements(
    folder: Path, data: st.DataObject, task: bool
) -> None:
    rows = data.draw(ROWS)
    drop = data.draw(subset(len(rows)))
    texts = [json.dumps(row, ensure_ascii=data.draw(st.booleans())) for row in rows]
    inside = ",".join(data.draw(SPACE) + text + data.draw(SPACE) for text in texts)
    before = '{ "Definition": ["é"],\n"Instances":[' if task else data.draw(SPACE) + "["
    after = '], "x": {"Instances": []}}' if task else "]" + data.draw(SPACE)
    path = folder / "data.json"
    path.write_bytes((before + inside + after).encode())

    dataset = load([path])
    (result,) = write_cleaned(dataset, drop, folder)

    assert list(dataset.records) == rows
    left = json.loads(result.read_bytes())
    assert (left["Instances"] if task else left) == [
        row for k, row in enumerate(rows) if k not in drop
    ]
    text, at = result.read_bytes().decode(), 0
    for k, element in enumerate(texts):
        if k not in drop:
            at = text.index(element, at) + len(element)
    if not drop:
        assert result.read_bytes() == path.read_bytes()


CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(deadline=None)
@given(
    data=st.data(),
    table=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_csv_agrees_with_the_csv_module(
    folder: Path,
    data: st.DataObject,
    table: list[tuple[str, str, str]],
    ending: str,
    quoting: Any,
) -> None:
    drop = data.draw(subset(len(table)))
    if any("\r" in cell for row in table for cell in row):
        # Python 3.11's writer leaves it outside quotes, where no reader takes it for text.
        quoting = csv.QUOTE_ALL
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator=ending, quoting=quoting)
    writer.writerow(["instruction", "input", "output"])
    writer.writerows(table)
    path = folder / "data.csv"
    path.write_bytes(sink.getvalue().encode())

    dataset = load([path])
    (result,) = write_cleaned(dataset, drop, folder)

    expected = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))
    assert [dict(record) for record in dataset.records] == expected
    assert [tuple(record.values()) for record in dataset.records] == table
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator=ending, quoting=quoting)
    writer.writerow(["instruction", "input", "output"])
    writer.writerows(row for k, row in enumerate(table) if k not in drop)
    assert result.read_bytes() == sink.getvalue().encode()


@settings(deadline=None, max_examples=40)
@given(
    data=st.data(),
    rows=st.lists(
        st.fixed_dictionaries({"instruction": TEXT, "input": TEXT, "output": TEXT}),
        min_size=1,
        max_size=8,
    ),
    form=st.sampled_from(["parquet", "file", "stream"]),
)
def test_columns_keep_their_rows(
    folder: Path, data: st.DataObject, rows: list[dict[str, str]], form: str
) -> None:
    drop = data.draw(subset(len(rows)))
    table = pa.Table.from_pylist(rows)
    path = folder / ("data.parquet" if form == "parquet" else "data.arrow")
    if form == "parquet":
        pq.write_table(table, path, row_group_size=3)
    else:
        make = pa.ipc.new_file if form == "file" else pa.ipc.new_stream
        with make(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=3)

    dataset = load([path])
    (result,) = write_cleaned(dataset, drop, folder)

    assert list(dataset.records) == rows
    if len(drop) < len(rows):
        assert list(load([result]).records) == [r for k, r in enumerate(rows) if k not in drop]


@given(TEXT, TEXT, TEXT)
def test_fingerprints_do_not_see_composition(instruction: str, asked: str, output: str) -> None:
    expected = row_fingerprint(instruction, asked, output)

    for form in ("NFC", "NFD"):
        changed = [unicodedata.normalize(form, text) for text in (instruction, asked, output)]
        assert expected == row_fingerprint(*changed)


@given(st.tuples(TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT))
def test_different_rows_have_different_fingerprints(
    one: tuple[str, str, str], two: tuple[str, str, str]
) -> None:
    same = [unicodedata.normalize("NFC", t) for t in one] == [
        unicodedata.normalize("NFC", t) for t in two
    ]

    assert same == (row_fingerprint(*one) == row_fingerprint(*two))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_strict_json_is_json_without_lone_surrogates(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    try:
        # What json reads is the truth: two escaped halves side by side are one character.
        back = json.loads(text)
        json.dumps(back, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        if ascii_only:
            with pytest.raises(JsonProblem, match="lone surrogate"):
                scan(text)
        return

    assert scan(text) == (back, len(text))


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["\\\\", "\\n", "a", "\\ud83d", "\\ude00", "\\uDBFF", "\\u00e9"])))
def test_lone_surrogates_are_found_among_any_escapes(pieces: list[str]) -> None:
    text = '"' + "".join(pieces) + '"'
    try:
        json.loads(text).encode()
        whole = True
    except UnicodeEncodeError:
        whole = False

    if whole:
        assert scan(text)[1] == len(text)
    else:
        with pytest.raises(JsonProblem, match="lone surrogate"):
            scan(text)


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    st.sampled_from(["x.jsonl", "x.json", "x.csv", "x.parquet", "x.arrow", "x.jsonl.gz", "x"]),
)
def test_any_bytes_are_rows_or_a_clear_error(folder: Path, content: bytes, name: str) -> None:
    path = folder / name
    path.write_bytes(content)

    said: CurateError | None = None
    rows = 0
    try:
        rows = len(load([path]))
    except CurateError as error:
        said = error

    assert (said is None) == (rows > 0)
    if said is not None:
        assert name in str(said)
        assert said.hint
