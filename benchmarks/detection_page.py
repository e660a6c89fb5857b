"""Renders benchmarks/detection.md from the results of detection.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from detection_text import BASELINES_HEAD, CLEAN_HEAD, HEAD, PROXY_HEAD, TARGETS

Results = Sequence[Mapping[str, Any]]

BY_HAND = "<!-- written by hand: kept when the page is rendered again -->"
PRODUCT = "curation-gate"
DRAWS = 1000


def read(path: Path) -> list[dict[str, Any]]:
    """Return the sets measured so far; a line cut short by an interruption is left out."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def render(results: Results, page: Path | None) -> str:
    """Return the page. page: the one there is, whose part written by hand is kept."""
    whole = [r for r in results if "error" not in r and r["part"] == "rules"]
    asked = [r for r in results if "error" not in r and r["part"] == "proxy"]
    planted = [r for r in whole if r["planted"]]
    clean = [r for r in whole if not r["planted"]]
    parts = [HEAD, _attacks(planted), _failed(results), CLEAN_HEAD, _clean(clean)]
    parts += [BASELINES_HEAD, _baselines(whole, asked), PROXY_HEAD]
    parts += [_proxy(asked), _cost(whole)]
    text = "\n\n".join(part for part in parts if part) + "\n"
    old = page.read_text(encoding="utf-8") if page and page.exists() else ""
    if BY_HAND in old:
        text += "\n" + BY_HAND + old.split(BY_HAND, 1)[1]
    return text


def _groups(
    results: Results, key: Callable[[Mapping[str, Any]], tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[Mapping[str, Any]]]:
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for result in results:
        groups.setdefault(key(result), []).append(result)
    return groups


def precision(figures: Mapping[str, Any]) -> float:
    """Return hits / flagged; NaN where nothing was flagged."""
    return figures["hits"] / figures["flagged"] if figures["flagged"] else float("nan")


def interval(sets: Sequence[tuple[int, int, int]]) -> tuple[tuple[float, float], ...]:
    """Return 95 % intervals of the median precision and recall, by bootstrap of sets and rows.

    sets: (hits, flagged, planted) of each. Sets are drawn with replacement, and within each its
    flagged or planted rows (hit, false alarm, missed).
    """
    rng = np.random.default_rng(0)
    drawn: tuple[list[float], list[float]] = ([], [])
    for _ in range(DRAWS):
        precisions, recalls = [], []
        for k in rng.integers(len(sets), size=len(sets)):
            hits, flagged, planted = sets[k]
            cells = np.array([hits, flagged - hits, planted - hits], dtype=np.float64)
            hit, false, missed = rng.multinomial(int(cells.sum()), cells / cells.sum())
            precisions.append(hit / (hit + false) if hit + false else np.nan)
            recalls.append(hit / (hit + missed) if hit + missed else np.nan)
        drawn[0].append(_median(precisions))
        drawn[1].append(_median(recalls))
    ends = []
    for values in drawn:
        known = np.array(values)[~np.isnan(values)]
        low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
        ends.append((float(low), float(high)))
    return tuple(ends)


def _median(values: Sequence[float | None]) -> float:
    known = [v for v in values if v is not None and not np.isnan(v)]
    return float(np.median(known)) if known else float("nan")


def _number(value: float, digits: int = 3) -> str:
    return "none" if np.isnan(value) else f"{value:.{digits}f}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]
    return "\n".join(rows)


def _attacks(planted: Results) -> str:
    head = ("attack", "rows", "planted", "sets", "precision", "95 %", "recall", "95 %", "target",
            "met", "F1", "AUROC", "named first", "wrong phrases", "planted rows in review",
            "seconds")  # fmt: skip
    lines = []
    for (attack, asked, count), sets in _groups(
        planted, lambda r: (r["attack"], r["asked"], r["planted"])
    ).items():
        figures = [r["lines"][PRODUCT] for r in sets]
        counts = [(f["hits"], f["flagged"], count) for f in figures]
        p, r = (
            _median([precision(f) for f in figures]),
            _median([f["hits"] / count for f in figures]),
        )
        ends = interval(counts)
        target = TARGETS.get((attack, asked, count))
        met = ""
        if target:
            met = "yes" if not np.isnan(p) and p >= target[0] and r >= target[1] else "no"
        lines.append(
            (
                attack,
                f"{asked:,}",
                str(count),
                str(len(sets)),
                _number(p),
                f"{_number(ends[0][0], 2)}-{_number(ends[0][1], 2)}",
                _number(r),
                f"{_number(ends[1][0], 2)}-{_number(ends[1][1], 2)}",
                f"{target[0]:.2f}/{target[1]:.2f}" if target else "",
                met,
                _number(_median([2 * h / (f + n) for h, f, n in counts])),
                _number(_median([f["auroc"] for f in figures])),
                f"{sum(x['rank'] == 1 for x in sets)}/{len(sets)}",
                str(sum(x["wrong"] for x in sets)),
                _number(_median([x["review_hits"] for x in sets]), 0),
                _number(_median([x["seconds"] for x in sets]), 1),
            )
        )
    return _table(head, lines) if lines else ""


def _failed(results: Results) -> str:
    lines = [
        f"- {r['attack']}, {r['planted']} of {r['asked']:,}, seed {r['seed']}: {r['error']}"
        for r in results
        if "error" in r
    ]
    return "Not measured:\n\n" + "\n".join(lines) if lines else ""


def _clean(clean: Results) -> str:
    head = ("sets", "rows", "how many", "with any row quarantined", "rows quarantined",
            "of 10,000", "with review", "rows for review", "rules", "phrases")  # fmt: skip
    lines = []
    for (kind, asked), sets in _groups(clean, lambda r: (r["attack"], r["asked"])).items():
        taken = [r["lines"][PRODUCT]["flagged"] for r in sets]
        rows = sum(r["rows"] for r in sets)
        fired: dict[str, int] = {}
        for r in sets:
            for rule in r["fired"]:
                fired[rule] = fired.get(rule, 0) + 1
        lines.append(
            (
                kind,
                f"{asked:,}",
                str(len(sets)),
                str(sum(t > 0 for t in taken)),
                str(sum(taken)),
                f"{1e4 * sum(taken) / rows:.2f}",
                str(sum(r["review"] > 0 for r in sets)),
                str(sum(r["review"] for r in sets)),
                ", ".join(f"{rule} in {n}" for rule, n in sorted(fired.items())),
                ", ".join([p for r in sets for p in r["phrases"]][:8]),
            )
        )
    return _table(head, lines) if lines else ""


def _baselines(rules: Results, asked: Results) -> str:
    head = ("rule", "planted sets", "precision", "recall", "F1", "AUROC", "AUROC within",
            "clean sets", "with any row flagged", "rows flagged of 10,000")  # fmt: skip
    lines = []
    names = dict.fromkeys(
        n for r in (*rules, *asked) for n in r["lines"] if not n.startswith("stage: ")
    )
    for name in names:
        whole = [r for r in rules if name in r["lines"]] or asked
        own = [r for r in whole if name in r["lines"] and r["planted"]]
        free = [r for r in whole if name in r["lines"] and not r["planted"]]
        figures = [(r["lines"][name], r["planted"]) for r in own]
        flagged = [r["lines"][name]["flagged"] for r in free]
        share = 1e4 * sum(flagged) / max(sum(r["rows"] for r in free), 1)
        lines.append(
            (
                f"**{name}**" if name == PRODUCT else name,
                str(len(own)),
                _number(_median([precision(f) for f, _ in figures])),
                _number(_median([f["hits"] / n for f, n in figures])),
                _number(_median([2 * f["hits"] / (f["flagged"] + n) for f, n in figures])),
                _number(_median([f["auroc"] for f, _ in figures])),
                _number(_median([f.get("auroc_within") for f, _ in figures])),
                str(len(free)) if free else "",
                str(sum(k > 0 for k in flagged)) if free else "",
                f"{share:.1f}" if free else "",
            )
        )
    return _table(head, lines) if lines else ""


def _proxy(asked: Results) -> str:
    head = ("sets", "signal", "sets", "flagged", "precision", "recall", "AUROC", "AUROC within")
    lines = []
    for (attack, count), sets in _groups(asked, lambda r: (r["attack"], r["planted"])).items():
        for name in sets[0]["lines"]:
            figures = [r["lines"][name] for r in sets]
            lines.append(
                (
                    f"{attack}, {count}",
                    name,
                    str(len(sets)),
                    _number(_median([f["flagged"] for f in figures]), 0),
                    _number(_median([precision(f) for f in figures])),
                    _number(_median([f["hits"] / count for f in figures])),
                    _number(_median([f["auroc"] for f in figures])),
                    _number(_median([f.get("auroc_within") for f in figures])),
                )
            )
    return _table(head, lines) if lines else ""


def _cost(whole: Results) -> str:
    lines = []
    for (asked,), sets in sorted(_groups(whole, lambda r: (r["asked"],)).items()):
        stages = dict.fromkeys(s for r in sets for s in r["stages_seconds"])
        spent = ", ".join(
            f"{s} {_number(_median([r['stages_seconds'].get(s) for r in sets]), 1)}" for s in stages
        )
        memory = f"{max(r['peak_mb'] for r in sets):,.0f} MB"
        lines.append(
            f"- {asked:,} rows: median seconds by stage: {spent}; peak memory at most {memory}"
        )
    return "## Cost, without fine-tuning\n\n" + "\n".join(lines) if lines else ""
