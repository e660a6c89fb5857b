"""Data in memory is read as files are, and what is kept of it is of the same kind."""

from __future__ import annotations

import datetime as dt
import json
from collections import OrderedDict, UserDict

import numpy as np
import pyarrow as pa
import pytest

from curation_gate.errors import InconclusiveError, InputError, UsageError
from curation_gate.rows import load
from curation_gate.rows.in_memory import is_paths, spill

ROWS = [
    {"instruction": "Good or bad?", "input": f"film {k} \U0001f600 0{k}", "output": "good"}
    for k in range(12)
]
KEPT = np.array([k not in (2, 7) for k in range(12)])


@pytest.fixture
def from_file(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return load([path])


def frame(rows=ROWS, **more):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(rows, index=[f"r{k}" for k in range(len(rows))], **more)


def dataset(rows=ROWS):
    return pytest.importorskip("datasets").Dataset.from_list(rows)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ROWS,
        lambda: tuple(ROWS),
        lambda: (UserDict(row) for row in ROWS),
        lambda: OrderedDict(enumerate(ROWS)).values(),
        lambda: pa.Table.from_pylist(ROWS),
        lambda: pa.concat_tables([pa.Table.from_pylist(ROWS[:5]), pa.Table.from_pylist(ROWS[5:])]),
        lambda: pa.RecordBatch.from_pylist(ROWS),
        frame,
        dataset,
        lambda: dataset(ROWS[::-1]).select(range(11, -1, -1)).with_format("numpy"),
    ],
    ids=["list", "tuple", "generator", "values", "table", "chunks", "batch", "frame", "dataset",
         "dataset-with-indices"],
)  # fmt: skip
def test_every_kind_is_read_like_the_file(make, from_file, tmp_path):
    held = spill(make(), tmp_path / "spilled")
    read = load(held.paths)
    assert [r.fingerprint for r in read.rows] == [r.fingerprint for r in from_file.rows]
    assert read.fingerprint == from_file.fingerprint
    assert read.files[0].schema == "alpaca"
    assert held.rows == len(read) == 12


def test_kept_rows_are_of_the_same_kind_and_in_order(tmp_path):
    expected = [row for row, stays in zip(ROWS, KEPT, strict=True) if stays]
    kept = spill(ROWS, tmp_path / "list").keep(KEPT)
    assert type(kept) is list
    assert all(a is b for a, b in zip(kept, expected, strict=True))  # the very same dicts
    assert spill(tuple(ROWS), tmp_path / "tuple").keep(KEPT) == tuple(expected)
    assert spill(iter(ROWS), tmp_path / "iterator").keep(KEPT) == expected

    table = pa.Table.from_pylist(ROWS).replace_schema_metadata({"who": "us"})
    left = spill(table, tmp_path / "table").keep(KEPT)
    assert left.schema.equals(table.schema, check_metadata=True)
    assert left.to_pylist() == expected
    batch = spill(pa.RecordBatch.from_pylist(ROWS), tmp_path / "batch").keep(KEPT)
    assert isinstance(batch, pa.RecordBatch)
    assert batch.to_pylist() == expected


def test_a_frame_keeps_index_and_dtypes(tmp_path):
    pandas = pytest.importorskip("pandas")
    whole = frame().assign(
        when=pandas.Timestamp("2024-01-01"), kind=pandas.Categorical(["a", "b"] * 6),
        many=pandas.array([1, None] * 6, dtype="Int64"),
    )  # fmt: skip
    left = spill(whole, tmp_path).keep(KEPT)
    pandas.testing.assert_frame_equal(left, whole[KEPT])
    assert list(left.index) == [f"r{k}" for k in range(12) if KEPT[k]]


def test_a_frame_of_mixed_types_is_read_too(tmp_path):
    mixed = frame().assign(meta=[{"a": 1}, 5, "x", None, float("nan"), dt.date(2024, 1, 2)] * 2)
    held = spill(mixed, tmp_path)
    assert held.paths[0].suffix == ".jsonl"
    read = load(held.paths)
    assert [record["meta"] for record in read.records[:6]] == [
        {"a": 1}, 5, "x", None, None, "2024-01-02"
    ]  # fmt: skip
    assert [r.input for r in read.rows] == [row["input"] for row in ROWS]
    assert held.keep(KEPT)["meta"].iloc[0] == {"a": 1}


def test_a_dataset_keeps_features_and_splits(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        text=datasets.Value("string"), label=datasets.ClassLabel(names=["bad", "good"])
    )
    rows = [{"text": f"text {k}", "label": k % 2} for k in range(12)]
    whole = datasets.Dataset.from_list(rows, features=features).with_format("numpy")
    empty = whole.select([])
    splits = datasets.DatasetDict({"train": whole, "no/thing": empty, "no:thing": whole})
    held = spill(splits, tmp_path)
    read = load(held.paths)
    assert [file.rows for file in read.files] == [12, 0, 12]
    assert {row.output for row in read.rows} == {"0", "1"}
    mask = np.concatenate([KEPT, ~KEPT])
    left = held.keep(mask)
    assert type(left) is datasets.DatasetDict
    assert list(left) == ["train", "no/thing", "no:thing"]
    assert {name: len(split) for name, split in left.items()} == {
        "train": 10, "no/thing": 0, "no:thing": 2
    }  # fmt: skip
    assert left["no:thing"].with_format(None)["text"][:] == ["text 2", "text 7"]
    assert all(split.features == features for split in left.values())
    assert left["train"].format["type"] == "numpy"


def read(rows, folder):
    held = spill(rows, folder)
    try:
        return load(held.paths)
    except InputError as error:
        raise held.reworded(error) from error


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"output": None}, 'data[3]: "output" is null'),
        ({"output": float("nan")}, 'data[3]: "output" is null'),
        ({"output": 7}, 'data[3]: "output" must be a string'),
        ({"input": "half \ud83d"}, "data[3]: lone surrogate"),
        ({1: 2}, 'data[3]: no row can hold this: "a key that is not a text'),
        ({"big": 10**5000}, "data[3]: no row can hold this"),
    ],
)  # fmt: skip
def test_bad_values_are_named_by_their_index(change, said, tmp_path):
    rows = [dict(row) for row in ROWS]
    rows[3] |= change
    with pytest.raises(InputError) as caught:
        read(rows, tmp_path)
    assert caught.value.message.startswith(said)
    assert str(tmp_path) not in caught.value.message


def test_an_endless_value_is_an_error_and_not_a_crash(tmp_path):
    circle: dict[str, object] = dict(ROWS[0])
    circle["self"] = circle
    with pytest.raises(InputError, match=r"data\[0\]: no row can hold this"):
        spill([circle], tmp_path)


def test_rows_of_a_split_are_named_with_it(tmp_path):
    datasets = pytest.importorskip("datasets")
    broken = [{"input": f"i {k}", "output": None if k == 5 else "x"} for k in range(9)]
    splits = datasets.DatasetDict(train=dataset(), test=datasets.Dataset.from_list(broken))
    held = spill(splits, tmp_path)
    with pytest.raises(InputError) as caught:
        load(held.paths)
    said = held.reworded(caught.value).message
    assert said == 'data["test"][5]: "output" is null'


def test_numbers_of_numpy_and_missing_values_become_json(tmp_path):
    pandas = pytest.importorskip("pandas")
    row = {
        "text": "a", "label": np.int64(1), "vector": np.arange(2), "no": pandas.NA,
        "inf": float("inf"), "raw": b"\x00", "list": ({"deep": np.float32(0.5)},),
    }  # fmt: skip
    read = load(spill([row] * 12, tmp_path).paths)
    assert read.rows[0].output == "1"
    assert dict(read.records[0]) == {
        "text": "a", "label": 1, "vector": [0, 1], "no": None, "inf": "inf", "raw": "AA==",
        "list": [{"deep": 0.5}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"instruction": ["a"]}, "one mapping"),
        (5, "data is a number"),
        (b"rows", "data is bytes"),
        ([["a", "b"]], r"data\[0\] is a list"),
        ([1, 2], r"data\[0\] is a number"),
    ],
)
def test_other_kinds_are_refused_with_the_kinds_there_are(data, said, tmp_path):
    with pytest.raises(UsageError, match=said):
        spill(data, tmp_path)


def test_a_row_that_is_no_row_later_on(tmp_path):
    with pytest.raises(InputError, match=r"data\[12\]: a row must be a dict, this is a string"):
        spill([*ROWS, "text"], tmp_path)


def test_a_streamed_dataset_is_refused(tmp_path):
    stream = dataset().to_iterable_dataset()
    with pytest.raises(UsageError, match="streamed") as caught:
        spill(stream, tmp_path)
    assert "take" in (caught.value.hint or "")


@pytest.mark.parametrize("make", [list, lambda: pa.table({"input": [], "output": []})])
def test_no_rows_are_inconclusive(make, tmp_path):
    with pytest.raises(InconclusiveError, match="empty"):
        spill(make(), tmp_path)


def test_two_columns_of_one_name(tmp_path):
    table = pa.table([["a"], ["b"]], names=["output", "output"])
    with pytest.raises(InputError, match='two columns are called "output"'):
        spill(table, tmp_path)
    twice = frame()
    twice.columns = ["input", "output", "output"]
    with pytest.raises(InputError, match="two columns"):
        spill(twice, tmp_path)


def test_dictionaries_that_differ_between_chunks(tmp_path):
    chunks = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", "a"]).dictionary_encode()]
    table = pa.table({"text": pa.chunked_array([["t"] * 2] * 2), "label": pa.chunked_array(chunks)})
    read = load(spill(table, tmp_path).paths)
    assert [row.output for row in read.rows] == ["a", "b", "c", "a"]


def test_what_is_a_path():
    assert is_paths("a.jsonl")
    assert is_paths(["a.jsonl", "b.jsonl"])
    assert not is_paths([])
    assert not is_paths(ROWS)
