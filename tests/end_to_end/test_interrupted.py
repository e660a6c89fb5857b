"""A scan that is cut short, by a person, a full disk or another scan: nothing half-written."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curation_gate.errors import OutputError
from curation_gate.pipeline import scan
from curation_gate.quarantine.claim import claim
from curation_gate.settings import Options

RESULTS = ("quarantine.jsonl", "scores.parquet", "cleaned.jsonl")


class Stages:
    """A progress that notes each stage, and interrupts in the one it is told: (title, which)."""

    def __init__(self, at: tuple[str, int] | None = None) -> None:
        self.at = at
        self.seen: list[tuple[str, int]] = []

    @contextmanager
    def stage(
        self, title: str, total: int | None = None, *, unit: str = "rows"
    ) -> Iterator[Stages]:
        self.seen.append((title, sum(title == other for other, _ in self.seen)))
        this = self.seen[-1]
        yield self
        if this == self.at:
            raise KeyboardInterrupt

    def advance(self, rows: int = 1) -> None:
        """Interrupt in the middle of a stage that counts."""
        if self.seen[-1] == self.at:
            raise KeyboardInterrupt

    def note(self, text: str) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""


@pytest.mark.slow
def test_an_interrupt_in_every_stage_leaves_nothing_half_written(
    data: Path, quick: Path, tmp_path: Path
) -> None:
    options = Options(rules=quick)
    all_stages = Stages()
    whole = scan(data, tmp_path / "whole", options, progress=all_stages)
    assert len(all_stages.seen) > 6
    lock = data.with_name("curate.lock")
    lock.unlink()

    folder = tmp_path / "again"
    for at in all_stages.seen:
        with pytest.raises(KeyboardInterrupt):
            scan(data, folder, options, progress=Stages(at))
        left = {path.name for path in folder.iterdir()} if folder.exists() else set()
        assert left <= {".cache"}, (at, left)
        assert not lock.exists()

    resumed = Stages()
    result = scan(data, folder, options, progress=resumed)
    assert len(resumed.seen) < len(all_stages.seen)  # from the cache
    assert result.manifest["content_hash"] == whole.manifest["content_hash"]
    for name in RESULTS:
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()

    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for at in (resumed.seen[0], resumed.seen[-1]):
        with pytest.raises(KeyboardInterrupt):
            scan(data, folder, options, progress=Stages(at))
        after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        assert before == after


@pytest.mark.parametrize("limit", [40_000, 400_000])
def test_a_disk_that_is_full_is_an_error_that_says_so(
    curate, data: Path, quick: Path, tmp_path: Path, limit: int
) -> None:
    folder = tmp_path / "out"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        code, out, err = curate("scan", data, "--rules", quick, "-o", folder, "--quiet")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert code == 2
    assert out == ""
    assert "cannot write" in err
    assert "unexpected" not in err
    assert "hint:" in err
    left = {path.name for path in folder.iterdir()} if folder.exists() else set()
    assert left <= {".cache"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into read-only folders")
def test_a_read_only_folder_is_named_before_the_work(
    curate, data: Path, quick: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o500)
    code, _, err = curate("scan", data, "--rules", quick, "-o", folder, "--quiet")
    assert code == 2
    assert f"cannot write into {folder}" in err


def test_two_scans_of_one_folder_are_one_too_many(
    curate, data: Path, quick: Path, tmp_path: Path
) -> None:
    with claim(tmp_path / "out"):
        code, out, err = curate("scan", data, "--rules", quick, "-o", tmp_path / "out", "--quiet")
    assert code == 2
    assert out == ""
    assert f"another scan is at work there (process {os.getpid()}" in err


def test_a_default_folder_that_is_a_link_is_not_followed(
    data: Path, quick: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    data.with_name("data.jsonl.curation").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is a link") as caught:
        scan(data, None, Options(rules=quick))
    assert f"-o {tmp_path / 'elsewhere'}" in str(caught.value.hint)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_links_a_user_names_are_followed_and_never_replaced(
    curate, data: Path, quick: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder, link = tmp_path / "out", tmp_path / "link.jsonl"
    folder.symlink_to(tmp_path / "elsewhere")
    link.symlink_to(data)
    before = data.read_bytes()
    code, _, err = curate("scan", link, "--rules", quick, "-o", folder, "--quiet")
    assert code in (0, 1), err
    assert link.is_symlink()
    assert folder.is_symlink()
    assert data.read_bytes() == before
    assert (tmp_path / "elsewhere" / "cleaned.jsonl").exists()
