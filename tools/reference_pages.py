"""Write the pages of docs/ that are made from the code: commands, rules, exit codes, numbers.

    python tools/reference_pages.py            write them
    python tools/reference_pages.py --check    exit code 1 where one of them is out of date

A test runs the check, so that help and documents cannot say different things.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from curation_gate.cli import main as cli
from curation_gate.detectors.label_trigger.numbers import NUMBERS, SIBLINGS
from curation_gate.detectors.response_trigger.numbers import NUMBERS as ANSWER_NUMBERS
from curation_gate.rulecatalog import catalog, packs

DOCS = Path(__file__).resolve().parents[1] / "docs"
MADE = "<!-- made by tools/reference_pages.py: `make reference` -->\n"
WIDTH = 96


def commands() -> str:
    """Return reference/commands.md: the help of every command, word for word."""
    parts = [
        MADE,
        "# Commands\n",
        "What `curate COMMAND --help` prints. Options stand behind the command they belong to.\n",
        _help(cli.curate, "curate"),
    ]
    group = click.Context(cli.curate, info_name="curate", **cli.curate.context_settings)
    for name in cli.COMMANDS:
        found = cli.curate.get_command(group, name)
        assert found is not None
        parts += [f"## curate {name}\n", _help(found, name, group)]
    return "\n".join(parts)


def rules() -> str:
    """Return rules/index.md: every rule and what each shipped pack does with it."""
    of = packs()
    names = [pack.name for pack in of]
    lines = [
        MADE,
        "# Rules\n",
        "What each rule does in each shipped pack: its findings go into quarantine, are for",
        "review, or the rule is off; `-`: the pack does not have it. `curate rules` says the same,",
        "[rule packs](../reference/packs.md) shows the files.\n",
        f"| rule | looks for | {' | '.join(names)} |",
        f"|---|---|{'---|' * len(names)}",
    ]
    for entry in catalog(of):
        cells = " | ".join(entry.standing(name) for name in names)
        lines.append(f"| [{entry.id}]({entry.id}.md) | {entry.title} | {cells} |")
    lines += ["", "| pack | fails on | what it is for |", "|---|---|---|"]
    lines += [f"| `{p.name}` | {p.policy.fail_on} | {p.description.strip()} |" for p in of]
    return "\n".join(lines) + "\n"


def exit_codes() -> str:
    """Return reference/exit-codes.md: the codes of the help, and what a script does with them."""
    codes = [line.split(None, 1) for line in cli.EXIT_CODES.splitlines()[2:] if line.strip()]
    table = "\n".join(f"| {code} | {meaning.strip()} |" for code, meaning in codes)
    return f"""{MADE}
# Exit codes

| code | meaning |
|---|---|
{table}

They are the same for every command. `curate verify` exits with 1 where the data is not what was
scanned, `curate doctor` with 2 where a scan cannot run here.

A scan that could not finish never exits with 0. A set that is too small to judge exits with 3: it
is inconclusive, and a gate that lets it through is a decision of yours.

stdout carries the result alone; progress and messages go to stderr. `NO_COLOR` is honoured; without
a terminal there is no spinner and no prompt. `CURATE_DEBUG=1` shows the traceback of a crash.
"""


POINTS = {1: "more of it", -1: "less of it", 0: "left to the fit"}
GROUPS = {
    "counts": ("Counts", "What can be counted of the phrase and of what it goes with."),
    "words": ("Words", "What the set's own words lead to expect of its rows, the phrase masked."),
    "table": ("Word table", "What words mean, from a frozen table that never saw the rows."),
    "answers": ("Answers", "What the answers of its rows share."),
    "input": ("Inputs", "What the other words of its inputs say, the phrase masked."),
    "encoder": ("Encoder", "A frozen sentence encoder, its heads fitted without the judged rows."),
    "form": ("Form", "What the phrase looks like, and where it stands."),
    "neighbours": ("Neighbours", "What it is beside the other phrases that are weighed."),
}


def numbers() -> str:
    """Return reference/numbers.md: what each number says that CG001 and CG004 weigh."""
    lines = [
        MADE,
        "# The numbers of a verdict\n",
        "A phrase that [CG001](../rules/CG001.md) or [CG004](../rules/CG004.md) lists has all of",
        "these in `manifest.json`, under `numbers`; `contributions` says what each added to the",
        "log-odds of a trigger, in nats. z counts standard deviations. Where a direction is named,",
        "the fit of the model was held to it.",
        "",
        "## CG001: a phrase and a label",
        "",
        "The outcome is the label that the phrase goes with in a task.",
        *_tables((*NUMBERS, SIBLINGS)),
        "",
        "## CG004: a phrase and a kind of answer",
        "",
        "The kind is learned from the answers of its rows, or an act that their inputs ask for and",
        "they do not do.",
        *_tables(ANSWER_NUMBERS),
    ]
    return "\n".join(lines) + "\n"


def _tables(every: Sequence[Any]) -> list[str]:
    """Return a table for each group of numbers."""
    lines = []
    for group in dict.fromkeys(number.group for number in every):
        title, said = GROUPS[group]
        lines += ["", f"### {title}", "", said, ""]
        lines += ["| number | what it is | speaks for a trigger |", "|---|---|---|"]
        lines += [
            f"| `{number.name}` | {number.says} | {POINTS[number.points]} |"
            for number in every
            if number.group == group
        ]
    return lines


PAGES = {
    "reference/commands.md": commands,
    "reference/exit-codes.md": exit_codes,
    "reference/numbers.md": numbers,
    "rules/index.md": rules,
}


def _help(command: click.Command, name: str, parent: click.Context | None = None) -> str:
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    return f"```text\n{command.get_help(context).rstrip()}\n```\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description="Make the reference pages from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs/{name}: {'out of date; run `make reference`' if options.check else 'written'}")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
