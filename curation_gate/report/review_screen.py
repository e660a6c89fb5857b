"""What a reviewer sees: frames of a review as lines of rich Text, for any size of terminal.

Nothing here reads keys or decides. Two columns from WIDE columns on (texts left, evidence right),
one above the other below that. Row text is marked and made harmless by row_text.py; no line starts
with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from curation_gate.report.explained import decided
from curation_gate.report.fields import Fields, read_fields, value_text
from curation_gate.report.places import phrase_spans
from curation_gate.report.row_text import GUTTER, MARK, marked, wrapped
from curation_gate.report.sanitize import cut, lines, plain
from curation_gate.report.summary import rows

if TYPE_CHECKING:
    from rich.console import Console

    from curation_gate.quarantine.flagged import Item
    from curation_gate.quarantine.review import Group, Progress, Review

WIDE = 120
"""Columns from which texts and evidence stand side by side."""
MOST = 20_000
"""Characters of one text that are shown (a choice; all of it is in quarantine.jsonl)."""
SAMPLES = 5
FOLDED = 8
"""Lines of one text that are shown where the evidence stands below it, until all are asked for."""
_EVIDENCE = 300
_SEARCHED = 100_000
"""Characters in which a sample's phrase is looked for (a choice: a moment's work)."""
_STYLES = {"accept": "red", "release": "green", "relabel": "magenta", "skip": "dim"}
VERDICTS = {"quarantine": "red", "review": "magenta"}
"""No yellow, and green never bold: both vanish on a light background."""
_KEYS = (
    *("a accept", "r release", "l relabel", "s skip", "u undo", "b back"),
    *("p phrase", "f filter", "g go to", "n next open"),
)
_LAST_KEYS = ("? help", "q quit")

HELP = (
    ("a", "accept: poison, the row leaves the cleaned set"),
    ("r", "release: an honest row, it stays as it is"),
    ("l", "relabel: it stays with another answer"),
    ("A R L", "the same, and ask for a reason first"),
    ("s", "skip: undecided; it comes again at the end"),
    ("u", "undo the last decision (a group as a whole), as often as you like"),
    ("b \u2190", "back one row"),
    ("\u2192", "on one row, deciding nothing"),
    ("n", "next row without a decision"),
    ("p", "decide on all open rows of a phrase at once: shows them, then asks"),
    ("f", "filter: rule:CG001 task:x phrase:x source:x verdict:review decision:open"),
    ("", "several terms must all fit; an empty filter shows every row"),
    ("g", "go to a row by its number, its id or its fingerprint"),
    ("v", "show long texts whole, or folded again"),
    ("\u2191 \u2193", "scroll by a line; space and page keys by a page"),
    ("?", "this help"),
    ("q", "quit; every decision is on the disk already"),
)


def fields_of(item: Item) -> Fields:
    """Return instruction, input and output of a flagged content."""
    return read_fields(item.record, item.columns)


def header(name: str, review: Review, width: int) -> list[Text]:
    """Return the two lines at the top: how far the review is, and which row this is."""
    progress = review.progress
    left = Text(plain(name), "bold")
    right = Text(_progress(progress))
    if review.query:
        right.append(f"  filter {plain(review.query)} ({progress.at} of {progress.view})", "bold")
    item = review.current
    if item is None:
        return [_both(left, right, width), Text("no row is flagged", "dim")]
    line = Text.assemble(
        (f"row {item.rows[0]}", "bold"),
        f" and {len(item.rows) - 1} more of this content" if len(item.rows) > 1 else "",
        "  ",
        (item.verdict, f"bold {VERDICTS[item.verdict]}"),
        "" if item.score < 0 else f" {item.score:.2f}",
        "  answer ",
        (plain(cut(fields_of(item).output, 200)[0]) or "(empty)", "bold"),
    )
    held = review.decision
    mark = (
        Text("undecided", "dim")
        if held is None
        else Text(plain(decided(held.document())), _STYLES[held.action])
    )
    if mark.cell_len > width // 2:
        mark.truncate(width // 2, overflow="ellipsis")
    return [_both(left, right, width), _both(line, mark, width)]


def footer(message: Text, console: Console, width: int, *, asking: bool = False) -> list[Text]:
    """Return the lines at the bottom: what happened or is asked (at most three), and the keys."""
    said = list(message.wrap(console, width, overflow="fold"))[:3] or [Text()]
    if asking:
        return [*said, Text("esc goes back, nothing decided", "dim")]
    keys = list(_KEYS)
    while keys and sum(len(k) + 2 for k in (*keys, *_LAST_KEYS)) - 2 > width:
        keys.pop()
    bar = Text()
    for key in (*keys, *_LAST_KEYS):
        name, _, what = key.partition(" ")
        bar.append("  " if bar.plain else "")
        bar.append(name, "bold")
        bar.append(f" {what}")
    return [*said, bar]


def body(
    item: Item, review: Review, console: Console, width: int, *, whole: bool = False
) -> list[Text]:
    """Return the texts and the evidence of a content, as many lines as they take.

    whole: texts in full where the evidence stands below them.
    """
    if width < WIDE:
        texts = _texts(item, console, width, folded=not whole)
        return [*texts, *_evidence(item, review, console, width)]
    right = width * 2 // 5
    left = width - right - 2
    texts, evidence = (
        _texts(item, console, left),
        _evidence(item, review, console, right),
    )
    height = max(len(texts), len(evidence))
    joined = []
    for k in range(height):
        line = texts[k].copy() if k < len(texts) else Text()
        line.append(" " * (left - line.cell_len + 2))
        joined.append(line + evidence[k] if k < len(evidence) else line)
    return joined


def group_page(group: Group, console: Console, width: int, height: int) -> list[Text]:
    """Return what a decision on a phrase would be about: how many, of what, and samples."""
    said = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(group.verdicts.items()))
    page = [
        Text.assemble("Rows with ", (f'"{plain(group.phrase)}"', "bold")),
        Text(""),
        Text(f"{len(group.open):,} open: {said}; {rows(group.rows)} of the data"),
        Text(f"{group.decided:,} decided already: they stay as they are", "dim"),
        Text(""),
    ]
    if not group.open:
        return page
    # Spread over the group: the first few are the surest and would tell least.
    step = max(1, len(group.open) // SAMPLES)
    for item in group.open[::step][:SAMPLES]:
        fields = fields_of(item)
        head = Text.assemble(
            (f"row {item.rows[0]} ", "bold"),
            (item.verdict, VERDICTS[item.verdict]),
            f"  {plain(item.task)}  answer ",
            (plain(cut(fields.output, 100)[0]), "bold"),
        )
        text = _around(fields.input or fields.instruction, group.phrase, max(40, 2 * width))
        shown, _ = wrapped(text, (group.phrase,), console, width, limit=MOST)
        page += [head, *shown[:3]]
    if len(page) > height:
        page = [*page[: height - 1], Text("(the terminal is too low to show all samples)", "dim")]
    return page


def help_page() -> list[Text]:
    """Return the keys and what they do."""
    page = [Text("Keys", "bold"), Text("")]
    for key, what in HELP:
        page.append(Text.assemble((f"  {key:<7}", "bold"), what))
    return page


def window(lines_: Sequence[Text], start: int, height: int) -> tuple[list[Text], int]:
    """Return `height` lines from `start` on, and the start that was possible."""
    start = max(0, min(start, len(lines_) - height))
    shown = list(lines_[start : start + height])
    return shown + [Text()] * (height - len(shown)), start


def rule(width: int, above: int, below: int) -> Text:
    """Return the line between body and footer; says how much more there is to scroll to."""
    more = [f"\u2191 {above} above"] * bool(above) + [f"\u2193 {below} more (space)"] * bool(below)
    told = f" {'  '.join(more)} " if more else ""
    return Text("\u2500" * max(0, width - len(told) - 2) + told + "\u2500\u2500", "dim")


def _progress(progress: Progress) -> str:
    said = f"{progress.decided:,} of {progress.total:,} decided"
    return said + (f", {progress.skipped:,} skipped" if progress.skipped else "")


def _both(left: Text, right: Text, width: int) -> Text:
    """Return two texts at the two ends of a line; the left one gives way."""
    room = max(8, width - right.cell_len - 2)
    if left.cell_len > room:
        left.truncate(room, overflow="ellipsis")
    gap = max(2, width - left.cell_len - right.cell_len)
    return Text.assemble(left, " " * gap, right)


def _texts(item: Item, console: Console, width: int, *, folded: bool = False) -> list[Text]:
    made: list[Text] = []
    fields = fields_of(item)
    for name, text in zip(Fields._fields, fields, strict=True):
        if not text and name != "output":
            continue
        shown, left = wrapped(text, item.phrases, console, width, limit=MOST)
        hidden = len(shown) - FOLDED if folded else 0
        if hidden > 1:
            shown = _folded(shown, hidden, width)
        made += [Text(name.capitalize(), "bold"), *shown]
        if left:
            made.append(Text(f"{GUTTER}({left:,} more characters in quarantine.jsonl)", "dim"))
        made.append(Text())
    return made


def _folded(shown: list[Text], hidden: int, width: int) -> list[Text]:
    """Return FOLDED of the lines, from shortly before the first mark on, and how many are not."""
    first = next((k for k, line in enumerate(shown) if any(s.style == MARK for s in line.spans)), 0)
    start = max(0, min(first - 2, hidden))
    before = f"{start:,} lines before and " if start else ""
    told = Text(f"{GUTTER}({before}{hidden - start:,} behind are hidden: v shows all)", "dim")
    told.truncate(width, overflow="ellipsis")
    return [*shown[start : start + FOLDED], told]


def _evidence(item: Item, review: Review, console: Console, width: int) -> list[Text]:
    made: list[Text] = []

    def add(text: Text, indent: int = 0) -> None:
        for part in text.wrap(console, max(8, width - indent), overflow="fold"):
            part.rstrip()
            made.append(Text(" " * indent) + part)

    made.append(Text("Why", "bold"))
    for reason in item.reasons:
        message = marked(" ".join(lines(str(reason["message"]))), item.phrases)
        add(Text.assemble((plain(str(reason["rule"])) + " ", "bold"), message))
        evidence = reason.get("evidence")
        for key, value in evidence.items() if isinstance(evidence, dict) else ():
            shown = " ".join(lines(cut(value_text(value), _EVIDENCE)[0]))
            add(Text(f"{plain(str(key))}: {shown}", "dim"), 2)
        made.append(Text())
    made.append(Text("Row", "bold"))
    numbers = ", ".join(str(row) for row in item.rows[:8])
    more = f" and {len(item.rows) - 8} more" if len(item.rows) > 8 else ""
    facts = (
        ("task", item.task),
        ("labels", ", ".join(item.labels) if item.labels else "free text"),
        ("source", item.source),
        ("id", item.id),
        ("rows", numbers + more),
        ("fingerprint", item.fingerprint),
    )
    for name, value in facts:
        if value is not None:
            add(Text(f"{name:<12}{plain(cut(value, _EVIDENCE)[0])}", "dim"))
    held = review.decision
    if held is not None and review.current is item:
        made += [Text(), Text("Decision", "bold")]
        add(Text(plain(decided(held.document())), _STYLES[held.action]))
    return made


def _around(text: str, phrase: str, limit: int) -> str:
    """Return the part of a text that holds the phrase, at most `limit` characters."""
    if len(text) <= limit:
        return text
    spans = phrase_spans(text[:_SEARCHED], (phrase,))
    middle = spans[0][0] if spans else 0
    start = max(0, min(middle - limit // 3, len(text) - limit))
    dots = "\u2026"
    return dots * (start > 0) + text[start : start + limit] + dots * (start + limit < len(text))
