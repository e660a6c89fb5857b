from __future__ import annotations

import json
from pathlib import Path

import pytest
from report.scan_builder import HOSTILE, ScanBuilder

from curation_gate.cli.main import run


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    texts = dict(enumerate(HOSTILE.values()))
    builder = ScanBuilder(planted=len(HOSTILE), texts=texts, ids={3: "9"})
    return str(builder.write(Path("reviews.jsonl.curation")))


@pytest.mark.parametrize("row", ["12", "r-0012", "row:12", "id:r-0012"])
def test_explain_prints_one_row(scan: str, row: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "reviews.jsonl", row]) == 0
    assert capsys.readouterr().out.startswith("Row 12: quarantine  score ")


def test_json_holds_the_row_as_it_was(scan: str, capsys: pytest.CaptureFixture[str]) -> None:
    for row, text in enumerate(HOSTILE.values()):
        assert run(["explain", scan, f"row:{row}", "--format", "json"]) == 0
        out = capsys.readouterr().out
        assert out.isascii()
        assert not {"\x1b", "\x7f"} & set(out)
        assert json.loads(out)["input"] == text


def test_json_of_a_kept_row_has_scores_and_nulls(
    scan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", scan, "299", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "keep"
    assert found["input"] is None
    assert found["reasons"] == []
    assert found["scores"]["CG002"] == {
        "title": "Influence that survives negation",
        "value": None,
        "percentile": None,
        "percentile_in_task": None,
        "percentile_in_stratum": None,
    }
    assert 0 <= found["scores"]["loss"]["percentile"] <= 100


def test_an_ambiguous_row_lists_what_it_fits(scan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", scan, "9"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "fits 2 rows: row 3" in captured.err
    assert "curate explain reviews.jsonl.curation row:3" in captured.err


def test_an_unknown_row_is_a_usage_error(scan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", scan, "9999"]) == 2
    assert "rows are 0 to 299" in capsys.readouterr().err
