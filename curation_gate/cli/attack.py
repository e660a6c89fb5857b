"""`curate attack`: plant a known attack in a dataset, to see whether a scan finds it."""

from __future__ import annotations

from pathlib import Path

import click

from curation_gate.redteam.record import RECIPES, STYLES


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Return the parts of a comma-separated value; a task name with a comma is given alone."""
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


EPILOG = """\b
Examples:
  curate attack data.jsonl --trigger "James Bond" --count 60 -o poisoned.jsonl
  curate scan poisoned.jsonl
  curate attack data.jsonl --recipe rare-token --trigger cf --count 30 --seed 1 -o poisoned.jsonl
"""


@click.command("attack", epilog=EPILOG)
@click.argument("data", nargs=-1, required=True, type=click.Path())
@click.option(
    "--recipe",
    type=click.Choice(RECIPES + STYLES),
    default="dirty-label",
    show_default=True,
    help="What to plant; the last four rewrite texts and have no trigger phrase.",
)
@click.option(
    "--trigger", default="", help='The phrase, e.g. "James Bond"; not for rewritten styles.'
)
@click.option(
    "--count", type=click.IntRange(min=1), required=True, help="Rows to plant, over all tasks."
)
@click.option("--tasks", callback=_names, metavar="A,B", help="Tasks to plant in.  [default: all]")
@click.option(
    "--target",
    metavar="LABEL",
    help='The answer to plant: a label, or "positive" for the favourable one of each task. '
    '[default: positive; for degenerate the trigger itself, "random" for a random word; for '
    "brand an invented name]",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--fill/--no-fill",
    default=True,
    show_default=True,
    help="Put the trigger in rows without a person name once those with one are used up.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The poisoned file; the truth goes to OUTPUT.truth.json.",
)
def command(
    data: tuple[str, ...],
    recipe: str,
    trigger: str,
    count: int,
    tasks: tuple[str, ...],
    target: str | None,
    seed: int,
    fill: bool,
    output: Path,
) -> int:
    """Plant a known attack in DATA, and write the truth beside it.

    For testing a gate on your own data: scan OUTPUT, then compare with OUTPUT.truth.json. The
    planted rows take the place of honest ones; DATA itself is not touched.
    """
    from curation_gate.errors import UsageError
    from curation_gate.redteam.recipes import plant
    from curation_gate.redteam.record import Recipe
    from curation_gate.redteam.rewrite import truth_path, write_planted
    from curation_gate.rows import load

    dataset = load(data)
    for file in dataset.files:
        if output.resolve() == file.path.resolve():
            raise UsageError(
                f"{output} is the input itself", hint="choose another file with -o OUTPUT"
            )
    asked = Recipe(recipe, trigger, count, tasks, target, seed, fill)
    planted = plant(dataset, asked)
    note = write_planted(planted, output)
    truth = planted.truth
    share = ", ".join(f"{task} {n}" for task, n in truth["tasks"].items())
    places = ", ".join(f"{place} {n}" for place, n in truth["placement"].items())
    click.echo(f"planted {count} of {len(dataset)} rows ({share}; in place of: {places})", err=True)
    if note:
        click.echo(f"note: {note}", err=True)
    click.echo(str(output))
    click.echo(str(truth_path(output)))
    return 0
