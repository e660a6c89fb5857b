"""`curate scan`: options in, exit code out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curation_gate.errors import UsageError

if TYPE_CHECKING:
    from curation_gate.gate.diff_base import BaseRows
    from curation_gate.pipeline import ScanResult
    from curation_gate.rulebook import RulePack
    from curation_gate.settings import EvidenceLevel

EPILOG = """\b
Examples:
  curate scan data.jsonl
  curate scan 'parts/*.jsonl.gz' -o scan --format json > result.json
  curate scan data.jsonl --evidence text                     # no model, seconds
  curate scan data.csv --columns instruction=prompt,output=answer
  curate scan data.jsonl --rules paper --proxy ./t5-small --probes probes.jsonl
  curate scan data.jsonl --format sarif > results.sarif      # GitHub code scanning
  curate scan data.jsonl --format gitlab > gl-code-quality-report.json
  curate scan data.jsonl --diff-base origin/main --format github --format sarif

\b
Writes DIR (default: DATA.curation) with manifest.json, quarantine.jsonl, scores.parquet,
cleaned.<suffix>, report.html and expectations.html, and curate.lock beside the data.
With --format sarif or junit also results.sarif or junit.xml.
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
    "--evidence",
    type=click.Choice(["text", "auto", "all"]),
    default="auto",
    show_default=True,
    help="text: read the rows alone, in seconds and without a model, as in a commit hook; auto: "
    "fine-tune and ask the proxy too; all: influence on every row, for now the same as auto.",
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
    "--allow",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What you let pass, with reasons. [default: curate-allow.yaml beside the data]",
)
@click.option(
    "--influence",
    type=click.Choice(["directional", "aggregated", "pairwise"]),
    help="How influence is computed. [default: the pack's]",
)
@click.option(
    "--columns",
    metavar="ROLE=NAME,...",
    help="Which column plays which role (system, instruction, history, input, output, rejected, "
    "wanted, task, id, source); a+b joins two.",
)
@click.option(
    "--format",
    "forms",
    type=click.Choice(["rich", "json", "sarif", "junit", "github", "gitlab"]),
    multiple=True,
    default=["rich"],
    show_default=True,
    help="What is printed on stdout; sarif and junit are written into DIR too. Given again: sarif "
    "or junit for DIR alone.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["quarantine", "review", "never"]),
    help="Which findings make the exit code 1. [default: the pack's]",
)
@click.option(
    "--diff-base",
    metavar="REV",
    help="Scan everything; report, and fail on, only rows that are new since this git revision.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--max-unpacked",
    metavar="SIZE",
    help="Bytes a packed file may unpack to, such as 8GB. [default: 2GB, 200 times its size]",
)
@click.option(
    "--no-cache", is_flag=True, help="Neither read nor keep a fine-tuned proxy and its factors."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
def command(
    data: tuple[str, ...],
    output: Path | None,
    rules: str,
    evidence: EvidenceLevel,
    proxy: str | None,
    probes: Path | None,
    keywords: tuple[str, ...],
    trusted: Path | None,
    allow: Path | None,
    influence: str | None,
    columns: str | None,
    forms: tuple[str, ...],
    fail_on: str | None,
    diff_base: str | None,
    device: str,
    seed: int,
    max_unpacked: str | None,
    no_cache: bool,
    quiet: bool,
) -> int:
    """Say which rows of DATA would teach a model something hidden.

    DATA is one or more files (JSONL, JSON, CSV, Parquet, Arrow, also .gz), a folder written by
    datasets' save_to_disk, or a glob.
    """
    from curation_gate.environment import require_scan_packages

    require_scan_packages()
    from curation_gate.gate.diff_base import rows_at
    from curation_gate.report.formats import FILES
    from curation_gate.rows.formats import expand
    from curation_gate.rulebook import load_rules

    for other in forms[1:]:
        if other not in FILES:
            raise UsageError(
                f"--format {other} is for stdout, and {forms[0]} stands there",
                hint=f"after the first, give {' or '.join(FILES)}",
            )
    pack = load_rules(rules)
    told = columns_option(columns)
    expand(data)  # a mistyped name is told before anything heavy is imported
    base = None if diff_base is None else rows_at(diff_base, data, told)

    from rich.console import Console

    from curation_gate.pipeline import scan
    from curation_gate.progress import Silent
    from curation_gate.report.terminal import TerminalProgress
    from curation_gate.rows.limits import parse_size, unpacking_up_to
    from curation_gate.settings import Options

    options = Options(
        rules=pack,
        evidence=evidence,
        proxy=proxy,
        probes=probes,
        keywords=keywords,
        influence=influence,
        device=device,
        seed=seed,
        cache=not no_cache,
        columns=told,
        fail_on=fail_on,
        trusted=trusted,
        allow=allow,
    )
    progress = Silent() if quiet else TerminalProgress(Console(stderr=True))
    with unpacking_up_to(parse_size(max_unpacked, "--max-unpacked") if max_unpacked else None):
        result = scan(data, output, options, progress=progress)
    return _report(result, forms, pack, fail_on, base)


def _report(
    result: ScanResult,
    forms: tuple[str, ...],
    pack: RulePack,
    fail_on: str | None,
    base: BaseRows | None,
) -> int:
    """Print the result; return the exit code."""
    from rich.console import Console

    from curation_gate.report.findings import findings_of
    from curation_gate.report.folder import load
    from curation_gate.report.formats import FILES, MACHINE, emit
    from curation_gate.report.terminal import print_summary

    findings = findings_of(
        load(result.folder),
        files=[file.path for file in result.dataset.files],
        pack=pack,
        fail_on=fail_on,
        base=base,
    )
    say_absent(base)
    form = forms[0]
    for other in forms[1:]:
        if other in FILES:
            emit(findings, other, result.folder)
    if form in MACHINE:
        click.echo(emit(findings, form, result.folder))
    elif form == "json":
        shown = dict(result.manifest)
        if base is not None:
            shown["diff_base"] = findings.diff_base()
        click.echo(json.dumps(shown, indent=2, sort_keys=True))
    else:
        print_summary(result.folder, Console())
        if base is not None:
            click.echo("\n" + "\n".join(findings.listed()))
    return result.exit_code if base is None else int(findings.failing > 0)


def say_absent(base: BaseRows | None) -> None:
    """Say on stderr which data files were not there at the diff base."""
    from curation_gate.report.sanitize import plain

    if base is not None:
        for file in base.absent:
            click.echo(plain(f"curate: {file} was not there at {base.revision}: all new"), err=True)


def columns_option(text: str | None) -> dict[str, str] | None:
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
