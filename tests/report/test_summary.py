from __future__ import annotations

from pathlib import Path

import pytest
from report.scan_builder import ScanBuilder

from curation_gate.report.folder import load
from curation_gate.report.summary import rows, summarise


def test_findings_say_how_many_and_what_to_do(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    summary = summarise(load(scan))
    assert summary.headline == "12 rows of 300 should not be trained on"
    assert "A person should read 3 more." in summary.explanation
    commands = [step.command for step in summary.steps if step.command]
    assert commands[0].startswith("curate explain reviews.jsonl.curation ")
    assert commands[-1] == "curate verify reviews.jsonl"
    assert any("cleaned.jsonl" in step.text for step in summary.steps)


@pytest.mark.parametrize(
    ("builder", "headline", "command"),
    [
        (ScanBuilder(planted=0, honest_mentions=0), "Clean:", "verify"),
        (ScanBuilder(planted=0, honest_mentions=1), "1 row of 300 to review", "verify"),
        (
            ScanBuilder(planted=0, honest_mentions=0, manifest={"verdict": "inconclusive"}),
            "Inconclusive",
            "scan",
        ),
    ],
)
def test_every_verdict_has_its_headline_and_its_command(
    tmp_path: Path, builder: ScanBuilder, headline: str, command: str
) -> None:
    summary = summarise(load(builder.write(tmp_path / "a.csv.curation")))
    assert summary.headline.startswith(headline)
    assert (summary.steps[-1].command or "").startswith(f"curate {command} ")
    assert not any("Train on" in step.text for step in summary.steps)


def test_inconclusive_is_never_called_clean(tmp_path: Path) -> None:
    builder = ScanBuilder(planted=0, honest_mentions=0, manifest={"verdict": "inconclusive"})
    summary = summarise(load(builder.write(tmp_path / "a.curation")))
    assert "nothing found" not in summary.headline
    assert "not scanned" in summary.explanation


def test_tasks_are_counted_from_the_scores(scan: Path) -> None:
    tasks = summarise(load(scan)).tasks
    assert [(t.task, t.rows, t.quarantine, t.review) for t in tasks] == [
        ("comments", 100, 4, 1),
        ("film_reviews", 100, 4, 1),
        ("shop_reviews", 100, 4, 1),
    ]


def test_floors_are_rows_or_more_than_was_tried(scan: Path) -> None:
    assert [(f.kind, f.half, f.nine_in_ten) for f in summarise(load(scan)).floors] == [
        ("rows of another label", "7 rows", "12 rows"),
        ("any row", "14 rows", "more than 40 rows"),
        ("rows of the label", "more than 1,200 rows", "more than 1,200 rows"),
    ]


@pytest.mark.parametrize("floor", [{}, {"film_reviews": 14, "comments": None}])
def test_no_floor_is_claimed_where_none_was_measured(
    tmp_path: Path, floor: dict[str, object]
) -> None:
    """A formula of older versions, by task, is no measurement and is not shown as one."""
    unknown = ScanBuilder(manifest={"floor": floor})
    assert summarise(load(unknown.write(tmp_path / "a.curation"))).floors == ()


def test_only_outputs_that_exist_are_listed(scan: Path) -> None:
    names = [Path(path).name for _, path in summarise(load(scan)).outputs]
    assert names == ["cleaned.jsonl", "quarantine.jsonl", "scores.parquet", "manifest.json"]


def test_rows_in_words() -> None:
    assert [rows(k) for k in (0, 1, 1234)] == ["0 rows", "1 row", "1,234 rows"]
