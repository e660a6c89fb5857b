"""The scan folder: written whole, read back checked, and the same bytes for the same content."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scan_folder import make_dataset, make_manifest, make_verdicts, write_folder

from curation_gate.errors import ResultError
from curation_gate.quarantine import manifest as module
from curation_gate.quarantine.manifest import (
    MANIFEST,
    QUARANTINE,
    SCORES,
    content_hash,
    read_manifest,
)
from curation_gate.quarantine.reading import read_quarantine, read_scores
from curation_gate.quarantine.writing import write_results


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    dataset = make_dataset(6)
    verdicts = make_verdicts(6, quarantine=(1, 4), review=(2,))
    write_folder(tmp_path, dataset, verdicts)

    manifest = read_manifest(tmp_path)
    assert manifest["counts"] == {"rows": 6, "keep": 3, "review": 1, "quarantine": 2}
    assert manifest["schema_version"] == 1
    assert manifest["content_hash"] == content_hash(manifest)

    lines = read_quarantine(tmp_path)
    assert [line["row"] for line in lines] == [1, 2, 4]
    assert [line["verdict"] for line in lines] == ["quarantine", "review", "quarantine"]
    assert lines[0] == {
        "row": 1,
        "id": dataset.rows[1].id,
        "fingerprint": dataset.rows[1].fingerprint,
        "verdict": "quarantine",
        "score": 0.9,
        "task": dataset.rows[1].task,
        "reasons": [{"rule": "CG002", "message": "pushes both ways", "evidence": {"z": 4.5}}],
        "record": dict(dataset.records[1]),
    }

    table = read_scores(tmp_path)
    assert table.column_names == [
        "row", "fingerprint", "task", "verdict", "score",
        "CG002", "CG008", "influence", "influence_negated", "loss",
    ]  # fmt: skip
    assert table["fingerprint"].to_pylist() == [row.fingerprint for row in dataset.rows]
    assert [str(table.schema.field(name).type) for name in ("row", "score", "CG002")] == [
        "int64", "float", "float",
    ]  # fmt: skip


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    dataset, verdicts = make_dataset(5), make_verdicts(5, quarantine=(0,))
    write_folder(tmp_path / "a", dataset, verdicts)
    write_folder(tmp_path / "b", dataset, verdicts, device="cuda", peak_memory_mb=7.5, timings={})
    for name in (QUARANTINE, SCORES):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    first, second = read_manifest(tmp_path / "a"), read_manifest(tmp_path / "b")
    assert first["content_hash"] == second["content_hash"]
    assert (tmp_path / "a" / MANIFEST).read_bytes() != (tmp_path / "b" / MANIFEST).read_bytes()
    volatile = {"timings", "peak_memory_mb", "device"}
    assert {k: v for k, v in first.items() if k not in volatile} == {
        k: v for k, v in second.items() if k not in volatile
    }
    write_folder(tmp_path / "c", dataset, verdicts)
    assert (tmp_path / "a" / MANIFEST).read_bytes() == (tmp_path / "c" / MANIFEST).read_bytes()


def test_any_text_survives_and_cannot_steer_a_terminal(tmp_path: Path) -> None:
    nasty = 'a\u2028b\u202ec\x1b[31m\x9b\x85\ud83d \U0001f600 "\\ \x00 \ufeff%\r\n</script>'
    dataset = make_dataset(3)
    record = {**dataset.records[1], "input": nasty, "when": np.float32(2.5), "gone": float("nan")}
    dataset = replace(dataset, records=(dataset.records[0], record, dataset.records[2]))
    write_folder(tmp_path, dataset, make_verdicts(3, quarantine=(1,)))

    assert read_quarantine(tmp_path)[0]["record"]["input"] == nasty
    assert read_quarantine(tmp_path)[0]["record"]["when"] == 2.5
    assert read_quarantine(tmp_path)[0]["record"]["gone"] is None
    stored = (tmp_path / QUARANTINE).read_bytes()
    assert len(stored.splitlines()) == 1
    text = stored.decode()
    assert not {"\x1b", "\x9b", "\u202e", "\u2028", "\x85"} & set(text)
    assert "\U0001f600" in text


def test_nothing_flagged_writes_an_empty_quarantine(tmp_path: Path) -> None:
    write_folder(tmp_path, make_dataset(4), make_verdicts(4))
    assert (tmp_path / QUARANTINE).read_bytes() == b""
    assert read_quarantine(tmp_path) == []


def test_scores_keep_not_a_number(tmp_path: Path) -> None:
    scores = {"CG002": np.array([np.nan, 1.5, 0.25], dtype=np.float32)}
    write_folder(tmp_path, make_dataset(3), make_verdicts(3), columns=scores)
    column = read_scores(tmp_path)["CG002"].to_numpy()
    assert np.isnan(column[0])
    assert column[1:].tolist() == [1.5, 0.25]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": {"rows": 5, "keep": 5, "review": 1, "quarantine": 0}}, "add up to 6"),
        ({"counts": {"rows": 5, "keep": 6, "review": -1, "quarantine": 0}}, "counts.review is -1"),
        ({"counts": {"rows": 4, "keep": 4, "review": 0, "quarantine": 0}}, "dataset.rows"),
        ({"counts": {"rows": 5, "keep": 4, "review": 1, "quarantine": 0}}, "counts.keep is 4"),
        ({"verdict": "fine"}, "unknown verdict 'fine'"),
        ({"verdict": "clean", "counts": {"rows": 5, "keep": 4, "review": 0, "quarantine": 1}},
         "verdict clean with 1 quarantined"),
        ({"notes": None}, "key notes has the wrong type"),
    ],
)  # fmt: skip
def test_a_manifest_that_contradicts_itself_is_not_written(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    dataset, verdicts = make_dataset(5), make_verdicts(5)
    manifest = {**make_manifest(dataset, verdicts), **change}
    with pytest.raises(ResultError, match=message):
        write_results(tmp_path, manifest=manifest, dataset=dataset, verdicts=verdicts, columns={})
    assert list(tmp_path.iterdir()) == []


def test_scores_of_another_length_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="rows of column CG002"):
        write_folder(
            tmp_path, make_dataset(3), make_verdicts(3), columns={"CG002": np.zeros(2, np.float32)}
        )


def test_a_flagged_row_without_a_reason_is_not_written(tmp_path: Path) -> None:
    verdicts = replace(make_verdicts(3, quarantine=(1,)), reasons={})
    with pytest.raises(ResultError, match="row 1 has a reason or a verdict, not both"):
        write_folder(tmp_path, make_dataset(3), verdicts)


def test_a_column_cannot_take_a_base_name(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="cannot be called score"):
        write_folder(
            tmp_path, make_dataset(2), make_verdicts(2), columns={"score": np.zeros(2, np.float32)}
        )


@pytest.mark.parametrize("read", [read_manifest, read_quarantine, read_scores])
def test_a_missing_folder_says_what_to_run(tmp_path: Path, read: object) -> None:
    for folder in (tmp_path / "absent", tmp_path):
        with pytest.raises(ResultError) as caught:
            read(folder)  # type: ignore[operator]
        assert "curate scan" in str(caught.value.hint)
        assert str(folder) in caught.value.message


@pytest.mark.parametrize(
    ("name", "damage", "read", "message"),
    [
        (MANIFEST, lambda b: b[:-30], read_manifest, "not JSON"),
        (MANIFEST, lambda _: b"[]", read_manifest, "not a JSON object"),
        (MANIFEST, lambda b: b.replace(b'"keep": 3', b'"keep": 4'), read_manifest, "content_hash"),
        (MANIFEST, lambda _: b"{}", read_manifest, "no schema_version"),
        (QUARANTINE, lambda b: b[: b.index(b"\n") + 1], read_quarantine, "1 rows for quarantine"),
        (QUARANTINE, lambda b: b[:-20], read_quarantine, "quarantine.jsonl:2: damaged: not JSON"),
        (QUARANTINE, lambda b: b.replace(b'"task"', b'"tusk"'), read_quarantine, "key task"),
        (SCORES, lambda b: b[:-20], read_scores, "not a Parquet file"),
        (SCORES, lambda _: b"", read_scores, "not a Parquet file"),
    ],
)
def test_damage_is_named(
    tmp_path: Path, name: str, damage: object, read: object, message: str
) -> None:
    write_folder(tmp_path, make_dataset(5), make_verdicts(5, quarantine=(1, 3)))
    path = tmp_path / name
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ResultError, match=message) as caught:
        read(tmp_path)  # type: ignore[operator]
    assert caught.value.hint


def test_scores_of_another_scan_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "a", make_dataset(5), make_verdicts(5))
    write_folder(tmp_path / "b", make_dataset(4), make_verdicts(4))
    (tmp_path / "b" / SCORES).replace(tmp_path / "a" / SCORES)
    with pytest.raises(ResultError, match="4 rows, the manifest says 5"):
        read_scores(tmp_path / "a")


def test_a_later_version_is_refused_and_an_older_one_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path, make_dataset(3), make_verdicts(3))
    path = tmp_path / MANIFEST
    manifest = json.loads(path.read_bytes())

    def store(version: int) -> None:
        changed = {**manifest, "schema_version": version}
        path.write_text(json.dumps({**changed, "content_hash": content_hash(changed)}))

    store(2)
    with pytest.raises(ResultError, match="reads up to 1") as caught:
        read_manifest(tmp_path)
    assert "update curation-gate" in str(caught.value.hint)

    store(0)
    with pytest.raises(ResultError, match="version 0 is not read any more"):
        read_manifest(tmp_path)
    monkeypatch.setattr(module, "MIGRATIONS", {0: lambda old: {**old, "schema_version": 1}})
    assert read_manifest(tmp_path)["schema_version"] == 1


def test_an_interrupted_write_leaves_no_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, verdicts = make_dataset(3), make_verdicts(3)
    write_folder(tmp_path, dataset, verdicts)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "write_table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path, dataset, verdicts)
    assert not (tmp_path / MANIFEST).exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == [QUARANTINE, SCORES]
