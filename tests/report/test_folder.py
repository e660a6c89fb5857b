from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from report.scan_builder import ScanBuilder

from curation_gate.errors import ResultError
from curation_gate.report.folder import find, load, quoted, shown


def test_a_folder_is_found_by_itself_and_by_its_data(scan: Path, tmp_path: Path) -> None:
    assert find(scan) == scan
    data = tmp_path / "reviews.jsonl"
    assert find(data) == scan  # the data may have moved away
    data.touch()
    assert find(data) == scan


def test_a_scanned_folder_of_data_means_the_scan_beside_it(tmp_path: Path) -> None:
    data = tmp_path / "set"
    data.mkdir()
    scan = ScanBuilder(n=20, planted=2, honest_mentions=0).write(tmp_path / "set.curation")
    assert find(data) == scan


@pytest.mark.parametrize(
    ("name", "exists", "command"),
    [
        ("new data.jsonl", True, "curate scan '"),
        ("gone.jsonl", False, "curate scan DATA"),
        ("gone.jsonl.curation", False, "gone.jsonl`"),
    ],
)
def test_what_is_not_there_names_the_next_command(
    tmp_path: Path, name: str, exists: bool, command: str
) -> None:
    if exists:
        (tmp_path / name).touch()
    with pytest.raises(ResultError) as caught:
        find(tmp_path / name)
    assert command in (caught.value.hint or "")


def test_a_folder_without_a_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResultError):
        load(find(tmp_path))


@pytest.mark.parametrize("name", ["manifest.json", "quarantine.jsonl", "scores.parquet"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "garbage"])
def test_every_damage_is_a_result_error_with_the_scan_to_run(
    scan: Path, name: str, damage: str
) -> None:
    path = scan / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        half = content[: len(content) // 2]
        path.write_bytes({"empty": b"", "cut": half, "garbage": b"\xff\x00[]"}[damage])
    with pytest.raises(ResultError) as caught:
        load(scan)
    assert "curate scan" in (caught.value.hint or "")
    assert "reviews.jsonl" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "change",
    [
        {"rule_counts": {"CG002": {"rows": 1}}},
        {"rule_counts": {"CG002": "many"}},
        {"phrases": [{}]},
        {"floor": {"any row": {"half": 7, "tried": 40}}},
        {"floor": {"any row": {"half": "some", "nine_in_ten": None, "tried": 40}}},
        {"rules": {}},
        {"dataset": {"rows": 300, "fingerprint": "ab" * 16}},
    ],
)
def test_a_manifest_of_another_shape_is_damage_not_a_crash(
    tmp_path: Path, change: dict[str, object]
) -> None:
    folder = ScanBuilder(manifest=change).write(tmp_path / "x.curation")
    with pytest.raises(ResultError, match="damaged"):
        load(folder)


def test_scores_in_another_order_are_damage(scan: Path) -> None:
    table = pq.read_table(scan / "scores.parquet")
    pq.write_table(table.take(np.arange(len(table))[::-1]), scan / "scores.parquet")
    with pytest.raises(ResultError, match=r"not 0, 1, 2"):
        load(scan)


def test_rows_come_most_suspect_first(scan: Path) -> None:
    flagged = load(scan).flagged
    verdicts = [line["verdict"] for line in flagged]
    assert verdicts == ["quarantine"] * 12 + ["review"] * 3
    scores = [line["score"] for line in flagged[:12]]
    assert scores == sorted(scores, reverse=True)


def test_rules_and_missing_scores(scan: Path) -> None:
    found = load(scan)
    assert found.rules == ("CG002", "CG003")
    assert np.isnan(found.columns["CG002"][-1])


def test_paths_are_shown_as_one_would_type_them(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(scan) == "reviews.jsonl.curation"
    assert load(scan).data_arguments == "reviews.jsonl"
    assert shown(tmp_path.parent / "x") == str(tmp_path.parent / "x")
    assert quoted(tmp_path / "-o x") == "'./-o x'"
    moved = tmp_path / "runs"
    shutil.move(scan, moved)
    assert load(moved).data_arguments == "reviews.jsonl"  # the name in the manifest


def test_a_folder_in_the_making_is_shown_under_its_final_name(scan: Path, tmp_path: Path) -> None:
    found = load(scan, name=tmp_path / "other.csv.curation")
    assert found.cleaned == tmp_path / "other.csv.curation" / "cleaned.jsonl"
    assert found.data_arguments.endswith("other.csv")
