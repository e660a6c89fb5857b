"""The boundary: exit codes, help, and how little it imports."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from places import REPOSITORY

from curation_gate import errors
from curation_gate.cli import main

HEAVY = ("torch", "transformers", "great_expectations", "kronfluence", "datasets", "pandas")


def test_help_imports_nothing_heavy_and_names_every_command():
    probe = (
        "import sys; from curation_gate.cli.main import run; code = run(['--help']); "
        f"print([m for m in {HEAVY!r} if m in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.splitlines()[-1] == "[] 0"
    for name in main.COMMANDS:
        assert f"\n  {name} " in done.stdout


def test_the_package_is_a_command_too():
    done = subprocess.run(
        [sys.executable, "-m", "curation_gate", "--version"],
        capture_output=True, text=True, check=True, cwd=REPOSITORY,
    )  # fmt: skip
    assert done.stdout.startswith("curate ")


@pytest.mark.parametrize("name", sorted(main.COMMANDS))
def test_every_command_exists_and_has_help(name, capsys):
    assert main.run([name, "--help"]) == 0
    assert "Usage: curate " + name in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["no-such-command"], ["scan", "--no-such-option", "x"]])
def test_usage_errors_are_two(arguments, capsys):
    assert main.run(arguments) == 2
    assert "Usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (RuntimeError("odd \x1b[31m"), 2, "unexpected RuntimeError: odd"),
        (MemoryError(), 2, "MemoryError"),
    ],
)
def test_what_is_raised_becomes_an_exit_code(raised, code, said, capsys, monkeypatch):
    def crash(**_):
        raise raised

    monkeypatch.setattr(main.curate, "main", crash)
    assert main.run(["scan", "x"]) == code
    printed = capsys.readouterr().err
    assert said in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    "error", [errors.UsageError("a\n::error::b\x1b"), errors.ResultError("x", hint="a\n::error::b")]
)
def test_no_line_of_an_error_starts_with_what_a_name_says(error, capsys, monkeypatch):
    def fail(**_):
        raise error

    monkeypatch.setattr(main.curate, "main", fail)
    assert main.run(["scan", "x"]) == 2
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) > 1
    assert all(line.startswith("curate: ") and line.isprintable() for line in printed)


@pytest.mark.parametrize("broken", [False, True])
def test_what_is_wrong_with_the_data_is_told_before_torch_is_imported(tmp_path, broken):
    if broken:
        (tmp_path / "x.jsonl").write_text("{broken\n")
    probe = (
        "import sys; from curation_gate.cli.main import run; code = run(['scan', 'x.jsonl']); "
        f"print([m for m in {HEAVY!r} if m in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[] 2"
    assert ("x.jsonl:1:2: " if broken else "x.jsonl: no such file") in done.stderr


@pytest.mark.parametrize("name", sorted(main.COMMANDS))
def test_every_help_has_examples_of_its_own_command(name, capsys):
    assert main.run([name, "--help"]) == 0
    examples = capsys.readouterr().out.split("Examples:\n", 1)[1]
    assert examples.startswith(f"    curate {name}")


def test_version_names_tool_proxy_and_rules(capsys):
    from curation_gate import __version__
    from curation_gate.proxy.embedded import FOLDER
    from curation_gate.rulebook import load_rules

    assert main.run(["--version"]) == 0
    proxy = (FOLDER / "HASH").read_text().strip()
    assert capsys.readouterr().out.splitlines() == [
        f"curate {__version__}",
        f"proxy curate-t5-nano {proxy}",
        f"rules default {load_rules().hash}",
    ]


@pytest.mark.parametrize("arguments", [["--version"], ["rules"], ["completion", "bash"]])
def test_light_commands_import_nothing_heavy(arguments):
    probe = (
        f"import sys; from curation_gate.cli.main import run; code = run({arguments!r}); "
        f"print([m for m in {HEAVY!r} if m in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.splitlines()[-1] == "[] 0"


def test_a_damaged_proxy_does_not_hide_the_version(capsys, monkeypatch):
    from curation_gate.errors import ModelError

    def fail():
        raise ModelError("weights are missing")

    monkeypatch.setattr("curation_gate.proxy.embedded.checked_hash", fail)
    assert main.run(["--version"]) == 0
    assert "curate doctor" in capsys.readouterr().out


def test_no_arguments_show_the_help(capsys):
    assert main.run([]) in (0, 2)
    printed = capsys.readouterr()
    assert "Commands" in printed.out + printed.err
