from __future__ import annotations

import gzip
import hashlib
import json
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from curation_gate.errors import InconclusiveError, InputError
from curation_gate.rows import dataset_fingerprint, load, row_fingerprint, write_cleaned

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from curation_gate.progress import Task


def lines(path: Path, *rows: dict[str, object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_several_files_become_one_dataset_in_order(tmp_path: Path) -> None:
    one = lines(tmp_path / "one.jsonl", {"text": "a", "label": "x", "id": 1, "source": "web"})
    two = lines(tmp_path / "two.jsonl", {"instruction": "d", "output": "y"})

    dataset = load([two, one])

    assert [(r.index, r.file, r.line, r.task, r.id, r.source) for r in dataset.rows] == [
        (0, 0, 1, "general", None, None),
        (1, 1, 1, "labels", "1", "web"),
    ]
    assert [(f.path, f.schema, f.rows) for f in dataset.files] == [
        (two, "alpaca", 1),
        (one, "text-label", 1),
    ]
    assert dataset.files[1].sha256 == hashlib.sha256(one.read_bytes()).hexdigest()
    assert dataset.rows[1].fingerprint == row_fingerprint("", "a", "x")
    assert dataset.fingerprint == dataset_fingerprint(r.fingerprint for r in dataset.rows)
    assert dataset.fingerprint == load([one, two]).fingerprint
    assert set(dataset.label_spaces) == {"general", "labels"}


def test_one_path_needs_no_list(tmp_path: Path) -> None:
    path = lines(tmp_path / "one.jsonl", {"text": "a", "label": "x"})

    assert len(load(str(path))) == len(load(path)) == 1


def test_packed_rows_are_the_same_rows(tmp_path: Path) -> None:
    plain = lines(tmp_path / "data.jsonl", *({"text": f"{k}", "label": "x"} for k in range(50)))
    packed = tmp_path / "data.jsonl.gz"
    content = plain.read_bytes()
    packed.write_bytes(gzip.compress(content[:100]) + gzip.compress(content[100:]))

    one, two = load([plain]), load([packed])

    assert one.rows == two.rows
    assert one.files[0].sha256 != two.files[0].sha256
    assert two.files[0].sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()


def test_an_empty_file_beside_a_full_one_is_kept_and_said(tmp_path: Path) -> None:
    full = lines(tmp_path / "full.jsonl", {"text": "a", "label": "x"})
    empty = lines(tmp_path / "empty.jsonl")
    heard: list[str] = []
    counted: list[int] = []

    class Listener:
        def stage(
            self, title: str, total: int | None = None, *, unit: str = "rows"
        ) -> AbstractContextManager[Task]:
            return nullcontext(self)

        def advance(self, rows: int = 1) -> None:
            counted.append(rows)

        def note(self, text: str) -> None:
            raise AssertionError(text)

        def say(self, text: str) -> None:
            heard.append(text)

    dataset = load([empty, full], progress=Listener())

    assert [file.rows for file in dataset.files] == [0, 1]
    assert heard == [f"{empty}: no rows"]
    assert sum(counted) == 1


def test_no_rows_at_all_are_inconclusive(tmp_path: Path) -> None:
    with pytest.raises(InconclusiveError) as caught:
        load([lines(tmp_path / "a.jsonl"), lines(tmp_path / "b.jsonl")])

    assert caught.value.exit_code == 3
    with pytest.raises(InconclusiveError, match="no files given"):
        load([])


def test_errors_name_file_and_line(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {"text": "a", "label": "x"}, {"text": "b"})

    with pytest.raises(InputError) as caught:
        load([path])

    assert caught.value.message == f'{path}:2: "label" is missing'
    assert caught.value.hint == "the file was read as text-label"
    with pytest.raises(InputError, match=r'a\.jsonl:1: there is no column "answer" for output'):
        load([path], columns={"output": "answer"})


def test_columns_reach_every_file(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {"q": "a", "a": "x", "who": "eve"})

    dataset = load([path], columns={"input": "q", "output": "a", "source": "who"})

    assert (dataset.rows[0].input, dataset.rows[0].source) == ("a", "eve")
    assert dataset.files[0].columns == {"input": "q", "output": "a", "source": "who"}


def test_the_pool_is_read_whole(pool: Path) -> None:
    told = json.loads((pool / "tasks.json").read_text())
    names = ["poem_sentiment", "general_dolly_subset", "restaurant_review"]

    dataset = load([pool / f"{name}.jsonl.gz" for name in names])

    assert [file.rows for file in dataset.files] == [told[name]["count"] for name in names]
    assert set(dataset.tasks) == set(names)
    assert {file.schema for file in dataset.files} == {"natural-instructions"}


def test_cleaned_rows_keep_the_tasks_they_had(tmp_path: Path) -> None:
    shared = "Favourable or not? Answer yes or no."
    rows = [{"instruction": shared, "input": f"{k}", "output": "yn"[k % 2]} for k in range(12)]
    path = lines(tmp_path / "a.jsonl", *rows, {"instruction": "rare", "output": "b"})
    dataset = load([path])

    (cleaned,) = write_cleaned(dataset, range(2, 12), tmp_path / "out")

    assert [row.task for row in load([cleaned]).rows] == ["general"] * 3
    again = load([cleaned], like=dataset)
    assert [row.task for row in again.rows] == [dataset.rows[k].task for k in (0, 1, 12)]
    assert again.label_spaces == dataset.label_spaces
    assert set(again.label_spaces.values()) == {(), ("n", "y")}
