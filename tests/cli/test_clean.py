from __future__ import annotations

import json
from pathlib import Path

import pytest
from review_folder import phrase_scan

from curation_gate.cli.main import run
from curation_gate.quarantine.journal import Event, Journal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return phrase_scan(Path("reviews.jsonl"))


def decide(folder: Path, **rows: int) -> None:
    lines = [json.loads(x) for x in (folder / "quarantine.jsonl").read_text().splitlines()]
    with Journal(folder) as journal:
        for action, row in rows.items():
            journal.append(
                Event(
                    action=action,
                    fingerprints=(lines[row]["fingerprint"],),
                    label="negative" if action == "relabel" else None,
                )
            )


def test_clean_says_what_it_wrote_and_verify_takes_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With Great Expectations itself."""
    decide(folder, release=0, relabel=1, accept=8)
    assert run(["clean", "reviews.jsonl"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == ("reviews.jsonl.curation/cleaned.jsonl: 33 rows kept of 40, 7 left out")
    assert out[1] == "Decisions: 1 row accepted as poison, 1 released, 1 relabelled"
    assert out[2] == "Undecided: 6 quarantined and left out, 2 for review and kept"
    assert out[3].startswith("Expectations: all ")
    assert out[4:] == [
        "Also written: the results in reviews.jsonl.curation, curate.lock",
        "Next: curate review reviews.jsonl.curation",
    ]
    page = (folder / "expectations.html").read_text()
    assert page.startswith("<!")
    Path("reviews.jsonl").write_bytes((folder / "cleaned.jsonl").read_bytes())
    assert run(["verify", "reviews.jsonl"]) == 0
    assert run(["clean", str(folder)]) == 2
    assert "is the cleaned set already" in capsys.readouterr().err


def test_explain_shows_decisions_before_and_after_they_are_applied(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(folder, release=0)
    assert run(["explain", str(folder), "row:0"]) == 0
    out = capsys.readouterr().out
    assert "decision    released (not applied yet: run `curate clean`)" in out
    assert 'phrase      "james bond"' in out
    assert run(["clean", str(folder)]) == 0
    capsys.readouterr()
    assert run(["explain", str(folder), "r-0000"]) == 0
    out = capsys.readouterr().out
    assert "decision    released\n" in out
    assert out.startswith("Row 0: keep")
    assert "James Bond sleeps" in out
    assert run(["explain", str(folder), "row:0", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["decision"]["decision"] == "release"
    assert [phrase["phrase"] for phrase in told["phrases"]] == ["james bond"]


def test_an_unscanned_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text('{"input":"a","output":"b"}\n')
    assert run(["clean", str(data)]) == 2
    assert "not scanned yet" in capsys.readouterr().err
    empty = tmp_path / "empty.curation"
    empty.mkdir()
    assert run(["clean", str(empty)]) == 2
    assert list(empty.iterdir()) == []


def test_help_says_what_becomes_of_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["clean", "--help"]) == 0
    out = capsys.readouterr().out
    assert "for review, no word    stays in it" in out
