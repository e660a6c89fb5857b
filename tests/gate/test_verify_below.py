"""`curate verify` without a path: what no lock knows is no longer what was scanned."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import datasets
import pytest
from scan_folder import lock_scan, write_rows

from curation_gate.cli.main import run
from curation_gate.errors import ResultError, RulesError, UsageError
from curation_gate.gate.guard import CONFIG
from curation_gate.gate.verify import check, verify
from curation_gate.quarantine.lock import LOCK
from curation_gate.rulebook import load_rules, rules_folder


def git(*arguments: str) -> str:
    names = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *names, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def commit() -> None:
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "change")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two datasets, outside of git."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    lock_scan([write_rows(Path("data/a.jsonl"), 50)])
    lock_scan([write_rows(Path("data/b.jsonl"), 50, text="song")])
    return tmp_path


@pytest.fixture
def repository(folder: Path) -> Path:
    """The same in git, with what else stands in repositories."""
    git("init", "-q", "-b", "main")
    Path(".gitignore").write_text("*.curation/\n")
    for name in ("package.json", "README.json", "tests/fixtures/x.json", "tests/fixtures/x.jsonl",
                 ".vscode/settings.json", "docs/table.csv"):  # fmt: skip
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("{}\n")
    commit()
    return folder


def test_every_lock_is_checked_and_what_is_no_data_is_not_asked_for(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify"]) == 0
    assert capsys.readouterr() == (
        "data/a.jsonl: 50 rows, as scanned\ndata/b.jsonl: 50 rows, as scanned\n",
        "",
    )
    assert verify() == []
    assert verify(["."]) == []
    assert [outcome.name for outcome in check(["data", "data/a.jsonl"])] == [
        "data/a.jsonl", "data/b.jsonl",
    ]  # fmt: skip


def said_of(name: str) -> str:
    (said,) = [problem for problem in verify() if problem.startswith(f"{name}: ")]
    return said


@pytest.mark.parametrize("committed", [False, True])
def test_a_new_file_fails_with_the_next_command(repository: Path, committed: bool) -> None:
    for name in ("data/c.jsonl", "data/more/part.parquet", "data/x.csv.gz", "data/y.json"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("{}\n")
    assert verify() == [], "git does not track them"
    commit() if committed else git("add", "-A")
    assert said_of("data/more/part.parquet") == (
        "data/more/part.parquet: was not scanned: no curate.lock knows it; run "
        "`curate scan data/more/part.parquet`, or, if it is no data, name it under `exclude` in "
        "curate.toml"
    )
    assert len(verify()) == 4
    assert run(["verify"]) == 1
    Path(CONFIG).write_text('[verify]\nexclude = ["data/more/", "data/*.gz", "data/y.json"]\n')
    assert len(verify()) == 1
    lock_scan([write_rows(Path("data/c.jsonl"), 50, text="play")])
    assert verify() == []


def test_a_renamed_file_fails(repository: Path) -> None:
    git("mv", "data/a.jsonl", "data/z.jsonl")
    assert "data/a.jsonl is gone" in said_of("data/a.jsonl")
    assert "run `curate scan data/z.jsonl`" in said_of("data/z.jsonl")


def test_new_shards_fail(repository: Path) -> None:
    lines = Path("data/a.jsonl").read_text().splitlines(keepends=True)
    git("rm", "-q", "data/a.jsonl")
    for k in range(2):
        Path(f"data/a-{k}.jsonl").write_text("".join(lines[k::2]))
    git("add", "-A")
    assert "bring it back, or take its lines out of data/curate.lock" in said_of("data/a.jsonl")
    assert "was not scanned" in said_of("data/a-0.jsonl")
    assert "was not scanned" in said_of("data/a-1.jsonl")


def test_a_deleted_file_fails(repository: Path) -> None:
    git("rm", "-q", "data/a.jsonl")
    assert "bring it back, or take its lines out of data/curate.lock" in said_of("data/a.jsonl")
    lock = Path("data") / LOCK
    kept = [line for line in lock.read_text().splitlines() if not line.startswith('"a.jsonl"')]
    lock.write_text("\n".join(kept) + "\n")
    assert verify() == []


def test_a_deleted_lock_fails_until_its_data_are_gone_too(repository: Path) -> None:
    git("rm", "-q", f"data/{LOCK}")
    assert said_of("data/a.jsonl") == (
        "data/a.jsonl: was scanned, and its data/curate.lock is gone; bring the lock back, or run "
        "`curate scan data/a.jsonl`"
    )
    assert len(verify()) == 2
    shutil.rmtree("data")
    with pytest.raises(ResultError, match="nothing there was scanned"):
        verify()
    commit()
    assert run(["verify"]) == 2


def test_an_entry_taken_out_of_a_lock_fails_while_its_data_are_there(repository: Path) -> None:
    lock = Path("data") / LOCK
    kept = [line for line in lock.read_text().splitlines() if not line.startswith('"a.jsonl"')]
    lock.write_text("\n".join(kept) + "\n")
    git("add", "-A")
    assert said_of("data/a.jsonl") == (
        "data/a.jsonl: was scanned, and is no longer in data/curate.lock; "
        "run `curate scan data/a.jsonl`"
    )
    commit()  # past the hook: data in a folder of scanned data still have to be in a lock
    assert "was not scanned" in said_of("data/a.jsonl")
    kept = lock.read_text().splitlines()[:3]
    lock.write_text("\n".join(kept) + "\n")
    commit()
    assert run(["verify"]) == 2
    assert "no longer in data/curate.lock" in "".join(
        problem for outcome in check([], base="HEAD~2") for problem in outcome.problems
    )
    with pytest.raises(UsageError, match="no such revision"):
        check([], base="nowhere")


def test_a_moved_folder_is_no_lost_lock(repository: Path) -> None:
    git("mv", "data", "sets")
    assert verify() == []


def test_rules_that_were_turned_off_fail(repository: Path) -> None:
    pack = Path("rules.yaml")
    text = (rules_folder() / "default.yaml").read_text().replace("name: default", "name: own")
    pack.write_text(text)
    rules = {"pack": "own", "hash": load_rules(pack).hash}
    lock_scan([Path("data/a.jsonl")], rules=rules, rules_file=pack)
    commit()
    assert verify() == []
    pack.write_text(text.replace("enabled: true", "enabled: false", 1))
    said = said_of("data/a.jsonl")
    assert "another version of the rule pack 'own' (../rules.yaml); run `curate scan" in said
    pack.write_text(text.replace("enabled: true", "enabled: false"))
    assert "every rule is switched off" in said_of("data/a.jsonl")
    pack.unlink()
    assert "which is no pack now" in said_of("data/a.jsonl")


def test_a_new_allow_file_fails(repository: Path) -> None:
    Path("data/curate-allow.yaml").write_text("allow: []\n")
    assert "curate-allow.yaml is new since the scan" in said_of("data/a.jsonl")


def test_what_init_was_told_to_guard_is_held_without_any_lock(repository: Path) -> None:
    write_rows(Path("docs/new.jsonl"), 5)
    Path(CONFIG).write_text('[verify]\nguard = ["docs/new.jsonl", "tests/"]\n')
    git("add", "-A")
    found = {problem.split(":")[0] for problem in verify()}
    assert found == {
        "docs/new.jsonl", "docs/table.csv", "tests/fixtures/x.json", "tests/fixtures/x.jsonl",
    }  # fmt: skip
    git("rm", "-qf", "docs/new.jsonl")
    assert said_of("docs/new.jsonl") == (
        "docs/new.jsonl: is guarded by curate.toml and is not there; bring it back, or name what "
        "took its place under `guard` and run `curate scan` on it"
    )
    Path(CONFIG).unlink()
    Path("pyproject.toml").write_text('[tool.curate.verify]\nguard = ["docs"]\n')
    git("add", "-A")
    assert "was not scanned" in said_of("docs/table.csv")


def test_what_a_named_base_says_is_what_counts(repository: Path) -> None:
    Path("data/c.jsonl").write_text("{}\n")
    Path(CONFIG).write_text('[verify]\nexclude = ["data/c.jsonl"]\n')
    commit()
    assert verify() == []
    (outcome,) = [outcome for outcome in check([], base="HEAD~1") if outcome.problems]
    assert "data/c.jsonl: was not scanned" in outcome.problems[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[verify", "not TOML"),
        ("[verify]\nguards = []\n", "verify.guards: unknown key"),
        ("[verify]\nguard = 'data'\n", "must be a list of names"),
        ("[verify]\nguard = ['../x']\n", "is not below it"),
        ("[verify]\nexclude = ['/x']\n", "is not below it"),
        ("verify = 1\n", "must be a table"),
    ],
)
def test_a_mistake_in_the_configuration_is_an_error(
    repository: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(CONFIG).write_text(text)
    with pytest.raises(RulesError, match=said):
        verify()
    assert run(["verify"]) == 2
    assert "hint: write [verify] with guard" in capsys.readouterr().err


def test_at_the_top_of_a_repository_only_the_top_counts(repository: Path) -> None:
    git("mv", "data/a.jsonl", "a.jsonl")
    git("rm", "-qrf", "data")
    lock_scan([Path("a.jsonl")])
    commit()
    assert verify() == [], "package.json and tests/ are no data"
    write_rows(Path("b.jsonl"), 5)
    git("add", "-A")
    assert [problem.split(":")[0] for problem in verify()] == ["b.jsonl"]


def test_outside_of_git_every_file_counts_but_scan_folders_and_hidden_ones(folder: Path) -> None:
    Path(".cache").mkdir()
    write_rows(Path(".cache/x.jsonl"), 5)
    assert verify() == []
    write_rows(Path("data/c.jsonl"), 5)
    assert "data/c.jsonl: was not scanned" in verify()[0]


def test_cleaned_files_of_a_lock_and_results_beside_them_are_no_news(repository: Path) -> None:
    lock_scan([Path("data/a.jsonl")], folder=Path("data/scan"))
    commit()
    assert "data/scan/cleaned.jsonl" in git("ls-files")
    assert "data/scan/manifest.json" in git("ls-files")
    assert verify() == []
    write_rows(Path("data/scan/more.jsonl"), 5)
    git("add", "-A")
    assert "was not scanned" in said_of("data/scan/more.jsonl")


def test_a_folder_of_datasets_is_asked_for_as_one(repository: Path) -> None:
    rows = [json.loads(line) for line in Path("data/a.jsonl").read_text().splitlines()]
    datasets.Dataset.from_list(rows).save_to_disk("data/set")
    git("add", "-A")
    assert "run `curate scan data/set`" in said_of("data/set")
    lock_scan([Path("data/set")], folder=Path("set.curation"))
    assert verify() == []
    shutil.copy(next(Path("data/set").glob("*.arrow")), "data/set/more.arrow")
    git("add", "-A")
    assert "was not scanned" in said_of("data/set")


def test_a_lock_above_the_folder_is_asked_too(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("data/deep").mkdir()
    both = [write_rows(Path("data/deep/c.jsonl"), 50), Path("data/a.jsonl")]
    lock_scan(both, folder=Path("both.curation"))
    commit()
    monkeypatch.chdir(repository / "data" / "deep")
    assert verify() == []
    with Path("c.jsonl").open("a") as stream:
        stream.write('{"instruction": "i", "input": "x", "output": "y"}\n')
    assert "1 added (c.jsonl:51)" in verify()[0]


def test_a_lock_that_git_does_not_know_is_noted(repository: Path) -> None:
    Path("new").mkdir()
    lock_scan([write_rows(Path("new/c.jsonl"), 50)])
    git("add", "new/c.jsonl")
    (note,) = [note for outcome in check() for note in outcome.notes]
    assert note == "new/curate.lock is not in git: commit it, too"


def test_a_damaged_lock_is_an_error_and_the_others_are_checked(repository: Path) -> None:
    Path("new").mkdir()
    Path("new", LOCK).write_text("x")
    git("add", "-A")
    outcomes = check()
    assert [outcome.rows for outcome in outcomes] == [50, 50, 0]
    assert isinstance(outcomes[2].error, ResultError)


def test_a_git_that_does_not_answer_is_noted(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation_gate.gate.git.git", lambda *_: None)
    assert "git does not answer" in check()[0].notes[-1]


def test_the_scan_folder_of_another_scan_is_a_note(repository: Path) -> None:
    stale = Path("data/a.jsonl.curation")
    shutil.copytree(stale, "kept")
    lock_scan([write_rows(Path("data/a.jsonl"), 60)])  # a colleague's, as it comes with a pull
    shutil.rmtree(stale)
    Path("kept").rename(stale)
    outcomes = check()
    assert [problem for outcome in outcomes for problem in outcome.problems] == []
    note = outcomes[0].notes[-1]
    assert note.startswith("data/a.jsonl.curation holds the results of another scan: do not train")
    assert note.endswith("run `curate scan data/a.jsonl`")
    git("add", "-f", str(stale))
    assert "it has 50 rows, 60 were kept" in "".join(verify())
