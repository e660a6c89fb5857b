from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np

from curation_gate.report import plots

RNG = np.random.default_rng(0)


def draw_histogram(values: np.ndarray, flagged: np.ndarray, span: float) -> ET.Element:
    svg = plots.histogram(values, flagged, span, name="h", title="T <&>")
    return ET.fromstring(svg)  # well-formed, or this raises


def test_span_is_shared_and_ignores_the_far_tails() -> None:
    values = np.concatenate([RNG.normal(0, 1, 5000), [1e9]])
    span = plots.influence_span(values, -values)
    assert span is not None
    assert 2 < span < 6
    assert plots.influence_span(np.array([np.nan]), np.array([])) is None
    assert plots.influence_span(np.zeros(3)) == 1.0


def test_histogram_names_itself_and_counts_its_rows() -> None:
    values = np.array([0.0, 0.0, 5.0, -9.0, np.nan])
    svg = draw_histogram(values, np.array([True, False, True, False, True]), 1.0)
    assert svg.findtext("title") == "T <&>"
    assert svg.findtext("desc", "").startswith("4 rows, 2 of them flagged.")
    every, flagged = svg.findall("path[@class]")[-3:-1]
    assert every.get("class") == "bar all"
    # Middle, and the two ends, where what lies beyond is counted.
    assert every.get("d", "").count("z") == 3
    assert flagged.get("d", "").count("z") == 2


def test_one_row_is_visible_beside_a_million() -> None:
    values = np.concatenate([np.zeros(1_000_000), [0.9]])
    svg = draw_histogram(values, values > 0.5, 1.0)
    bar = svg.find("path[@class='bar flagged']")
    assert bar is not None
    base, top = (float(x) for x in re.findall(r"[ V]([\d.]+)", bar.get("d", ""))[:2])
    assert base - top >= 5


def test_empty_histogram_says_so() -> None:
    svg = draw_histogram(np.array([np.nan]), np.array([False]), 1.0)
    assert "Nothing was measured" in svg.findtext("desc", "")


def test_scatter_is_bounded_repeatable_and_tells_verdicts_apart_by_shape() -> None:
    n = 20_000
    verdict = np.array(["keep"] * n, dtype=object)
    verdict[:900], verdict[900:910] = "quarantine", "review"
    before, after = RNG.normal(size=n), RNG.normal(size=n)
    before[905] = np.nan
    drawn = [plots.scatter(before, after, verdict, 3.0, name="s", title="S") for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) < 90_000
    svg = ET.fromstring(drawn[0])
    assert svg.findtext("desc") == (
        "Rows drawn: 1,500 of 19,090 keep; 9 of 9 review; 600 of 900 quarantine."
    )
    shapes = [p.get("d", "x")[-8:] for p in svg.findall("path") if "mark" in p.get("class", "")]
    assert len(set(shapes)) == 3
    assert "nan" not in drawn[0]


def test_share_bar_shows_a_share_that_is_tiny_and_none_that_is_zero() -> None:
    svg = ET.fromstring(plots.share_bar(1, 0, 100_000))
    widths = [float(r.get("width", "")) for r in svg.findall("rect")]
    assert widths == [100, 1, 0]
    assert plots.share_bar(0, 0, 0).count("0.0 %") == 2


def test_numbers_are_short() -> None:
    assert [plots._number(v) for v in (-2.345, 0.0, 123.4, 1234.0)] == [
        "\u22122.3",
        "0",
        "123",
        "1,234",
    ]
    assert [plots._short(v) for v in (1, 1000, 10**6)] == ["1", "1k", "1M"]
