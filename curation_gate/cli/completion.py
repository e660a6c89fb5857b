"""`curate completion SHELL`: the script that completes commands, options and paths."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  curate completion bash > ~/.local/share/bash-completion/completions/curate
  curate completion zsh > ~/.zfunc/_curate
  curate completion fish > ~/.config/fish/completions/curate.fish

\b
bash 4.4 or newer, with the bash-completion package. zsh reads ~/.zfunc where ~/.zshrc says so
before compinit: fpath+=~/.zfunc. Or for this shell alone: source <(curate completion bash)
"""


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script of a SHELL on stdout.

    The script asks `curate` itself at every tab, so it stays right when curate is updated.
    """
    from click.shell_completion import get_completion_class

    from curation_gate.cli.main import curate

    made = get_completion_class(shell)
    assert made is not None
    # The source alone: source() would start bash to look at its version, on the wrong machine too.
    completion = made(curate, {}, "curate", "_CURATE_COMPLETE")
    click.echo(completion.source_template % completion.source_vars())
    return 0
