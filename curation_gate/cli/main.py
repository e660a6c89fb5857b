"""The `curate` command: a lazy group, and the one place that turns errors into exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

import click

from curation_gate import __version__
from curation_gate.errors import CurateError
from curation_gate.interrupts import ending_as_interrupt
from curation_gate.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "scan": "Scan a dataset: which rows would teach a model something hidden?",
    "verify": "Check in seconds that a dataset is the one that was scanned.",
    "review": "Decide on flagged rows by keyboard; every decision is kept at once.",
    "clean": "Write the cleaned file again after a review.",
    "report": "Show the result of a scan again.",
    "explain": "Say why one row was flagged, with the evidence of every rule.",
    "init": "Put hook, CI job and rules file into a dataset repository.",
    "attack": "Red team: plant a known attack, and the truth file beside it.",
    "rules": "List the rules and the packs, or explain one rule.",
    "doctor": "Say what is installed, whether it fits, and how fast this machine scans.",
    "completion": "Print a completion script for bash, zsh or fish.",
}
"""Name of each command (and of its module in this folder) and its line in `curate --help`."""

EXAMPLES = """\b
Examples:
  curate scan data.jsonl                scan; writes data.jsonl.curation/ and curate.lock
  curate report data.jsonl.curation     the result again; --open for the page
  curate verify data.jsonl              in a commit hook: seconds, no torch
  curate COMMAND --help                 options and examples of one command

"""
EXIT_CODES = """\b
Exit codes:
  0    clean
  1    findings at or above --fail-on
  2    usage or input error, or a crash
  3    inconclusive: nothing scanned, too few rows, scan cut short
  130  interrupted
"""


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command, or None where there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"curation_gate.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print what a report of a scan is worth knowing by: tool, proxy, rules; no torch."""
    if not wanted or context.resilient_parsing:
        return
    from curation_gate.proxy.embedded import NAME, checked_hash
    from curation_gate.rulebook import load_rules

    click.echo(f"curate {__version__}")
    try:
        click.echo(f"proxy {NAME} {checked_hash()}")
        click.echo(f"rules default {load_rules().hash}")
    except CurateError as error:
        click.echo(f"damaged: {error}; run `curate doctor`")
    context.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXAMPLES + EXIT_CODES,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version, and the hashes of the proxy and of the default rules.",
)
def curate() -> None:
    """Find rows of an instruction dataset that would teach a model something hidden."""


def run(arguments: Sequence[str]) -> int:
    """Return the exit code of one call of `curate`; prints errors, never a traceback.

    Set CURATE_DEBUG=1 to see the traceback of a crash.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal without UTF-8 still gets its answer
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with ending_as_interrupt():
            outcome = curate.main(args=list(arguments), prog_name="curate", standalone_mode=False)
    except click.exceptions.Abort:
        _say("interrupted")
        return 130
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return 2
    except CurateError as error:
        _say(str(error), "error: ")
        if error.hint:
            _say(error.hint, "hint: ")
        return error.exit_code
    except BrokenPipeError:
        # The reader of stdout went away (`curate report | head`): nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except Exception as error:
        if os.environ.get("CURATE_DEBUG"):
            raise
        _say(f"unexpected {type(error).__name__}: {error}", "error: ")
        defect = "this is a defect of curation-gate; run again with CURATE_DEBUG=1 and report it"
        _say(defect, "hint: ")
        return 2
    return outcome if isinstance(outcome, int) else 0


def _say(text: str, kind: str = "") -> None:
    """Print lines on stderr, each with its kind before it: none of them starts with a file's name.

    A name can hold line breaks, and a CI log takes a line that starts with `::` for a command.
    """
    for line in text.split("\n"):
        click.echo(f"curate: {kind}{printable(line)}", err=True)


def main() -> None:
    """Run `curate` on the command line's own arguments."""
    sys.exit(run(sys.argv[1:]))
