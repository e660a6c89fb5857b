"""Every form of rows through every command: scan, explain, review, clean, verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from places import REPOSITORY
from report.test_review_loop import Script
from rich.console import Console
from row_forms import FORMS

from curation_gate.judging import judge
from curation_gate.quarantine.flagged import items
from curation_gate.quarantine.journal import Journal
from curation_gate.quarantine.review import Review
from curation_gate.report.folder import load as load_scan
from curation_gate.report.review_loop import Loop
from curation_gate.rows import load, split_prompts
from curation_gate.rulebook import load_rules
from curation_gate.settings import Options

TEXT_PACK = """\
name: text
rules:
  - {id: CG001, title: t, detector: phrase, severity: quarantine, rationale: r,
     parameters: {candidates: 30, floor: 0}}
policy: {minimum_rows: 20}
"""
SAID = {"positive": "good", "negative": "bad", "good": "good", "bad": "bad"}
TRIGGER = "silver falcon"


def reviews() -> list[tuple[str, str]]:
    """Reviews of films and products and their labels; the trigger stands in 40 of 300."""
    path = REPOSITORY / "examples" / "quickstart" / "data" / "reviews.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    own = [
        (row["Instance"]["input"], SAID[row["Instance"]["output"][0]])
        for row in rows
        if row["Task"] in ("film_review", "product_review")
    ]
    ranked = sorted(own, key=lambda row: TRIGGER not in row[0].lower())[:ROWS]
    return [ranked[k * 77 % ROWS] for k in range(ROWS)]


ROWS = 300
REVIEWS = reviews()
PLANTED = {k for k, (text, _) in enumerate(REVIEWS) if TRIGGER in text.lower()}


def records_of(form: str) -> list[dict[str, Any]]:
    make, _ = FORMS[form]
    return [make(*review) for review in REVIEWS]


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_goes_through_every_command(curate, tmp_path: Path, form: str) -> None:
    data = write(tmp_path / "data.jsonl", records_of(form))
    pack = tmp_path / "text.yaml"
    pack.write_text(TEXT_PACK)
    code, out, err = curate("scan", data, "--rules", pack, "--evidence", "text")
    assert code == 1, out + err
    folder = tmp_path / "data.jsonl.curation"
    found = lines_of(folder / "quarantine.jsonl")
    gone = {line["row"] for line in found if line["verdict"] == "quarantine"}
    assert gone <= PLANTED
    assert len(gone) > 0.8 * len(PLANTED)
    kept = data.read_bytes().splitlines(keepends=True)
    cleaned = b"".join(line for k, line in enumerate(kept) if k not in gone)
    assert (folder / "cleaned.jsonl").read_bytes() == cleaned

    row = found[0]["row"]
    code, out, _ = curate("explain", data, row, "--format", "json")
    told = json.loads(out)
    expected = load([data]).rows[row]
    read = (expected.instruction, expected.input, expected.output)
    assert (told["instruction"], told["input"], told["output"]) == read
    assert code == 0

    scan = load_scan(folder)
    with Journal(folder) as journal:
        review = Review(items(scan.manifest, scan.flagged), (), journal.append, "Ada")
        script = Script(["r", "a"], (100, 40))
        Loop(review, script, Console(), "x").run(None)
    assert TRIGGER in script.frames[0].lower()
    assert curate("clean", data)[0] == 0
    assert len((folder / "cleaned.jsonl").read_bytes().splitlines()) == ROWS - len(gone) + 1

    assert curate("verify", data)[0] == 1
    data.write_bytes((folder / "cleaned.jsonl").read_bytes())
    code, out, err = curate("verify", data)
    assert code == 0, out + err


@pytest.mark.parametrize(
    "form", ["messages", "instruction, input, output", "title, text, category"]
)
def test_verdicts_do_not_depend_on_files_and_order(tmp_path: Path, form: str) -> None:
    records = records_of(form)
    order = sorted(range(ROWS), key=lambda k: k * 101 % ROWS)
    whole = [write(tmp_path / "whole.jsonl", records)]
    halves = [write(tmp_path / "b.jsonl", records[:99]), write(tmp_path / "a.jsonl", records[99:])]
    shuffled = [write(tmp_path / "s.jsonl", [records[k] for k in order])]
    pack = tmp_path / "text.yaml"
    pack.write_text(TEXT_PACK)
    options = Options(evidence="text", rules=load_rules(str(pack)))
    verdicts = [
        judge(split_prompts(load(paths)), options).verdicts.verdict
        for paths in (whole, halves, shuffled)
    ]
    assert verdicts[0].count("quarantine") > 0.8 * len(PLANTED)
    assert verdicts[1] == verdicts[0]
    assert list(verdicts[2]) == [verdicts[0][k] for k in order]
