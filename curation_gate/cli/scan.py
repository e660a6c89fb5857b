"""`curate scan`: options in, exit code out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from curation_gate.errors import UsageError

EPILOG = """\b
Examples:
  curate scan data.jsonl
  curate scan 'parts/*.jsonl.gz' -o scan --format json > result.json
  curate scan data.csv --columns instruction=prompt,output=answer
  curate scan data.jsonl --rules paper --proxy ./t5-small --probes probes.jsonl

\b
Writes DIR (default: DATA.curation) with manifest.json, quarantine.jsonl, scores.parquet,
cleaned.<suffix>, report.html and expectations.html, and curate.lock beside the data.
"""


@click.command(epilog=EPILOG)
@click.argument("data", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Where the results go."
)
@click.option(
    "--rules",
    default="default",
    metavar="PACK",
    show_default=True,
    help="default, strict, paper, or a YAML file.",
)
@click.option(
    "--proxy",
    metavar="NAME",
    help="embedded, scratch, a folder, or a model on a hub. [default: the pack's]",
)
@click.option(
    "--probes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSONL of probes: input, target, and optionally instruction, labels, task.",
)
@click.option(
    "--keyword",
    "keywords",
    multiple=True,
    metavar="PHRASE",
    help="Build the probes from the rows that hold this phrase most densely; repeatable.",
)
@click.option(
    "--trusted",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Rows you vouch for, of the same tasks: the reference learns from them.",
)
@click.option(
    "--influence",
    type=click.Choice(["directional", "aggregated", "pairwise"]),
    help="How influence is computed. [default: the pack's]",
)
@click.option(
    "--columns",
    metavar="ROLE=NAME,...",
    help="Which column plays which role: instruction, input, output, task, id, source.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["rich", "json"]),
    default="rich",
    show_default=True,
    help="What is printed on stdout.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["quarantine", "review", "never"]),
    help="Which findings make the exit code 1. [default: the pack's]",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--no-cache", is_flag=True, help="Neither read nor keep a fine-tuned proxy and its factors."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
def command(
    data: tuple[str, ...],
    output: Path | None,
    rules: str,
    proxy: str | None,
    probes: Path | None,
    keywords: tuple[str, ...],
    trusted: Path | None,
    influence: str | None,
    columns: str | None,
    form: str,
    fail_on: str | None,
    device: str,
    seed: int,
    no_cache: bool,
    quiet: bool,
) -> int:
    """Say which rows of DATA would teach a model something hidden.

    DATA is one or more files (JSONL, JSON, CSV, Parquet, Arrow, also .gz), a folder written by
    datasets' save_to_disk, or a glob.
    """
    from curation_gate.environment import require_scan_packages

    require_scan_packages()
    from rich.console import Console

    from curation_gate.pipeline import scan
    from curation_gate.progress import Silent
    from curation_gate.report.terminal import TerminalProgress, print_summary
    from curation_gate.settings import Options

    options = Options(
        rules=rules,
        proxy=proxy,
        probes=probes,
        keywords=keywords,
        influence=influence,
        device=device,
        seed=seed,
        cache=not no_cache,
        columns=_columns(columns),
        fail_on=fail_on,
        trusted=trusted,
    )
    progress = Silent() if quiet else TerminalProgress(Console(stderr=True))
    result = scan(data, output, options, progress=progress)
    if form == "json":
        click.echo(json.dumps(result.manifest, indent=2, sort_keys=True))
    else:
        print_summary(result.folder, Console())
    return result.exit_code


def _columns(text: str | None) -> dict[str, str] | None:
    """Role to column name, from `role=name,role=name`. Raises UsageError."""
    if text is None:
        return None
    pairs: dict[str, str] = {}
    for part in text.split(","):
        role, equals, name = part.partition("=")
        if not equals or not role.strip() or not name.strip():
            raise UsageError(
                f"--columns {text}: {part!r} is not ROLE=NAME",
                hint="for example --columns instruction=prompt,output=answer",
            )
        pairs[role.strip()] = name.strip()
    return pairs
