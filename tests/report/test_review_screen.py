from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from report.scan_builder import HOSTILE
from review_folder import phrase_scan
from rich.console import Console
from rich.text import Text

from curation_gate.quarantine.flagged import items
from curation_gate.quarantine.review import Review
from curation_gate.report import review_screen as screen
from curation_gate.report.folder import load

CONSOLE = Console(width=200)
BAD = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]")


def review_of(folder: Path) -> Review:
    scan = load(folder)
    return Review(items(scan.manifest, scan.flagged), (), lambda _: None, "Ada")


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return review_of(phrase_scan(tmp_path / "reviews.jsonl"))


def body(review: Review, width: int, **more: bool) -> list[Text]:
    assert review.current is not None
    return screen.body(review.current, review, CONSOLE, width, **more)


def plain(lines: list[Text]) -> str:
    return "\n".join(line.plain.rstrip() for line in lines)


def test_texts_and_evidence_stand_one_above_the_other_on_80_columns(review: Review) -> None:
    text = plain(body(review, 80))
    order = ["Instruction", "Input", "Output", "Why", "CG001", "z: 9.138", "\nRow\n", "\ntask "]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert "\u2502 In this one James Bond sleeps" in text


def test_they_stand_side_by_side_on_140_columns(review: Review) -> None:
    first, *_ = body(review, 140)
    assert first.plain.split() == ["Instruction", "Why"]
    assert "labels      negative, positive" in plain(body(review, 140))


def test_the_phrase_is_marked_in_the_text_and_in_the_reason(review: Review) -> None:
    lines = [line for line in body(review, 80) if any(s.style == screen.MARK for s in line.spans)]
    marked = {line.plain[s.start : s.end] for line in lines for s in line.spans}
    assert {"James Bond", "james bond"} <= marked


def test_the_header_says_how_far_and_which_row(review: Review) -> None:
    review.judge("accept", reason="planted")
    review.judge("skip")
    first, second = screen.header("reviews.jsonl.curation", review, 100)
    assert first.plain.startswith("reviews.jsonl.curation ")
    assert first.plain.endswith("1 of 11 decided, 1 skipped")
    assert second.plain.startswith("row 2  quarantine 0.94  answer positive")
    review.go_to("0")
    review.filter("task:film")
    first, second = screen.header("reviews.jsonl.curation", review, 100)
    assert second.plain.endswith("accepted as poison by Ada: planted")
    assert first.plain.endswith("filter task:film (1 of 6)")


@pytest.mark.parametrize("width", [20, 40, 80, 119, 120, 140, 250])
@pytest.mark.parametrize("whole", [True, False])
def test_hostile_rows_stay_within_any_width(tmp_path: Path, width: int, whole: bool) -> None:
    texts = {k: f"{text} James Bond" for k, text in enumerate(HOSTILE.values())}
    folder = phrase_scan(tmp_path / "a.jsonl", texts=clean(texts), planted=len(texts))
    review = review_of(folder)
    assert review.progress.total == len(texts) + 3
    for _ in range(len(texts)):
        lines = [
            *screen.header(HOSTILE["escape"], review, width),
            *body(review, width, whole=whole),
        ]
        assert not BAD.search(plain(lines))
        assert all(line.plain[:1] in ("", "\u2502") or line.plain[0].isascii() for line in lines)
        assert max(line.cell_len for line in lines[2:]) <= width
        group = screen.group_page(review.group(), CONSOLE, width, 18)
        assert not BAD.search(plain(group))
        assert len(group) <= 18
        review.forward()


def clean(texts: dict[int, str]) -> dict[int, str]:
    """Half a surrogate pair cannot stand in a data file."""
    return {k: text.encode("utf-8", "ignore").decode() for k, text in texts.items()}


def test_long_texts_are_folded_around_the_phrase_until_asked_for(tmp_path: Path) -> None:
    text = "word " * 800 + "James Bond " + "word " * 800
    review = review_of(phrase_scan(tmp_path / "a.jsonl", texts={0: text}))
    folded = plain(body(review, 80))
    assert "James Bond" in folded
    found = re.search(r"\((\d+) lines before and (\d+) behind are hidden: v shows all\)", folded)
    assert found is not None
    whole = body(review, 80, whole=True)
    hidden = int(found[1]) + int(found[2])
    assert len(whole) == len(body(review, 80)) + hidden - 1
    assert "hidden" not in plain(body(review, 140))


def test_keys_that_do_not_fit_are_left_out_but_help_and_quit(review: Review) -> None:
    for width, first in ((80, "a accept"), (140, "n next open"), (30, "a accept")):
        _, bar = screen.footer(Text("x"), CONSOLE, width)
        assert bar.cell_len <= width
        assert first in bar.plain
        assert bar.plain.endswith("? help  q quit")


def test_a_long_message_takes_up_to_three_lines() -> None:
    said = screen.footer(Text("word " * 100), CONSOLE, 40, asking=True)
    assert len(said) == 4
    assert max(line.cell_len for line in said) <= 40


def test_the_group_page_counts_and_shows_samples(review: Review) -> None:
    review.judge("release")
    text = plain(screen.group_page(review.group(), CONSOLE, 80, 30))
    assert "8 open: 7 quarantine, 1 review; 8 rows of the data" in text
    assert "1 decided already" in text
    assert text.count("\u2502 In this one James Bond") == 5


def test_a_window_stays_inside_the_text() -> None:
    lines = [Text(str(k)) for k in range(10)]
    assert plain(screen.window(lines, 3, 4)[0]) == "3\n4\n5\n6"
    assert screen.window(lines, 99, 4)[1] == 6
    shown, start = screen.window(lines[:2], 5, 4)
    assert (plain(shown), start) == ("0\n1\n\n", 0)


def test_twins_are_counted(review: Review) -> None:
    assert review.current is not None
    twins = replace(review.current, rows=tuple(range(20)))
    text = plain(screen.body(twins, review, CONSOLE, 80))
    assert "0, 1, 2, 3, 4, 5, 6, 7 and 12 more" in text
