from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from places import REPOSITORY

from curation_gate.errors import OutputError
from curation_gate.quarantine.claim import CLAIM, claim

HOLD = """
import sys, time
from pathlib import Path
from curation_gate.quarantine.claim import claim
with claim(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str], number: int) -> None:
    process.send_signal(number)
    process.communicate(timeout=30)


def test_a_second_process_is_told_who_is_at_work(tmp_path: Path) -> None:
    process = hold(tmp_path)
    said = f"another scan.*process {process.pid} on"
    try:
        with pytest.raises(OutputError, match=said) as caught, claim(tmp_path):
            pytest.fail("two at once")
        assert "-o DIR" in str(caught.value.hint)
    finally:
        end(process, signal.SIGKILL)


def test_what_a_killed_scan_leaves_is_no_obstacle_and_goes(tmp_path: Path) -> None:
    process = hold(tmp_path)
    (tmp_path / ".staging-x" / "deep").mkdir(parents=True)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / ".proxy-1.safetensors.abc").touch()
    (tmp_path / ".cache" / "proxy-1.safetensors").touch()
    end(process, signal.SIGKILL)
    assert (tmp_path / CLAIM).exists()
    with claim(tmp_path):
        left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
        assert left == {CLAIM, ".cache", ".cache/proxy-1.safetensors"}
        assert f"process {os.getpid()} on" in (tmp_path / CLAIM).read_text()
    assert not (tmp_path / CLAIM).exists()


def test_folders_made_for_nothing_go_again(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bad data"), claim(tmp_path / "a" / "b"):
        raise ValueError("bad data")
    assert list(tmp_path.iterdir()) == []

    with claim(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "result").touch()
    assert (tmp_path / "a" / "b" / "result").exists()


def test_a_claim_follows_no_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / CLAIM).symlink_to(victim)
    with pytest.raises(OutputError, match="cannot write into"), claim(folder):
        pytest.fail("followed")
    assert victim.read_text() == "precious"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write into") as caught, claim(tmp_path / "file"):
        pytest.fail("a file is no folder")
    assert caught.value.hint
