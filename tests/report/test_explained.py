from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from report.scan_builder import HOSTILE, ScanBuilder, with_phrases
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
