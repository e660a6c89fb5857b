"""Files nobody would write by hand: every one is read whole, or refused with a clear error.

With CURATE_FUZZ_CASES=100000 this file is the long run that SECURITY.md speaks of.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from curation_gate.errors import CurateError
from curation_gate.progress import Silent
from curation_gate.rows import Dataset, load, write_cleaned
from curation_gate.rows.formats import read_content

CASES = int(os.environ.get("CURATE_FUZZ_CASES", "300"))
SLOWEST = 5.0
"""Seconds a case may take."""
TEXT_FORMATS = ("jsonl", "csv", "json", "natural-instructions")

PRINTABLE = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"

seen: Counter[str] = Counter()
"""How often each outcome came up: a fuzzer whose every case is refused tests little."""

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
nasty = st.sampled_from(
    ["", "\0", "\x1b[2J", "\u2028", "\u202e", "\ufeff", '"', '""', "\\", ",", "\r", "\n", "NaN",
     "<script>", "::error::", "=1+1", "\U0001f469\u200d\U0001f467", "0" * 400]
)  # fmt: skip
long = st.integers(60_000, 70_000).map("x".__mul__)
words = st.one_of(
    text, text, nasty, nasty, long, st.lists(st.one_of(text, nasty), max_size=4).map("".join)
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), words)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
names = st.sampled_from(["text", "label", "input", "output", "instruction", "id", "messages", "x"])
rows_of_text = st.lists(
    st.fixed_dictionaries({"text": words, "label": words}, optional={"id": scalars, "x": values}),
    max_size=8,
)
rows_of_anything = st.lists(
    st.dictionaries(st.one_of(names, words), values, max_size=4), max_size=6
)


@st.composite
def jsonl(draw: st.DrawFn) -> bytes:
    rows = draw(st.one_of(rows_of_text, rows_of_text, rows_of_anything))
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\n\n", b" \n"]))
    ascii_only = draw(st.booleans())
    body = end.join(json.dumps(row, ensure_ascii=ascii_only).encode() for row in rows)
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + body + draw(st.sampled_from([b"", end]))


@st.composite
def json_file(draw: st.DrawFn) -> bytes:
    rows = draw(st.one_of(rows_of_text, rows_of_anything))
    indent = draw(st.sampled_from([None, 1]))
    if draw(st.booleans()):
        return json.dumps(rows, indent=indent, ensure_ascii=False).encode()
    instances = [{"input": draw(words), "output": [draw(words)]} for _ in rows]
    task = {"Definition": [draw(words)], "Instances": instances, draw(words): draw(values)}
    return json.dumps(task, indent=indent, ensure_ascii=False).encode()


@st.composite
def csv_file(draw: st.DrawFn) -> bytes:
    import csv

    stream = io.StringIO(newline="")
    delimiter = draw(st.sampled_from(",\t;"))
    writer = csv.writer(stream, delimiter=delimiter, quoting=draw(st.sampled_from([0, 1, 2])))
    writer.writerow(["text", "label"])
    for row in draw(rows_of_text):
        writer.writerow([row["text"], row["label"]])
    return stream.getvalue().encode()


@st.composite
def columnar(draw: st.DrawFn) -> bytes:
    rows = draw(rows_of_text)
    columns: dict[str, Any] = {
        "text": pa.array([row["text"] for row in rows], pa.string()),
        "label": pa.array([row["label"] for row in rows], pa.string()),
    }
    if draw(st.booleans()):
        columns["label"] = columns["label"].dictionary_encode()
    if draw(st.booleans()):
        columns["n"] = pa.array([draw(st.floats(width=32)) for _ in rows], pa.float32())
    if draw(st.booleans()):
        columns["l"] = pa.array([[row["text"]] for row in rows], pa.list_(pa.string()))
    table = pa.table(columns)
    sink = io.BytesIO()
    kind = draw(st.sampled_from(["parquet", "file", "stream"]))
    if kind == "parquet":
        pq.write_table(
            table, sink,
            compression=draw(st.sampled_from(["NONE", "SNAPPY", "ZSTD", "GZIP"])),
            row_group_size=draw(st.integers(1, 5)),
        )  # fmt: skip
        return sink.getvalue()
    make = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
    codec = draw(st.sampled_from([None, "lz4", "zstd"]))
    options = pa.ipc.IpcWriteOptions(compression=codec, use_threads=False)
    with make(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=3)
    return sink.getvalue()


Change = tuple[str, float, float, bytes]
changes: st.SearchStrategy[list[Change]] = st.lists(
    st.tuples(
        st.sampled_from(["cut", "insert", "flip", "repeat", "end"]),
        st.floats(0, 1),
        st.floats(0, 0.3),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from(
                [
                    b"{",
                    b"[",
                    b'"',
                    b"\\u",
                    b"\xff",
                    b"\0",
                    b"\n",
                    b"\r",
                    b",",
                    b"}",
                    b"]" * 50,
                    b'{"a":' * 150,
                    b"\xed\xa0\x80",
                    b"\\ud800",
                    b"NaN",
                    b"1e999",
                    b"9" * 5000,
                ]
            ),
        ),
    ),
    max_size=3,
)


def changed(content: bytes, todo: list[Change]) -> bytes:
    for kind, where, length, new in todo:
        at = int(where * len(content))
        end = at + max(1, int(length * len(content)))
        if kind == "cut":
            content = content[:at] + content[end:]
        elif kind == "insert":
            content = content[:at] + new + content[at:]
        elif kind == "flip":
            content = content[:at] + new + content[at + len(new) :]
        elif kind == "repeat":
            content = content[:end] + content[at:]
        else:
            content = content[:at]
    return content


SUFFIXES: dict[str, tuple[st.SearchStrategy[bytes], list[str]]] = {
    "lines": (jsonl(), ["jsonl", "ndjson", "json", "txt", "jsonl.gz"]),
    "json": (json_file(), ["json", "jsonl", "json.gz"]),
    "csv": (csv_file(), ["csv", "tsv", "csv.gz"]),
    "columnar": (columnar(), ["parquet", "arrow", "feather", "bin", "jsonl", "gz"]),
    "bytes": (st.binary(max_size=300), ["jsonl", "json", "csv", "parquet", "arrow", "gz", "x"]),
}


@dataclass(frozen=True)
class File:
    """A name and what the file holds; its repr is short enough to be printed."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"File({self.name!r}, {self.content[:2000]!r}[{len(self.content)}])"


@st.composite
def files(draw: st.DrawFn) -> File:
    """Any file."""
    content, suffixes = SUFFIXES[draw(st.sampled_from(sorted(SUFFIXES)))]
    suffix = draw(st.sampled_from([suffixes[0], suffixes[0], *suffixes]))
    data = draw(content)
    if draw(st.booleans()):
        data = changed(data, draw(changes))
    if suffix.endswith("gz") or draw(st.integers(0, 9)) == 0:
        data = gzip.compress(data, compresslevel=1, mtime=0)
        if draw(st.integers(0, 3)) == 0:
            data = changed(data, draw(changes))
    return File(f"data.{suffix}", data)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A place to write thousands of files: in memory where there is such a place."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=CASES <= 1000,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,) if CASES > 1000 else tuple(Phase),
)
@given(files())
def test_any_file_is_read_whole_or_refused(folder: Path, file: File) -> None:
    path = folder / file.name
    path.write_bytes(file.content)
    begin = time.perf_counter()
    try:
        outcome = read_and_clean(path, file.content)
    finally:
        took = time.perf_counter() - begin
        path.unlink()
    assert took < SLOWEST
    seen[outcome] += 1


def test_the_cases_were_of_every_kind() -> None:
    if sum(seen.values()) < 200:
        pytest.skip("the fuzz test did not run before this one")
    for kind in (*TEXT_FORMATS, "parquet", "arrow", "refused"):
        assert seen[kind] >= CASES // 300, dict(seen)
    assert seen["refused"] < 0.75 * sum(seen.values()), dict(seen)


def read_and_clean(path: Path, content: bytes) -> str:
    """Hold one file against what is promised; returns its format, or `refused`."""
    dataset, refusal = read_or_refused(path)
    if dataset is None:
        assert re.fullmatch(PRINTABLE, refusal)
        return "refused"
    (read,) = dataset.files
    assert read.rows == len(dataset) == len(dataset.records) > 0
    if read.format == "jsonl":
        assert len(dataset) == sum(bool(line.strip(b" \t\r")) for line in plain_bytes(content))
    out = path.parent / "out"
    try:
        whole = written(lambda: write_cleaned(dataset, (), out))
        if read.format in TEXT_FORMATS:
            assert unpacked(whole.read_bytes()) == unpacked(content)
        assert read_content(whole, count).records == list(dataset.records)
        drop = set(np.random.default_rng(len(content)).permutation(len(dataset))[::2].tolist())
        some = written(lambda: write_cleaned(dataset, drop, out))
        kept = [record for k, record in enumerate(dataset.records) if k not in drop]
        if kept or read.format != "csv":
            assert read_content(some, count).records == kept
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return read.format


def read_or_refused(path: Path) -> tuple[Dataset | None, str]:
    try:
        return load([path], progress=Silent()), ""
    except CurateError as error:
        return None, str(error)


def written(write: Callable[[], tuple[Path, ...]]) -> Path:
    (path,) = write()
    return path


def count(rows: int) -> None:
    """Count nothing."""


def unpacked(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def plain_bytes(content: bytes) -> list[bytes]:
    return unpacked(content).removeprefix(b"\xef\xbb\xbf").split(b"\n")
