"""`curate explain DIR ROW`: why this row, with the evidence of every rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from curation_gate.report.evidence import Evidence


EPILOG = """\b
Examples:
  curate explain data.jsonl.curation 17
  curate explain data.jsonl id:review-0042
  curate explain data.jsonl fingerprint:9f3c01 --format json
"""


@click.command(epilog=EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("row", metavar="ROW")
@click.option(
    "--format",
    "form",
    type=click.Choice(["rich", "json"]),
    default="rich",
    show_default=True,
    help="rich: for reading; json: the same, alone on stdout.",
)
def command(folder: Path, row: str, form: str) -> int:
    """Say why one row was flagged, with the evidence of every rule.

    DIR is the scan folder, or the data file it belongs to. ROW is the row's index (from 0), its id,
    or the first six or more digits of its fingerprint; `row:7`, `id:7` and `fingerprint:abc123`
    say which is meant. A kept row can be explained too. Phrases that a rule names are marked in the
    text; where a rule weighs them, what made up their probability of being a trigger is listed.
    What was decided in `curate review` stands with it.
    """
    from curation_gate.report.evidence import find_row, gather
    from curation_gate.report.folder import find, load

    scan = load(find(folder))
    evidence = gather(scan, find_row(scan, row))
    if form == "json":
        # ASCII: row text cannot reach the terminal as an escape.
        click.echo(json.dumps(_document(evidence), indent=2).replace("\x7f", "\\u007f"))
    else:
        from rich.console import Console

        from curation_gate.report.explained import print_evidence

        print_evidence(evidence, Console(highlight=False))
    return 0


def _document(evidence: Evidence) -> dict[str, object]:
    fields = evidence.fields
    return {
        "row": evidence.row,
        "id": evidence.id,
        "fingerprint": evidence.fingerprint,
        "task": evidence.task,
        "verdict": evidence.verdict,
        "score": evidence.score,
        "place": evidence.place,
        "instruction": fields and fields.instruction,
        "input": fields and fields.input,
        "output": fields and fields.output,
        "scores": {
            standing.name: {
                "title": standing.title,
                "value": standing.value,
                "percentile": standing.percentile,
                "percentile_in_task": standing.percentile_task,
                "percentile_in_stratum": standing.percentile_stratum,
            }
            for standing in evidence.standings
        },
        "stratum_rows": evidence.stratum_rows,
        "phrases": [dict(phrase) for phrase in evidence.phrases],
        "reasons": list(evidence.reasons),
        "decision": evidence.decision,
    }
