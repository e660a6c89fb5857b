"""`curate report DIR`: the result of a scan again, in the terminal or as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curation_gate.errors import InconclusiveError, UsageError

if TYPE_CHECKING:
    from curation_gate.report.findings import Findings

EPILOG = """\b
Examples:
  curate report data.jsonl.curation
  curate report data.jsonl --html --open
  curate report data.jsonl.curation --format github     # annotations, nothing is scanned again
  curate report data.jsonl.curation --format junit > junit.xml
  curate report data.jsonl --diff-base origin/main --fail-on review   # as a check of its own

\b
sarif and junit are written into DIR too. Lines are told where the data are still as scanned.

\b
Exit codes: 0 shown; with --fail-on also 1 for findings at or above it (with --diff-base among the
new rows) and 3 where the scan was inconclusive; 2 no such folder, a damaged one, no such revision.
"""


@click.command(epilog=EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--html", is_flag=True, help="Write DIR/report.html anew and print its path.")
@click.option("--open", "open_page", is_flag=True, help="As --html, and open it in the browser.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["rich", "json", "sarif", "junit", "github", "gitlab"]),
    default="rich",
    show_default=True,
    help="rich: for reading; json: the manifest and the paths; the others as in `curate scan`.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["quarantine", "review", "never"]),
    help="End with 1 where there are findings at or above this. [default: end with 0]",
)
@click.option(
    "--diff-base",
    metavar="REV",
    help="Report, and fail on, only rows that are new since this git revision.",
)
@click.option(
    "--data",
    multiple=True,
    metavar="FILE",
    help="For --diff-base: the data that was scanned, where it does not lie beside DIR; "
    "repeatable.",
)
def command(
    folder: Path,
    html: bool,
    open_page: bool,
    form: str,
    fail_on: str | None,
    diff_base: str | None,
    data: tuple[str, ...],
) -> int:
    """Show the result of a scan again.

    DIR is the scan folder, or the data file it belongs to (data.jsonl means data.jsonl.curation).
    report.html always shows every row.
    """
    from curation_gate.report.folder import find

    if data and diff_base is None:
        raise UsageError("--data is for --diff-base", hint="leave it out, or name a revision")
    folder = find(folder)
    findings = None
    if form not in ("rich", "json") or fail_on is not None or diff_base is not None:
        findings = _findings(folder, fail_on, diff_base, data)
    page = _write_page(folder) if html or open_page else None
    if form == "json":
        _print_json(folder, page, findings)
    elif form != "rich" and findings is not None:
        from curation_gate.report.formats import emit

        click.echo(emit(findings, form, folder))
    elif page is not None:
        from curation_gate.report.folder import shown
        from curation_gate.report.sanitize import plain

        click.echo(plain(shown(page)))
    else:
        from rich.console import Console

        from curation_gate.report.terminal import print_summary

        print_summary(folder, Console(highlight=False))
        if findings is not None and findings.since is not None:
            click.echo("\n" + "\n".join(findings.listed()))
    if page is not None and open_page:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            click.echo("curate: no browser could be started; open the file yourself", err=True)
    if findings is None or fail_on is None:
        return 0
    if findings.verdict == "inconclusive":
        return InconclusiveError.exit_code
    return int(findings.failing > 0)


def _findings(
    folder: Path, fail_on: str | None, revision: str | None, data: tuple[str, ...]
) -> Findings:
    """Return what is to be reported. Raises UsageError where the revision is not to be had."""
    from curation_gate.cli.scan import say_absent
    from curation_gate.report.findings import findings_of
    from curation_gate.report.folder import load

    scan = load(folder)
    if revision is None:
        return findings_of(scan, fail_on=fail_on)
    from curation_gate.gate.diff_base import rows_at
    from curation_gate.quarantine.scanned_data import scanned_paths
    from curation_gate.rows.formats import expand

    paths, columns = scanned_paths(folder, scan.manifest, data, command="report")
    base = rows_at(revision, paths, columns)
    say_absent(base)
    files = expand(paths)
    same = len(files) == len(scan.manifest["dataset"]["files"])
    return findings_of(scan, files=files if same else None, fail_on=fail_on, base=base)


def _write_page(folder: Path) -> Path:
    from curation_gate.atomic import write_text
    from curation_gate.report.html import render

    page = folder / "report.html"
    write_text(page, render(folder))
    return page


def _print_json(folder: Path, page: Path | None, findings: Findings | None) -> None:
    from curation_gate.report.folder import load
    from curation_gate.report.summary import summarise

    scan = load(folder)
    summary = summarise(scan)
    result = {
        "folder": str(folder),
        "html": None if page is None else str(page),
        "files": {Path(path).name: path for _, path in summary.outputs},
        "next": [{"text": step.text, "command": step.command} for step in summary.steps],
        "manifest": scan.manifest,
    }
    if findings is not None and findings.since is not None:
        result["diff_base"] = findings.diff_base()
    # ASCII: row text in phrases or names cannot reach the terminal as an escape.
    click.echo(json.dumps(result, indent=2).replace("\x7f", "\\u007f"))
