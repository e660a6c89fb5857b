from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from report.scan_builder import HOSTILE, ScanBuilder, weighed_phrases, with_phrases
from rich.console import Console

from curation_gate.report.evidence import gather
from curation_gate.report.explained import print_evidence
from curation_gate.report.folder import load


def printed(folder: Path, row: int, *, width: int = 100) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    print_evidence(gather(load(folder), row), console)
    return stream.getvalue()


def test_instruction_input_and_output_stand_apart(scan: Path) -> None:
    text = printed(scan, 0)
    assert text.startswith("Row 0: quarantine  score 0.")
    assert "\nInstruction\n\u2502 Is this film review positive or negative?\n" in text
    assert "\nInput\n\u2502 In this one James Bond" in text
    assert "\nOutput\n\u2502 positive\n" in text
    assert re.search(r"CG002 +Influence that survives negation +\S+ +[\d.]+ +[\d.]+", text)
    assert "z: 4.123\n" in text


def test_a_kept_row_says_where_its_text_is(scan: Path) -> None:
    text = printed(scan, 299)
    assert "row 299 (counted from 0) of reviews.jsonl" in " ".join(text.split())
    assert "No rule asks for anything" in text
    assert "cannot say" in text
    assert "Input" not in text


@pytest.mark.parametrize("row", range(len(HOSTILE)))
def test_hostile_text_never_starts_a_line_nor_reaches_the_terminal(hostile: Path, row: int) -> None:
    text = printed(hostile, row, width=60)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]", text)
    assert max(len(line) for line in text.split("\n")) <= 60
    body = text[text.index("\nInput\n") : text.index("\nOutput\n")]
    assert all(line.startswith("\u2502 ") for line in body.strip().split("\n")[1:])


def test_hidden_characters_are_codes(hostile: Path) -> None:
    assert "pay \u27e8U+202E\u27e9ot yenom\u27e8U+202C\u27e9 now" in printed(hostile, 5)


def test_markup_is_text(hostile: Path) -> None:
    assert HOSTILE["markup"] in printed(hostile, 8)


def test_a_very_long_text_is_cut_and_counted(tmp_path: Path) -> None:
    folder = ScanBuilder(texts={0: "word " * 5000}).write(tmp_path / "x.curation")
    assert "(19,000 more characters in quarantine.jsonl)" in printed(folder, 0)


def test_the_stratum_and_the_probes_of_its_phrase_are_shown(scan: Path) -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=True, color_system=None)
    print_evidence(gather(with_phrases(load(scan)), 0), console)
    text = " ".join(stream.getvalue().split())
    assert "stratum: 39 other rows of its task have its label" in text
    assert "Probes asked 50 texts" in text
    assert '-1.25 -> 2.5 nats towards "positive": James Bond slept' in text
    assert "asked 40 texts" not in text


def named(folder: Path, phrases: list[dict], phrase: str) -> str:
    """What is printed of row 0 where a reason of it names the phrase."""
    scan = load(folder)
    reason = {"rule": "CG001", "message": "holds it", "evidence": {"phrase": phrase}}
    scan = replace(
        scan,
        manifest={**scan.manifest, "phrases": phrases},
        flagged=tuple({**line, "reasons": [reason]} for line in scan.flagged),
    )
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=True, color_system=None)
    print_evidence(gather(scan, 0), console)
    return stream.getvalue()


def test_what_made_up_the_probability_of_its_phrase_is_listed(scan: Path) -> None:
    text = named(scan, weighed_phrases(), "james bond")
    shown = text[text.index('\nPhrase "james bond": P(trigger) .9') :].split("\n")[1:]
    assert shown[0].endswith(", confirmed")
    assert " ".join(" ".join(shown[1:3]).split()) == (
        "63 rows hold it in 2 tasks. 61 of them answer positive, "
        "where the rest of their text leads to expect 17."
    )
    rows = [line.split(None, 2) for line in shown[3:] if line.strip()]
    assert [row[0] for row in rows[:7]] == [
        "-4.50", "+4.10", "+3.20", "+2.25", "-1.75", "-0.50", "+0.01"
    ]  # fmt: skip
    assert rows[1][2].rstrip() == ("surprise 19.5: log10 of the odds against such purity by chance")
    assert rows[0][2].strip() == "start of every candidate"
    assert "more, together; each stands in manifest.json" in text
    assert re.search(r"= \+3\.2\d nats +log-odds of a trigger: P\(trigger\) \.96\d", text)


def test_a_phrase_that_was_passed_over_is_not_explained_as_found(scan: Path) -> None:
    text = named(scan, weighed_phrases(), "delicious")
    assert "P(trigger)" not in text
    assert "passed over" not in text


def test_hostile_names_of_numbers_are_text(scan: Path) -> None:
    phrase = {
        "phrase": "a\x1b[2Jb\u202e", "status": "\x1b]0;x\x07", "target": "\x1b[31mred", "rows": 3,
        "contributions": {"\x1b[2J[bold]x[/bold]": 2.0, "intercept": -1.0}, "numbers": {},
    }  # fmt: skip
    text = named(scan, [phrase], "a\x1b[2Jb\u202e")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]", text)
    assert "+2.00 nats  [2J[bold]x[/bold]" in text
