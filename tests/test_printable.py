"""Names for people and for a shell: on one line, and the shell reads what it was."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_gate.errors import InputError
from curation_gate.printable import printable, shell

NAMES = [
    "plain.jsonl",
    "a b",
    "x\n::error::y",
    "tab\t'quote' \\",
    "\x1b[31m\u202e",
    "é 影評",
    "\udcff",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_reads_the_name_that_was_meant(name: str) -> None:
    said = shell(["printf", "%s", name])
    assert said.isprintable()
    done = subprocess.run(["bash", "-c", said], capture_output=True, check=True)
    assert os.fsdecode(done.stdout) == name


@given(st.text(st.characters()))
def test_whatever_it_is_it_is_one_line(text: str) -> None:
    assert printable(text).isprintable()
    assert text.isprintable() == (printable(text) == text)


def test_an_error_shows_the_name_of_its_file_on_one_line() -> None:
    error = InputError("no such file", path="a\n::error::b", line=3)
    assert str(error) == r"a\n::error::b:3: no such file"
