from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation_gate.errors import InconclusiveError, InputError
from curation_gate.rows import limits, load, write_cleaned

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [{"instruction": "d", "input": f"q{k}", "output": "é" * (k % 3 + 1)} for k in range(10)]


def parquet(folder: Path, **options: Any) -> Path:
    path = folder / "data.parquet"
    schema = pa.schema(
        [("instruction", pa.string()), ("input", pa.large_string()), ("output", pa.string())],
        metadata={b"huggingface": b'{"info": 1}'},
    )
    pq.write_table(pa.Table.from_pylist(ROWS, schema=schema), path, **options)
    return path


def ipc(folder: Path, kind: str, codec: str | None = None) -> Path:
    path = folder / "data.arrow"
    make = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
    batches = pa.Table.from_pylist(ROWS).replace_schema_metadata({b"k": b"v"}).to_batches(4)
    with make(
        str(path), batches[0].schema, options=pa.ipc.IpcWriteOptions(compression=codec)
    ) as writer:
        for batch in batches:
            writer.write_batch(batch, {b"own": b"yes"})
    return path


def saved(folder: Path) -> Path:
    path = folder / "saved"
    path.mkdir()
    batches = pa.Table.from_pylist(ROWS).to_batches(5)
    for name, batch in zip("ba", batches, strict=True):
        with pa.ipc.new_stream(str(path / f"{name}.arrow"), batch.schema) as writer:
            writer.write_batch(batch)
    names = [{"filename": "b.arrow"}, {"filename": "a.arrow"}]
    (path / "state.json").write_text(json.dumps({"_data_files": names, "_fingerprint": "f0"}))
    (path / "dataset_info.json").write_text('{"features": {}}')
    return path


def test_rows_of_every_binary_format_are_the_same(tmp_path: Path) -> None:
    for number, make in enumerate(
        (parquet, lambda f: ipc(f, "file"), lambda f: ipc(f, "stream"), saved)
    ):
        folder = tmp_path / str(number)
        folder.mkdir()

        dataset = load([make(folder)])

        assert list(dataset.records) == ROWS
        assert all(row.line is None for row in dataset.rows)


@pytest.mark.parametrize("codec", ["NONE", "SNAPPY", "ZSTD", "GZIP", "BROTLI", "LZ4"])
def test_parquet_keeps_schema_metadata_codec_and_groups(tmp_path: Path, codec: str) -> None:
    path = parquet(tmp_path, compression=codec, row_group_size=4, use_dictionary=["output"])

    (cleaned,) = write_cleaned(load([path]), {0, 4, 5, 6, 7}, tmp_path / "out")

    before, after = pq.ParquetFile(path), pq.ParquetFile(cleaned)
    assert cleaned.name == "cleaned.parquet"
    assert after.schema_arrow.equals(before.schema_arrow, check_metadata=True)
    assert after.read().to_pylist() == [ROWS[k] for k in (1, 2, 3, 8, 9)]
    assert [after.metadata.row_group(k).num_rows for k in range(2)] == [3, 2]
    for k in range(3):
        old, new = (file.metadata.row_group(0).column(k) for file in (before, after))
        assert old.compression == new.compression
        assert old.has_dictionary_page == new.has_dictionary_page == (k == 2)


def test_parquet_codecs_may_differ_by_column(tmp_path: Path) -> None:
    path = parquet(tmp_path, compression={"instruction": "ZSTD", "output": "NONE", "input": "GZIP"})

    (cleaned,) = write_cleaned(load([path]), [3], tmp_path / "out")

    group = pq.ParquetFile(cleaned).metadata.row_group(0)
    assert [group.column(k).compression for k in range(3)] == ["ZSTD", "GZIP", "UNCOMPRESSED"]


@pytest.mark.parametrize("kind", ["file", "stream"])
@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
def test_arrow_keeps_schema_codec_and_batches(tmp_path: Path, kind: str, codec: str | None) -> None:
    path = ipc(tmp_path, kind, codec)

    (cleaned,) = write_cleaned(load([path]), {4, 5, 6, 7, 9}, tmp_path / "out")

    opened = (pa.ipc.open_file if kind == "file" else pa.ipc.open_stream)(cleaned.read_bytes())
    assert opened.schema.metadata == {b"k": b"v"}
    assert opened.read_all().to_pylist() == [ROWS[k] for k in (0, 1, 2, 3, 8)]
    # The same rows written by hand in the same codec are the same bytes.
    batches = pa.Table.from_pylist(ROWS).replace_schema_metadata({b"k": b"v"}).to_batches(4)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=codec, emit_dictionary_deltas=True)
    with (pa.ipc.new_file if kind == "file" else pa.ipc.new_stream)(
        sink, batches[0].schema, options=options
    ) as writer:
        writer.write_batch(batches[0].filter(pa.array([True] * 4)), {b"own": b"yes"})
        writer.write_batch(batches[2].filter(pa.array([True, False])), {b"own": b"yes"})
    assert sink.getvalue().to_pybytes() == cleaned.read_bytes()


def test_what_is_read_of_a_damaged_file_can_be_written(tmp_path: Path) -> None:
    whole = ipc(tmp_path, "file", "zstd").read_bytes()
    read = 0
    for at in range(8, 400):  # the schema message: a file is read by its footer
        path = tmp_path / "damaged.arrow"
        path.write_bytes(whole[:at] + b"{" + whole[at + 1 :])
        try:
            dataset = load([path])
        except InputError:
            continue
        read += 1
        (cleaned,) = write_cleaned(dataset, {0}, tmp_path / "out")
        assert [row.input for row in load([cleaned]).rows] == [row["input"] for row in ROWS[1:]]
    assert read > 200


def test_dictionary_columns_survive(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    table = table.set_column(2, "output", table["output"].dictionary_encode())
    for kind, make in (("file", pa.ipc.new_file), ("stream", pa.ipc.new_stream)):
        path = tmp_path / f"{kind}.arrow"
        with make(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=4)

        dataset = load([path])
        (cleaned,) = write_cleaned(dataset, [0], tmp_path / kind)

        assert list(load([cleaned]).records) == list(dataset.records[1:])


def test_a_saved_folder_stays_one_and_gets_a_fingerprint_of_its_own(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (path / "cache-1.arrow").write_bytes(b"not ours")

    dataset = load([path])
    (cleaned,) = write_cleaned(dataset, [0, 9], tmp_path / "out")

    assert cleaned == tmp_path / "out" / "cleaned"
    assert list(load([cleaned]).records) == ROWS[1:9]
    assert sorted(p.name for p in cleaned.iterdir()) == [
        "a.arrow",
        "b.arrow",
        "dataset_info.json",
        "state.json",
    ]
    state = json.loads((cleaned / "state.json").read_text())
    assert state["_fingerprint"] != "f0"
    assert state["_data_files"] == json.loads((path / "state.json").read_text())["_data_files"]


def test_a_saved_folder_of_datasets_itself_goes_there_and_back(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    datasets.Dataset.from_list(ROWS).save_to_disk(str(tmp_path / "saved"))

    (cleaned,) = write_cleaned(load([tmp_path / "saved"]), [1], tmp_path / "out")

    assert datasets.load_from_disk(str(cleaned)).to_list() == ROWS[:1] + ROWS[2:]


def test_a_changed_folder_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    dataset = load([path])
    (path / "state.json").write_text((path / "state.json").read_text() + " ")

    with pytest.raises(InputError, match="changed since it was read"):
        write_cleaned(dataset, [1], tmp_path / "out")


def test_values_json_cannot_hold_are_text_in_records_and_kept_in_the_file(tmp_path: Path) -> None:
    day = dt.date(2024, 1, 2)
    table = pa.table(
        {
            "text": ["a", "b"],
            "label": [1, 0],
            "day": [day, None],
            "raw": [b"\x00", b"\xff"],
            "money": [Decimal("1.50"), None],
            "score": [float("nan"), 0.5],
            "map": pa.array([[("k", 1.0)], []], pa.map_(pa.string(), pa.float64())),
            "deep": [{"x": [float("inf")]}, None],
        }
    )
    path = tmp_path / "data.parquet"
    pq.write_table(table, path)

    dataset = load([path])
    (cleaned,) = write_cleaned(dataset, [1], tmp_path / "out")

    assert dataset.rows[0].output == "1"
    assert json.loads(json.dumps(dataset.records[0], allow_nan=False)) == {
        "text": "a",
        "label": 1,
        "day": "2024-01-02",
        "raw": "AA==",
        "money": "1.50",
        "score": "nan",
        "map": [["k", 1.0]],
        "deep": {"x": ["inf"]},
    }
    assert pq.read_table(cleaned).schema == table.schema
    assert pq.read_table(cleaned)["day"].to_pylist() == [day]


@pytest.mark.parametrize("cut", [3, 5, 40, 300, -1, -9])
def test_damaged_files_are_errors_that_name_the_file(tmp_path: Path, cut: int) -> None:
    for path in (parquet(tmp_path), ipc(tmp_path, "file", "zstd")):
        path.write_bytes(path.read_bytes()[:cut])

        with pytest.raises(InputError, match=path.name):
            load([path])


def test_a_stream_cut_short_is_an_error(tmp_path: Path) -> None:
    path = ipc(tmp_path, "stream")
    path.write_bytes(path.read_bytes()[:700])

    with pytest.raises(InputError, match=r"data\.arrow"):
        load([path])


def test_text_that_is_no_utf8_is_an_error_with_its_column(tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]
    )
    path = tmp_path / "data.arrow"
    table = pa.table({"text": bad, "label": ["x"]})
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)

    with pytest.raises(InputError, match=r'column "text", rows 1 to 1.*UTF8'):
        load([path])


def test_columns_of_one_name_are_an_error(tmp_path: Path) -> None:
    table = pa.table([["a"], ["b"]], names=["text", "text"])
    path = tmp_path / "data.arrow"
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)

    with pytest.raises(InputError, match='two columns are called "text"'):
        load([path])


def test_a_missing_answer_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"text": ["a", "b"], "label": ["x", None]}), path)

    with pytest.raises(InputError, match='row 2: "label" is null'):
        load([path])


def test_empty_tables_are_inconclusive(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), path)
    (tmp_path / "data.arrow").touch()

    for name in ("data.parquet", "data.arrow"):
        with pytest.raises(InconclusiveError):
            load([tmp_path / name])


@pytest.mark.parametrize(
    ("state", "part"),
    [
        ("{", "not a state.json"),
        ('{"_data_files": 5}', "not a state.json"),
        ('{"_data_files": [{"filename": "../x.arrow"}]}', "outside its folder"),
        ('{"_data_files": [{"filename": "gone.arrow"}]}', "not a regular file"),
        ('{"_data_files": [], "_indices_data_files": [1]}', "indices"),
    ],
)
def test_a_broken_state_is_an_error(tmp_path: Path, state: str, part: str) -> None:
    (tmp_path / "state.json").write_text(state)

    with pytest.raises(InputError, match=part):
        load([tmp_path])


def test_parquet_that_claims_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED", 100)

    with pytest.raises(InputError, match=r"unpacks to more than 100 bytes \([0-9,]+ on disk\)"):
        load([parquet(tmp_path)])


def test_arrow_without_a_batch_is_inconclusive(tmp_path: Path) -> None:
    path = tmp_path / "data.arrow"
    with pa.ipc.new_file(str(path), pa.schema([("text", pa.string())])):
        pass

    with pytest.raises(InconclusiveError):
        load([path])
