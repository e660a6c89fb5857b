"""One row and everything known of it, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from curation_gate.report.fields import value_text
from curation_gate.report.row_text import GUTTER, wrapped
from curation_gate.report.sanitize import cut, lines, plain
from curation_gate.report.terminal import STYLES
from curation_gate.report.weighed import probability, signed, told, weighed

if TYPE_CHECKING:
    from rich.console import Console

    from curation_gate.report.evidence import Evidence, Standing

_MAX_TEXT = 6000
"""Characters of a text shown; the rest is counted (a choice: a few screens)."""


def print_evidence(evidence: Evidence, console: Console) -> None:
    """Print the row, its verdict, how it stands in every rule, and the reasons."""
    score = "" if evidence.score is None else f"  score {evidence.score:.2f}"
    console.print(
        Text.assemble(
            (f"Row {evidence.row}: ", "bold"),
            (evidence.verdict, f"bold {STYLES.get(evidence.verdict, '')}"),
            score,
        )
    )
    facts = [("task", evidence.task), ("id", evidence.id), ("fingerprint", evidence.fingerprint)]
    for name, value in facts:
        if value is not None:
            console.print(Text(f"{name:<12}{plain(value)}", style="dim"))
    if evidence.marks:
        named = ", ".join(f'"{plain(phrase)}"' for phrase in evidence.marks)
        console.print(Text(f"{'phrase':<12}{named}", style="dim"))
    if evidence.decision is not None:
        console.print(Text(f"{'decision':<12}{plain(decided(evidence.decision))}", style="bold"))
    _print_texts(evidence, console)
    _heading("Scores", console)
    console.print(Padding(_scores(evidence.standings), (0, 0, 0, 2), expand=False))
    if evidence.stratum_rows is not None:
        alike = evidence.stratum_rows - 1
        told = f"stratum: {alike:,} other rows of its task have its label (all, in free text)"
        console.print(Padding(Text(told, style="dim"), (0, 0, 0, 2), expand=False))
    _heading("Reasons", console)
    if not evidence.reasons:
        console.print(Text("  No rule asks for anything: the row is kept."))
    for reason in evidence.reasons:
        head = Text.assemble(
            (plain(str(reason["rule"])) + " ", "bold"), " ".join(lines(str(reason["message"])))
        )
        console.print(Padding(head, (0, 0, 0, 2), expand=False))
        found = reason.get("evidence")
        for key, value in found.items() if isinstance(found, dict) else ():
            shown = " ".join(lines(cut(value_text(value), 500)[0]))
            console.print(
                Padding(
                    Text(f"{plain(str(key))}: {shown}", style="dim"), (0, 0, 0, 4), expand=False
                )
            )

    for phrase in evidence.phrases:
        _print_weighed(phrase, console)
    _print_phrases(evidence, console)


def _print_weighed(phrase: Mapping[str, Any], console: Console) -> None:
    """Print P(trigger) of a phrase and the sum it comes from, largest numbers first."""
    found = weighed(phrase)
    if found is None:
        return
    chance = probability(phrase)
    console.print()
    console.print(
        Text.assemble(
            (f'Phrase "{plain(str(phrase.get("phrase", "")))}"', "bold"),
            f": P(trigger) {chance}" if chance else "",
            f", {plain(str(phrase['status']))}" if phrase.get("status") else "",
        )
    )
    before, target, behind = told(phrase)
    if said := f"{before}{plain(target)}{behind}":
        console.print(Padding(Text(said + "."), (0, 0, 0, 2), expand=False))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(f"{signed(found.intercept)} nats"), Text("start of every candidate", "dim"))
    for part in found.parts:
        says = f": {part.says}" if part.says else ""
        table.add_row(
            Text(f"{part.added} nats"), Text.assemble(plain(part.measured), (says, "dim"))
        )
    if found.more:
        rest = f"{found.more} more, together; each stands in manifest.json"
        table.add_row(Text(f"{signed(found.rest)} nats"), Text(rest, "dim"))
    total = f"log-odds of a trigger{f': P(trigger) {chance}' if chance else ''}"
    table.add_row(Text(f"= {signed(found.log_odds)} nats", "bold"), Text(total, "bold"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _print_phrases(evidence: Evidence, console: Console) -> None:
    """Print what the proxies answered where a phrase of the row was put into other texts."""
    asked = [p for p in evidence.phrases if p.get("asked")]
    if not asked:
        return
    _heading("Probes", console)
    for phrase in asked:
        told = " ".join(lines(cut(str(phrase["asked"]), 1000)[0]))
        console.print(Padding(Text(told), (0, 0, 0, 2), expand=False))
        moved = phrase.get("flips")
        most = moved.get("most_moved") if isinstance(moved, dict) else None
        for probe in most if isinstance(most, list) else ():
            text = " ".join(lines(cut(str(probe.get("text", "")), 300)[0]))
            rise = f"{value_text(probe.get('without'))} -> {value_text(probe.get('with'))} nats "
            line = f'{rise}towards "{plain(str(probe.get("target", "")))}": {text}'
            console.print(Padding(Text(line, style="dim"), (0, 0, 0, 4), expand=False))


def decided(decision: Mapping[str, Any]) -> str:
    """Return a decision as a sentence: `released by Ada: an honest row`.

    decision: as Decision.document has it; `applied` False adds that it is not in the results yet.
    """
    words = {
        "accept": "accepted as poison",
        "release": "released",
        "relabel": f'relabelled to "{decision.get("label", "")}"',
        "skip": "skipped",
    }
    said = words.get(str(decision.get("decision")), str(decision.get("decision")))
    if decision.get("reviewer"):
        said += f" by {decision['reviewer']}"
    if decision.get("reason"):
        said += f": {decision['reason']}"
    if decision.get("applied") is False:
        said += " (not applied yet: run `curate clean`)"
    return said


def _print_texts(evidence: Evidence, console: Console) -> None:
    if evidence.fields is None:
        _heading("Text", console)
        told = "The scan folder holds the text of flagged rows alone; this one is"
        where = Text(f"{told} {plain(evidence.place)}.")
        console.print(Padding(where, (0, 0, 0, 2), expand=False))
        return
    for name, text in zip(evidence.fields._fields, evidence.fields, strict=True):
        if not text and name != "output":
            continue
        _heading(name.capitalize(), console)
        width = max(22, console.width)
        shown, left = wrapped(text, evidence.marks, console, width, limit=_MAX_TEXT)
        for line in shown:
            console.print(line, no_wrap=True, soft_wrap=True)
        if left:
            console.print(Text(f"{GUTTER}({left:,} more characters in {evidence.where})", "dim"))


def _heading(title: str, console: Console) -> None:
    console.print()
    console.print(Text(title, style="bold"))


def _scores(standings: tuple[Standing, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("rule", "what it measures"):
        table.add_column(name, overflow="fold")
    strata = any(standing.percentile_stratum is not None for standing in standings)
    for name in ("score", "percentile", "in its task", *["in its stratum"] * strata):
        table.add_column(name, justify="right")
    for standing in standings:
        numbers = (
            Text("cannot say" if standing.value is None else f"{standing.value:.4g}"),
            _percent(standing.percentile),
            _percent(standing.percentile_task),
            *[_percent(standing.percentile_stratum)] * strata,
        )
        table.add_row(Text(plain(standing.name)), Text(plain(standing.title)), *numbers)
    return table


def _percent(value: float | None) -> Text:
    if value is None:
        return Text("")
    return Text(f"{value:.1f}", style="bold" if value >= 99 else "")
