"""Small files that unpack to large ones."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation_gate.cli.main import run
from curation_gate.errors import InputError, UsageError
from curation_gate.rows import limits, load
from curation_gate.rows.limits import allowance, parse_size, unpacking_up_to

ROW = b'{"text": "fine", "label": "x"}\n'


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits a test can reach in a moment."""
    monkeypatch.setattr(limits, "FREE_UNPACKED", 1_000_000)


def bomb(folder: Path, size: int = 5_000_000) -> Path:
    path = folder / "data.jsonl.gz"
    path.write_bytes(gzip.compress(ROW * (size // len(ROW))))
    return path


def test_a_ratio_no_honest_text_reaches_is_refused(tmp_path: Path, small: None) -> None:
    path = bomb(tmp_path)
    assert 5_000_000 / path.stat().st_size > limits.MAX_RATIO
    tracemalloc.start()
    with pytest.raises(InputError, match=r"unpacks to more than .* on disk") as caught:
        load([path])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "CURATE_MAX_UNPACKED" in str(caught.value.hint)
    assert peak < 20_000_000


def test_who_vouches_for_a_file_may_read_it(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bomb(tmp_path)
    with unpacking_up_to(parse_size("8MB")):
        assert len(load([path])) == 5_000_000 // len(ROW)
    with pytest.raises(InputError):
        load([path])
    monkeypatch.setenv("CURATE_MAX_UNPACKED", "8MB")
    assert len(load([path])) == 5_000_000 // len(ROW)
    with unpacking_up_to(1000), pytest.raises(InputError, match="more than 1,000 bytes"):
        load([path])


def test_repeated_rows_in_a_small_file_are_no_bomb(tmp_path: Path) -> None:
    assert len(load([bomb(tmp_path, 600_000)])) == 600_000 // len(ROW)


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_one_large_text_shared_by_many_rows_is_a_bomb(
    tmp_path: Path, small: None, form: str
) -> None:
    values = pa.array(["x" * 100_000, "y"])
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(5_000, np.int32)), values)
    table = pa.table({"text": texts, "label": pa.array(["a"] * 5_000)})
    path = tmp_path / f"data.{form}"
    if form == "parquet":
        pq.write_table(table, path, compression="zstd")
    else:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    assert path.stat().st_size < 200_000
    with pytest.raises(InputError, match="unpacks to more than"):
        load([path])


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_rows_of_nothing_count_too(tmp_path: Path, small: None, form: str) -> None:
    table = pa.table({"text": pa.nulls(1_000_000)})
    path = tmp_path / f"data.{form}"
    if form == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(InputError, match="unpacks to more than"):
        load([path])


def test_dictionaries_are_read_as_what_they_say(tmp_path: Path) -> None:
    rows = {"text": ["a", "b", "a"], "label": ["x", "x", "y"], "more": [None, "c", None]}
    sink = io.BytesIO()
    pq.write_table(pa.table(rows), sink, use_dictionary=True)
    path = tmp_path / "data.parquet"
    path.write_bytes(sink.getvalue())
    assert [dict(r) for r in load([path]).records] == pa.table(rows).to_pylist()


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000", 1000), ("8GB", 8 * 1024**3), ("500 mb", 500 * 1024**2), ("2GiB", 2 * 1024**3)],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "8XB", "much", "1e9", "9" * 40])
def test_what_is_no_size_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        parse_size(text)
    monkeypatch.setenv("CURATE_MAX_UNPACKED", text)
    if text:
        with pytest.raises(UsageError, match="CURATE_MAX_UNPACKED"):
            allowance(1)


def test_the_option_of_scan_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(bomb(tmp_path)), "--max-unpacked", "lots"]) == 2
    assert "--max-unpacked: 'lots' is not a size" in capsys.readouterr().err
    assert run(["scan", str(bomb(tmp_path)), "--quiet", "--max-unpacked", "1MB"]) == 2
    assert "unpacks to more than 1,048,576 bytes" in capsys.readouterr().err
