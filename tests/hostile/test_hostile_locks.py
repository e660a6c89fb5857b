"""A lock comes with the pull request: the files it names are files of its repository."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from places import REPOSITORY
from scan_folder import lock_scan, write_rows

from curation_gate.errors import InputError, ResultError
from curation_gate.gate.verify import check, verify
from curation_gate.quarantine.lock import LOCK, read_lock
from curation_gate.regular_file import read_regular


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    (root / ".git").mkdir()  # enough of one: git itself does not answer here
    monkeypatch.chdir(root)
    lock_scan([write_rows(Path("data.jsonl"), 50)])
    return root


def edit(old: str, new: str) -> None:
    lock = Path(LOCK)
    assert old in lock.read_text()
    lock.write_text(lock.read_text().replace(old, new))


def verify_in_little_memory(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in 2 GB and 60 seconds: a device that gives zeros for ever takes more of either."""
    code = "import sys; from curation_gate.cli.main import run; sys.exit(run(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, "verify", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3, 2 * 1024**3)),
    )


@pytest.mark.parametrize("name", ["../../dev/zero", "/dev/zero", "a/../../x", "nul\\u0000"])
def test_data_and_cleaned_files_lie_below_the_lock(repository: Path, name: str) -> None:
    whole = Path(LOCK).read_text()
    edit('["data.jsonl.curation/cleaned.jsonl"]', f'["{name}"]')
    (problem,) = verify(["data.jsonl"])
    assert "it names a file outside of its folder" in problem
    assert problem.isprintable()
    Path(LOCK).write_text(whole)
    edit("rules file = null", 'rules file = "a\\u0000b"')
    assert "no file has such a name" in verify(["data.jsonl"])[0]
    Path(LOCK).write_text(whole)
    edit('"data.jsonl" ', f'"{name}" ')
    edit('["data.jsonl"]', f'["{name}"]')
    (problem,) = [problem for outcome in check([LOCK]) for problem in outcome.problems]
    assert "it names a file outside of its folder" in problem
    assert problem.endswith("take its lines out of it")


@pytest.mark.parametrize("what", ["device", "pipe"])
@pytest.mark.parametrize("fact", ["rules", "allow"])
def test_rules_and_allow_files_are_regular_files(repository: Path, what: str, fact: str) -> None:
    if what == "pipe":
        os.mkfifo("odd")
    else:
        Path("odd").symlink_to("/dev/zero")
    if fact == "rules":
        edit("rules file = null", 'rules file = "odd"')
    else:
        edit("allow file = null", 'allow file = "odd"')
        edit("allow hash = null", f'allow hash = "{"0" * 32}"')
    done = verify_in_little_memory("data.jsonl")
    assert done.returncode == 1, done.stderr
    assert "is no file of this repo" in done.stdout or "not a regular file" in done.stdout


@pytest.mark.parametrize("fact", ["rules", "allow"])
def test_files_of_others_are_neither_read_nor_quoted(repository: Path, fact: str) -> None:
    Path("../secrets.yaml").write_text("password_of_the_bank: 1\n")
    Path("link.yaml").symlink_to("../secrets.yaml")
    whole = Path(LOCK).read_text()
    for name in ("../secrets.yaml", "link.yaml", str(repository.parent / "secrets.yaml")):
        Path(LOCK).write_text(whole)
        edit(f"{fact} file = null", f'{fact} file = "{name}"')
        if fact == "allow":
            edit("allow hash = null", f'allow hash = "{"0" * 32}"')
        said = "".join(verify(["data.jsonl"]))
        assert "is no file of this repository" in said
        assert "password" not in said


def test_a_pack_higher_up_in_the_repository_is_read(repository: Path) -> None:
    Path("deep").mkdir()
    Path("rules.yaml").write_text("name: x\n")
    lock_scan([write_rows(Path("deep/a.jsonl"), 50)], rules_file=Path("rules.yaml"))
    assert "rules.yaml:1: " in verify(["deep/a.jsonl"])[0]


@pytest.mark.parametrize("name", ["data.jsonl", "data.jsonl.curation/cleaned.jsonl"])
def test_a_link_out_of_the_repository_is_not_followed(repository: Path, name: str) -> None:
    Path("../other.jsonl").write_bytes(Path(name).read_bytes())
    Path(name).unlink()
    Path(name).symlink_to(repository.parent / "other.jsonl")
    (problem,) = verify(["data.jsonl"])
    assert f"{name} is a link to what lies outside of the repository" in problem
    Path(name).unlink()
    Path("kept.jsonl").write_bytes(Path("../other.jsonl").read_bytes())
    Path(name).symlink_to(repository / "kept.jsonl")
    assert verify(["data.jsonl"]) == []


def test_a_pipe_in_place_of_the_data_or_the_lock_is_not_waited_for(repository: Path) -> None:
    Path("data.jsonl").unlink()
    os.mkfifo("data.jsonl")
    with pytest.raises(InputError, match="not a regular file"):
        verify(["data.jsonl"])
    Path(LOCK).unlink()
    os.mkfifo(LOCK)
    with pytest.raises(ResultError, match="not a regular file"):
        read_lock(Path(LOCK))
    done = verify_in_little_memory()
    assert done.returncode == 2
    assert "not a regular file" in done.stderr


def test_small_files_are_read_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="holds more than 0 MB"):
        read_regular(path, 4)
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(Path("/dev/zero"))
    with pytest.raises(OSError, match=r"directory|not a regular file"):
        read_regular(tmp_path)


NAME = "x\n::error::y\x1b[31m\u202e"


@pytest.mark.parametrize("kind", ["absent", "broken", "empty", "scanned", "gone"])
def test_a_name_with_line_breaks_is_shown_on_one_line(
    repository: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from curation_gate.cli.main import run

    data = Path(f"{NAME}.jsonl")
    if kind in ("scanned", "gone"):
        lock_scan([write_rows(data, 50)], quarantine=(3,))
    if kind == "gone":
        data.unlink()
    if kind in ("broken", "empty"):
        data.write_text("{broken" if kind == "broken" else "")
    for arguments in (["verify", str(data)], ["verify"], ["verify", LOCK]):
        run(arguments)
    out, err = capsys.readouterr()
    for line in (out + err).splitlines():
        assert not line.lstrip().startswith("::")
        assert line.isprintable()
        json.dumps(line)
    if kind == "scanned":
        assert r"cp $'x\x0a::error::y\x1b[31m\xe2\x80\xae.jsonl.curation/cleaned.jsonl'" in out
