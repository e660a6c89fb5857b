from __future__ import annotations

import os
from pathlib import Path

import pytest

from curation_gate.errors import InputError
from curation_gate.rows import load
from curation_gate.rows.formats import expand, stem

LINE = b'{"text": "a", "label": "x"}\n'


def written(folder: Path, name: str, content: bytes = LINE) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_globs_are_sorted_and_every_file_counts_once(tmp_path: Path) -> None:
    b, a = written(tmp_path, "b.jsonl"), written(tmp_path, "a.jsonl")
    (tmp_path / "folder.jsonl").mkdir()

    assert expand([b, str(tmp_path / "*.jsonl"), str(a)]) == (b, a)
    assert expand([str(tmp_path / "**" / "a.*")]) == (a,)


def test_a_name_with_brackets_is_a_file_before_it_is_a_glob(tmp_path: Path) -> None:
    path = written(tmp_path, "data[1].jsonl")

    assert expand([str(path)]) == (path,)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("gone.jsonl", "no such file"),
        ("*.jsonl", "no file matches"),
        ("a\0b*", "no file matches|cannot be looked up"),
        ("a\0b", "no such file|cannot be looked up"),
    ],
)
def test_what_is_not_there_is_an_error(tmp_path: Path, name: str, part: str) -> None:
    with pytest.raises(InputError, match=part) as caught:
        load([tmp_path / name])

    assert caught.value.exit_code == 2


def test_links_are_followed_and_dead_ones_are_errors(tmp_path: Path) -> None:
    path = written(tmp_path, "real.jsonl")
    (tmp_path / "link.jsonl").symlink_to(path)
    (tmp_path / "dead.jsonl").symlink_to(tmp_path / "gone")
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")

    assert len(load([tmp_path / "link.jsonl"])) == 1
    for name in ("dead.jsonl", "loop.jsonl"):
        with pytest.raises(InputError, match="link to nothing"):
            load([tmp_path / name])


def test_pipes_and_plain_folders_are_errors(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    written(tmp_path, "sets/train/state.json", b"{}")

    with pytest.raises(InputError, match="not a regular file"):
        load([tmp_path / "pipe.jsonl"])
    with pytest.raises(InputError, match="save_to_disk did not write") as caught:
        load([tmp_path])
    assert "*.jsonl" in str(caught.value.hint)
    with pytest.raises(InputError) as caught:
        load([tmp_path / "sets"])
    assert str(tmp_path / "sets" / "train") in str(caught.value.hint)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_nobody_may_read_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "data.jsonl")
    path.chmod(0)

    with pytest.raises(InputError, match="cannot be read"):
        load([path])


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("data.jsonl", LINE, "jsonl"),
        ("data.ndjson", LINE, "jsonl"),
        ("data.json", LINE, "jsonl"),
        ("data.txt", LINE, "jsonl"),
        ("data", b"\n " + LINE, "jsonl"),
        ("data.jsonl", b"[" + LINE + b"]", "json"),
        ("data.csv", b"text,label\na,x\n", "csv"),
    ],
)
def test_the_format_comes_from_the_name_then_the_content(
    tmp_path: Path, name: str, content: bytes, form: str
) -> None:
    dataset = load([written(tmp_path, name, content)])

    assert (dataset.files[0].format, len(dataset)) == (form, 1)


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("data.txt", b"hello\n", "no format this tool knows"),
        ("data.parquet", LINE, "not a Parquet file"),
        ("data.jsonl", b"PAR1....", "holds Parquet or Arrow"),
        ("data.jsonl", LINE.decode().encode("utf-16"), "UTF-16"),
        ("data.jsonl.gz", LINE, "not gzip"),
    ],
)
def test_a_name_that_lies_is_an_error(tmp_path: Path, name: str, content: bytes, part: str) -> None:
    with pytest.raises(InputError, match=part):
        load([written(tmp_path, name, content)])


def test_stems_say_nothing_of_the_format() -> None:
    assert [stem(Path(p)) for p in ("a/r.jsonl.gz", "r.v2.csv", "r.parquet", "folder", "x.y")] == [
        "r",
        "r.v2",
        "r",
        "folder",
        "x.y",
    ]
