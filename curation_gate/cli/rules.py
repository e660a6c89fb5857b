"""`curate rules`: what is looked for, by which pack, and why."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from curation_gate.rulecatalog import Entry
    from curation_gate.rulepack import RulePack

EPILOG = """\b
Examples:
  curate rules                        every rule, and what each shipped pack does with it
  curate rules CG001                  one rule: what it looks for, examples, how to suppress it
  curate rules --rules mine.yaml      the rules of a pack of your own, checked
  curate rules CG001 --format json
"""


@click.command(epilog=EPILOG)
@click.argument("rule", required=False, metavar="[RULE]")
@click.option("--rules", "pack", metavar="PACK", help="One pack alone: a name or a YAML file.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["rich", "json"]),
    default="rich",
    show_default=True,
    help="rich: for reading; json: the same, alone on stdout.",
)
def command(rule: str | None, pack: str | None, form: str) -> int:
    """List the rules and the packs, or explain one RULE.

    Runs in seconds, without torch. Exit code 2 where there is no such rule or a pack is wrong.
    """
    from curation_gate.rulecatalog import catalog, find, packs

    of = packs(pack)
    entries = catalog(of)
    chosen = (find(entries, rule),) if rule else entries
    if form == "json":
        document = {"rules": [_document(entry) for entry in chosen]}
        if not rule:
            document["packs"] = [_pack_document(one) for one in of]
        click.echo(json.dumps(document, indent=2).replace("\x7f", "\\u007f"))
    elif rule:
        _explain(chosen[0])
    else:
        _list(entries, of)
    return 0


def _document(entry: Entry) -> dict[str, object]:
    from curation_gate.rulecatalog import page

    return {
        "id": entry.id,
        "title": entry.title,
        "packs": {
            name: {
                "severity": rule.severity,
                "enabled": rule.enabled,
                "detector": rule.detector,
                "parameters": rule.parameters,
                "rationale": rule.rationale,
                "references": rule.references,
            }
            for name, rule in entry.packs.items()
        },
        "page": page(entry.id),
    }


def _pack_document(pack: RulePack) -> dict[str, object]:
    return {
        "name": pack.name,
        "description": pack.description,
        "hash": pack.hash,
        "path": str(pack.path),
        "rules": [rule.id for rule in pack.enabled],
        "fail_on": pack.policy.fail_on,
    }


def _list(entries: tuple[Entry, ...], of: tuple[RulePack, ...]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from curation_gate.report.sanitize import plain

    console = Console(highlight=False)
    rules = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rules.add_column("rule", no_wrap=True)
    rules.add_column("looks for")
    for pack in of:
        rules.add_column(Text(plain(pack.name)), no_wrap=True)
    for entry in entries:
        cells = [entry.id, plain(entry.title), *(entry.standing(pack.name) for pack in of)]
        rules.add_row(*map(Text, cells))
    console.print(rules)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("pack", "fails on", "hash", "what it is for"):
        table.add_column(title, overflow="fold")
    for pack in of:
        cells = [pack.name, pack.policy.fail_on, pack.hash[:12], pack.description]
        table.add_row(*(Text(plain(cell)) for cell in cells))
    console.print(table)
    console.print("curate rules RULE explains one; curate scan --rules PACK takes a pack.")


def _explain(entry: Entry) -> None:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.text import Text

    from curation_gate.report.sanitize import plain
    from curation_gate.rulecatalog import page

    console = Console(highlight=False)
    text = page(entry.id)
    if text is not None:
        # Links are to files of the repository: their words alone are of use in a terminal.
        console.print(Markdown(re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text), hyperlinks=False))
        console.print()
    else:
        console.print(Text(plain(f"{entry.id}: {entry.title}"), style="bold"))
    for name, rule in entry.packs.items():
        told = ", ".join(f"{key}: {value}" for key, value in rule.parameters.items())
        line = f"in {name}: {entry.standing(name)} (detector {rule.detector}; {told})"
        console.print(Text(plain(line)))
        if text is None:
            console.print(Text(plain(rule.rationale)))
            for reference in rule.references:
                console.print(Text(plain(f"- {reference}")))
