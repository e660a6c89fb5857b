from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from curation_gate.errors import OutputError
from curation_gate.quarantine.staging import cache_folder, check_folder, staging


def write(folder: Path, *names: str) -> None:
    with staging(folder) as staged:
        for name in (*names, "manifest.json"):
            path = staged / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_old_cleaned_files_go_and_everything_else_stays(tmp_path: Path) -> None:
    write(tmp_path, "cleaned/a.jsonl", "cleaned/b.jsonl", "report.html")
    mine = ["cleaned_reviews.jsonl", "cleaned.jsonl.curation/manifest.json", "notes.txt"]
    for name in mine:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    write(tmp_path, "cleaned.jsonl", "report.html")
    assert names(tmp_path) == {"cleaned.jsonl", "report.html", "manifest.json", *mine}


def test_no_result_of_an_earlier_scan_is_left(tmp_path: Path) -> None:
    write(tmp_path, "cleaned.jsonl", "decided.jsonl", "expectations.html")
    (tmp_path / "review.jsonl").write_text("the journal")
    write(tmp_path, "cleaned.jsonl")
    assert names(tmp_path) == {"cleaned.jsonl", "manifest.json", "review.jsonl"}


def test_links_in_the_way_are_replaced_and_never_followed(tmp_path: Path) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "out"
    victim.mkdir()
    (victim / "precious").write_text("precious")
    folder.mkdir()
    (folder / "manifest.json").touch()
    (folder / "cleaned").symlink_to(victim)
    (folder / "report.html").symlink_to(victim / "precious")
    write(folder, "cleaned.jsonl", "report.html")
    assert names(victim) == {"precious"}
    assert (victim / "precious").read_text() == "precious"
    assert names(folder) == {"cleaned.jsonl", "report.html", "manifest.json"}
    assert not (folder / "report.html").is_symlink()


def test_an_interrupt_waits_until_every_file_is_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "cleaned.jsonl", "old.txt")
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        os.kill(os.getpid(), signal.SIGINT)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, "cleaned.csv", "new.txt")
    assert names(tmp_path) == {"cleaned.csv", "new.txt", "old.txt", "manifest.json"}


def test_an_error_in_the_block_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, "cleaned.jsonl")
    with pytest.raises(KeyboardInterrupt), staging(tmp_path) as staged:  # noqa: PT012
        (staged / "cleaned.jsonl").write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path) == {"cleaned.jsonl", "manifest.json"}
    assert (tmp_path / "cleaned.jsonl").read_text() == "cleaned.jsonl"


def test_a_move_that_fails_leaves_a_folder_that_is_known_not_to_be_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "cleaned.jsonl")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OutputError, match="No space left on device"):
            write(tmp_path, "cleaned.jsonl")
    assert not (tmp_path / "manifest.json").exists()
    check_folder(tmp_path)  # the next scan may go on there
    write(tmp_path, "cleaned.jsonl")
    assert names(tmp_path) == {"cleaned.jsonl", "manifest.json"}


@pytest.mark.parametrize("name", ["cleaned.jsonl", "quarantine.jsonl", "cleaned/a.jsonl"])
def test_data_is_never_overwritten_by_results(tmp_path: Path, name: str) -> None:
    write(tmp_path, "cleaned/a.jsonl", "quarantine.jsonl", "cleaned.jsonl")
    with pytest.raises(OutputError, match="is data"):
        check_folder(tmp_path, [tmp_path / name])
    (tmp_path / "link.jsonl").symlink_to(tmp_path / name)
    with pytest.raises(OutputError, match="is data"):
        check_folder(tmp_path, [tmp_path / "link.jsonl"])
    check_folder(tmp_path, [tmp_path / "reviews.jsonl"])


def test_a_data_folder_is_no_place_for_results(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is data"):
        check_folder(tmp_path, [tmp_path])


def test_a_folder_of_someone_else_is_not_cleared(tmp_path: Path) -> None:
    (tmp_path / "cleaned.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"not written by a scan and holds cleaned\.csv"):
        check_folder(tmp_path)


def test_a_folder_where_a_file_goes_is_named_before_the_work(tmp_path: Path) -> None:
    write(tmp_path, "cleaned.jsonl")
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OutputError, match=r"report\.html is a folder"):
        check_folder(tmp_path)


def test_a_cache_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / ".cache").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is a link"):
        check_folder(folder)


def test_a_cache_is_not_committed_by_accident(tmp_path: Path) -> None:
    with cache_folder(tmp_path, keep=True) as cache:
        assert (cache / ".gitignore").read_text() == "*\n"
    with cache_folder(tmp_path, keep=False) as cache:
        assert not cache.is_relative_to(tmp_path)
    assert not cache.exists()
