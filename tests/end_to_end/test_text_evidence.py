"""`curate scan --evidence text`: every output, no model, and the other commands read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from places import REPOSITORY

from curation_gate import scan
from curation_gate.progress import Silent

OUTPUTS = {
    "manifest.json", "quarantine.jsonl", "scores.parquet", "cleaned.jsonl", "report.html",
    "expectations.html", "results.sarif",
}  # fmt: skip
MODEL = ("torch", "transformers", "kronfluence", "safetensors")
QUICK_TEXT = """\
name: quick
rules:
  - {id: CG001, title: t, detector: phrase, severity: quarantine, rationale: r,
     parameters: {candidates: 100, floor: 0}}
  - {id: CG008, title: t, detector: loss, severity: review, rationale: r}
policy: {minimum_rows: 20}
proxy: {name: scratch, epochs: 1, max_tokens: 48}
probes: {origin: entities, count: 6}
influence: {factor_rows: 48, lambda_rows: 24}
"""


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """The planted and some of the honest rows of the quickstart set, so that there is a trigger."""
    source = REPOSITORY / "examples" / "quickstart" / "data" / "reviews.jsonl"
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    falcon = [line for line in lines if "silver falcon" in line.lower()]
    path = tmp_path / "data.jsonl"
    path.write_text("".join([*falcon, *(x for x in lines[:600] if x not in falcon)]))
    return path


def test_a_scan_of_the_text_imports_no_model_and_writes_everything(planted: Path) -> None:
    arguments = ["scan", planted.name, "--evidence", "text", "--format", "json"]
    arguments += ["--format", "sarif"]
    probe = (
        f"import sys; from curation_gate.cli.main import run; code = run({arguments!r}); "
        f"print([m for m in {MODEL!r} if m in sys.modules], code, file=sys.stderr)"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", probe],
        capture_output=True, text=True, check=True, cwd=planted.parent, env=environment,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "[] 1"
    assert "text evidence" not in done.stderr, "there is nothing else to wait for"
    folder = planted.with_name("data.jsonl.curation")
    assert {p.name for p in folder.iterdir()} == OUTPUTS
    manifest = json.loads(done.stdout)
    assert manifest["evidence"] == {"asked": "text", "not_run": {"CG007": ["reference"]}}
    assert not {"proxy", "probes", "reference"} & set(manifest)
    assert "Not run: CG007, which reads the reference." in manifest["notes"][0]
    assert "CG007" not in manifest["rule_counts"]
    assert manifest["expectations"]["success"] is True
    assert manifest["phrases"][0]["phrase"] == "silver falcon"
    assert "flips" not in manifest["phrases"][0]
    assert manifest["device"] == "cpu"
    columns = set(pq.read_schema(folder / "scores.parquet").names)
    assert columns == {
        "row", "fingerprint", "task", "verdict", "score", "CG001", "CG004", "CG006",
        "CG009", "CG010", "CG011", "CG012", "stratum",
    }  # fmt: skip


def test_the_other_commands_read_it(curate, planted: Path, tmp_path: Path) -> None:
    pack = tmp_path / "quick.yaml"
    pack.write_text(QUICK_TEXT)
    code, _, err = curate("scan", planted, "--rules", pack, "--evidence", "text")
    assert (code, "fine-tuning" in err) == (1, False)
    folder = planted.with_name("data.jsonl.curation")
    page = (folder / "report.html").read_text()
    assert "Influence, before and after" not in page
    assert "<dt>proxy</dt>" not in page
    assert "<dt>evidence</dt>" in page
    code, out, _ = curate("report", folder)
    assert (code, "which reads the proxy" in " ".join(out.split())) == (0, True)
    flagged = [json.loads(x) for x in (folder / "quarantine.jsonl").read_text().splitlines()]
    code, out, _ = curate("explain", folder, flagged[0]["row"])
    assert (code, "CG001" in out, "influence" in out, "nan" in out) == (0, True, False, False)
    for form in ("sarif", "junit", "gitlab", "github"):
        assert curate("report", folder, "--format", form)[0] == 0
    assert curate("verify", planted)[0] == 1
    planted.write_bytes((folder / "cleaned.jsonl").read_bytes())
    assert curate("verify", planted)[0] == 0


def test_what_text_does_not_ask_cannot_be_set(curate, planted: Path, tmp_path: Path) -> None:
    code, _, err = curate("scan", planted, "--evidence", "text", "--proxy", "scratch")
    assert (code, "--proxy is for a model" in err) == (2, True)
    code, _, err = curate("scan", planted, "--evidence", "text", "--rules", "paper")
    assert (code, "no rule of the pack 'paper' judges by the text alone" in err) == (2, True)
    assert not planted.with_name("data.jsonl.curation").joinpath("manifest.json").exists()


class Told(Silent):
    """Keeps what is said, and which stages are opened, in their order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, title, total=None, *, unit="rows"):
        self.lines.append(title)
        return super().stage(title, total, unit=unit)

    def say(self, text: str) -> None:
        self.lines.append(text)


def test_the_verdict_of_text_is_told_before_the_proxy_is_asked(
    planted: Path, tmp_path: Path
) -> None:
    pack = tmp_path / "quick.yaml"
    pack.write_text(QUICK_TEXT)
    told = Told()
    found = scan(planted, tmp_path / "auto", rules=pack, cache=False, progress=told)
    alone = scan(planted, tmp_path / "text", rules=pack, evidence="text")
    counts = alone.manifest["counts"]
    line = (
        f"text evidence: {counts['quarantine']} rows for quarantine, {counts['review']} for "
        "review; the proxy is asked next"
    )
    assert line in told.lines
    assert told.lines.index("weighing phrases") < told.lines.index(line)
    assert told.lines.index(line) < told.lines.index("encoding rows")
    assert found.manifest["evidence"] == {"asked": "auto", "not_run": {}}
    assert "proxy" in found.manifest
    assert counts["quarantine"] == found.manifest["counts"]["quarantine"] > 20
    assert "loss" in found.scores
    assert "loss" not in alone.scores
