from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from curation_gate.errors import InputError, OutputError
from curation_gate.rows import load, write_cleaned

if TYPE_CHECKING:
    from pathlib import Path

BOM = b"\xef\xbb\xbf"


def line(text: str) -> bytes:
    return b'{"text":  "%s", "label": "x"}' % text.encode()


def cleaned(folder: Path, name: str, content: bytes, drop: set[int]) -> bytes:
    path = folder / name
    path.write_bytes(content)
    (result,) = write_cleaned(load([path]), drop, folder / "out")
    assert result == folder / "out" / f"cleaned{name.removeprefix('data')}"
    return result.read_bytes()


def test_lines_keep_every_byte(tmp_path: Path) -> None:
    a, b, c = line("a"), line("b"), line("c")
    content = BOM + a + b"\r\n\r\n  " + b + b" \n\t\n" + c

    assert cleaned(tmp_path, "data.jsonl", content, set()) == content
    assert cleaned(tmp_path, "data.jsonl", content, {0}) == BOM + b"\r\n  " + b + b" \n\t\n" + c
    assert cleaned(tmp_path, "data.jsonl", content, {1}) == BOM + a + b"\r\n\r\n\t\n" + c
    assert cleaned(tmp_path, "data.jsonl", content, {2}) == BOM + a + b"\r\n\r\n  " + b + b" \n\t\n"
    assert cleaned(tmp_path, "data.jsonl", content, {0, 1, 2}) == BOM + b"\r\n\t\n"


def test_lists_keep_every_element_and_stay_lists(tmp_path: Path) -> None:
    a, b, c = line("a"), line("é"), line("c")
    content = b"[\n " + a + b",\n " + b + b"\n,  " + c + b"\n]\n"

    assert cleaned(tmp_path, "data.json", content, set()) == content
    assert cleaned(tmp_path, "data.json", content, {0}) == b"[\n " + b + b"\n,  " + c + b"\n]\n"
    assert cleaned(tmp_path, "data.json", content, {1}) == b"[\n " + a + b"\n,  " + c + b"\n]\n"
    assert cleaned(tmp_path, "data.json", content, {2}) == b"[\n " + a + b",\n " + b + b"\n]\n"
    assert json.loads(cleaned(tmp_path, "data.json", content, {0, 1, 2})) == []


def test_task_files_keep_what_stands_around_the_instances(tmp_path: Path) -> None:
    instances = [{"id": f"i{k}", "input": f"q{k}", "output": ["a"]} for k in range(3)]
    task = {"Definition": ["d"], "Instances": instances, "Instance License": ["é"]}

    left = cleaned(tmp_path, "data.json", json.dumps(task, indent=2).encode(), {1})

    assert (
        left == json.dumps({**task, "Instances": [instances[0], instances[2]]}, indent=2).encode()
    )


def test_csv_keeps_quotes_and_line_breaks(tmp_path: Path) -> None:
    content = b'text,label\r\n"a\r\nb",x\r\n\r\n\'c\',"y"\r\n"d ""e""",x'

    assert cleaned(tmp_path, "data.csv", content, set()) == content
    assert cleaned(tmp_path, "data.csv", content, {0}) == content.replace(b'"a\r\nb",x\r\n', b"")
    assert cleaned(tmp_path, "data.csv", content, {2}) == content[: content.index(b'"d')]


def test_packed_files_stay_packed_and_are_the_same_every_time(tmp_path: Path) -> None:
    content = line("a") + b"\n" + line("b") + b"\n"

    packed = cleaned(tmp_path, "data.jsonl.gz", gzip.compress(content, mtime=12345), {0})

    assert gzip.decompress(packed) == line("b") + b"\n"
    # RFC 1952: no flags (so no file name), no time, unknown system.
    assert packed[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    assert packed == cleaned(tmp_path, "data.jsonl.gz", gzip.compress(content), {0})


def test_several_files_keep_their_names(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.jsonl", "b.csv", "empty.jsonl")]
    paths[0].write_bytes(line("a") + b"\n" + line("b") + b"\n")
    paths[1].write_bytes(b"text,label\nc,x\nd,x\n")
    paths[2].write_bytes(b"\n")

    results = write_cleaned(load(paths), {1, 2}, tmp_path / "out")

    assert results == tuple(tmp_path / "out" / "cleaned" / path.name for path in paths)
    assert [path.read_bytes() for path in results] == [
        line("a") + b"\n",
        b"text,label\nd,x\n",
        b"\n",
    ]


def test_files_of_one_name_keep_their_folders(tmp_path: Path) -> None:
    paths = [tmp_path / "in" / folder / "data.jsonl" for folder in "ab"]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_bytes(line(path.parent.name) + b"\n")

    results = write_cleaned(load(paths), (), tmp_path / "out")

    assert results == tuple(tmp_path / "out" / "cleaned" / f / "data.jsonl" for f in "ab")
    assert [path.read_bytes() for path in results] == [path.read_bytes() for path in paths]


@pytest.mark.parametrize("name", ["data.jsonl", "data.csv", "data.json"])
def test_a_file_that_changed_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    content = {
        "data.jsonl": line("a") + b"\n",
        "data.csv": b"text,label\na,x\n",
        "data.json": b"[" + line("a") + b"]",
    }[name]
    path = tmp_path / name
    path.write_bytes(content)
    dataset = load([path])
    path.write_bytes(content.replace(b"a", b"b"))

    with pytest.raises(InputError, match="changed since it was read"):
        write_cleaned(dataset, (), tmp_path / "out")

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("index", [-1, 1])
def test_a_row_that_is_not_there_is_refused(tmp_path: Path, index: int) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(line("a"))

    with pytest.raises(InputError, match=f"there is no row {index}"):
        write_cleaned(load([path]), {index}, tmp_path / "out")


def test_the_data_are_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "cleaned.jsonl"
    path.write_bytes(line("a"))

    with pytest.raises(OutputError, match="is the data itself"):
        write_cleaned(load([path]), {0}, tmp_path)

    assert path.read_bytes() == line("a")


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(line("a"))

    with pytest.raises(OutputError):
        write_cleaned(load([path]), (), path / "out")


def test_an_empty_list_beside_other_files_stays_as_it_is(tmp_path: Path) -> None:
    full, empty = tmp_path / "full.jsonl", tmp_path / "empty.json"
    full.write_bytes(line("a"))
    empty.write_bytes(b" [ ]\n")

    results = write_cleaned(load([empty, full]), {0}, tmp_path / "out")

    assert [path.read_bytes() for path in results] == [b" [ ]\n", b""]
