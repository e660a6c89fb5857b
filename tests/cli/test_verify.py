"""`curate verify`: exit codes, what stands where, and what is not imported."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from scan_folder import lock_scan, write_rows

from curation_gate.cli.main import run
from curation_gate.gate.verify import SUFFIXES


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_rows(Path("data.jsonl"), 1200)


def test_fine_is_one_line_and_zero(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_scan([data])
    assert run(["verify", "data.jsonl"]) == 0
    assert capsys.readouterr() == ("data.jsonl: 1,200 rows, as scanned\n", "")


def test_a_difference_is_one_and_says_what_to_run(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock_scan([data], quarantine=(3, 4))
    assert run(["verify", "data.jsonl"]) == 1
    out, err = capsys.readouterr()
    assert "2 quarantined rows are still in it" in out
    assert "`cp data.jsonl.curation/cleaned.jsonl data.jsonl`" in out
    assert err == ""
    shutil.copy("data.jsonl.curation/cleaned.jsonl", data)
    assert run(["verify", "data.jsonl"]) == 0


def test_no_lock_is_two_with_a_hint(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "data.jsonl"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "data.jsonl: was not scanned" in err
    assert "hint: run `curate scan data.jsonl`" in err


def test_without_a_path_all_below_is_checked(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify"]) == 2
    assert "no curate.lock below it" in capsys.readouterr().err
    lock_scan([data])
    assert run(["verify"]) == 0
    assert capsys.readouterr() == ("data.jsonl: 1,200 rows, as scanned\n", "")
    write_rows(Path("new.jsonl"), 5)
    assert run(["verify"]) == 1
    assert "new.jsonl: was not scanned" in capsys.readouterr().out
    assert run(["verify", "--diff-base", "main"]) == 2
    assert "no such revision" in capsys.readouterr().err


def test_several_files_are_each_answered(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(Path("new.jsonl"), 5)
    write_rows(Path("newer.jsonl"), 5)
    lock_scan([data])
    assert run(["verify", "new.jsonl", "data.jsonl", "newer.jsonl"]) == 2
    out, err = capsys.readouterr()
    assert out == "data.jsonl: 1,200 rows, as scanned\n"
    assert "new.jsonl: was not scanned" in err
    assert "newer.jsonl: was not scanned" in err
    assert err.count("hint: run `curate scan new") == 2


def test_json_stands_alone_on_stdout(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_scan([data], quarantine=(3,))
    write_rows(Path("new.jsonl"), 5)
    assert run(["verify", "--format", "json", "data.jsonl", "new.jsonl"]) == 2
    out, _ = capsys.readouterr()
    first, second = json.loads(out)
    assert first["ok"] is False
    assert first["rows"] == 1200
    assert "still in it" in first["problems"][0]
    assert second["error"].startswith("new.jsonl: was not scanned")
    assert second["hint"] == "run `curate scan new.jsonl`"
    lock_scan([data])
    assert run(["verify", "--format", "json", "data.jsonl"]) == 0
    (only,) = json.loads(capsys.readouterr().out)
    assert only["ok"] is True
    assert only["problems"] == []


def test_other_files_are_two(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.txt").write_text("hello")
    assert run(["verify", "notes.txt"]) == 2
    assert "not a data file" in capsys.readouterr().err


def test_a_name_cannot_steer_the_terminal(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b[31m\u202eb.jsonl"
    lock_scan([write_rows(Path(name), 60)], quarantine=(2,))
    assert run(["verify", name]) == 1
    out, err = capsys.readouterr()
    assert not {"\x1b", "\u202e"} & set(out + err)
    assert "1 quarantined row is still in it" in out


def test_help_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--help"]) == 0
    assert "not a signature" in capsys.readouterr().out


def test_nothing_heavy_is_imported(data: Path) -> None:
    lock_scan([data], quarantine=(3,))
    code = (
        "import sys; from curation_gate.cli.main import run; code = run(['verify', 'data.jsonl']);"
        "heavy = {'torch', 'transformers', 'great_expectations', 'pandas', 'datasets', 'scipy',"
        " 'sklearn', 'kronfluence'} & set(sys.modules); print(code, sorted(heavy))"
    )
    repository = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": repository, "PATH": ""},
    )
    assert done.stdout.splitlines()[-1] == "1 []"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads under /proc")
def test_no_thread_is_left_to_abort_the_process_at_its_end(tmp_path: Path) -> None:
    """Threads of pyarrow that were alive at exit aborted one `curate verify` in ten."""
    data = write_rows(tmp_path / "data.jsonl", 60)
    table = pa.Table.from_pylist([json.loads(line) for line in data.read_text().splitlines()])
    pq.write_table(table, tmp_path / "data.parquet")
    lock_scan([data], quarantine=(3,))
    lock_scan([tmp_path / "data.parquet"], quarantine=(3,))
    code = (
        "import pathlib; from curation_gate.cli.main import run;"
        "codes = run(['verify', 'data.jsonl']), run(['verify', 'data.parquet']);"
        "names = [p.read_text() for p in pathlib.Path('/proc/self/task').glob('*/comm')];"
        "print(*codes, len([n for n in names if not n.startswith('jemalloc')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PATH": "",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
    )
    assert done.stdout.splitlines()[-1] == "1 1 1"


def hooks() -> dict[str, dict[str, object]]:
    text = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
    return {hook["id"]: hook for hook in yaml.safe_load(text)}


def test_the_scan_hook_looks_at_data_and_not_at_scan_folders() -> None:
    taken, left = (re.compile(str(hooks()["curate-scan"][key])) for key in ("files", "exclude"))
    for name in ("a.jsonl", "x/a.json", "a.csv.gz", "a.parquet", "a.arrow"):
        assert taken.search(name)
        assert not left.search(name)
        assert Path(name.removesuffix(".gz")).suffix in SUFFIXES
    assert not taken.search("a.py")
    assert left.search("data/a.jsonl.curation/cleaned.jsonl")
    assert hooks()["curate-scan"]["require_serial"] is True


@pytest.mark.parametrize("hook", ["curate-verify", "curate-verify-system"])
def test_the_verify_hooks_look_for_themselves(hook: str) -> None:
    """A renamed or deleted file, and a new one, are in no list of changed files a lock knows."""
    assert hooks()[hook]["always_run"] is True
    assert hooks()[hook]["pass_filenames"] is False
    assert hooks()[hook]["require_serial"] is True
    assert "files" not in hooks()[hook]


def test_the_commit_hook_installs_nothing_beyond_the_core() -> None:
    assert "additional_dependencies" not in hooks()["curate-verify"]
    assert "stages" not in hooks()["curate-verify"]
    assert hooks()["curate-scan"]["stages"] == ["pre-push", "manual"]
    assert hooks()["curate-scan"]["additional_dependencies"] == [".[scan]"]


def test_pre_commit_accepts_hooks_and_examples() -> None:
    pytest.importorskip("pre_commit")
    repository = Path(__file__).parents[2]
    configs = sorted((repository / "examples" / "pre-commit").glob("*.yaml"))
    configs += [repository / "examples" / "pre-commit" / ".pre-commit-config.yaml"]
    for command, file in [
        ("validate-manifest", repository / ".pre-commit-hooks.yaml"),
        *(("validate-config", config) for config in configs),
    ]:
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", command, str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, ""), file
