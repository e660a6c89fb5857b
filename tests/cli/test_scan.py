"""`curate scan` around the scan itself: formats, the diff base, exit codes. No model is run."""

from __future__ import annotations

import json
import subprocess
import sys
import types
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from scan_folder import lock_scan, write_rows

from curation_gate.cli.main import run
from curation_gate.quarantine.manifest import read_manifest


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """60 rows in a repository, the first 50 committed; a scan flags 3, 55 and, for review, 57."""
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    path = write_rows(Path("data.jsonl"), 50)
    names = ["-c", "user.name=t", "-c", "user.email=t@x.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], [*names, "commit", "-qm", "start"]):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    write_rows(path, 60)

    def scan(paths: Any, output: Path | None, options: Any, **_: Any) -> types.SimpleNamespace:
        folder = output or Path(f"{paths[0]}.curation")
        dataset = lock_scan(
            [Path(p) for p in paths], folder=folder, quarantine=(3, 55), review=(57,)
        )
        manifest = read_manifest(folder)
        return types.SimpleNamespace(folder=folder, dataset=dataset, manifest=manifest, exit_code=1)

    pipeline = types.ModuleType("curation_gate.pipeline")
    pipeline.scan = scan  # type: ignore[attr-defined]
    settings = types.ModuleType("curation_gate.settings")
    settings.Options = types.SimpleNamespace  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "curation_gate.pipeline", pipeline)
    monkeypatch.setitem(sys.modules, "curation_gate.settings", settings)
    return path


def lines_of(log: dict[str, Any]) -> list[int]:
    places = (r["locations"][0]["physicalLocation"] for r in log["runs"][0]["results"])
    return [place["region"]["startLine"] for place in places]


def test_sarif_stands_alone_on_stdout_and_in_the_folder(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "data.jsonl", "--format", "sarif", "--quiet"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert Path("data.jsonl.curation/results.sarif").read_text() == out
    assert not Path("data.jsonl.curation/junit.xml").exists()
    assert lines_of(json.loads(out)) == [4, 56, 58]


def test_a_second_format_is_for_the_folder(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        ["scan", "data.jsonl", "--format", "github", "--format", "sarif", "--format", "junit"]
    )
    assert code == 1
    assert capsys.readouterr().out.startswith("::error file=data.jsonl,line=4,title=")
    assert lines_of(json.loads(Path("data.jsonl.curation/results.sarif").read_text())) == [
        4,
        56,
        58,
    ]
    assert ET.parse("data.jsonl.curation/junit.xml").getroot().get("failures") == "1"
    assert run(["scan", "data.jsonl", "--format", "github", "--format", "gitlab"]) == 2
    assert "hint: after the first, give sarif or junit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fail_on", "revision", "code"),
    [
        ("quarantine", "HEAD", 1), ("review", "HEAD", 1), ("never", "HEAD", 0),
        ("quarantine", "new", 0), ("review", "new", 0),
    ],
)  # fmt: skip
def test_only_what_is_new_fails(
    data: Path, fail_on: str, revision: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["-c", "user.name=t", "-c", "user.email=t@x.org", "-c", "commit.gpgsign=false"]
    for arguments in (
        ["branch", "old"],
        ["add", "."],
        [*names, "commit", "-qm", "x"],
        ["tag", "new"],
    ):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    base = {"HEAD": "old"}.get(revision, revision)
    arguments = ["scan", "data.jsonl", "--fail-on", fail_on, "--diff-base", base]
    assert run([*arguments, "--format", "sarif"]) == code
    assert lines_of(json.loads(capsys.readouterr().out)) == ([56, 58] if base == "old" else [])
    assert run([*arguments, "--format", "json"]) == code
    told = json.loads(capsys.readouterr().out)["diff_base"]
    assert told["rows"] == ([55, 57] if base == "old" else [])
    assert told["left_out"] == 3 - len(told["rows"])
    assert run(arguments) == code
    out = capsys.readouterr().out
    assert f"Since {base}: " in out
    assert ("data.jsonl:56: This row should not" in out) == (base == "old")


def test_a_wrong_base_is_told_before_the_scan(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "data.jsonl", "--diff-base", "nope"]) == 2
    assert "--diff-base nope: no such revision" in capsys.readouterr().err
    assert not Path("data.jsonl.curation").exists()


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "gitlab"])
def test_report_gives_the_same_without_a_scan(
    data: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["scan", "data.jsonl", "--quiet", "--format", form])
    first = capsys.readouterr().out
    assert run(["report", "data.jsonl.curation", "--format", form]) == 0
    assert capsys.readouterr().out == first


def test_report_with_a_base_gives_what_the_scan_gave(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for fail_on, code in (("quarantine", 1), ("review", 1), ("never", 0)):
        options = ["--fail-on", fail_on, "--diff-base", "HEAD"]
        for form in ("sarif", "junit", "github", "gitlab"):
            assert run(["scan", "data.jsonl", "--quiet", *options, "--format", form]) == code
            scanned = capsys.readouterr().out
            assert run(["report", "data.jsonl", *options, "--format", form]) == code
            assert capsys.readouterr().out == scanned
    run(["scan", "data.jsonl", "--quiet", "--format", "json", "--diff-base", "HEAD"])
    scanned = json.loads(capsys.readouterr().out)["diff_base"]
    assert run(["report", "data.jsonl", "--format", "json", "--diff-base", "HEAD"]) == 0
    assert json.loads(capsys.readouterr().out)["diff_base"] == scanned
    assert run(["report", "data.jsonl", "--diff-base", "HEAD"]) == 0
    assert "\nSince HEAD: 1 to quarantine, 1 to review" in capsys.readouterr().out
    Path("other").mkdir()
    Path("data.jsonl.curation").rename("other/scan")
    Path("data.jsonl").rename("moved.jsonl")
    Path("curate.lock").unlink()
    assert run(["report", "other/scan", "--diff-base", "HEAD"]) == 2
    assert "curate report other/scan --data FILE" in capsys.readouterr().err
    Path("moved.jsonl").rename("data.jsonl")
    assert run(["report", "other/scan", "--diff-base", "HEAD", "--data", "data.jsonl"]) == 0
    assert "Since HEAD" in capsys.readouterr().out
