"""`curate init`: hook, CI job and rules file for a dataset repository."""

from __future__ import annotations

from pathlib import Path

import click

EPILOG = """\b
Examples:
  curate init                              # every .jsonl and .parquet file below this folder
  curate init data/train.jsonl --ci gitlab
  curate init --dry-run                    # show what would be written
  curate init --force                      # overwrite what differs, after showing how

\b
Writes curation-rules.yaml, curate.toml (what `curate verify` guards), hooks in
.pre-commit-config.yaml, a CI job, and lines in .gitignore and .gitattributes. Run again it changes
nothing. What you have edited is kept unless you say --force.
"""


@click.command(epilog=EPILOG)
@click.argument("data", nargs=-1)
@click.option(
    "--repository",
    "root",
    default=".",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The root of the dataset repository.",
)
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "both", "none"]),
    help="Which CI job to write. [default: gitlab where .gitlab-ci.yml is, else github]",
)
@click.option("--force", is_flag=True, help="Overwrite files of ours that differ.")
@click.option("--dry-run", is_flag=True, help="Write nothing.")
def command(data: tuple[str, ...], root: Path, ci: str | None, force: bool, dry_run: bool) -> int:
    """Put the gate into a dataset repository: commit hook, CI job, rules file.

    DATA are the files to guard, relative to the repository.
    """
    from curation_gate.gate import init
    from curation_gate.report.sanitize import lines, plain

    if ci is None:
        ci = "gitlab" if (root / init.GITLAB).exists() else "github"
    jobs = {"both": ["github", "gitlab"], "none": []}.get(ci, [ci])
    names = init.data_names(root, data)
    changes = init.plan(root, names, jobs)
    written = [] if dry_run else init.write(root, changes, force=force)
    said = {
        "new": "would write" if dry_run else "wrote",
        "added": "would add to" if dry_run else "added to",
        "changed": "would overwrite" if dry_run and force else "overwrote" if force else "kept",
        "unchanged": "unchanged",
        "by hand": "left alone",
    }
    for change in changes:
        click.echo(f"{said[change.status]:<12} {plain(str(change.path))}")
        if change.status in ("added", "changed"):
            click.echo("\n".join(f"    {line}" for line in lines(change.diff.rstrip("\n"))))
        if change.status == "changed" and not force:
            click.echo("    It differs from what would be written; --force overwrites it.")
        if change.status == "by hand":
            click.echo("    Add this yourself, where it is not there in your own way:")
            click.echo("\n".join(f"    {line}" for line in lines(change.text.rstrip("\n"))))
    if written:
        click.echo("\nNext: scan the data, then commit curate.lock with them:")
        click.echo(f"  curate scan --rules {init.RULES} {' '.join(names)}")
        click.echo("  pre-commit install --hook-type pre-commit --hook-type pre-push")
    return 0
