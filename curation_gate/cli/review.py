"""`curate review DIR`: decide on flagged rows by keyboard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from curation_gate.errors import UsageError

EPILOG = """\b
Keys:
  a  accept: poison, the row leaves the cleaned set
  r  release: an honest row, it stays
  l  relabel: it stays with another answer
  s  skip     u  undo     b  back     n  next open row
  p  decide on all rows of a phrase at once (shows them and asks first)
  f  filter by rule, task, phrase or source     g  go to a row
  ?  all keys     q  quit

\b
Every decision is on the disk (DIR/review.jsonl) before the next row is shown: quit, or lose the
connection, whenever you like and go on later. Nothing else is written: `curate clean DIR` applies
the decisions. One reviewer at a time has a folder.

\b
Examples:
  curate review data.jsonl.curation
  curate review data.jsonl --filter 'phrase:"james bond" decision:open'
"""


@click.command(epilog=EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--reviewer",
    metavar="NAME",
    help="Who decides, for the journal and the lock; '' for nobody. [default: git's user.name]",
)
@click.option("--filter", "query", metavar="TERMS", default="", help="Begin with this filter.")
def command(folder: Path, reviewer: str | None, query: str) -> int:
    """Decide on flagged rows by keyboard; resumable.

    DIR is the scan folder, or the data file it belongs to.
    """
    from curation_gate.quarantine.flagged import items
    from curation_gate.quarantine.journal import Journal
    from curation_gate.quarantine.review import Review
    from curation_gate.report.folder import find, load, quoted

    scan = load(find(folder))
    where = quoted(scan.path)
    _require_terminal(where)
    from rich.console import Console

    from curation_gate.report.keyboard import keyboard
    from curation_gate.report.review_loop import Loop
    from curation_gate.report.sanitize import plain

    found = items(scan.manifest, (*scan.flagged, *scan.decided))
    if not found:
        click.echo("Nothing is flagged: there is nothing to review.")
        return 0
    name = _git_name() if reviewer is None else reviewer.strip() or None
    console = Console(highlight=False)
    with Journal(scan.path) as journal:
        review = Review(found, journal.events, journal.append, name)
        if query:
            review.filter(query)
        with keyboard(console) as terminal:
            Loop(review, terminal, console, scan.path.name).run(journal.notice)
        if journal.notice:
            click.echo(f"curate: {plain(journal.notice)}", err=True)
    progress = review.progress
    skipped = f", {progress.skipped:,} skipped" if progress.skipped else ""
    click.echo(f"{progress.decided:,} of {progress.total:,} decided{skipped}")
    if progress.decided:
        click.echo(f"Next: curate clean {where}")
    return 0


def _require_terminal(where: str) -> None:
    if sys.platform == "win32":
        raise UsageError(
            "curate review needs a terminal of Linux or macOS", hint="run it in WSL, or over ssh"
        )
    import os

    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        raise UsageError(
            "curate review reads single keys and needs a terminal",
            hint=f"run it in a terminal; without one, `curate explain {where} ROW` shows a row and "
            "curate-allow.yaml beside the data lets rows pass",
        )


def _git_name() -> str | None:
    """Return git's user.name, None where there is no git or it has none. No network is used."""
    try:
        done = subprocess.run(
            ["git", "config", "user.name"],  # noqa: S607 - the user's own git
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() or None if not done.returncode else None
