"""A small dataset and a quick rule pack, so that a whole scan takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation_gate.cli import main

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart" / "data" / "reviews.jsonl"

QUICK_PACK = """\
name: quick
rules:
  - id: CG002
    title: influence under negation
    detector: invariance
    severity: quarantine
    parameters: {reading: R3, threshold: 4.0}
    rationale: a test
  - id: CG008
    title: high loss
    detector: loss
    severity: review
    parameters: {fraction: 0.02}
    rationale: a test
policy: {minimum_rows: 20}
proxy: {name: scratch, epochs: 1, max_tokens: 48}
probes: {origin: entities, count: 12}
influence: {factor_rows: 64, lambda_rows: 32}
"""


@pytest.fixture
def quick(tmp_path) -> Path:
    """A rule pack that is quick."""
    pack = tmp_path / "quick.yaml"
    pack.write_text(QUICK_PACK)
    return pack


@pytest.fixture
def data(tmp_path) -> Path:
    """160 rows of the quickstart set."""
    lines = QUICKSTART.read_bytes().splitlines(keepends=True)[:160]
    path = tmp_path / "data.jsonl"
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture
def curate(capsys, monkeypatch):
    """Run `curate ARGUMENTS` in this process; returns (exit code, stdout, stderr)."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def call(*arguments) -> tuple[int, str, str]:
        code = main.run([str(a) for a in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def read_lines(path: Path) -> list[dict]:
    """Parsed JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
