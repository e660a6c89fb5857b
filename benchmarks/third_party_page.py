"""Renders benchmarks/third_party.md from the results of third_party.py."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Result = Mapping[str, Any]
Results = Sequence[Result]

PRODUCT = "product"
SHOWN = 3
"""Findings that are named on the page."""
TITLES = {
    "label": "Labels, a trigger with words",
    "style": "Labels, a style or syntax",
    "text": "Free text, a trigger in words or characters",
    "other": "No trigger in words",
    "honest": "Honest sets",
}
"""Kind of set to heading."""
HEAD = """\
# Sets that others made

`{command}`

Poisoned and honest sets out of the repositories of attack and defence papers (their list is in the
README of `../shared/data/thirdparty`), as a user would have them. Nothing was fitted on them: no
threshold, no word of a list, no weight. Judged by the rules of the default pack that need no
fine-tuned proxy, with their defaults.

`own` marks the form that a set is kept in; in the others the same rows were written to a file and
read from it. P, R and F1 are those of the quarantined rows, R+ is recall with the rows for review,
AUROC that of the score that ranks all rows. Rows that the publisher made as cover are honest. A
finding whose rows are mostly planted is given in its own words, with its probability where there is
one; of others the page says only that they are honest, since the sets hold words that nobody should
have to read."""
SIMPLE_HEAD = """\
## Simpler scans of the same rows

- n-gram scan: logistic regression on 1 to 3 words, each phrase masked, lift above Bonferroni's 5 %;
- pure n-gram scan: the same of phrases with the outcome in at least 95 % of their rows;
- payload scan: six words in a row that five answers share and their inputs do not hold;
- label issues: out-of-fold probabilities against the class means, as cleanlab does;
- label alone (oracle): every row with the label that most planted rows have. It reads the truth.

P / R / F1, AUROC. Where nothing was flagged P is `-`; where a scan has nothing to read (labels in
free text, answers in label tasks) all of it is."""
MACRO_HEAD = """\
## Macro F1

Mean over sets; a set in which nothing planted was flagged counts 0. Of honest sets: rows flagged
of all rows."""


def read(path: Path) -> list[dict[str, Any]]:
    """Return the results so far; a line cut short by an interruption is left out."""
    found: list[dict[str, Any]] = []
    if not path.exists():
        return found
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def render(results: Results, without: Sequence[str], command: str) -> str:
    """Return the page. without: what could not be converted, in words; command: that made it."""
    measured = [r for r in results if "error" not in r]
    own = [r for r in measured if r["part"] == PRODUCT]
    text = [HEAD.format(command=command)]
    if measured:
        text += [MACRO_HEAD, _macro(measured)]
    for kind, title in TITLES.items():
        chosen = [r for r in own if r["kind"] == kind]
        if chosen:
            table = _honest(chosen) if kind == "honest" else _product(chosen)
            text += [f"## {title}", table]
    simple = [r for r in measured if r["part"] != PRODUCT]
    if simple:
        text += [SIMPLE_HEAD, _simple(simple)]
    failed = [
        f"{r['set']}, {r['form']}, {r['part']}: {r['error']}" for r in results if "error" in r
    ]
    if failed or without:
        text.append("## Not measured\n\n" + "\n".join(f"- {line}" for line in (*failed, *without)))
    return "\n\n".join(text) + "\n"


def f1(result: Result) -> float:
    """Return 2 x hits / (flagged + planted) of a result with planted rows."""
    return float(2 * result["hits"] / (result["flagged"] + result["planted"]))


def _macro(measured: Results) -> str:
    """Return the table of means, by kind and form, a column a scan."""
    parts = sorted(dict.fromkeys(r["part"] for r in measured), key=lambda part: part != PRODUCT)
    cells: dict[tuple[str, str], dict[str, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for r in measured:
        for form in (*(["own"] if r["own"] else []), r["form"]):
            cells[r["kind"], form][r["part"]].append(r)
    order = list(TITLES)
    lines = []
    for (kind, form), found in sorted(
        cells.items(), key=lambda c: (order.index(c[0][0]), c[0][1] != "own", c[0][1])
    ):
        sets = {r["set"] for of_part in found.values() for r in of_part}
        told = [_mean(found.get(part, ())) for part in parts]
        lines.append((TITLES[kind], form, str(len(sets)), *told))
    return _table(("sets", "form", "how many", *(_bold(part) for part in parts)), lines)


def _mean(results: Results) -> str:
    """Return the mean F1 of sets with planted rows, or the rows flagged in honest ones."""
    if not results:
        return "-"
    if not results[0]["planted"]:
        return f"{sum(r['flagged'] for r in results)} of {sum(r['rows'] for r in results):,}"
    return _number(sum(f1(r) for r in results) / len(results))


def _product(results: Results) -> str:
    head = ("set", "form", "rows", "planted", "P", "R", "F1", "R+", "AUROC", "named",
            "for review", "cover taken", "s")  # fmt: skip
    lines = []
    for r in _sorted(results):
        found = r["hits"] + r["review_hits"]
        lines.append(
            (
                r["set"],
                _form(r),
                f"{r['rows']:,}",
                str(r["planted"]),
                _number(r["hits"] / r["flagged"] if r["flagged"] else None),
                _number(r["hits"] / r["planted"]),
                f"**{_number(f1(r))}**",
                _number(found / r["planted"]),
                _number(r["auroc"]),
                named(r["named"]),
                str(r["review"]),
                f"{r['cover_flagged']} of {r['cover']}" if r["cover"] else "",
                f"{r['seconds']:.1f}",
            )
        )
    return _table(head, lines)


def _honest(results: Results) -> str:
    head = ("set", "form", "rows", "quarantined", "for review", "share for review", "named", "s")
    lines = [
        (
            r["set"],
            _form(r),
            f"{r['rows']:,}",
            f"**{r['flagged']}**",
            str(r["review"]),
            f"{r['review'] / r['rows']:.2%}",
            named(r["named"]),
            f"{r['seconds']:.1f}",
        )
        for r in _sorted(results)
    ]
    total = sum(r["flagged"] for r in results), sum(r["review"] for r in results)
    rows = sum(r["rows"] for r in results)
    share = f"{total[1] / rows:.2%}"
    lines.append(("all", "", f"{rows:,}", f"**{total[0]}**", str(total[1]), share, "", ""))
    return _table(head, lines)


def _simple(results: Results) -> str:
    parts = list(dict.fromkeys(r["part"] for r in results))
    cells: dict[tuple[str, str], dict[str, Result]] = {}
    for r in _sorted(results):
        cells.setdefault((r["set"], _form(r)), {})[r["part"]] = r
    lines = []
    for (name, form), found in cells.items():
        told = [_brief(found[part]) if part in found else "" for part in parts]
        lines.append((name, form, *told))
    return _table(("set", "form", *parts), lines)


def _brief(r: Result) -> str:
    if not r["planted"]:
        return f"{r['flagged']} of {r['rows']:,} flagged"
    if not r["flagged"]:
        return f"- / 0 / 0, {_number(r['auroc'])}" if r["auroc"] != 0.5 else "-"
    precision, recall = r["hits"] / r["flagged"], r["hits"] / r["planted"]
    figures = " / ".join(_number(x) for x in (precision, recall, f1(r)))
    return f"{figures}, {_number(r['auroc'])}"


def named(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the first findings in words: those of mostly honest rows are not repeated."""
    told = []
    for entry in entries[:SHOWN]:
        share = entry.get("planted")
        right = share is not None and share > 0.5
        text = entry["phrase"].replace("|", "\\|").replace("\n", " ").replace("`", "'")
        said = f"`{text[:60]}`" if right else "(honest)"
        status = entry.get("status")
        if status not in (None, "confirmed"):
            said += f" {status}"
        if entry.get("probability") is not None:
            said += f" {entry['probability']:.2f}"
        told.append(said)
    return ", ".join(told)


def _sorted(results: Results) -> list[Result]:
    return sorted(results, key=lambda r: (r["set"], not r["own"], r["form"]))


def _form(r: Result) -> str:
    return f"{r['form']} (own)" if r["own"] else str(r["form"])


def _bold(part: str) -> str:
    return "**curation-gate**" if part == PRODUCT else part


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)]
    return "\n".join(rows)
