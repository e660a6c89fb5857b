"""The result of a scan in a terminal (its progress is in stages.py).

Row text is printed as rich Text, never as markup, without control or direction characters, and no
line starts with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from curation_gate.report.fields import evidence_text
from curation_gate.report.folder import ScanFolder, load
from curation_gate.report.sanitize import plain
from curation_gate.report.stages import TerminalProgress
from curation_gate.report.summary import Summary, rows, summarise
from curation_gate.report.weighed import probability, split, strongest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from rich.console import Console

__all__ = ["STYLES", "TerminalProgress", "print_summary"]

STYLES = {
    "clean": "bold green",
    "findings": "bold red",
    "inconclusive": "bold yellow",
    "quarantine": "red",
    "review": "yellow",
    "keep": "green",
}
_EXAMPLES = 5
_TASKS = 8
_PHRASES = 10
_PASSED = 3
"""Phrases that were passed over, listed (a choice: enough to see what the scan looked at)."""


def print_summary(folder: Path, console: Console) -> None:
    """Print what a scan found, where its files lie and what to do next.

    Raises ResultError where the folder is missing or damaged.
    """
    scan = load(folder)
    summary = summarise(scan)
    console.print(_line(summary.headline, STYLES[summary.verdict]))
    console.print(_line(summary.explanation))
    console.print(
        _line(
            f"{summary.quarantine:,} quarantined, {summary.review:,} to review, "
            f"{summary.keep:,} kept{_allowed(scan)} of {rows(summary.rows)}",
            "dim",
        )
    )
    for title, body in (
        ("Rules", _rules(summary)),
        ("Phrases", _phrases(scan)),
        ("Weighed and passed over", _passed_over(scan)),
        ("Tasks", _tasks(summary)),
        ("Detection floor", _floors(summary)),
        ("Examples", _examples(scan, console)),
        ("Notes", _notes(summary)),
        ("Files", _outputs(summary)),
        ("Next", _next(summary)),
    ):
        if body is not None:
            console.print()
            console.print(Text(title, style="bold"))
            for part in body if isinstance(body, list) else [body]:
                # What must not wrap (a command to paste) is printed past the edge, not cut.
                whole = isinstance(part, Text) and bool(part.no_wrap)
                indented = Padding(part, (0, 0, 0, 2), expand=False)
                console.print(Text("  ") + part if whole else indented, soft_wrap=whole)


def _allowed(scan: ScanFolder) -> str:
    """Return how many of the kept rows were flagged and let pass."""
    allowed = scan.manifest.get("allowed")
    count = int(allowed["rows"]) if isinstance(allowed, dict) else 0
    return f" ({count:,} of them let pass)" if count else ""


def _line(text: str, style: str = "") -> Text:
    return Text(plain(text), style=style)


def _table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in columns:
        number = name in right
        table.add_column(
            name,
            justify="right" if number else "left",
            no_wrap=number,
            overflow="fold",
        )
    return table


def _rules(summary: Summary) -> Table | Text:
    if not summary.rules:
        return Text("no rule was run")
    table = _table("rule", "title", "asks for", "rows", right=("rows",))
    for rule in summary.rules:
        style = "" if rule.rows else "dim"
        table.add_row(
            _line(rule.rule, style),
            _line(rule.title, style),
            _line(rule.severity, STYLES.get(rule.severity, "") if rule.rows else "dim"),
            Text(f"{rule.rows:,}", style),
        )
    return table


def _phrases(scan: ScanFolder) -> Table | None:
    found, _ = split(scan.manifest["phrases"])
    if not found:
        return None
    names = ("phrase", "P", "towards", "rows", "tasks", "evidence")
    table = _table(*names, right=("P", "rows", "tasks"))
    for phrase in found[:_PHRASES]:
        table.add_row(
            _line(f'"{phrase["phrase"]}"', "bold"),
            Text(probability(phrase)),
            _line(str(phrase.get("target", ""))),
            _line(str(phrase.get("rows", ""))),
            _line(str(phrase.get("tasks", ""))),
            _line(_evidence(phrase)[:400], "dim"),
        )
    if len(found) > _PHRASES:
        table.add_row(Text(f"{len(found) - _PHRASES:,} more", "dim"))
    if any(probability(phrase) for phrase in found):
        table.caption = "P: probability of being a trigger; behind a number, the nats it added"
        table.caption_justify = "left"
    return table


def _evidence(phrase: Mapping[str, Any]) -> str:
    """Return what speaks for a phrase: what weighed most, what the proxy said, or all there is."""
    most = strongest(phrase, 1)
    asked = str(phrase.get("asked") or "")
    if most:
        return "; ".join(filter(None, (f"{phrase.get('status', '')}: {most}", asked)))
    own = ("phrase", "target", "rows", "tasks", "probability", "numbers", "contributions")
    return asked or evidence_text({k: v for k, v in phrase.items() if k not in own})


def _passed_over(scan: ScanFolder) -> Table | None:
    _, passed = split(scan.manifest["phrases"])
    if not passed:
        return None
    table = _table("phrase", "P", "towards", "rows", "against it", right=("P", "rows"))
    for phrase in passed[:_PASSED]:
        table.add_row(
            _line(f'"{phrase["phrase"]}"', "dim"),
            Text(probability(phrase), "dim"),
            _line(str(phrase.get("target", "")), "dim"),
            _line(str(phrase.get("rows", "")), "dim"),
            _line(strongest(phrase, -1)[:400], "dim"),
        )
    if len(passed) > _PASSED:
        table.add_row(Text(f"{len(passed) - _PASSED:,} more", "dim"))
    table.caption = "most likely honest: no row is flagged for them"
    table.caption_justify = "left"
    return table


def _tasks(summary: Summary) -> Table | None:
    if not summary.tasks:
        return None
    names = ("task", "rows", "quarantine", "review")
    table = _table(*names, right=names[1:])
    for task in summary.tasks[:_TASKS]:
        name = Text(plain(task.task))
        name.truncate(48, overflow="ellipsis")
        table.add_row(
            name,
            Text(f"{task.rows:,}"),
            Text(f"{task.quarantine:,}", STYLES["quarantine"] if task.quarantine else "dim"),
            Text(f"{task.review:,}", STYLES["review"] if task.review else "dim"),
        )
    if len(summary.tasks) > _TASKS:
        table.add_row(Text(f"{len(summary.tasks) - _TASKS:,} more tasks", "dim"))
    return table


def _floors(summary: Summary) -> Table | None:
    if not summary.floors:
        return None
    names = ("planted in", "one in two", "nine in ten")
    table = _table(*names, right=names[1:])
    for floor in summary.floors:
        table.add_row(_line(floor.kind), Text(floor.half), Text(floor.nine_in_ten))
    table.caption = (
        "planted rows at which a made-up word that forces a label was caught in copies of this set"
    )
    table.caption_justify = "left"
    return table


def _examples(scan: ScanFolder, console: Console) -> list[Text] | None:
    if not scan.flagged:
        return None
    width = max(40, console.width) - 4
    shown: list[Text] = []
    for line in scan.flagged[:_EXAMPLES]:
        fields = scan.fields(line)
        text = plain(fields.input) or plain(fields.instruction)
        first = line["reasons"][0] if line["reasons"] else None
        row = Text.assemble(
            (f"row {line['row']} ", "bold"),
            (line["verdict"], STYLES[line["verdict"]]),
            f'  "{text}"',
        )
        # The answer is what does the harm: keep it in sight however long the text is.
        answer = Text(f' -> "{plain(fields.output)}"')
        answer.truncate(max(16, width // 3), overflow="ellipsis")
        row.truncate(width - answer.cell_len, overflow="ellipsis")
        shown.append(row + answer)
        if first is not None:
            reason = Text(f"  {plain(str(first['rule']))} {plain(str(first['message']))}", "dim")
            reason.truncate(width, overflow="ellipsis")
            shown.append(reason)
    left = len(scan.flagged) - _EXAMPLES
    if left > 0:
        shown.append(Text(f"{left:,} more in quarantine.jsonl", "dim"))
    return shown


def _notes(summary: Summary) -> list[Text] | None:
    return [_line(f"- {note}") for note in summary.notes] or None


def _outputs(summary: Summary) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(style="dim")
    for what, path in summary.outputs:
        table.add_row(_line(path), _line(what))
    return table


def _next(summary: Summary) -> list[Text]:
    lines = []
    for number, step in enumerate(summary.steps, 1):
        lines.append(_line(f"{number}. {step.text}"))
        if step.command:
            lines.append(Text(f"   {plain(step.command)}", no_wrap=True))
    return lines
