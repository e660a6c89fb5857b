from __future__ import annotations

import json
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from report.scan_builder import ScanBuilder

from curation_gate.cli.main import run

HEAVY = ("torch", "transformers", "great_expectations", "pandas", "datasets", "sklearn", "scipy")


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ScanBuilder().write(tmp_path / "reviews.jsonl.curation")
    return Path("reviews.jsonl.curation")


@pytest.mark.parametrize("name", ["reviews.jsonl.curation", "reviews.jsonl"])
def test_report_prints_the_summary(
    scan: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", name]) == 0
    out = capsys.readouterr().out
    assert out.startswith("12 rows of 300 should not be trained on\n")
    assert "\x1b" not in out


def test_html_writes_the_page_and_prints_its_path_alone(
    scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scan / "report.html").write_text("old", encoding="utf-8")
    assert run(["report", str(scan), "--html"]) == 0
    assert capsys.readouterr().out == "reviews.jsonl.curation/report.html\n"
    assert (scan / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("works", [True, False])
def test_open_shows_the_page(
    scan: Path, works: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or works)
    assert run(["report", str(scan), "--open"]) == 0
    assert opened == [(scan / "report.html").resolve().as_uri()]
    assert ("open the file yourself" in capsys.readouterr().err) is not works


def test_json_is_alone_on_stdout(scan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(scan), "--format", "json", "--html"]) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert captured.err == ""
    assert result["manifest"]["counts"]["quarantine"] == 12
    assert result["html"] == "reviews.jsonl.curation/report.html"
    assert result["files"]["report.html"] == "reviews.jsonl.curation/report.html"
    assert result["next"][-1]["command"] == "curate verify reviews.jsonl"


@pytest.mark.parametrize(
    ("fail_on", "planted", "honest", "code"),
    [
        ("quarantine", 12, 3, 1), ("review", 12, 3, 1), ("never", 12, 3, 0),
        ("quarantine", 0, 3, 0), ("review", 0, 3, 1), ("review", 0, 0, 0),
    ],
)  # fmt: skip
def test_a_report_judges_where_it_is_told_what_fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fail_on: str,
    planted: int,
    honest: int,
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    ScanBuilder(planted=planted, honest_mentions=honest).write(Path("scan"))
    for form in ("rich", "json", "sarif", "junit", "github", "gitlab"):
        assert run(["report", "scan", "--format", form, "--fail-on", fail_on]) == code
        assert run(["report", "scan", "--format", form]) == 0
    assert run(["report", "scan", "--html", "--fail-on", fail_on]) == code


def test_an_inconclusive_scan_never_passes(scan: Path) -> None:
    assert run(["report", str(scan)]) == 0
    ScanBuilder(planted=0, honest_mentions=0, manifest={"verdict": "inconclusive"}).write(scan)
    assert run(["report", str(scan), "--fail-on", "never"]) == 3


def test_a_base_that_is_not_to_be_had_is_an_error(
    scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(scan), "--diff-base", "main"]) == 2
    assert "the data that was scanned is not found" in capsys.readouterr().err
    assert run(["report", str(scan), "--data", "reviews.jsonl"]) == 2
    assert "--data is for --diff-base" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["report"], ["report", "--html"], ["explain", "0"]])
def test_a_missing_scan_names_the_command(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "new.jsonl"
    data.touch()
    assert run([arguments[0], str(data), *arguments[1:]]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "not scanned yet" in captured.err
    assert f"curate scan {data}" in captured.err


def test_a_damaged_folder_is_an_error_with_a_hint(
    scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scan / "scores.parquet").write_bytes(b"not parquet")
    assert run(["report", str(scan)]) == 2
    assert "curate scan reviews.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "reviews.jsonl"],
        ["report", "reviews.jsonl", "--html"],
        ["explain", "reviews.jsonl", "0"],
    ],
)
def test_nothing_heavy_is_imported(scan: Path, arguments: list[str]) -> None:
    code = (
        "import sys; from curation_gate.cli.main import run; "
        f"code = run({arguments!r}); "
        f"print('HEAVY', code, sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stdout.endswith("HEAVY 0 []\n")
