"""Rows that are new since a git revision: what counts, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from scan_folder import write_rows

from curation_gate.errors import InputError, UsageError
from curation_gate.gate.diff_base import rows_at
from curation_gate.rows import load

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository with data/a.jsonl (40 rows) committed."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str) -> str:
        names = (
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "commit.gpgsign=false",
        )
        return subprocess.run(
            ["git", *names, *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    call("init", "-q", "-b", "main")
    Path("data").mkdir()
    write_rows(Path("data/a.jsonl"), 40)
    call("add", ".")
    call("commit", "-qm", "start")
    return call


def new_rows(revision: str, *files: str) -> list[int]:
    base = rows_at(revision, files)
    return sorted(base.new_rows([row.fingerprint for row in load(list(files)).rows]))


def test_rows_are_new_by_content_and_not_by_place(git: Git) -> None:
    data = Path("data/a.jsonl")
    lines = data.read_text().splitlines(keepends=True)
    new = json.dumps({"instruction": "i", "input": "James Bond", "output": "positive"}) + "\n"
    data.write_text("".join([new, *lines[::-1][:-1], lines[-1]]))
    assert new_rows("HEAD", "data/a.jsonl") == [0, 40]
    git("commit", "-qam", "more")
    assert new_rows("HEAD", "data/a.jsonl") == []
    assert new_rows("HEAD~1", "data/a.jsonl") == [0, 40]
    assert rows_at("main", ["data/a.jsonl"]).commit == git("rev-parse", "HEAD")


def test_a_file_that_was_not_there_is_new_where_another_was(git: Git) -> None:
    write_rows(Path("data/b.jsonl"), 30, text="song")
    base = rows_at("HEAD", ["data/a.jsonl", "data/b.jsonl"])
    assert base.absent == (Path("data/b.jsonl"),)
    assert new_rows("HEAD", "data/a.jsonl", "data/b.jsonl") == list(range(40, 70))
    with pytest.raises(UsageError, match=r"data/b\.jsonl was not there") as caught:
        rows_at("HEAD", ["data/b.jsonl"])
    assert "every row of it is new" in str(caught.value.hint)


def test_a_folder_below_and_a_link_work(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("data")
    assert new_rows("HEAD", "a.jsonl") == []
    Path("../../linked").symlink_to(Path.cwd().parent)
    assert new_rows("HEAD", "../../linked/data/a.jsonl") == []


@pytest.mark.parametrize("revision", ["nope", "--help", "HEAD --", "$(touch x)", "HEAD:data", ""])
def test_an_unknown_revision_is_refused(git: Git, revision: str) -> None:
    with pytest.raises(UsageError, match="no such revision") as caught:
        rows_at(revision, ["data/a.jsonl"])
    assert "git fetch" in str(caught.value.hint)
    assert not Path("x").exists()


def test_outside_a_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    data = write_rows(tmp_path / "a.jsonl", 5)
    with pytest.raises(UsageError, match="in no git repository"):
        rows_at("HEAD", [data])


def test_what_cannot_be_read_there_is_named(git: Git) -> None:
    good = Path("data/a.jsonl").read_text()
    for content, message in (
        ("{broken\n", r"at HEAD, data/a\.jsonl:1:2"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "pointer of git LFS"),
    ):
        Path("data/a.jsonl").write_text(content)
        git("commit", "-qam", "odd")
        Path("data/a.jsonl").write_text(good)
        with pytest.raises((InputError, UsageError), match=message):
            rows_at("HEAD", ["data/a.jsonl"])
    Path("data/a.jsonl").write_text("")
    git("commit", "-qam", "empty")
    Path("data/a.jsonl").write_text(good)
    assert new_rows("HEAD", "data/a.jsonl") == list(range(40))


def test_without_git_the_error_says_so(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="needs git"):
        rows_at("HEAD", ["data/a.jsonl"])
