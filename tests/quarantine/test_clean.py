from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scan_folder import lock_scan, write_rows

from curation_gate.detectors.evidence import Verdicts
from curation_gate.errors import InputError, ResultError, UsageError
from curation_gate.expectations.native import broken
from curation_gate.expectations.result import Checked, CheckResult
from curation_gate.gate.verify import verify
from curation_gate.quarantine.clean import Cleaned, clean
from curation_gate.quarantine.journal import Event, Journal
from curation_gate.quarantine.lock import read_lock
from curation_gate.quarantine.manifest import read_manifest
from curation_gate.quarantine.reading import read_decided, read_quarantine
from curation_gate.report.folder import load as load_folder
from curation_gate.report.html import render
from curation_gate.rows import load
from curation_gate.rows.record import Dataset

CRITICAL = (
    "no_quarantined_fingerprint_left",
    "row_count_is_input_minus_quarantined",
    "no_empty_output",
)


def check(dataset: Dataset, verdicts: Verdicts, cleaned: Dataset) -> CheckResult:
    """The critical expectations without Great Expectations, which takes seconds to import."""
    out = {dataset.rows[k].fingerprint for k, v in enumerate(verdicts.verdict) if v == "quarantine"}
    expected = verdicts.verdict.count("keep") + verdicts.verdict.count("review")
    said = broken(CRITICAL, cleaned.rows, expected, out)
    results = tuple(Checked("t", s, "critical", success=False, observed=s) for s in said)
    return CheckResult(not said, results, "<!doctype html>")


def run(folder: Path, **more: Any) -> Cleaned:
    return clean(folder, check=check, page=lambda s, name: render(s, name=name), **more)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty rows, of which 2, 3, 4 are quarantined and 5, 6 for review."""
    monkeypatch.chdir(tmp_path)
    path = write_rows(tmp_path / "data.jsonl", 20)
    lock_scan([path], quarantine=(2, 3, 4), review=(5, 6), verdict="findings")
    return path


def folder_of(data: Path) -> Path:
    return Path(f"{data}.curation")


def prints(data: Path) -> list[str]:
    return [row.fingerprint for row in load([data]).rows]


def decide(data: Path, *said: tuple[str, int] | tuple[str, int, str] | str) -> None:
    every = prints(data)
    with Journal(folder_of(data)) as journal:
        for one in said:
            if one == "undo":
                journal.append(Event(action="undo"))
                continue
            action, row, *label = one
            journal.append(
                Event(
                    action=action,
                    fingerprints=(every[row],),
                    label=label[0] if label else None,
                    reviewer="Ada",
                )
            )


def content(folder: Path) -> dict[str, bytes]:
    files = [p for p in (*folder.rglob("*"), folder.parent / "curate.lock") if p.is_file()]
    return {str(p): p.read_bytes() for p in files if p.name not in ("review.jsonl", ".review.lock")}


def test_every_decision_takes_effect(data: Path) -> None:
    folder, lines = folder_of(data), data.read_bytes().splitlines(keepends=True)
    assert b'"positive"' in lines[3]
    decide(data, ("release", 2), ("relabel", 3, "negative"), ("accept", 5), ("skip", 4))
    done = run(folder)
    expected = [*lines[:3], lines[3].replace(b"positive", b"negative"), lines[6], *lines[7:]]
    assert (folder / "cleaned.jsonl").read_bytes() == b"".join(expected)
    assert (done.accepted, done.released, done.relabelled, done.undecided) == (1, 1, 1, 2)
    assert (done.to_review, done.rows, done.scanned, done.elsewhere) == (1, 18, 20, 0)
    counts = read_manifest(folder)["counts"]
    assert counts == {"rows": 20, "keep": 17, "review": 1, "quarantine": 2}
    assert [(x["row"], x["verdict"]) for x in read_quarantine(folder)] == [
        (4, "quarantine"),
        (5, "quarantine"),
        (6, "review"),
    ]
    kept = read_decided(folder)
    assert [(x["row"], x["decision"]["decision"]) for x in kept] == [(2, "release"), (3, "relabel")]
    assert {x["decision"]["scanned"] for x in kept} == {"quarantine"}
    assert list(load_folder(folder).columns["verdict"][2:7]) == [
        *("keep", "keep", "quarantine", "quarantine", "review")
    ]
    (entry,) = read_lock(data.with_name("curate.lock")).datasets.values()
    every = prints(data)
    assert entry.decisions == {
        every[2]: {"decision": "release", "reviewer": "Ada"},
        every[3]: {"decision": "relabel", "label": "negative", "reviewer": "Ada"},
        every[5]: {"decision": "accept", "reviewer": "Ada"},
    }
    assert (entry.cleaned.rows, entry.counts.quarantine) == (18, 2)
    assert b"time" not in (data.with_name("curate.lock")).read_bytes()


def test_verify_takes_the_cleaned_set_and_not_the_data(data: Path) -> None:
    decide(data, ("release", 2), ("relabel", 3, "negative"), ("accept", 4))
    run(folder_of(data))
    assert any("quarantined row is still in it" in said for said in verify([data]))
    data.write_bytes((folder_of(data) / "cleaned.jsonl").read_bytes())
    assert verify([data]) == []


def test_verify_does_not_take_old_labels(data: Path) -> None:
    decide(data, *(("release", k) for k in (2, 4, 5, 6)), ("relabel", 3, "negative"))
    run(folder_of(data))
    assert read_manifest(folder_of(data))["verdict"] == "clean"
    (said,) = verify([data])
    assert "1 relabelled row has the old label in it" in said
    data.write_bytes((folder_of(data) / "cleaned.jsonl").read_bytes())
    assert verify([data]) == []


def test_all_released_needs_nothing_else(data: Path) -> None:
    decide(data, *(("release", k) for k in (2, 3, 4, 5, 6)))
    run(folder_of(data))
    assert (folder_of(data) / "cleaned.jsonl").read_bytes() == data.read_bytes()
    assert verify([data]) == []


def test_applied_twice_it_writes_the_same_bytes(data: Path) -> None:
    decide(data, ("release", 2), ("relabel", 3, "negative"), ("accept", 5))
    run(folder_of(data))
    once = content(folder_of(data))
    run(folder_of(data))
    assert content(folder_of(data)) == once


def test_with_all_undone_the_scan_is_back(data: Path) -> None:
    run(folder_of(data))  # without decisions: brings in the report and the check
    before = content(folder_of(data))
    decide(data, ("release", 2), ("accept", 5))
    run(folder_of(data))
    changed = content(folder_of(data))
    assert set(changed) - set(before) == {str(folder_of(data) / "decided.jsonl")}
    assert changed != before
    decide(data, "undo", "undo")
    run(folder_of(data))
    assert content(folder_of(data)) == before


def test_a_decision_can_change_after_it_was_applied(data: Path) -> None:
    decide(data, ("release", 2), ("accept", 5))
    run(folder_of(data))
    decide(data, ("accept", 2), ("release", 5))
    done = run(folder_of(data))
    assert (done.accepted, done.released) == (1, 1)
    assert [(x["row"], x["verdict"]) for x in read_quarantine(folder_of(data))] == [
        *((2, "quarantine"), (3, "quarantine"), (4, "quarantine"), (6, "review"))
    ]


def test_every_row_of_a_content_follows(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    row = json.dumps({"instruction": "i", "input": "x", "output": "yes"}) + "\n"
    other = row.replace('"x"', '"y"').replace("yes", "no")
    data.write_text(row + other + row + other.replace('"y"', '"z"'))
    lock_scan([data], quarantine=(0, 2))
    decide(data, ("relabel", 2, "no"))
    done = run(folder_of(data))
    assert done.relabelled == 2
    assert (folder_of(data) / "cleaned.jsonl").read_text() == data.read_text().replace("yes", "no")


def test_a_label_a_row_has_already_is_a_release(data: Path) -> None:
    decide(data, ("relabel", 2, "negative"))
    done = run(folder_of(data))
    assert (done.released, done.relabelled) == (1, 0)


def test_a_relabelled_row_that_equals_a_quarantined_one_breaks_the_expectations(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data.jsonl"
    row = json.dumps({"instruction": "i", "input": "x", "output": "yes"}) + "\n"
    data.write_text(row + row.replace("yes", "no") + row.replace('"x"', '"y"'))
    lock_scan([data], quarantine=(0, 1))
    decide(data, ("relabel", 0, "no"))
    done = run(folder_of(data))
    assert not done.checked.success
    assert any("see expectations.html" in note for note in read_manifest(folder_of(data))["notes"])


def test_decisions_on_other_rows_have_no_effect_and_are_counted(data: Path) -> None:
    decide(data, ("accept", 10))
    done = run(folder_of(data))
    assert (done.elsewhere, done.accepted, done.rows) == (1, 0, 17)
    (entry,) = read_lock(data.with_name("curate.lock")).datasets.values()
    assert entry.decisions == {}


def test_a_torn_journal_is_applied_up_to_the_tear(data: Path) -> None:
    decide(data, ("release", 2))
    with (folder_of(data) / "review.jsonl").open("ab") as journal:
        journal.write(b'{"action":"rele')
    done = run(folder_of(data))
    assert done.released == 1
    assert [notice for notice in done.notices if "review.jsonl" in notice]


def test_it_waits_for_no_reviewer(data: Path) -> None:
    with Journal(folder_of(data)), pytest.raises(UsageError, match="open already"):
        run(folder_of(data))


def other_data(data: Path) -> None:
    data.write_text(data.read_text().replace("film 7", "film 70"))


def cleaned_data(data: Path) -> None:
    data.write_bytes((folder_of(data) / "cleaned.jsonl").read_bytes())


def turned_data(data: Path) -> None:
    data.write_bytes(b"".join(reversed(data.read_bytes().splitlines(keepends=True))))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_data, "is not the data that was scanned"),
        (cleaned_data, "is the cleaned set already"),
        (turned_data, "is not the row that was scanned"),
        (Path.unlink, "is not found"),
    ],
)
def test_without_the_scanned_data_nothing_is_written(
    data: Path, change: Callable[[Path], None], said: str
) -> None:
    decide(data, ("release", 2))
    change(data)
    before = content(folder_of(data))
    with pytest.raises((ResultError, UsageError), match=said) as caught:
        run(folder_of(data))
    assert caught.value.hint
    assert content(folder_of(data)) == before


def test_the_data_can_be_named(data: Path, tmp_path: Path) -> None:
    decide(data, ("release", 2))
    moved = tmp_path / "elsewhere" / "moved.jsonl"
    moved.parent.mkdir()
    data.rename(moved)
    done = run(folder_of(data), data=[moved])
    assert done.released == 1
    assert done.lock == moved.with_name("curate.lock")


def test_a_scan_folder_elsewhere_finds_its_data_by_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts").mkdir()
    parts = [write_rows(Path(f"parts/{k}.jsonl"), 10, text=f"film {k}") for k in "ab"]
    lock_scan(parts, folder=Path("parts/scan"), quarantine=(3, 12))
    every = [row.fingerprint for row in load(parts).rows]
    with Journal(Path("parts/scan")) as journal:
        journal.append(Event(action="release", fingerprints=(every[12],)))
    done = run(Path("parts/scan"))
    assert [f.name for f in done.files] == ["a.jsonl", "b.jsonl"]
    assert done.files[1].read_bytes() == parts[1].read_bytes()
    assert done.rows == 19


def test_parquet_rows_are_released_and_never_relabelled(tmp_path: Path) -> None:
    data = tmp_path / "data.parquet"
    made = {"input": [f"film {k}" for k in range(10)], "output": ["no", "yes"] * 5}
    pq.write_table(pa.table(made), data)
    lock_scan([data], quarantine=(3, 4))
    decide(data, ("release", 3))
    assert run(folder_of(data)).rows == 9
    decide(data, ("relabel", 4, "yes"))
    before = content(folder_of(data))
    with pytest.raises(InputError, match="parquet files cannot be relabelled"):
        run(folder_of(data))
    assert content(folder_of(data)) == before
