"""`curate report DIR`: the result of a scan again, in the terminal or as a page."""

from __future__ import annotations

import json
from pathlib import Path

import click

EPILOG = """\b
Examples:
  curate report data.jsonl.curation
  curate report data.jsonl --html --open
  curate report data.jsonl.curation --format github     # annotations, nothing is scanned again
  curate report data.jsonl.curation --format junit > junit.xml

\b
sarif and junit are written into DIR too. Lines are told where the data are still as scanned.
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
def command(folder: Path, html: bool, open_page: bool, form: str) -> int:
    """Show the result of a scan again.

    DIR is the scan folder, or the data file it belongs to (data.jsonl means data.jsonl.curation).
    """
    from curation_gate.report.folder import find

    folder = find(folder)
    page = _write_page(folder) if html or open_page else None
    if form == "json":
        _print_json(folder, page)
    elif form != "rich":
        from curation_gate.report.findings import findings_of
        from curation_gate.report.folder import load
        from curation_gate.report.formats import emit

        click.echo(emit(findings_of(load(folder)), form, folder))
    elif page is not None:
        from curation_gate.report.folder import shown
        from curation_gate.report.sanitize import plain

        click.echo(plain(shown(page)))
    else:
        from rich.console import Console

        from curation_gate.report.terminal import print_summary

        print_summary(folder, Console(highlight=False))
    if page is not None and open_page:
        import webbrowser

        if not webbrowser.open(page.resolve().as_uri()):
            click.echo("curate: no browser could be started; open the file yourself", err=True)
    return 0


def _write_page(folder: Path) -> Path:
    from curation_gate.atomic import write_text
    from curation_gate.report.html import render

    page = folder / "report.html"
    write_text(page, render(folder))
    return page


def _print_json(folder: Path, page: Path | None) -> None:
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
    # ASCII: row text in phrases or names cannot reach the terminal as an escape.
    click.echo(json.dumps(result, indent=2).replace("\x7f", "\\u007f"))
