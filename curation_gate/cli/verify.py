"""`curate verify`: data against its lock, in seconds and without torch."""

from __future__ import annotations

import json

import click

EPILOG = """\b
Examples:
  curate verify                              # every lock and every data file below this folder
  curate verify data.jsonl
  curate verify 'parts/*.jsonl' --format json
  curate verify curate.lock                  # every dataset it has an entry for

\b
Checks, against curate.lock beside the data:
  the data is what was scanned, or the cleaned set of that scan: what rules read, and the
  whole records too, every column and every letter
  no quarantined row is left in it, and the scan was not inconclusive
  the cleaned set, where it is there, is whole and holds its expectations
  the rule pack and the allow file are those of the scan, and no entry of it has expired since

\b
Without DATA (or with a folder) every lock below is checked, and every data file that none of them
knows fails: a new or renamed one, a new shard, one whose lock is gone. Data files are those with a
suffix that is read, tracked by git, in or below a folder that holds scanned data, or that
curate.toml guards (`curate init` writes it; its `exclude` names what is no data).

\b
What differs is named: rows added, edited or removed, or changed in what no rule reads, with their
lines and columns; quarantined rows that are still in it; decisions that are missing; another rule
pack or allow file; entries that a merge has mixed up.

The lock is not a signature: whoever can change the data can change the lock. Scan again in CI.
"""


@click.command(epilog=EPILOG)
@click.argument("data", nargs=-1, type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is printed on stdout.",
)
@click.option(
    "--diff-base",
    metavar="REV",
    help="Without DATA: the git revision whose locks, guard and exclude count too. [default: HEAD]",
)
def command(data: tuple[str, ...], form: str, diff_base: str | None) -> int:
    """Check in seconds that DATA is what was scanned; without DATA, all below this folder.

    Files that were scanned together are verified together, others one by one. Exit code 0: nothing
    differs; 1: something does, and stdout says what to run; 2: what was named was not scanned, or
    cannot be read.
    """
    from curation_gate.gate.verify import check
    from curation_gate.report.sanitize import plain

    outcomes = check(data, diff_base)
    if form == "json":
        document = [
            {
                "files": [str(file) for file in outcome.files],
                "rows": outcome.rows,
                "ok": not outcome.problems and outcome.error is None,
                "problems": list(outcome.problems),
                "notes": list(outcome.notes),
                "error": outcome.error.message if outcome.error else None,
                "hint": outcome.error.hint if outcome.error else None,
            }
            for outcome in outcomes
        ]
        click.echo(json.dumps(document, indent=2))
    else:
        for outcome in outcomes:
            for problem in outcome.problems:
                click.echo(plain(problem))
            if not outcome.problems and outcome.error is None:
                click.echo(f"{plain(outcome.name)}: {outcome.rows:,} rows, as scanned")
        for outcome in outcomes:
            for note in outcome.notes:
                click.echo(plain(f"curate: note: {outcome.name}: {note}"), err=True)
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    for error in errors[:-1]:
        click.echo(plain(f"curate: error: {error}"), err=True)
        if error.hint:
            click.echo(plain(f"curate: hint: {error.hint}"), err=True)
    if errors:
        raise errors[-1]
    return 1 if any(outcome.problems for outcome in outcomes) else 0
