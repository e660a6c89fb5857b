"""Completion: the scripts are valid shell, and a tab is answered without torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from places import REPOSITORY

from curation_gate.cli import main


def answers(words: str, count: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", "from curation_gate.cli.main import main; main()"],
        env={**os.environ, "_CURATE_COMPLETE": "bash_complete", "COMP_WORDS": words,
             "COMP_CWORD": str(count)},
        capture_output=True, text=True, check=True, cwd=REPOSITORY,
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_valid_shell(shell, capsys, tmp_path):
    assert main.run(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    assert "_CURATE_COMPLETE" in script.read_text()
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", script], check=True)


def test_commands_options_and_paths_are_completed():
    assert answers("curate ru", 1) == ["plain,rules"]
    assert "plain,--fail-on" in answers("curate scan --f", 2)
    assert answers("curate verify da", 2) == ["file,da"]
    assert answers("curate completion ", 2) == ["plain,bash", "plain,zsh", "plain,fish"]


def test_another_shell_is_a_usage_error(capsys):
    assert main.run(["completion", "tcsh"]) == 2
    assert "bash" in capsys.readouterr().err
