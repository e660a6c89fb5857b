from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report.scan_builder import HOSTILE
from rich.console import Console

from curation_gate.report.places import phrase_spans
from curation_gate.report.row_text import MARK, marked, wrapped
from curation_gate.report.sanitize import visible
from curation_gate.text.tokens import placed_tokens, tokens


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("I saw James Bond.", "james bond", ["James Bond"]),
        ("JAMES\n  'Bond' and james bond's", "james bond", ["JAMES\n  'Bond", "james bond's"]),
        ("James-Bond, Jamesbond, bond james", "james bond", []),
        ("cf cf cf mn", "cf", ["cf", "cf", "cf"]),
        ("aa aa aa", "aa aa", ["aa aa aa"]),
        ("\uff2aames BOND", "james bond", ["\uff2aames BOND"]),
        ("first x second", "first + second", ["first", "second"]),
        ("wow *** wow", "***", ["***"]),
        ("a\u200b\u200cb", "<zero-width>", ["\u200b\u200c"]),
        ("Straße nach ﬁnden", "strasse", ["Straße"]),
        ("这部詹姆士电影", "詹 姆 士", ["詹姆士"]),
        ("ที่นี่ดี", "^ ที่ นี่", ["ที่นี่"]),
        ("anything", "", []),
        ("anything", "^ anything", ["anything"]),
    ],
)
def test_where_a_phrase_stands(text: str, phrase: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in phrase_spans(text, [phrase])] == found


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_tokens_with_places_are_those_of_the_miner_in_plain_text(text: str) -> None:
    text = text.encode("ascii", "ignore").decode()
    placed = placed_tokens(text)
    assert [token for token, _, _ in placed] == tokens(text)
    for token, start, end in placed:
        letters = iter(text[start:end].casefold())  # hidden signs may stand between them
        assert text[start].casefold() == token[0]
        assert all(letter in letters for letter in token)


@given(st.text(max_size=60), st.lists(st.text("ab ", max_size=4), max_size=3))
def test_marking_changes_no_character(text: str, phrases: list[str]) -> None:
    at = 0
    for start, end in phrase_spans(text, phrases):
        assert at <= start < end <= len(text)
        at = end
    assert not set(marked(text, phrases).plain) & {"\x1b", "\u202e", "\x00"}
    if text.isascii() and text.isprintable():
        assert marked(text, phrases).plain == visible(text).replace("##[", "# #[")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("width", [20, 79])
def test_hostile_lines_stay_within_the_width_and_behind_the_gutter(name: str, width: int) -> None:
    text = HOSTILE[name] + " James Bond " + HOSTILE[name]
    shown, left = wrapped(text, ["james bond"], Console(), width, limit=20_000)
    assert (left, all(line.plain.startswith("\u2502 ") for line in shown)) == (0, True)
    assert max(line.cell_len for line in shown) <= width
    assert any(span.style == MARK for line in shown for span in line.spans)
