"""The page in a real browser: inert whatever the rows say, and usable by keyboard and reader."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from report.browser import Browser, browsing, installed
from report.scan_builder import HOSTILE, ScanBuilder

from curation_gate.report.html import render

pytestmark = pytest.mark.skipif(
    installed() is None, reason="no Chromium is installed; the page is checked by a parser alone"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as started:
        yield started


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on this machine, and what it was asked for."""
    paths: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()
    thread.join()


def written(scan: Path) -> Path:
    page = scan / "report.html"
    page.write_text(render(scan), encoding="utf-8")
    return page


def big(folder: Path, planted: int = 130, **fields) -> Path:
    builder = ScanBuilder(n=3 * planted, planted=planted, honest_mentions=10, **fields)
    return builder.write(folder / "big.jsonl.curation")


def overflow(browser: Browser) -> int:
    return browser.run("document.documentElement.scrollWidth - innerWidth")


def shown(browser: Browser) -> int:
    return browser.run("document.querySelectorAll('#rows tbody tr').length")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True), (320, False)])
def test_hostile_rows_run_nothing_ask_nobody_and_fit(
    browser: Browser, asked: tuple[str, list[str]], tmp_path: Path, width: int, dark: bool
) -> None:
    address, paths = asked
    loads = [
        f"<img src={address}/img onerror=\"document.title='owned'\">",
        f'<meta http-equiv="refresh" content="0;url={address}/refresh">',
        f'<link rel=stylesheet href={address}/css><style>@import "{address}/import";</style>',
        f'<script src={address}/s></script><svg onload="document.title=1">',
        f"<svg><use href={address}/use></use></svg>",
        f"<iframe src={address}/frame></iframe><object data={address}/object>",
        f"</td></table></main><base href={address}/base><form action={address}/form><!--",
        *HOSTILE.values(),
    ]
    scan = ScanBuilder(
        planted=len(loads),
        honest_mentions=1,
        phrase=f"<img src={address}/phrase>\u202e" + "w" * 400,
        task_names=(f"<iframe src={address}/task>", "t" * 300),
        texts=dict(enumerate(loads)),
        manifest={"notes": [f"<img src={address}/note>" + "n" * 500]},
    ).write(tmp_path / "hostile.jsonl.curation")
    page = written(scan)
    browser.open(page, width=width, dark=dark)
    browser.run("new Promise(done => setTimeout(done, 300))")
    assert paths == []
    assert [r for r in browser.requests if not r.startswith("data:")] == [page.resolve().as_uri()]
    assert browser.logged == []
    assert browser.run("document.title") != "owned"
    assert browser.run("document.scripts.length") == 1
    assert browser.run("document.querySelectorAll('img, iframe, object, form, base').length") == 0
    assert HOSTILE["script"] in browser.run("document.body.innerText")
    assert overflow(browser) <= 0


def test_a_script_that_slipped_through_would_be_stopped_by_the_policy(
    browser: Browser, scan: Path
) -> None:
    page = written(scan)
    html = page.read_text(encoding="utf-8")
    slipped = (
        "<script>document.title='owned'</script><p onclick=\"document.title='owned'\" id=x></p>"
    )
    page.write_text(html.replace("</main>", f"{slipped}</main>"), encoding="utf-8")
    browser.open(page)
    browser.run("document.getElementById('x').click()")
    assert browser.run("document.title") != "owned"
    assert any("Content Security Policy" in line for line in browser.logged)
    assert browser.run("document.getElementById('tools').hidden") is False  # ours still runs


def test_rows_are_searched_filtered_sorted_and_paged(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(big(tmp_path, texts={7: "a needle in the haystack", 9: "Needle again"})))
    status = "document.getElementById('status').textContent"
    assert shown(browser) == 25
    assert browser.run(status) == "Rows 1 to 25 of 140"

    browser.run("document.querySelector('.next').click()")
    assert browser.run(status) == "Rows 26 to 50 of 140"
    assert browser.run("document.querySelector('.prev').disabled") is False

    browser.run("q.value = 'needle'; q.dispatchEvent(new Event('input'))")
    assert browser.run(status) == "Rows 1 to 2 of 2 found in 140"
    browser.run("q.value = 'NEEDLE hay'; q.dispatchEvent(new Event('input'))")
    assert browser.run("document.querySelector('#rows tbody tr').id") == "row-7"
    browser.run("q.value = 'nowhere at all'; q.dispatchEvent(new Event('input'))")
    assert browser.run(status) == "No row fits."

    choose = (
        "(i, v) => { const c = document.getElementById(i);"
        " c.value = v; c.dispatchEvent(new Event('input')); }"
    )
    browser.run(f"q.value = ''; ({choose})('by-v', 'review')")
    assert browser.run(status) == "Rows 1 to 10 of 10 found in 140"
    browser.run(f"({choose})('by-v', ''); ({choose})('sort', 'row'); ({choose})('size', '0')")
    numbers = browser.run(
        "[...document.querySelectorAll('#rows tbody tr')].map(r => +r.id.slice(4))"
    )
    assert numbers == sorted(numbers)
    assert len(numbers) == 140


def test_a_link_to_a_row_on_another_page_opens_that_page(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(big(tmp_path)))
    far = browser.run("""(() => {
        const size = document.getElementById('size');
        size.value = '0'; size.dispatchEvent(new Event('input'));
        const far = [...document.querySelectorAll('#rows tbody tr')].at(-1).id;
        size.value = '25'; size.dispatchEvent(new Event('input'));
        const link = document.createElement('a');
        link.href = '#' + far; document.querySelector('main').append(link); link.click();
        return far; })()""")
    assert browser.run("document.activeElement.id") == far
    assert browser.run("document.getElementById('status').textContent").endswith("of 140")


def test_without_the_script_every_row_stands_there(browser: Browser, tmp_path: Path) -> None:
    page = written(big(tmp_path))
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        assert shown(browser) == 140
        assert browser.run("document.getElementById('tools').offsetHeight") == 0
        assert browser.run("[...document.querySelectorAll('button')].every(b => !b.offsetHeight)")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_the_keyboard_reaches_everything_in_reading_order(browser: Browser, tmp_path: Path) -> None:
    browser.open(written(big(tmp_path)))
    places, names = [], []
    for _ in range(60):
        browser.press("Tab")
        if browser.run("document.activeElement === document.body"):
            break
        name, top, visible = browser.run("""(() => {
            const e = document.activeElement, r = e.getBoundingClientRect();
            return [(e.id || e.className || e.textContent).slice(0, 40), r.top + scrollY,
                    getComputedStyle(e).outlineStyle !== 'none' || e.className === 'skip']; })()""")
        assert visible, name
        places.append(top)
        names.append(name)
    assert len(names) > 40
    assert names[0] == "skip"
    assert names.index("copy") < names.index("q") < names.index("by-v")
    # Down the page, but for things side by side.
    assert all(b > a - 80 for a, b in pairwise(places[1:]))

    browser.open(written(big(tmp_path / "again")))
    browser.press("Tab")
    browser.press("Enter")
    assert browser.run("document.activeElement.id") == "flagged-rows"


def test_a_screen_reader_is_told_names_and_structure(browser: Browser, tmp_path: Path) -> None:
    scan = big(tmp_path)
    for width in (1280, 390):  # the phone layout must not lose the tables
        browser.open(written(scan), width=width)
        nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
        told = [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]
        roles = {role for role, _ in told}
        assert {"banner", "main", "navigation", "contentinfo", "search", "status"} <= roles
        assert {"table", "rowheader", "columnheader", "cell", "region"} <= roles
        assert ("heading", "Triggers found") in told
        for role in ("button", "link", "searchbox", "combobox", "table", "image", "region"):
            assert all(name for kind, name in told if kind == role), role
        levels = [
            next(p["value"]["value"] for p in node["properties"] if p["name"] == "level")
            for node in nodes
            if not node["ignored"] and node["role"]["value"] == "heading"
        ]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels))


def test_text_has_contrast_aa_as_computed(browser: Browser, scan: Path) -> None:
    page = written(scan)
    measure = """(() => {
      const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
      const lum = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
        return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
        return .2126 * r + .7152 * g + .0722 * b; };
      const ground = e => { for (; e; e = e.parentElement) {
        const c = parse(getComputedStyle(e).backgroundColor);
        if (c.length && (c.length < 4 || c[3] > 0)) return c; } return [255, 255, 255]; };
      const bad = [];
      for (const e of document.querySelectorAll('body *')) {
        if (!e.offsetHeight || e.disabled) continue;
        if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        const [a, b] = [lum(parse(getComputedStyle(e).color)), lum(ground(e))];
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5) bad.push([e.tagName, e.className, ratio.toFixed(2)].join(' '));
      }
      return [...new Set(bad)]; })()"""
    for dark in (False, True):
        browser.open(page, dark=dark)
        assert browser.run(measure) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_of_any_size_fits_and_opens(browser: Browser, tmp_path: Path, width: int) -> None:
    for name, builder in {
        "one": ScanBuilder(n=1, planted=1, honest_mentions=0),
        "thousand": ScanBuilder(n=1500, planted=1000, honest_mentions=0),
    }.items():
        browser.open(written(builder.write(tmp_path / f"{name}.curation")), width=width)
        assert overflow(browser) <= 0
        assert browser.logged == []
        assert shown(browser) == min(25, builder.planted)


def test_print_shows_evidence_and_no_controls(browser: Browser, scan: Path) -> None:
    browser.open(written(scan))
    browser.call("Emulation.setEmulatedMedia", media="print")
    assert browser.run("document.querySelector('.tools').offsetHeight") == 0
    assert browser.run("document.querySelector('nav').offsetHeight") == 0
    browser.call("Emulation.setEmulatedMedia", media="")
    pdf = browser.call("Page.printToPDF")["data"]
    assert len(pdf) > 20_000
