from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
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


def results(folder: Path) -> tuple[list[int], list[str]]:
    """Rows in results.sarif; what the cases of junit.xml say of failures."""
    log = json.loads((folder / "results.sarif").read_text())
    places = [result["locations"][0]["logicalLocations"][0] for result in log["runs"][0]["results"]]
    failures = ET.parse(folder / "junit.xml").getroot().iter("failure")
    return [int(place["name"].removeprefix("row ")) for place in places], [
        str(failure.get("message")) for failure in failures
    ]


def test_results_for_ci_follow_the_decisions_where_they_were_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("sarif", "junit"):
        assert run(["report", str(folder), "--format", form, "--fail-on", "review"]) == 1
    scanned = {name: (folder / name).read_bytes() for name in ("results.sarif", "junit.xml")}
    assert results(folder)[0] == list(range(11))
    assert results(folder)[1][0].startswith("9 rows: ")
    decide(folder, release=0, relabel=1, accept=8)
    assert run(["clean", str(folder)]) == 0
    capsys.readouterr()
    left = [json.loads(x)["row"] for x in (folder / "quarantine.jsonl").read_text().splitlines()]
    assert results(folder)[0] == left == list(range(2, 11))
    assert results(folder)[1][0].startswith("7 rows: "), "fail-on is still review"
    for form, name in (("sarif", "results.sarif"), ("junit", "junit.xml")):
        assert run(["report", str(folder), "--format", form, "--fail-on", "review"]) == 1
        assert (folder / name).read_text() == capsys.readouterr().out
    with Journal(folder) as journal:
        for _ in range(3):
            journal.append(Event(action="undo"))
    assert run(["clean", str(folder)]) == 0
    assert {name: (folder / name).read_bytes() for name in scanned} == scanned


def test_results_for_ci_keep_their_base(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> str:
        names = ["-c", "user.name=t", "-c", "user.email=t@x.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *names, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    data = Path("reviews.jsonl")
    whole = data.read_bytes()
    data.write_bytes(b"".join(whole.splitlines(keepends=True)[5:]))  # rows 0 to 4 are new
    git("init", "-q", "-b", "main")
    git("add", data.name)
    git("commit", "-qm", "start")
    data.write_bytes(whole)
    for form in ("sarif", "junit"):
        assert run(["report", str(folder), "--format", form, "--diff-base", "main"]) == 0
    assert results(folder)[0] == [0, 1, 2, 3, 4]
    git("commit", "-qam", "more")  # the name stands for something else now; the hash does not
    decide(folder, release=0)
    capsys.readouterr()
    assert run(["clean", str(folder)]) == 0
    assert results(folder) == (
        [1, 2, 3, 4],
        ["4 rows: Label-flipping phrase", "1 row: Degenerate answers"],
    )
    assert "diff" not in capsys.readouterr().err
    log = json.loads((folder / "results.sarif").read_text())["runs"][0]
    assert log["properties"]["diffBase"]["revision"] == "main"
    shutil.rmtree(".git")
    assert run(["clean", str(folder)]) == 0
    err = capsys.readouterr().err
    assert "results.sarif lists every flagged row now, not only those new since main" in err
    assert results(folder)[0] == list(range(1, 11))


def test_a_report_of_another_program_is_left_alone(folder: Path) -> None:
    foreign = {
        "junit.xml": '<testsuites><testsuite name="pytest"/></testsuites>',
        "results.sarif": '{"version": "2.1.0", "runs": []}',
    }
    for name, text in foreign.items():
        (folder / name).write_text(text)
    decide(folder, release=0)
    assert run(["clean", str(folder)]) == 0
    assert {name: (folder / name).read_text() for name in foreign} == foreign
