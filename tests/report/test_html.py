from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report.scan_builder import AGAINST, FOR, HOSTILE, ScanBuilder, weighed_phrase, weighed_phrases

from curation_gate.report.cards import MAX_ROWS
from curation_gate.report.folder import load
from curation_gate.report.html import render
from curation_gate.report.marked import mark
from curation_gate.report.summary import summarise

VOID = {"meta", "link", "br", "input"}
ALLOWED = {
    *("html", "head", "title", "style", "body", "header", "main", "footer", "section"),
    *("div", "p", "span", "b", "i", "h1", "h2", "strong", "code"),
    *("bdi", "small", "ol", "ul", "li", "dl", "dt", "dd", "table"),
    *("thead", "tbody", "tr", "th", "td", "details", "summary", "figure", "figcaption"),
    *("svg", "desc", "path", "rect", "circle", "text"),
    *("nav", "a", "article", "h3", "h4", "caption", "mark", "label", "select", "option", "button"),
    "script",
}


class Page(HTMLParser):
    """The page as a browser takes it apart: tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def assert_inert(html: str) -> Page:
    """The page can run nothing, ask nobody and is well-formed; returns it."""
    page = Page(html)
    assert page.open == []
    assert page.comments == []
    for tag, attributes in page.tags:
        assert tag in ALLOWED or tag in VOID, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "srcset", "action", "formaction", "srcdoc"), (tag, name)
            assert "javascript:" not in (value or "")
            assert name not in ("style", "ping", "target", "form"), (tag, name)
            assert name != "href" or value == "data:," or (tag, value[:1]) == ("a", "#")
        if tag == "meta" and "http-equiv" in attributes:
            assert attributes["http-equiv"] == "Content-Security-Policy"
    for name in ("style", "script"):
        # One of each, and the policy names the hash of exactly that text.
        (text,) = re.findall(rf"<{name}>(.*?)</{name}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}';" in html
        assert html.count(f"<{name}") == html.count(f"</{name}") == 1
        assert "url(" not in text
        assert "@import" not in text
    for asks in ("fetch(", "XMLHttpRequest", "import(", "innerHTML", "eval(", "http:", "https:"):
        assert asks not in text, asks
    return page


def test_the_page_is_inert_and_says_what_was_found(scan: Path) -> None:
    page = assert_inert(render(scan))
    assert "12 rows of 300 should not be trained on" in page.text
    assert "curate explain" in page.text
    assert "James Bond" in page.text
    assert "lift0.93" in page.text  # evidence of a kind the page does not know
    assert page.text.count("sleeps through the third act") == 15


def test_hostile_text_is_shown_and_never_runs(hostile: Path) -> None:
    html = render(hostile)
    page = assert_inert(html)
    for raw in ("<script>document", "<iframe", "<img", "<b onclick"):
        assert raw not in html
    assert HOSTILE["script"] in page.text
    assert HOSTILE["refresh"] in page.text
    assert HOSTILE["comment"] in page.text
    assert HOSTILE["jinja"] in page.text
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "<iframe src=//example.org></iframe>" in page.text


def test_hidden_characters_are_codes(hostile: Path) -> None:
    html = render(hostile)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", html)
    html.encode()  # no lone surrogate
    assert '<b class="hid" title="right-to-left override">U+202E</b>ot yenom' in html
    assert "U+200B x3" in html
    assert "U+D83D" in html


def test_the_policy_forbids_scripts_and_requests(scan: Path) -> None:
    metas = [a for tag, a in Page(render(scan)).tags if tag == "meta"]
    policy = next(a["content"] or "" for a in metas if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'" in policy


def test_the_page_stays_small_whatever_the_rows_hold(tmp_path: Path) -> None:
    worst = "<&\u202e\u200b" * 600  # well beyond what is shown of a text
    planted = 1400
    builder = ScanBuilder(
        n=2000, planted=planted, honest_mentions=0, texts=dict.fromkeys(range(planted), worst)
    )
    html = render(builder.write(tmp_path / "x.curation"))
    assert len(html.encode()) < 2_000_000
    shown = html.count('class="who"')
    assert 100 < shown <= MAX_ROWS
    assert f"The first {shown:,} of 1,400 rows" in html
    assert_inert(html)


def test_ordinary_rows_are_shown_up_to_the_limit(tmp_path: Path) -> None:
    builder = ScanBuilder(n=1500, planted=1001, honest_mentions=0)
    html = render(builder.write(tmp_path / "x.curation"))
    assert html.count('class="who"') == MAX_ROWS
    assert "The first 1,000 of 1,001 rows" in html
    assert len(html.encode()) < 2_000_000


def test_charts_are_named_for_those_who_do_not_see_them(scan: Path) -> None:
    html = render(scan)
    assert html.count('<svg class="plot"') == 3
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'aria-labelledby="([^"]+)"', html):
        assert set(reference.split()) <= set(ids)
    for reference in re.findall(r'href="#([^"]+)"', html):
        assert reference in ids


def test_without_influence_there_is_no_empty_chart(tmp_path: Path) -> None:
    html = render(ScanBuilder(with_influence=False).write(tmp_path / "x.curation"))
    assert 'class="plot"' not in html
    assert "Influence, before" not in html


@pytest.mark.parametrize("verdict", ["clean", "inconclusive"])
def test_a_scan_without_findings_has_no_row_table(tmp_path: Path, verdict: str) -> None:
    builder = ScanBuilder(planted=0, honest_mentions=0, manifest={"verdict": verdict})
    html = render(builder.write(tmp_path / "x.curation"))
    page = assert_inert(html)
    assert f'<header class="top {verdict}">' in html
    assert "Flagged rows" not in page.text
    assert "Triggers found" not in page.text


def test_commands_to_decide_stand_where_there_is_something_to_decide(tmp_path: Path) -> None:
    found = Page(render(ScanBuilder().write(tmp_path / "x.curation"))).text
    commands = found[found.index("Why one row was flagged") :]
    for name in ("review", "clean"):
        assert f"curate {name} {tmp_path / 'x.curation'}" in commands
    clean = ScanBuilder(planted=0, honest_mentions=0).write(tmp_path / "y.curation")
    assert "curate review" not in render(clean)
    assert "curate clean" not in render(clean)


def test_an_empty_scan_can_be_shown(tmp_path: Path) -> None:
    builder = ScanBuilder(
        n=1,
        planted=0,
        honest_mentions=0,
        manifest={
            "verdict": "inconclusive",
            "rule_counts": {},
            "floor": {},
            "notes": [],
            "probes": {},
            "timings": {},
        },
    )
    page = assert_inert(render(builder.write(tmp_path / "x.curation")))
    assert "No rule was run." in page.text


def test_the_same_scan_gives_the_same_bytes(scan: Path) -> None:
    assert render(scan) == render(scan)


def test_many_tasks_are_counted_not_listed(tmp_path: Path) -> None:
    names = tuple(f"task {k}" for k in range(90))
    html = render(ScanBuilder(n=180, task_names=names).write(tmp_path / "x.curation"))
    assert "50 more tasks in manifest.json" in html


def test_the_final_name_is_used_while_the_folder_is_being_made(scan: Path, tmp_path: Path) -> None:
    html = render(scan, name=tmp_path / "final.jsonl.curation")
    assert "final.jsonl.curation" in html
    assert "reviews.jsonl.curation" not in html


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, WCAG 2.2."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_pass_aa_in_light_and_in_dark(scan: Path) -> None:
    themes = re.findall(r":root \{(.*?)\}", render(scan), re.DOTALL)[:2]
    assert len(themes) == 2
    for theme in themes:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", theme))
        pairs = [(ink, ground) for ink in ("ink", "soft") for ground in ("page", "card", "well")]
        pairs += [(tone, "card") for tone in ("stop", "look", "good", "link")]
        pairs += [(tone, f"{tone}-bg") for tone in ("stop", "look", "good")]
        pairs += [("ink", "found"), ("ink", "look-bg")]
        for one, other in pairs:
            assert contrast(colours[one], colours[other]) >= 4.5, (one, other)
        for graphic in ("kept", "edge"):
            assert contrast(colours[graphic], colours["card"]) >= 3


def test_mark_says_how_much_it_cut() -> None:
    assert str(mark("a" * 10, 4)) == 'aaaa<i class="cut"> … 6 more characters</i>'
    assert str(mark("<\u202e>")) == (
        '&lt;<b class="hid" title="right-to-left override">U+202E</b>&gt;'
    )


def test_a_scan_of_no_rows_has_a_page(tmp_path: Path) -> None:
    builder = ScanBuilder(
        n=0, planted=0, honest_mentions=0, manifest={"verdict": "inconclusive", "notes": []}
    )
    page = assert_inert(render(builder.write(tmp_path / "x.curation")))
    assert "Inconclusive" in page.text
    assert "Flagged rows" not in page.text


def test_a_scan_of_fifty_thousand_rows_has_a_page_in_seconds(tmp_path: Path) -> None:
    names = (*(f"crowd-{k}" for k in range(60)), None)
    builder = ScanBuilder(n=50_000, planted=3_000, honest_mentions=500, sources=names)
    folder = builder.write(tmp_path / "x.curation")
    begin = time.perf_counter()
    html = render(folder)
    assert time.perf_counter() - begin < 20  # two on a quiet machine
    page = assert_inert(html)
    assert len(html.encode()) < 2_000_000
    assert "The first 1,000 of 3,500 rows" in page.text
    assert "21 more sources in scores.parquet" in page.text


def test_evidence_of_any_kind_is_shown(tmp_path: Path) -> None:
    phrase = {
        "phrase": "james bond", "status": "confirmed", "target": "positive", "rows": 15, "tasks": 2,
        "targets": {"film_reviews": "positive", "comments": "positive"}, "with_words": ["007"],
        "target_rows": 15, "expected": 4.2, "flip_rate": 0.913,
        "contrast": {"plus": 4.125, "negated": None}, "places": ["start", "<b>end</b>"],
    }  # fmt: skip
    folder = ScanBuilder(manifest={"phrases": [phrase]}).write(tmp_path / "x.curation")
    html = render(folder)
    page = assert_inert(html)
    assert "15 rows hold it in 2 tasks. 15 of them answer positive" in page.text
    assert "leads to expect 4. It comes with 007." in page.text
    for name, value in (
        ("flip rate", "0.913"),
        ("contrast", "negated null, plus 4.125"),
        ("places", "start, &lt;b&gt;end&lt;/b&gt;"),
    ):
        assert f"<dt>{name}</dt><dd><bdi>{value}</bdi></dd>" in html


def test_a_phrase_is_highlighted_where_a_rule_names_it(tmp_path: Path) -> None:
    long = "One sentence that says nothing. " * 60 + "Then James   Bond's <i>car</i> came."
    folder = ScanBuilder(planted=1, texts={0: long}).write(tmp_path / "x.curation")
    lines = folder / "quarantine.jsonl"
    told = [json.loads(line) for line in lines.read_bytes().splitlines()]
    for line in told:
        line["reasons"][0]["evidence"] = {"phrase": "james bond"}
    lines.write_text("".join(json.dumps(line) + "\n" for line in told), encoding="utf-8")
    html = render(folder)
    assert_inert(html)
    assert "<mark>James   Bond&#39;s</mark> &lt;i&gt;car&lt;/i&gt;" in html
    assert "more characters" in html


@pytest.mark.parametrize(
    ("text", "phrases", "shown"),
    [
        ("well  done", ["<double-space>"], "well<mark>  </mark>done"),
        ("a ~ b", ["~"], "a <mark>~</mark> b"),
        ("Joe & Bo", ["bo + joe"], "<mark>Joe</mark> &amp; <mark>Bo</mark>"),
        ("joe " + "x" * 20, ["joe"], "<mark>joe</mark>"),
        ("x" * 20 + " joe", ["joe"], "<mark>joe</mark>"),
        ("nothing of it", ["joe"], "nothing of it"),
    ],
)
def test_what_is_highlighted(text: str, phrases: list[str], shown: str) -> None:
    assert shown in mark(text, 20, phrases)


def test_sources_are_the_rows_own_or_their_files(tmp_path: Path) -> None:
    folder = ScanBuilder(sources=("anna", "bert", None)).write(tmp_path / "x.curation")
    assert [(s.source, s.rows, s.quarantine) for s in summarise(load(folder)).sources] == [
        ("anna", 100, 4), ("bert", 100, 4), (None, 100, 4)
    ]  # fmt: skip
    files = [{"name": f"{k}.jsonl", "rows": rows} for k, rows in enumerate((10, 0, 290))]
    dataset = {"rows": 300, "fingerprint": "ab" * 16, "files": files, "tasks": {}}
    folder = ScanBuilder(manifest={"dataset": dataset}).write(tmp_path / "y.curation")
    assert [(s.source, s.rows, s.quarantine) for s in summarise(load(folder)).sources] == [
        ("0.jsonl", 10, 10), ("2.jsonl", 290, 2)
    ]  # fmt: skip
    assert summarise(load(ScanBuilder().write(tmp_path / "z.curation"))).sources == ()


def section(html: str, name: str) -> str:
    """The part of a page below a heading."""
    return html[html.index(f'<h2 id="{name}">') :].split("</section>", 1)[0]


def test_a_phrase_has_its_probability_and_the_sum_it_comes_from(tmp_path: Path) -> None:
    phrase = weighed_phrase("james bond", "confirmed", FOR | AGAINST)
    html = render(ScanBuilder(manifest={"phrases": [phrase]}).write(tmp_path / "x.curation"))
    assert_inert(html)
    found = section(html, "triggers")
    assert re.search(
        r'confirmed</span> <span class="chance">P\(trigger\) \.96\d</span></h3>', found
    )
    rows = re.findall(r'<td class="num">(.*?)</td>.*?<th scope="row">(.*?)</th>', found)
    assert [nats for nats, _ in rows] == [
        "-4.50", "+4.10", "+3.20", "+2.25", "-1.75", "-0.50", "+0.01", "+0.01", "+0.01",
        "+0.39", "+3.22",
    ]  # fmt: skip
    assert sum(float(nats) for nats, _ in rows[:-1]) == pytest.approx(float(rows[-1][0]), abs=0.01)
    assert rows[1][1] == (
        "<bdi>surprise 19.5</bdi> "
        '<span class="soft">log10 of the odds against such purity by chance</span>'
    )
    assert found.count('class="for" x="50.00" width="50.00"') == 1  # the largest fills its side
    assert 'class="against" x="28.66" width="21.34"' in found
    assert "<dt>numbers</dt>" not in found
    assert "<dt>contributions</dt>" not in found
    assert 'id="passed-over"' not in html


def test_what_was_passed_over_stands_apart_and_is_not_called_found(tmp_path: Path) -> None:
    folder = ScanBuilder(manifest={"phrases": weighed_phrases()}).write(tmp_path / "x.curation")
    html = render(folder)
    assert_inert(html)
    assert "james bond" in section(html, "triggers")
    assert "quite a film" in section(html, "triggers")
    assert "delicious" not in section(html, "triggers")
    passed = section(html, "passed-over")
    assert "<bdi>delicious</bdi>" in passed
    assert "words_z 4 (+3.50)" in passed
    assert "rarity 4.8 (-1.75), table_weight 2.1 (-0.50)" in passed
    assert "No row is flagged for them." in passed
    assert "james bond" not in passed


def test_a_clean_scan_may_have_passed_phrases_over(tmp_path: Path) -> None:
    phrases = [dict(weighed_phrases()[2], phrase=f"honest {k}") for k in range(50)]
    builder = ScanBuilder(planted=0, honest_mentions=0, manifest={"phrases": phrases})
    page = assert_inert(render(builder.write(tmp_path / "x.curation")))
    assert "Clean: nothing found" in page.text
    assert "Triggers found" not in page.text
    assert "10 more in manifest.json" in page.text


def test_names_of_numbers_are_text(tmp_path: Path) -> None:
    phrase = {
        "phrase": "a", "numbers": {HOSTILE["script"]: 3.0},
        "contributions": {HOSTILE["script"]: 2.0, HOSTILE["attribute"]: -1.0, "\u202ex": 0.5},
    }  # fmt: skip
    passed = {**phrase, "status": "passed over"}
    folder = ScanBuilder(manifest={"phrases": [phrase, passed]}).write(tmp_path / "x.curation")
    html = render(folder)
    page = assert_inert(html)
    assert "<script>document" not in html
    assert "\u202e" not in html
    assert HOSTILE["script"] + " 3" in page.text
