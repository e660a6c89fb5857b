"""expectations.html: hostile values come out as text, and the page asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from scan_folder import make_dataset, make_verdicts

from curation_gate.expectations import check_cleaned
from curation_gate.expectations.docs import SHOWN, render
from curation_gate.expectations.result import Checked

HOSTILE = (
    "<script>alert(1)</script>",
    '<meta http-equiv="refresh" content="0;url=https://evil.invalid">',
    "<!-- ",
    '"><img src=x onerror=alert(1)>',
    "</style><link rel=stylesheet href=https://evil.invalid>",
    "{{ 7 * 7 }}{% raw %}",
    "]]>\u2028\u202e\x1b[31m\x00",
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.comments: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    return tags


def inert(html: str) -> None:
    tags = parsed(html)
    names = {name for name, _ in tags.found}
    assert not names & {"script", "img", "link", "iframe", "object", "svg", "base", "form", "a"}
    assert tags.comments == []
    assert [a.get("http-equiv") for n, a in tags.found if n == "meta" and "http-equiv" in a] == [
        "Content-Security-Policy"
    ]
    assert all(not key.startswith("on") and key not in {"src", "href"}
               for _, attributes in tags.found for key in attributes)  # fmt: skip
    assert not {"\x1b", "\x00", "\u202e", "\u2028"} & set(html)


@pytest.mark.parametrize("nasty", HOSTILE)
def test_a_hostile_label_is_text(nasty: str) -> None:
    content = [("Judge.", f"film {k}", nasty if k % 2 else " ") for k in range(120)]
    # Half the answers are empty and most of the others are dropped: remarks that quote both.
    drop = set(range(1, 100, 2))
    result = check_cleaned(
        make_dataset(content, task=nasty),
        make_verdicts(120, quarantine=drop),
        make_dataset([row for k, row in enumerate(content) if k not in drop], task=nasty),
    )
    assert {r.type for r in result.broken} == {"no_empty_output", "label_balance_drift"}
    inert(result.html)


@pytest.mark.parametrize("nasty", HOSTILE)
def test_every_field_is_escaped(nasty: str) -> None:
    checked = Checked(
        nasty, nasty, "critical", success=False, observed=nasty, examples=((1, nasty),)
    )
    html = render([checked], rows=3, rules=nasty)
    if nasty == HOSTILE[0]:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    inert(html)


def test_the_policy_allows_the_pages_own_style_and_nothing_else() -> None:
    html = render([Checked("t", "title", "warning", success=True, observed="o")], rows=1, rules="r")
    policy = next(
        a["content"] for n, a in parsed(html).found
        if n == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "://" not in html


def test_long_values_are_cut() -> None:
    checked = Checked(
        "t", "title", "warning", success=False, observed="o", examples=((0, "x" * 5000),)
    )
    html = render([checked], rows=1, rules="r")
    assert "x" * SHOWN + "\N{HORIZONTAL ELLIPSIS}" in html
    assert "x" * (SHOWN + 1) not in html


@pytest.mark.parametrize(
    ("results", "summary"),
    [
        ([True, True], "all 2 hold"),
        (["warning", True], "1 of 2 hold, no critical one is broken"),
        (["critical", "warning"], "1 of 2 broken"),
    ],
)
def test_the_summary_says_how_many(results: list[object], summary: str) -> None:
    page = render(
        [
            Checked("t", "t", "critical" if r is True else r, success=r is True, observed="")  # type: ignore[arg-type]
            for r in results
        ],
        rows=1000,
        rules="r",
    )
    assert summary in page
    assert "1,000 rows" in page
