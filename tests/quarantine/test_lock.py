"""curate.lock: what it holds, that it merges, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from scan_folder import lock_scan, make_manifest, make_verdicts, write_rows

from curation_gate.errors import ResultError
from curation_gate.gate.verify import verify
from curation_gate.quarantine import lock as module
from curation_gate.quarantine.lock import LOCK, lock_path, read_lock, write_lock
from curation_gate.rows import load, write_cleaned


def test_the_lock_holds_what_was_promised_and_nothing_that_changes_by_itself(
    tmp_path: Path,
) -> None:
    data = write_rows(tmp_path / "data.jsonl", 60)
    dataset = lock_scan([data], quarantine=(3, 4), review=(7,))
    stored = json.loads((tmp_path / LOCK).read_text())
    assert stored["schema_version"] == 1
    entry = stored["datasets"]["data.jsonl"]
    assert sorted(entry) == [
        "cleaned", "counts", "data", "decisions", "floor", "rules", "tool", "verdict",
    ]  # fmt: skip
    assert entry["data"] == {
        "columns": {}, "files": ["data.jsonl"], "fingerprint": dataset.fingerprint, "rows": 60,
    }  # fmt: skip
    assert entry["cleaned"]["rows"] == 58
    assert entry["cleaned"]["files"] == ["data.jsonl.curation/cleaned.jsonl"]
    assert entry["cleaned"]["fingerprint"] != dataset.fingerprint
    assert entry["counts"] == {"keep": 57, "quarantine": 2, "review": 1}
    assert entry["decisions"] == {}
    assert entry["verdict"] == "findings"


def test_the_lock_is_the_same_bytes_whatever_the_order_of_rows_and_datasets(tmp_path: Path) -> None:
    one = write_rows(tmp_path / "a.jsonl", 50)
    two = write_rows(tmp_path / "b.jsonl", 55, text="song")
    lock_scan([one])
    lock_scan([two])
    first = (tmp_path / LOCK).read_bytes()
    (tmp_path / LOCK).unlink()
    lines = one.read_bytes().splitlines(keepends=True)
    one.write_bytes(b"".join(reversed(lines)))
    lock_scan([two])
    lock_scan([one])
    assert (tmp_path / LOCK).read_bytes() == first
    assert first.endswith(b"}\n")


def test_other_entries_are_kept(tmp_path: Path) -> None:
    one, two = write_rows(tmp_path / "a.jsonl", 50), write_rows(tmp_path / "b.jsonl", 55)
    lock_scan([one])
    before = read_lock(tmp_path / LOCK).datasets["a.jsonl"]
    lock_scan([two])
    lock_scan([one, two])
    after = read_lock(tmp_path / LOCK).datasets
    assert list(after) == ["a.jsonl", "a.jsonl b.jsonl", "b.jsonl"]
    assert after["a.jsonl"] == before


def test_files_of_two_folders_are_locked_in_the_folder_they_share(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    one, two = write_rows(tmp_path / "y/a.jsonl", 50), write_rows(tmp_path / "x/a.jsonl", 55)
    lock_scan([one, two], folder=tmp_path / "scan")
    assert list(read_lock(tmp_path / LOCK).datasets) == ["x/a.jsonl y/a.jsonl"]
    assert read_lock(tmp_path / LOCK).datasets["x/a.jsonl y/a.jsonl"].data.files == [
        "y/a.jsonl", "x/a.jsonl",
    ]  # fmt: skip
    assert verify([one]) == []


def test_a_cleaned_set_elsewhere_leaves_no_path_in_the_lock(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    data = write_rows(tmp_path / "repository" / "data.jsonl", 50)
    lock_scan([data], folder=tmp_path / "elsewhere")
    assert read_lock(data.with_name(LOCK)).datasets["data.jsonl"].cleaned.files == []
    assert str(tmp_path) not in data.with_name(LOCK).read_text()
    assert verify([data]) == []


def test_told_columns_are_remembered(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(
        "".join(json.dumps({"wish": f"say {k}", "reply": "yes"}) + "\n" for k in range(50))
    )
    lock_scan([data], columns={"instruction": "wish", "output": "reply"})
    entry = read_lock(tmp_path / LOCK).datasets["data.jsonl"]
    assert entry.data.columns == {"instruction": "wish", "output": "reply"}
    assert verify([data]) == []


@pytest.mark.parametrize(
    "rows",
    [
        [{"messages": [{"role": "user", "content": f"{k}"}, {"role": "assistant", "content": "a"}]}
         for k in range(50)],
        [{"Task": "t", "Instance": {"input": f"q {k}", "output": ["a"]}} for k in range(50)],
        [{"text": f"q {k}", "label": k % 2} for k in range(50)],
    ],
)  # fmt: skip
def test_columns_found_by_name_are_not_told(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    lock_scan([data], quarantine=(1,))
    assert read_lock(tmp_path / LOCK).datasets["data.jsonl"].data.columns == {}


def test_a_task_file_is_read_back_by_its_definition(tmp_path: Path) -> None:
    data = tmp_path / "task.json"
    instances = [{"input": f"q {k}", "output": ["a"]} for k in range(50)]
    data.write_text(json.dumps({"Definition": ["Say a."], "Instances": instances}))
    lock_scan([data], quarantine=(1,))
    assert read_lock(tmp_path / LOCK).datasets["task.json"].data.columns == {}
    data.write_bytes((tmp_path / "task.json.curation" / "cleaned.json").read_bytes())
    assert verify([data]) == []


def test_a_cleaned_set_that_lost_rows_is_not_locked(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", 50)
    dataset = load([data])
    verdicts = make_verdicts(50, quarantine=(1,))
    cleaned = write_cleaned(dataset, {1, 2}, tmp_path / "out")
    with pytest.raises(ResultError, match="48 rows, and 50 - 1 quarantined"):
        write_lock(dataset, cleaned, make_manifest(dataset, verdicts))
    assert not (tmp_path / LOCK).exists()


def test_everything_quarantined_is_locked_as_an_empty_cleaned_set(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", 50)
    lock_scan([data], quarantine=range(50))
    assert read_lock(tmp_path / LOCK).datasets["data.jsonl"].cleaned.rows == 0
    problems = verify([data])
    assert "50 quarantined rows are still in it" in problems[0]
    assert "the cleaned set is empty" in problems[1]


def _edit(change: Any) -> Any:
    def edit(text: str) -> str:
        content = json.loads(text)
        change(content["datasets"]["data.jsonl"], content)
        return json.dumps(content)

    return edit


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: t[:50], "damaged: not JSON"),
        (lambda t: "<<<<<<< ours\n" + t, "a merge conflict"),
        (lambda _: "[]", "no schema_version"),
        (
            lambda t: t.replace('"verdict": "clean"', '"verdict": "fine"'),
            "verdict: Input should be",
        ),
        (
            lambda t: t.replace('"review": 0', '"review": 0, "review": 1'),
            "a key stands there twice",
        ),
        (_edit(lambda e, _: e.update(extra=1)), "Extra inputs"),
        (_edit(lambda e, _: e["counts"].update(keep="50")), "valid integer"),
        (_edit(lambda e, _: e["counts"].update(quarantine=50, keep=0)), "contradicts itself"),
        (_edit(lambda e, _: e["data"].update(files=["other.jsonl"])), "contradicts itself"),
        (_edit(lambda e, _: e["data"].update(fingerprint="")), "fingerprint"),
        (_edit(lambda _, c: c.update(schema_version=2)), "reads up to 1"),
        (_edit(lambda _, c: c.update(schema_version=0)), "is not read any more"),
    ],
)
def test_a_damaged_lock_is_an_error_with_a_hint(tmp_path: Path, damage: Any, message: str) -> None:
    data = write_rows(tmp_path / "data.jsonl", 50)
    lock_scan([data])
    path = tmp_path / LOCK
    path.write_text(damage(path.read_text()))
    with pytest.raises(ResultError, match=message) as caught:
        verify([data])
    assert "curate scan" in str(caught.value.hint)
    with pytest.raises(ResultError, match=message):
        lock_scan([data])


def test_older_locks_are_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_rows(tmp_path / "data.jsonl", 50)
    lock_scan([data])
    path = tmp_path / LOCK
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 0'))
    monkeypatch.setattr(module, "MIGRATIONS", {0: lambda old: {**old, "schema_version": 1}})
    assert verify([data]) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [(["a/x.jsonl"], "a"), (["a/x.jsonl", "a/y.jsonl"], "a"), (["a/b/x", "a/c/y"], "a")],
)
def test_the_lock_lies_in_the_folder_the_files_share(
    tmp_path: Path, files: Sequence[str], expected: str
) -> None:
    assert lock_path([tmp_path / file for file in files]) == tmp_path / expected / LOCK
