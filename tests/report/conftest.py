"""Scan folders to show."""

from __future__ import annotations

from pathlib import Path

import pytest
from report.scan_builder import HOSTILE, ScanBuilder


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A scan of 300 rows that found 12 and has 3 to review."""
    return ScanBuilder().write(tmp_path / "reviews.jsonl.curation")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A scan whose flagged rows, task, phrase, id and note try to be more than text."""
    return ScanBuilder(
        planted=len(HOSTILE),
        honest_mentions=1,
        phrase="\u202e<b onclick=x>evil</b>\x1b[31m",
        task_names=("<script>task</script>\x1b[2J[red]", "comments"),
        texts=dict(enumerate(HOSTILE.values())),
        ids={0: "<img src=x onerror=alert(1)>"},
        manifest={"notes": ["<iframe src=//example.org></iframe>\x1b]0;x\x07 [blink]note[/blink]"]},
    ).write(tmp_path / "hostile.jsonl.curation")
