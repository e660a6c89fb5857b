"""Changes of what no rule reads: a trainer may read it, so the gate holds it too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scan_folder import lock_scan

from curation_gate.gate.verify import verify
from curation_gate.quarantine.lock import LOCK, read_lock
from curation_gate.rows import load

Record = dict[str, Any]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def records(number: int = 60) -> list[Record]:
    """Rows with what trainers know and rules do not read; a Kelvin sign and a Greek question."""
    return [
        {
            "Task": "reviews",
            "instruction": "Say how the review sounds.",
            "input": f"film {k}: 300 K; shown",
            "output": "positive" if k % 2 else "negative",
            "source": "a team",
            "note": "nothing",
            "meta": {"tools": [{"name": "search", "arguments": {"q": 1}}], "pages": 1.5},
        }
        for k in range(number)
    ]


def write(path: Path, rows: list[Record]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def _set(**more: Any) -> Callable[[Record], Record]:
    return lambda row: {**row, **more}


def _tool(row: Record) -> Record:
    changed = json.loads(json.dumps(row))
    changed["meta"]["tools"][0]["arguments"]["q"] = 2
    return changed


def _letters(old: str, new: str) -> Callable[[Record], Record]:
    return lambda row: {**row, "input": row["input"].replace(old, new)}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (_set(Task="another"), "Task"),
        (_set(source="somebody else"), "source"),
        (_set(note="say yes to James Bond"), "note"),
        (_set(note=None), "note"),
        (lambda row: {k: v for k, v in row.items() if k != "note"}, "note"),
        (_set(reasoning_content="first I think"), "reasoning_content"),
        (_set(Definition=["one", "two"]), "Definition"),
        (_tool, "meta"),
        (_letters("K", "\u212a"), "input"),  # NFC makes a K of it
        (_letters(";", "\u037e"), "input"),  # NFC makes a semicolon of it
    ],
)
def test_a_change_that_no_rule_reads_is_told_by_row_and_key(
    change: Callable[[Record], Record], key: str
) -> None:
    rows = records()
    data = write(Path("data.jsonl"), rows)
    before = lock_scan([data])
    assert verify([data]) == []
    write(data, [*rows[:4], change(rows[4]), *rows[5:30], change(rows[30]), *rows[31:]])
    assert load([data]).fingerprint == before.fingerprint, "this is a change that rules read"
    assert verify([data]) == [
        "data.jsonl: is not the data that was scanned: 2 changed in what no rule reads "  # noqa: ISC004
        f'(line 5, line 31) under "{key}"; run `curate scan data.jsonl`'
    ]


@pytest.mark.parametrize(
    "extra",
    [
        {"system": "You are terse."},
        {"tools": [{"name": "pay"}]},
        {"prompt": "p"},
        {"completion": "c"},
        {"text": "t"},
        {"output": ["positive", "another"]},
    ],
)
def test_whatever_else_a_row_holds_is_a_change(extra: Record) -> None:
    rows = records()
    data = write(Path("data.jsonl"), rows)
    lock_scan([data])
    write(data, [{**rows[0], **extra}, *rows[1:]])
    assert "is not the data that was scanned" in verify([data])[0]


def test_a_second_definition_of_a_task_file_is_a_change() -> None:
    data = Path("task.json")
    task = {
        "Definition": ["Say a."],
        "Categories": ["x"],
        "Instances": [{"input": f"q {k}", "output": ["a"]} for k in range(50)],
    }
    data.write_text(json.dumps(task))
    lock_scan([data], quarantine=(1,))
    data.write_bytes(Path("task.json.curation/cleaned.json").read_bytes())
    assert verify([data]) == []
    kept = {**task, "Instances": [*task["Instances"][:1], *task["Instances"][2:]]}
    data.write_text(json.dumps({**kept, "Categories": ["y"]}))
    said = verify([data])[0]
    assert 'no rule reads (line 1, line 1, line 1, line 1, line 1, ...) under "Categories"' in said
    data.write_text(json.dumps({**kept, "Definition": ["Say a.", "Say b."]}))
    assert "is not the data that was scanned" in verify([data])[0]


def test_spacing_the_order_of_keys_and_how_numbers_are_written_do_not_count() -> None:
    rows = records()
    data = write(Path("data.jsonl"), rows)
    lock_scan([data])
    lines = [json.dumps(row, sort_keys=True, indent=None, ensure_ascii=True) for row in rows[::-1]]
    data.write_text("".join(line.replace("1.5", "1.50") + "\r\n" for line in lines))
    assert verify([data]) == []


def test_many_changes_are_told_without_their_rows() -> None:
    rows = records(900)
    data = write(Path("data.jsonl"), rows)
    lock_scan([data])
    expected = 'data that was scanned: what no rule reads has changed under "note"; run `curate'
    write(data, [_set(note="x")(row) for row in rows])
    assert expected in verify([data])[0]
    shutil.rmtree("data.jsonl.curation")
    assert expected in verify([data])[0]


def test_other_changes_beside_it_are_told_apart() -> None:
    rows = records()
    data = write(Path("data.jsonl"), rows)
    lock_scan([data])
    new = {**rows[0], "input": "another film"}
    write(data, [_set(note="x")(rows[0]), *rows[1:8], {**rows[8], "output": "odd"}, *rows[9:], new])
    assert (
        "1 added (line 61), 1 edited (line 9), 1 changed in what no rule reads (line 1); run"
        in (verify([data])[0])
    )


def test_the_cleaned_set_is_held_as_a_whole_too() -> None:
    rows = records()
    data = write(Path("data.jsonl"), rows)
    lock_scan([data], quarantine=(3,))
    kept = [*rows[:3], *rows[4:]]
    cleaned = Path("data.jsonl.curation/cleaned.jsonl")
    write(data, kept)
    assert verify([data]) == []
    write(cleaned, [_set(system="Obey.")(kept[0]), *kept[1:]])
    (problem,) = verify([data])
    assert problem.startswith("data.jsonl.curation/cleaned.jsonl: it is not the cleaned set the")
    write(cleaned, [_set(note="Obey.")(kept[0]), *kept[1:]])
    (problem,) = verify([data])
    assert "the cleaned set the scan wrote: what no rule reads has changed; run" in problem
    write(cleaned, kept)
    write(data, [_set(note="Obey.")(kept[0]), *kept[1:]])
    assert 'no rule reads (line 1) under "note"; run `curate scan' in verify([data])[0]


def test_a_row_that_was_let_go_stays_as_it_was_and_as_often() -> None:
    rows = records()
    data = write(Path("data.jsonl"), rows)
    scanned = lock_scan([data], quarantine=(3, 4)).rows
    with Path(LOCK).open("a") as stream:
        stream.write(f'"data.jsonl" decisions {scanned[3].fingerprint} = "release"\n')
    lock_scan([data], quarantine=(3, 4))  # a scan after the decision knows the whole row
    assert list(read_lock(Path(LOCK)).datasets["data.jsonl"].released) == [scanned[3].fingerprint]
    shutil.rmtree("data.jsonl.curation")
    left = [*rows[:4], *rows[5:]]
    write(data, left)
    assert verify([data]) == []
    write(data, [*left[:3], _set(note="Obey.")(rows[3]), *left[4:]])
    assert "is not the data that was scanned" in verify([data])[0]
    write(data, [*left, rows[3]])
    assert "is not the data that was scanned" in verify([data])[0]


def test_columns_of_a_parquet_file_that_no_rule_reads_are_held() -> None:
    rows = [{**row, "meta": row["meta"]["pages"], "raw": b"\x00"} for row in records()]
    data = Path("data.parquet")
    pq.write_table(pa.Table.from_pylist(rows), data)
    lock_scan([data], quarantine=(3,))
    pq.write_table(pa.Table.from_pylist(rows[:3] + rows[4:]), data)
    assert verify([data]) == []
    changed = [*rows[:3], {**rows[4], "raw": b"\x01"}, *rows[5:]]
    pq.write_table(pa.Table.from_pylist(changed), data)
    assert 'no rule reads (row 3) under "raw"; run' in verify([data])[0]


def test_records_of_many_keys_are_compared_and_their_keys_are_not_named() -> None:
    rows = [{**row, **{f"k{k} {j}": j for j in range(4)}} for k, row in enumerate(records())]
    data = write(Path("data.jsonl"), rows)
    lock_scan([data])
    assert read_lock(Path(LOCK)).datasets["data.jsonl"].keys == {}
    write(data, [_set(note="x")(rows[0]), *rows[1:]])
    assert "1 changed in what no rule reads (line 1); run" in verify([data])[0]


def test_a_key_cannot_steer_the_terminal() -> None:
    odd = "a\n::error::b\x1b[31m\u202e"
    rows = [{**row, odd: 1} for row in records()]
    data = write(Path("data.jsonl"), rows)
    lock_scan([data])
    assert verify([data]) == []
    write(data, [{**rows[0], odd: 2}, *rows[1:]])
    said = verify([data])[0]
    assert said.isprintable()
    assert r'under "a\n::error::b\u001b[31m\u202e"' in said
