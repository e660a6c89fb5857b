"""curate init: what it writes, that it may be run again, and that it overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from places import REPOSITORY
from scan_folder import write_rows

from curation_gate import __version__
from curation_gate.cli.main import run
from curation_gate.gate import init
from curation_gate.gate.guard import Guard, read_guard
from curation_gate.rulebook import load_rules


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    write_rows(tmp_path / "data" / "a.jsonl", 50)
    (tmp_path / ".hidden").mkdir()
    write_rows(tmp_path / ".hidden" / "b.jsonl", 50)
    (tmp_path / "data" / "a.jsonl.curation").mkdir()
    write_rows(tmp_path / "data" / "a.jsonl.curation" / "cleaned.jsonl", 50)
    return tmp_path


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".jsonl"
    }


def test_everything_is_written_once(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--ci", "both"]) == 0
    out = capsys.readouterr().out
    first = files(repository)
    assert set(first) == {
        ".gitattributes", ".github/workflows/curation-gate.yml", ".gitignore", ".gitlab-ci.yml",
        ".gitlab/curation-gate.yml", ".pre-commit-config.yaml", "curate.toml",
        "curation-rules.yaml",
    }  # fmt: skip
    for name in first:
        assert f"wrote        {name}\n" in out
    assert "curate scan --rules curation-rules.yaml data/a.jsonl" in out
    assert run(["init", "--ci", "both"]) == 0
    assert files(repository) == first
    assert "wrote" not in capsys.readouterr().out
    hooks = yaml.safe_load(first[".pre-commit-config.yaml"])["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["curate-verify", "curate-scan"]
    assert hooks[0]["always_run"] is True
    assert hooks[0]["pass_filenames"] is False
    assert hooks[1]["files"] == r"^(data/a\.jsonl)$"
    guard = read_guard(first["curate.toml"].decode(), Path("curate.toml"))
    assert guard == Guard(files=("data/a.jsonl",))
    for name in (".github/workflows/curation-gate.yml", ".gitlab/curation-gate.yml"):
        text = first[name].decode()
        assert yaml.safe_load(text)
        assert "curate scan data/a.jsonl -o " in text
        assert ' --rules "$RULES" ' in text
        assert "RULES: curation-rules.yaml\n" in text
        assert f"=={__version__}" in text
        assert "@" not in text.replace("@v", "")
    assert "data/curate.lock" in first[".gitlab/curation-gate.yml"].decode()
    own, shipped = load_rules("curation-rules.yaml"), load_rules("default")
    assert own.rules == shipped.rules
    assert own.name == "repository"


def test_what_the_user_edited_is_kept_and_shown(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["init"])
    rules = repository / "curation-rules.yaml"
    edited = rules.read_text().replace("alpha: 0.05", "alpha: 0.01")
    rules.write_text(edited)
    capsys.readouterr()
    assert run(["init"]) == 0
    out = capsys.readouterr().out
    assert rules.read_text() == edited
    assert "kept         curation-rules.yaml" in out
    assert "-      alpha: 0.01" in out
    assert "--force overwrites it" in out
    assert run(["init", "--force", "--dry-run"]) == 0
    assert rules.read_text() == edited
    assert "would overwrite curation-rules.yaml" in capsys.readouterr().out
    assert run(["init", "--force"]) == 0
    assert "alpha: 0.05" in rules.read_text()
    out = capsys.readouterr().out
    assert "overwrote    curation-rules.yaml" in out
    assert "-      alpha: 0.01" in out


def test_a_dry_run_writes_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--dry-run"]) == 0
    assert files(repository) == {}
    assert "would write  curation-rules.yaml" in capsys.readouterr().out


def test_a_guard_in_pyproject_is_left_where_it_is(repository: Path) -> None:
    (repository / "pyproject.toml").write_text('[tool.curate.verify]\nguard = ["data/"]\n')
    assert run(["init"]) == 0
    assert "curate.toml" not in files(repository)
    (repository / "pyproject.toml").write_text("[project]\n")
    assert run(["init"]) == 0
    assert "curate.toml" in files(repository)


@pytest.mark.parametrize("indent", ["", "  ", "    "])
def test_hooks_join_those_that_are_there(repository: Path, indent: str) -> None:
    config = repository / ".pre-commit-config.yaml"
    before = (
        f"# mine\nrepos:\n{indent}- repo: local   # keep this\n{indent}  hooks:\n"
        f"{indent}    - {{id: x, name: x, entry: x, language: system}}"
    )
    config.write_text(before)
    run(["init"])
    after = config.read_text()
    assert after.startswith(before + "\n")
    assert [len(repo["hooks"]) for repo in yaml.safe_load(after)["repos"]] == [1, 2]
    run(["init"])
    assert config.read_text() == after


@pytest.mark.parametrize(
    "text",
    [
        "repos: []\n",
        "{repos: [{repo: local, hooks: []}]}\n",
        "repos:\n- repo: local\n  hooks: []\nfail_fast: true\n",
        "repos: [\n",
        "repos:\n- repo: x\n  hooks:\n  - id: curate-verify\n    files: mine\n",
    ],
)
def test_a_configuration_we_cannot_add_to_is_left_alone(
    repository: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = repository / ".pre-commit-config.yaml"
    config.write_text(text)
    assert run(["init", "--force"]) == 0
    assert config.read_text() == text
    out = capsys.readouterr().out
    assert "left alone   .pre-commit-config.yaml" in out
    assert "id: curate-verify" in out


def test_gitlab_is_seen_and_its_file_is_not_touched(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".gitlab-ci.yml").write_text("test: {script: [make]}\n")
    (repository / ".gitignore").write_text("build")
    assert run(["init"]) == 0
    assert (repository / ".gitlab-ci.yml").read_text() == "test: {script: [make]}\n"
    assert "local: .gitlab/curation-gate.yml" in capsys.readouterr().out
    assert (repository / ".gitignore").read_text() == "build\n*.curation/\n.curation-gate/\n"
    assert not (repository / ".github").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["../x.jsonl"], "is not in"),
        (["absent.jsonl"], "no such file"),
        (["odd name.jsonl"], "letters, digits"),
        (["a';x.jsonl"], "letters, digits"),
        (["--repository", ".hidden/empty"], "no data files found"),
    ],
)
def test_data_that_cannot_be_guarded_are_refused(
    repository: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(repository.parent / "x.jsonl", 5)
    write_rows(repository / "odd name.jsonl", 5)
    write_rows(repository / "a';x.jsonl", 5)
    (repository / ".hidden" / "empty").mkdir()
    assert run(["init", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert files(repository) == {}


def test_the_example_job_is_what_init_writes(repository: Path) -> None:
    (repository / "data" / "a.jsonl").rename(repository / "data" / "train.jsonl")
    planned = init.plan(repository, ["data/train.jsonl"], ["gitlab"])
    changes = {str(change.path): change.text for change in planned}
    example = REPOSITORY / "examples" / "gitlab-ci"
    job = changes[init.GITLAB_JOB].replace(init.RULES, "default")
    job = job.replace("Written by `curate init`. ", "")
    # The example scans by the default pack, and has no file of rules to take from anywhere.
    assert job == (example / init.GITLAB_JOB).read_text()
    assert changes[init.GITLAB] == (example / init.GITLAB).read_text()
