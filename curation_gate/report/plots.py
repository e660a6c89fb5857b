"""Charts as inline SVG, drawn with numpy alone.

Colours come from the page (`var(--...)` in report.html.j2), so a chart follows light and dark mode.
Each is 340 units wide: on a phone it is shown at its own size and its labels stay readable.
Kinds of rows differ in shape as well as in colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 340, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 10, 12, 36
_BINS = 41
"""Odd, so that one bar stands on zero."""
_TAILS = (0.2, 99.8)
"""Percentiles shown; what lies beyond is counted in the outermost bars (a choice)."""
_KEPT_POINTS, _FLAGGED_POINTS = 1500, 600


def influence_span(*series: NDArray[np.float64]) -> float | None:
    """Return the half width of the axis shared by the charts of `series`; None: nothing measured.

    series: each [n], nats, may hold NaN.
    """
    finite = [values[np.isfinite(values)] for values in series]
    if not any(values.size for values in finite):
        return None
    low, high = np.percentile(np.concatenate(finite), _TAILS)
    return float(max(abs(low), abs(high))) or 1.0


def histogram(
    values: NDArray[np.float64], flagged: NDArray[np.bool_], span: float, *, name: str, title: str
) -> str:
    """Return an SVG histogram with a logarithmic height, flagged rows drawn over all rows.

    values: [n] nats, NaN left out; flagged: [n]; span: half width of the axis, centred on 0;
    name: prefix of the ids inside, unique on the page.
    """
    known = np.isfinite(values)
    edges = np.linspace(-span, span, _BINS + 1)
    everything = _counts(values[known], edges)
    marked = _counts(values[known & flagged], edges)
    top = max(10.0, 10 ** np.ceil(np.log10(max(int(everything.max(initial=0)), 1))))

    def y(count: float) -> float:
        # One row must still be seen: the axis starts at half a row.
        share = np.log(max(count, 0.5) / 0.5) / np.log(top / 0.5)
        return float(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP))

    step = (WIDTH - _LEFT - _RIGHT) / _BINS
    parts = [_grid_y([(y(10.0**k), _short(10**k)) for k in range(int(np.log10(top)) + 1)])]
    for style, counts in (("all", everything), ("flagged", marked)):
        bars = "".join(
            f"M{_LEFT + k * step + 0.4:.1f} {HEIGHT - _BOTTOM}V{y(count):.1f}h{step - 0.8:.1f}"
            f"V{HEIGHT - _BOTTOM}z"
            for k, count in enumerate(counts)
            if count
        )
        parts.append(f'<path class="bar {style}" d="{bars}"/>')
    parts.append(_axis_x(span, "influence on the probes, nats"))
    described = (
        f"{int(known.sum()):,} rows, {int((known & flagged).sum()):,} of them flagged. "
        f"{_quartiles(values[known])}"
    )
    return _svg(name, title, described, parts)


def scatter(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    verdict: NDArray[Any],
    span: float,
    *,
    name: str,
    title: str,
) -> str:
    """Return an SVG of influence on the probes (x) against the negated probes (y).

    before, after: [n] nats; verdict: [n] of str. At most 1,500 kept and 600 rows of each other
    verdict are drawn, chosen evenly along the file, so that the same scan gives the same page.
    """
    known = np.isfinite(before) & np.isfinite(after)
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    clipped = {"x": np.clip(before, -span, span), "y": np.clip(after, -span, span)}
    x = _LEFT + (clipped["x"] / span + 1) / 2 * width
    y = HEIGHT - _BOTTOM - (clipped["y"] / span + 1) / 2 * height
    ticks = [(-span, _number(-span)), (0.0, "0"), (span, _number(span))]
    parts = [
        _grid_y([(HEIGHT - _BOTTOM - (v / span + 1) / 2 * height, label) for v, label in ticks]),
        f'<path class="zero" d="M{_LEFT + width / 2:.1f} {_TOP}v{height}"/>',
    ]
    drawn = []
    # A dot, a diamond, a triangle: shape and colour both tell the verdict.
    shapes = {"keep": "h0", "review": "m0-3l3 3l-3 3l-3-3z", "quarantine": "m0-3.4l3.2 5.6h-6.4z"}
    for kind, shape in shapes.items():
        rows = np.flatnonzero(known & (verdict == kind))
        limit = _KEPT_POINTS if kind == "keep" else _FLAGGED_POINTS
        chosen = rows[np.linspace(0, rows.size - 1, min(limit, rows.size)).astype(np.int64)]
        drawn.append(f"{chosen.size:,} of {rows.size:,} {kind}")
        marks = "".join(f"M{x[i]:.1f} {y[i]:.1f}{shape}" for i in chosen)
        parts.append(f'<path class="mark {kind}" d="{marks}"/>')
    parts.append(_axis_x(span, "influence on the probes, nats"))
    return _svg(name, title, f"Rows drawn: {'; '.join(drawn)}.", parts)


def share_bar(quarantine: int, review: int, rows: int, full: int = 100) -> str:
    """Return a thin SVG bar, as wide as its place, of the flagged shares of a task or source.

    full: percent that fill the bar. A share that is not zero is drawn at least one hundredth wide,
    so that it can be seen.
    """
    whole = max(rows, 1)
    first, second = 100 * quarantine / whole, 100 * review / whole
    wide, narrow = (
        min(100.0, max(100 * share / full, 1.0)) if share else 0.0 for share in (first, second)
    )
    label = f"{first:.1f} % quarantined, {second:.1f} % to review"
    return (
        f'<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}"><rect class="rest" width="100" height="8"/>'
        f'<rect class="quarantine" width="{wide:.2f}" height="8"/>'
        f'<rect class="review" x="{wide:.2f}" width="{narrow:.2f}" height="8"/></svg>'
    )


def nats_bar(nats: float, full: float) -> str:
    """Return a thin SVG bar from its middle: to the right for nats above 0, to the left below.

    full: nats that fill one side, above 0. For the eye alone: the number stands beside it.
    """
    width = 50 * min(abs(nats) / full, 1.0) if full > 0 else 0.0
    begin, side = (50.0, "for") if nats > 0 else (50.0 - width, "against")
    return (
        '<svg class="nats" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rest" width="100" height="8"/>'
        f'<rect class="{side}" x="{begin:.2f}" width="{width:.2f}" height="8"/></svg>'
    )


def bar_end(shares: Sequence[float]) -> int:
    """Return the percent at which the bars of a table end: the first round one no share exceeds.

    shares: flagged share of each task or source, 0..1.
    """
    largest = 100 * max(shares, default=0.0)
    return next((end for end in (5, 10, 25, 50) if largest <= end), 100)


def _counts(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    inside = np.clip(values, edges[0], edges[-1])
    return np.histogram(inside, bins=edges)[0].astype(np.int64)


def _svg(name: str, title: str, described: str, parts: list[str]) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(described)}</desc>{"".join(parts)}</svg>'
    )


def _grid_y(ticks: list[tuple[float, str]]) -> str:
    return "".join(
        f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        for y, label in ticks
    )


def _axis_x(span: float, label: str) -> str:
    middle = _LEFT + (WIDTH - _LEFT - _RIGHT) / 2
    return (
        f'<path class="axis" d="M{_LEFT} {HEIGHT - _BOTTOM}H{WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT}" y="{HEIGHT - 20}">{_number(-span)}</text>'
        f'<text x="{middle:.1f}" y="{HEIGHT - 20}" text-anchor="middle">0</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 20}" text-anchor="end">{_number(span)}</text>'
        f'<text x="{middle:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{label}</text>'
    )


def _quartiles(values: NDArray[np.float64]) -> str:
    if not values.size:
        return "Nothing was measured."
    low, middle, high = np.percentile(values, (25, 50, 75))
    return f"Quartiles {_number(low)}, {_number(middle)} and {_number(high)} nats."


def _number(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * size:  # no room for 45,893 beside an axis
            return f"{value / size:,.0f}{letter}".replace("-", "\u2212")
    text = f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
    return text.replace("-", "\u2212")


def _short(count: int) -> str:
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count // size}{letter}"
    return str(count)
