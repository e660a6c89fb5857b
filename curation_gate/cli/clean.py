"""`curate clean DIR`: the decisions of a review, applied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from curation_gate.quarantine.clean import Cleaned

EPILOG = """\b
What becomes of a flagged row:
  accepted as poison     leaves the cleaned set
  released               stays in it, byte for byte
  relabelled             stays in it with its new answer, all else byte for byte
  quarantined, no word   leaves it
  for review, no word    stays in it: accept it in `curate review` to take it out

\b
Writes DIR/cleaned.<suffix>, manifest.json, quarantine.jsonl (what is not kept), decided.jsonl (what
was flagged and is kept), scores.parquet, report.html, expectations.html, and curate.lock beside the
data with every decision; results.sarif and junit.xml, where DIR holds them, as they were asked for.
Run it as often as you like: the same decisions write the same bytes, and a decision that was undone
is undone here too.

\b
Exit codes: 0 written; 1 written, and the cleaned set does not hold its expectations; 2 not written.

\b
Examples:
  curate clean data.jsonl.curation
  curate clean scans/today --data data/part-1.jsonl --data data/part-2.jsonl
"""


@click.command(epilog=EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--data",
    multiple=True,
    metavar="FILE",
    help="The data that was scanned, where it does not lie beside DIR; repeatable.",
)
@click.option("--columns", metavar="ROLE=NAME,...", help="As the scan was told.")
def command(folder: Path, data: tuple[str, ...], columns: str | None) -> int:
    """Write the cleaned file again after a review.

    DIR is the scan folder, or the data file it belongs to.
    """
    import os
    from importlib.util import find_spec

    from curation_gate.cli.scan import columns_option
    from curation_gate.errors import DependencyError
    from curation_gate.quarantine.clean import clean
    from curation_gate.quarantine.lock_writing import told_columns
    from curation_gate.report.folder import find
    from curation_gate.report.html import render
    from curation_gate.report.kept_files import write_again

    folder = find(folder)
    if find_spec("great_expectations") is None:
        raise DependencyError(
            "not installed: great_expectations, which checks the cleaned set",
            hint="pip install 'curation-gate[scan]'",
        )
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    from curation_gate.expectations import check_cleaned

    done = clean(
        folder,
        data=data,
        columns=columns_option(columns),
        check=check_cleaned,
        page=lambda staged, name: render(staged, name=name),
        others=lambda staged, dataset: write_again(
            staged, folder, [file.path for file in dataset.files], told_columns(dataset)
        ),
    )
    _say(folder, done)
    return 0 if done.checked.success else 1


def _say(folder: Path, done: Cleaned) -> None:
    from curation_gate.report.folder import quoted, shown
    from curation_gate.report.sanitize import plain
    from curation_gate.report.summary import rows

    def say(text: str, *, err: bool = False) -> None:
        click.echo(plain(text), err=err)

    for notice in done.notices:
        say(f"curate: {notice}", err=True)
    files = " ".join(shown(file) for file in done.files)
    left_out = done.scanned - done.rows
    say(f"{files}: {rows(done.rows)} kept of {done.scanned:,}, {left_out:,} left out")
    say(
        f"Decisions: {rows(done.accepted)} accepted as poison, {done.released:,} released, "
        f"{done.relabelled:,} relabelled"
    )
    if done.undecided:
        gone = done.undecided - done.to_review
        say(f"Undecided: {gone:,} quarantined and left out, {done.to_review:,} for review and kept")
    if done.elsewhere:
        say(f"Without effect: {done.elsewhere:,} decisions on rows that this scan does not flag")
    for broken in done.checked.broken:
        say(f"Expectation broken ({broken.severity}): {broken.title}: {broken.observed}")
    if not done.checked.broken:
        say(f"Expectations: all {len(done.checked.results)} hold")
    say(f"Also written: the results in {shown(folder)}, {shown(done.lock)}")
    if done.undecided:
        click.echo(f"Next: curate review {quoted(folder)}")
    else:
        click.echo(f"Next: train on {plain(files)}, and commit {plain(shown(done.lock))}")
