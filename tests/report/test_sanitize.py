from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_gate.report import sanitize
from curation_gate.report.sanitize import cut, lines, pieces, plain, visible

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=200)


def test_every_control_and_format_character_of_unicode_is_hidden() -> None:
    joiners = {"\u200c", "\u200d"}
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            alone = visible(f"x{character}")
            if character in "\t\n":
                assert alone == f"x{character}"
            else:
                assert alone == f"x\u27e8U+{point:04X}\u27e9", hex(point)
    assert all(visible(f"x{c}").startswith("x\u27e8") for c in joiners)


@pytest.mark.parametrize(
    "text", ["\u2764\ufe0f", "\U0001f468\u200d\U0001f469", "\u0645\u200c\u06cc"]
)
def test_emoji_and_joining_scripts_stay_readable(text: str) -> None:
    assert visible(text) == text


def test_runs_are_counted_and_bounded() -> None:
    assert visible("a" + "\u200b" * 57 + "b") == "a\u27e8U+200B x57\u27e9b"
    hidden = "".join(chr(0xE0020 + k % 90) for k in range(5000))
    assert len(visible(hidden)) < 300
    assert "more hidden" in visible(hidden)


def test_three_accents_are_language_and_sixty_are_a_mark() -> None:
    assert visible("a\u0301\u0302\u0303") == "a\u0301\u0302\u0303"
    assert visible("a" + "\u0301" * 60) == "a\u0301\u0301\u0301\u27e8U+0301 x57\u27e9"


def test_pieces_name_what_was_hidden() -> None:
    assert [tuple(p) for p in pieces("x\u202ey\x1b")] == [
        ("x", None),
        ("U+202E", "RIGHT-TO-LEFT OVERRIDE"),
        ("y", None),
        ("U+001B", "ESCAPE"),
    ]


@given(ANY_TEXT)
def test_what_is_shown_can_be_written_and_holds_nothing_hidden(text: str) -> None:
    for shown in (visible(text), plain(text), *lines(text)):
        shown.encode()
        # Only the honest uses may be left: joiners and the emoji style.
        assert set(sanitize._HIDDEN.findall(shown)) <= {"\u200c", "\u200d", "\ufe0f"}
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown if c not in "\t\n")
    assert "\n" not in plain(text)
    assert all("\n" not in line for line in lines(text))


def test_plain_is_one_line_without_ci_commands() -> None:
    assert plain(" a\r\n\tb\u2028c \x1b[31m") == "a b c [31m"
    assert "##[" not in plain("x ##[error]boom")
    assert "##[" not in lines("##[error]boom")[0]


def test_cut_counts_what_it_leaves_off() -> None:
    assert cut("abc", 3) == ("abc", 0)
    assert cut("abcdef", 2) == ("ab", 4)
