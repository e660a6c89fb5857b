"""The recorded walk: page, recording and pictures are of one run, and show no machine."""

from __future__ import annotations

import json
import re
import sys

import pytest
from places import REPOSITORY

pytest.importorskip("pexpect")

IMAGES = REPOSITORY / "docs" / "images"
PICTURES = [IMAGES / "walk-review.svg"]
BLOCK = re.compile(r"<!-- captured: (\w+) -->\n```console\n(.*?)\n?```\n", re.DOTALL)


@pytest.fixture(scope="module")
def walk():
    sys.path.insert(0, str(REPOSITORY / "tools"))
    try:
        import record_walk
    finally:
        sys.path.pop(0)
    return record_walk


@pytest.fixture(scope="module")
def events():
    header, *lines = (IMAGES / "walk.cast").read_text(encoding="utf-8").splitlines()
    told = json.loads(header)
    assert told["version"] == 2
    assert (told["width"], told["height"]) > (0, 0)
    return [json.loads(line) for line in lines]


def test_the_recording_plays(events):
    times = [time for time, _, _ in events]
    assert times == sorted(times)
    assert times[-1] < 120, "nobody watches longer"
    assert {kind for _, kind, _ in events} == {"o", "m"}
    assert (IMAGES / "walk.cast").stat().st_size < 100_000


def test_the_page_shows_what_the_recording_shows(walk, events):
    shown = walk.printed(events)
    page = dict(BLOCK.findall(walk.PAGE.read_text(encoding="utf-8")))
    steps = {step.name for step in (*walk.PULL_REQUEST, *walk.IN_CI)}
    assert set(shown) == steps
    assert set(page) == steps - {"review"}, "the review is a picture"
    for name, text in page.items():
        assert text == shown[name], f"{name}: run tools/record_walk.py again"


def test_the_story_is_told(walk, events):
    shown = walk.printed(events)
    assert "400 added" in shown["red"]
    assert shown["red"].endswith("[exit code 1]")
    assert '"silver falcon"' in shown["found"]
    assert shown["found"].endswith("[exit code 1]")
    assert "60 rows accepted as poison" in shown["clean"]
    assert shown["green"].endswith("rows, as scanned")
    assert "Clean: nothing found in 1,940 rows" in shown["clear"]


def test_nothing_of_the_machine_is_in_it(events):
    texts = [text for _, _, text in events]
    texts += [path.read_text(encoding="utf-8") for path in PICTURES]
    for text in texts:
        assert not re.search(r"/(tmp|home|root|Users|work|usr)/", text)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_asks_no_one_for_anything(path):
    text = path.read_text(encoding="utf-8")
    assert "@font-face" not in text
    assert "url(http" not in text
    assert set(re.findall(r"https?://[^\"\s<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",
    }
    assert len(text) < 60_000
