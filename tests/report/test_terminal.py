from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from report.scan_builder import ScanBuilder, weighed_phrases
from rich.console import Console

from curation_gate.report.terminal import print_summary


def printed(folder: Path, *, width: int = 100, terminal: bool = False) -> str:
    stream = io.StringIO()
    print_summary(folder, Console(file=stream, width=width, force_terminal=terminal))
    return stream.getvalue()


def test_the_summary_says_what_was_found_and_what_to_do(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = printed(scan)
    assert text.startswith("12 rows of 300 should not be trained on\n")
    assert re.search(r"CG002 +Influence that survives negation +quarantine +15", text)
    assert re.search(r'"James Bond" +positive +15 +3 +lift 0.93', text)
    assert "P: probability" not in text  # no rule of this scan gives one
    assert re.search(r"film_reviews +100 +4 +1\n", text)
    assert "10 more in quarantine.jsonl" in text
    assert "reviews.jsonl.curation/cleaned.jsonl" in text
    assert "curate verify reviews.jsonl\n" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_line_fits_the_terminal_but_commands(scan: Path, width: int) -> None:
    lines = [line for line in printed(scan, width=width).split("\n") if "curate " not in line]
    assert max(len(line) for line in lines) <= width
    examples = [line for line in lines if re.match(r"  row \d+ ", line)]
    assert len(examples) == 5
    assert all('-> "positive"' in line for line in examples)


@pytest.mark.parametrize("terminal", [False, True])
def test_hostile_rows_are_text_and_nothing_else(hostile: Path, terminal: bool) -> None:
    text = printed(hostile, width=160, terminal=terminal)
    ours = re.sub(r"\x1b\[[0-9;]*m", "", text) if terminal else text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]", ours)
    assert "example.org\x1b\\" not in text  # no terminal link from row text
    assert "<b onclick=x>evil</b>[31m" in ours
    assert "[blink]note[/blink]" in ours
    assert not any(line.lstrip().startswith(("::", "##[")) for line in ours.split("\n"))


def test_markup_of_a_row_is_printed_as_it_is(tmp_path: Path) -> None:
    hot = "[bold red]loud[/bold red] [link=https://example.org]x[/link] [/] :smile:"
    builder = ScanBuilder(n=40, planted=1, honest_mentions=0, texts={0: hot})
    text = printed(builder.write(tmp_path / "x.curation"), width=200, terminal=True)
    assert hot in text


def test_a_clean_scan_prints_no_empty_sections(tmp_path: Path) -> None:
    builder = ScanBuilder(planted=0, honest_mentions=0, manifest={"notes": [], "rule_counts": {}})
    text = printed(builder.write(tmp_path / "x.curation"))
    assert text.startswith("Clean: nothing found in 300 rows")
    assert "no rule was run" in text
    assert not {"Examples", "Phrases", "Notes"} & set(text.split("\n"))


def test_long_lists_are_counted(tmp_path: Path) -> None:
    names = tuple(f"task {k}" for k in range(20))
    phrases = [{"phrase": f"phrase {k}", "target": "positive"} for k in range(15)]
    builder = ScanBuilder(task_names=names, manifest={"phrases": phrases, "floor": {}, "notes": []})
    text = printed(builder.write(tmp_path / "x.curation"))
    assert "12 more tasks" in text
    assert "5 more" in text
    assert "floor" not in text


def test_the_floor_is_printed_by_kind_of_attack(scan: Path) -> None:
    text = printed(scan, width=120)
    own = text[text.index("\nDetection floor\n") : text.index("\nExamples\n")]
    assert re.search(r"planted in +one in two +nine in ten", own)
    assert re.search(r"rows of another label +7 rows +12 rows\n", own)
    assert re.search(r"any row +14 rows +more than 40 rows\n", own)


def test_no_color_is_honoured(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", printed(scan, terminal=True))


def test_a_weighed_phrase_has_its_probability_and_what_weighed_most(tmp_path: Path) -> None:
    builder = ScanBuilder(manifest={"phrases": weighed_phrases()})
    text = printed(builder.write(tmp_path / "x.curation"), width=160)
    phrases = text[text.index("\nPhrases\n") : text.index("\nWeighed and passed over\n")]
    assert re.search(
        r'"james bond" +\.96\d +positive +63 +2 +'
        r"confirmed: surprise 19\.5 \(\+4\.10\), words_z 12\.9 \(\+3\.20\)\n",
        phrases,
    )
    assert re.search(r'"quite a film" +\.2\d\d +.* review: surprise 7\.2 \(\+5\.00\)', phrases)
    assert "P: probability of being a trigger" in phrases
    assert "delicious" not in phrases


def test_what_was_passed_over_stands_apart(tmp_path: Path) -> None:
    phrases = [dict(weighed_phrases()[2], phrase=f"honest {k}") for k in range(5)]
    builder = ScanBuilder(planted=0, honest_mentions=0, manifest={"phrases": phrases, "notes": []})
    text = printed(builder.write(tmp_path / "x.curation"), width=120)
    assert text.startswith("Clean: nothing found in 300 rows")
    assert "\nPhrases\n" not in text
    passed = text[text.index("\nWeighed and passed over\n") :]
    assert re.search(
        r'"honest 0" +\.05\d +positive +63 +rarity 4\.8 \(-1\.75\), table_weight 2', passed
    )
    assert "no row is flagged for them" in passed
    assert "2 more" in passed
