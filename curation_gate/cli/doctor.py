"""`curate doctor`: whether this machine can scan, with what, and how fast."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation_gate.doctor.checks import Check
    from curation_gate.doctor.speed import Speed

_MEASURABLE = 100_000
"""Rows a second from which the cost of a stage is lost in the noise of a small scan."""

EPILOG = """\b
Examples:
  curate doctor
  curate doctor --no-speed                 the checks alone, in seconds
  curate doctor --rows 200000 --device cuda
  curate doctor --format json

\b
Exit code 0: a scan can run here; 2: it cannot, and the lines that say why say what to do.
verify, report, review and explain need no torch and work without the packages of a scan.
"""


@click.command(epilog=EPILOG)
@click.option("--no-speed", is_flag=True, help="Measure nothing.")
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    default=50_000,
    show_default=True,
    help="Estimate a scan of this many rows.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["rich", "json"]),
    default="rich",
    show_default=True,
    help="rich: for reading; json: the same, alone on stdout.",
)
def command(no_speed: bool, rows: int, device: str, form: str) -> int:
    """Say what is installed, whether it fits, and how fast this machine scans.

    Scans a few hundred made-up rows to measure (half a minute on two cores); writes nothing.
    """
    from curation_gate.doctor.checks import check_all

    checks = check_all()
    broken = any(check.status == "bad" for check in checks)
    if form == "rich":
        _print_checks(checks)
    speed = None
    if not broken and not no_speed:
        from rich.console import Console

        from curation_gate.doctor.speed import measure
        from curation_gate.report.terminal import TerminalProgress

        speed = measure(rows=rows, device=device, progress=TerminalProgress(Console(stderr=True)))
    if form == "json":
        document = {
            "ok": not broken,
            "checks": [
                {"name": c.name, "status": c.status, "said": c.said, "hint": c.hint} for c in checks
            ],
            "speed": None if speed is None else _document(speed),
        }
        click.echo(json.dumps(document, indent=2).replace("\x7f", "\\u007f"))
    elif speed is not None:
        _print_speed(speed)
    return 2 if broken else 0


def _document(speed: Speed) -> dict[str, object]:
    return {
        "device": speed.device,
        "rows_per_second": {
            "read": speed.read,
            "reference": speed.reference,
            "finetune": speed.finetune,
            "influence": speed.influence,
        },
        "estimate": {
            "rows": speed.rows,
            "seconds": round(speed.seconds, 1),
            "stages": dict(speed.stages),
        },
    }


def _print_checks(checks: Sequence[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from curation_gate.report.sanitize import plain

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    styles = {"ok": "green", "note": "yellow", "bad": "bold red"}
    for check in checks:
        table.add_row(Text(check.status, style=styles[check.status]), check.name, plain(check.said))
        if check.hint:
            table.add_row("", "", Text(plain(f"-> {check.hint}"), style=styles[check.status]))
    Console(highlight=False).print(table)


def _print_speed(speed: Speed) -> None:
    click.echo()
    click.echo(f"measured on {speed.device}, rows of about 60 tokens, rows a second:")
    click.echo(f"  reading      {speed.read:>10,.0f}")
    for name, rate, note in (
        ("reference", speed.reference, ""),
        ("fine-tuning", speed.finetune, "   (row passes; a row counts once an epoch)"),
        ("influence", speed.influence, ""),
    ):
        many = f"{rate:>10,.0f}" if rate < _MEASURABLE else "too fast to measure in so few rows"
        click.echo(f"  {name:<11}  {many}{note}")
    minutes = speed.seconds / 60
    shown = f"{minutes:,.0f} minutes" if minutes >= 2 else f"{speed.seconds:,.0f} seconds"
    longest = sorted(speed.stages.items(), key=lambda item: -item[1])[:3]
    parts = ", ".join(f"{stage} {seconds / 60:,.1f}" for stage, seconds in longest)
    click.echo(f"a scan of {speed.rows:,} rows takes about {shown} (minutes by stage: {parts})")
