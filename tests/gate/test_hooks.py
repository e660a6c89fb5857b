"""The hooks and the action for real: pre-commit in a git repository, the action's own script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from places import REPOSITORY
from scan_folder import lock_scan, write_rows

from curation_gate.cli.main import run
from curation_gate.rulebook import load_rules

NEW = json.dumps({"instruction": "i", "input": "James Bond", "output": "positive"}) + "\n"


def tool(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment whose `curate` is this checkout's, and whose git knows nobody."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "PRE_COMMIT"))]:
        monkeypatch.delenv(name)
    call = "import sys; from curation_gate.cli.main import main; main()"
    script = f"#!/bin/sh\nPYTHONPATH='{REPOSITORY}' exec '{sys.executable}' -c '{call}' \"$@\"\n"
    tool(tmp_path / "bin", "curate", script)
    return {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org",
        "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
    }  # fmt: skip


@pytest.fixture
def repository(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A dataset repository as `curate init` makes it, scanned, hooks installed."""
    pytest.importorskip("pre_commit")
    root = tmp_path / "repository"
    (root / "data").mkdir(parents=True)
    monkeypatch.chdir(root)
    write_rows(Path("data/a.jsonl"), 60)
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True, env=environment)
    assert run(["init"]) == 0
    pack = load_rules("curation-rules.yaml")
    rules = {"pack": pack.name, "hash": pack.hash}
    lock_scan([Path("data/a.jsonl")], rules=rules, rules_file=Path("curation-rules.yaml"))
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "install"], check=True, env=environment,
        capture_output=True,
    )  # fmt: skip
    return root


def commit(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    subprocess.run(["git", "add", "-A"], check=True, env=environment)
    return subprocess.run(
        ["git", "commit", "-m", "change"], check=False, env=environment, capture_output=True,
        text=True,
    )  # fmt: skip


def test_a_commit_of_scanned_data_passes_and_of_edited_data_fails(
    repository: Path, environment: dict[str, str]
) -> None:
    done = commit(environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "data is what was scanned (curate verify)" in done.stderr
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout
    assert "data/curate.lock" in tracked
    assert ".curation/" not in tracked

    data = Path("data/a.jsonl")
    scanned = data.read_text()
    data.write_text(scanned + NEW)
    done = commit(environment)
    assert done.returncode == 1
    assert (
        "data/a.jsonl: is not the data that was scanned: 1 added (line 61); "
        "run `curate scan --rules curation-rules.yaml data/a.jsonl`"
    ) in done.stderr

    lock = Path("data/curate.lock")
    whole = lock.read_text()
    data.write_text(scanned)
    lock.write_text(whole + '"a.jsonl" counts keep = 7\n')
    done = commit(environment)
    assert done.returncode == 1
    assert "two answers to 'counts keep': a merge mixed two scans" in done.stderr
    lock.write_text(whole)

    rules = Path("curation-rules.yaml")
    rules.write_text(rules.read_text().replace("alpha: 0.05", "alpha: 0.01"))
    data.write_text(scanned)
    done = commit(environment)
    assert done.returncode == 1
    assert "another version of the rule pack 'repository' (../curation-rules.yaml)" in done.stderr


def test_the_hook_runs_whatever_was_changed(repository: Path, environment: dict[str, str]) -> None:
    assert commit(environment).returncode == 0
    data, lock = Path("data/a.jsonl"), Path("data/curate.lock")
    data.rename("data/b.jsonl")
    done = commit(environment)
    assert done.returncode == 1
    assert "data/a.jsonl is gone" in done.stderr
    assert "data/b.jsonl: was not scanned: no curate.lock knows it; run `curate scan" in done.stderr
    Path("data/b.jsonl").rename(data)
    whole = lock.read_bytes()
    lock.unlink()
    done = commit(environment)
    assert done.returncode == 1
    assert "its data/curate.lock is gone; bring the lock back" in done.stderr
    lock.write_bytes(whole)
    Path("data/more").mkdir()
    write_rows(Path("data/more/c.jsonl"), 5)
    done = commit(environment)
    assert done.returncode == 1
    assert "data/more/c.jsonl: was not scanned" in done.stderr
    Path("data/more/c.jsonl").unlink()
    Path("README.json").write_text("{}")
    done = commit(environment)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("hook", ["curate-verify-system"])
def test_the_shipped_hook_runs_from_a_repository(
    repository: Path, environment: dict[str, str], hook: str, tmp_path: Path
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / ".pre-commit-hooks.yaml").write_bytes(
        (REPOSITORY / ".pre-commit-hooks.yaml").read_bytes()
    )
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "hooks"]):
        subprocess.run(["git", *arguments], cwd=hooks, check=True, env=environment)

    def attempt() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), hook,
             "--files", "data/a.jsonl"],
            check=False, env=environment, capture_output=True, text=True,
        )  # fmt: skip

    subprocess.run(["git", "add", "-A"], check=True, env=environment)
    done = attempt()
    assert done.returncode == 0, done.stdout + done.stderr
    with Path("data/a.jsonl").open("a") as stream:
        stream.write(NEW)
    failed = attempt()
    assert failed.returncode == 1
    assert "1 added (line 61)" in failed.stdout


def scripts_of_the_base(repository: Path) -> dict[str, str]:
    """What each generated CI job does before it scans, as one script."""
    job = yaml.safe_load((repository / ".github/workflows/curation-gate.yml").read_text())
    (step,) = (step for step in job["jobs"]["scan"]["steps"] if step.get("id") == "base")
    gitlab = yaml.safe_load((repository / ".gitlab/curation-gate.yml").read_text())
    (before,) = (line for line in gitlab["curation-gate"]["script"] if "FETCH_HEAD" in line)
    (own,) = (step for step in action()["runs"]["steps"] if step.get("id") == "base")
    told = own["run"].replace('rules=$RULES" >> "$GITHUB_OUTPUT"', 'RULES=$RULES" > "$GITHUB_ENV"')
    return {
        "github": step["run"],
        "action": told,
        "gitlab": before + '\necho "RULES=$RULES" > "$GITHUB_ENV"\n',
    }


@pytest.mark.parametrize("job", ["github", "gitlab", "action"])
@pytest.mark.parametrize("at_base", [True, False])
def test_a_pull_request_is_judged_by_the_rules_and_the_allow_list_of_its_base(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, job: str,
    at_base: bool,
) -> None:  # fmt: skip
    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, env=environment, capture_output=True)

    origin, here = tmp_path / "origin", tmp_path / "here"
    (origin / "data").mkdir(parents=True)
    monkeypatch.chdir(origin)
    rules, allow = Path("curation-rules.yaml"), Path("data/curate-allow.yaml")
    write_rows(Path("data/a.jsonl"), 5)
    git("init", "-q", "-b", "main")
    assert run(["init", "--ci", "both"]) == 0
    script = scripts_of_the_base(origin)[job]
    kept = rules.read_text()
    if at_base:
        allow.write_text("allow: []\n")
    else:
        rules.unlink()
    git("add", "-A")
    git("commit", "-qm", "base")
    git("clone", "-q", str(origin), str(here))
    monkeypatch.chdir(here)
    rules.write_text("fail_on: never\n")
    allow.unlink(missing_ok=True)
    allow.symlink_to("../curation-rules.yaml")
    git("add", "-A")
    git("commit", "-qm", "let everything pass")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env={**environment, "BASE": "main", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
             "RULES": str(rules), "GITHUB_ENV": str(tmp_path / "env")},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "env").read_text() if (tmp_path / "env").exists() else ""
    if at_base:
        assert rules.read_text() == kept
        assert allow.read_text() == "allow: []\n"
        assert not allow.is_symlink()
        assert "default" not in told
    else:
        assert told == "RULES=default\n"
        assert not os.path.lexists(allow)


def test_the_action_runs_no_module_of_the_checkout() -> None:
    (install,) = (step for step in action()["runs"]["steps"] if step.get("name") == "install")
    assert install["run"].splitlines()[-1].startswith("python -P -m pip install ")


def test_no_generated_job_publishes_results_that_were_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(Path("a.jsonl"), 5)
    assert run(["init", "--ci", "both"]) == 0
    github = Path(".github/workflows/curation-gate.yml").read_text()
    assert ".curation-gate/" not in github.replace("curation-gate/.cache", "")
    assert "${{ runner.temp }}/curation/.cache" in github
    script = yaml.safe_load(Path(".gitlab/curation-gate.yml").read_text())["curation-gate"][
        "script"
    ]
    assert "git ls-files .curation-gate" in script[0]
    assert script[1].startswith("rm -f .curation-gate/manifest.json")


def action() -> dict:
    return yaml.safe_load((REPOSITORY / "action.yml").read_text())


def test_the_action_puts_no_input_into_a_script() -> None:
    steps = action()["runs"]["steps"]
    assert all("${{" not in step.get("run", "") for step in steps)
    assert all(step.get("shell") == "bash" for step in steps if "run" in step)
    assert set(action()["inputs"]) >= {"data", "rules", "fail-on", "diff-base", "upload-sarif"}


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_script_of_the_action_keeps_the_exit_code_and_quotes_its_inputs(
    tmp_path: Path, code: int
) -> None:
    tool(
        tmp_path / "bin",
        "curate",
        '#!/bin/bash\nprintf "%s\\n" "$@" >> "$ARGUMENTS"\n'
        'if [ "$1" = report ]; then printf "\\140\\140\\140\\n<script>\\n"; exit 0; fi\n'
        'mkdir -p "$FOLDER"; if [ "$CODE" -lt 2 ]; then touch "$FOLDER/manifest.json"; fi\n'
        'exit "$CODE"\n',
    )
    (script,) = (step for step in action()["runs"]["steps"] if step.get("id") == "scan")
    assert set(script["env"]) == {"DATA", "RULES", "FAIL_ON", "DIFF_BASE", "FOLDER"}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script["run"]],
        env={
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "ARGUMENTS": str(tmp_path / "arguments"),
            "CODE": str(code),
            "DATA": "a b.jsonl\n$(touch owned).jsonl\n",
            "RULES": "; touch owned",
            "FAIL_ON": "review",
            "DIFF_BASE": "",
            "FOLDER": str(tmp_path / "out"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        },
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    given = (tmp_path / "arguments").read_text().splitlines()
    assert given[:5] == ["scan", "-o", str(tmp_path / "out"), "--rules", "; touch owned"]
    last = given.index("--")
    assert given[last - 2 : last + 3] == [
        "--fail-on", "review", "--", "a b.jsonl", "$(touch owned).jsonl",
    ]  # fmt: skip
    assert not (tmp_path / "owned").exists()
    assert (tmp_path / "output").read_text().splitlines()[0] == f"exit-code={code}"
    summary = (tmp_path / "summary").read_text().splitlines()
    assert summary[0] == f"### curation-gate: exit code {code}"
    assert all(line.startswith("    ") for line in summary[2:])
    assert len(summary) > 2
