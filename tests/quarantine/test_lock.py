"""curate.lock: what it holds, that it merges, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from scan_folder import lock_scan, make_manifest, make_verdicts, write_rows

from curation_gate.errors import ResultError
from curation_gate.gate.verify import check, verify
from curation_gate.quarantine.allow_file import ALLOW
from curation_gate.quarantine.lock import LOCK, command_for, lock_path, read_lock
from curation_gate.quarantine.lock_writing import write_lock
from curation_gate.rows import load, write_cleaned
from curation_gate.rulebook import load_rules


def test_the_lock_holds_what_was_promised_and_nothing_that_changes_by_itself(
    tmp_path: Path,
) -> None:
    data = write_rows(tmp_path / "data.jsonl", 60)
    dataset = lock_scan([data], quarantine=(3, 4), review=(7,))
    text = (tmp_path / LOCK).read_text()
    facts = [line for line in text.splitlines() if not line.startswith("#")]
    assert facts[0] == "schema_version = 4"
    assert facts[1:] == sorted(facts[1:])
    assert all(line.startswith('"data.jsonl" ') for line in facts[1:])
    assert f'"data.jsonl" data fingerprint = "{dataset.fingerprint}"' in facts
    assert f'"data.jsonl" flagged {dataset.rows[3].fingerprint} = "quarantine"' in facts
    assert f'"data.jsonl" flagged {dataset.rows[7].fingerprint} = "review"' in facts
    assert len(text) < 10_000
    entry = read_lock(tmp_path / LOCK).datasets["data.jsonl"]
    assert entry.data.files == ["data.jsonl"]
    assert entry.data.rows == 60
    assert entry.cleaned.rows == 58
    assert entry.cleaned.files == ["data.jsonl.curation/cleaned.jsonl"]
    assert entry.cleaned.fingerprint != dataset.fingerprint
    assert entry.counts.model_dump() == {"keep": 57, "quarantine": 2, "review": 1}
    assert entry.decisions == {}
    assert entry.quarantined() == {dataset.rows[k].fingerprint for k in (3, 4)}
    assert len(entry.undecided()) == 3
    assert entry.verdict == "findings"


def test_the_lock_is_the_same_bytes_whatever_the_order_of_rows_and_datasets(tmp_path: Path) -> None:
    one = write_rows(tmp_path / "a.jsonl", 50)
    two = write_rows(tmp_path / "b.jsonl", 55, text="song")
    lock_scan([one])
    lock_scan([two])
    first = (tmp_path / LOCK).read_bytes()
    (tmp_path / LOCK).unlink()
    lines = one.read_bytes().splitlines(keepends=True)
    one.write_bytes(b"".join(reversed(lines)))
    lock_scan([two])
    lock_scan([one])
    assert (tmp_path / LOCK).read_bytes() == first
    assert first.endswith(b"\n")


def test_other_entries_are_kept(tmp_path: Path) -> None:
    one, two = write_rows(tmp_path / "a.jsonl", 50), write_rows(tmp_path / "b.jsonl", 55)
    lock_scan([one])
    before = read_lock(tmp_path / LOCK).datasets["a.jsonl"]
    lock_scan([two])
    lock_scan([one, two])
    after = read_lock(tmp_path / LOCK).datasets
    assert list(after) == ["a.jsonl", "a.jsonl b.jsonl", "b.jsonl"]
    assert after["a.jsonl"] == before


def test_files_of_two_folders_are_locked_in_the_folder_they_share(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    one, two = write_rows(tmp_path / "y/a.jsonl", 50), write_rows(tmp_path / "x/a.jsonl", 55)
    lock_scan([one, two], folder=tmp_path / "scan")
    assert list(read_lock(tmp_path / LOCK).datasets) == ["x/a.jsonl y/a.jsonl"]
    assert read_lock(tmp_path / LOCK).datasets["x/a.jsonl y/a.jsonl"].data.files == [
        "y/a.jsonl", "x/a.jsonl",
    ]  # fmt: skip
    assert verify([one]) == []


def test_a_cleaned_set_elsewhere_leaves_no_path_in_the_lock(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    data = write_rows(tmp_path / "repository" / "data.jsonl", 50)
    lock_scan([data], folder=tmp_path / "elsewhere")
    assert read_lock(data.with_name(LOCK)).datasets["data.jsonl"].cleaned.files == []
    assert str(tmp_path) not in data.with_name(LOCK).read_text()
    assert verify([data]) == []


def test_told_columns_are_remembered(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(
        "".join(json.dumps({"wish": f"say {k}", "reply": "yes"}) + "\n" for k in range(50))
    )
    lock_scan([data], columns={"instruction": "wish", "output": "reply"})
    entry = read_lock(tmp_path / LOCK).datasets["data.jsonl"]
    assert entry.data.columns == {"instruction": "wish", "output": "reply"}
    assert verify([data]) == []


@pytest.mark.parametrize(
    "rows",
    [
        [{"messages": [{"role": "user", "content": f"{k}"}, {"role": "assistant", "content": "a"}]}
         for k in range(50)],
        [{"Task": "t", "Instance": {"input": f"q {k}", "output": ["a"]}} for k in range(50)],
        [{"text": f"q {k}", "label": k % 2} for k in range(50)],
    ],
)  # fmt: skip
def test_columns_found_by_name_are_not_told(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    lock_scan([data], quarantine=(1,))
    assert read_lock(tmp_path / LOCK).datasets["data.jsonl"].data.columns == {}


def test_a_task_file_is_read_back_by_its_definition(tmp_path: Path) -> None:
    data = tmp_path / "task.json"
    instances = [{"input": f"q {k}", "output": ["a"]} for k in range(50)]
    data.write_text(json.dumps({"Definition": ["Say a."], "Instances": instances}))
    lock_scan([data], quarantine=(1,))
    assert read_lock(tmp_path / LOCK).datasets["task.json"].data.columns == {}
    data.write_bytes((tmp_path / "task.json.curation" / "cleaned.json").read_bytes())
    assert verify([data]) == []


def test_a_cleaned_set_that_lost_rows_is_not_locked(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", 50)
    dataset = load([data])
    verdicts = make_verdicts(50, quarantine=(1,))
    cleaned = write_cleaned(dataset, {1, 2}, tmp_path / "out")
    with pytest.raises(ResultError, match="48 rows, and 50 - 1 quarantined"):
        write_lock(dataset, cleaned, make_manifest(dataset, verdicts))
    assert not (tmp_path / LOCK).exists()


def test_everything_quarantined_is_locked_as_an_empty_cleaned_set(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", 50)
    lock_scan([data], quarantine=range(50))
    assert read_lock(tmp_path / LOCK).datasets["data.jsonl"].cleaned.rows == 0
    problems = verify([data])
    assert "50 quarantined rows are still in it" in problems[0]
    assert "the cleaned set is empty" in problems[1]


def _replace(old: str, new: str) -> Any:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return edit


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: t[: t.index("data files") + 6], r"curate\.lock:\d+: damaged: not a fact"),
        (lambda _: "", "no schema_version"),
        (lambda _: "[]", "no schema_version"),
        (lambda t: "\x00" + t, "not a fact of a lock"),
        (_replace("schema_version = 4\n", ""), "no schema_version"),
        (_replace("n = 4\n", "n = 4\nschema_version = 2\n"), "two schema versions"),
        (_replace("schema_version = 4", "schema_version = 5"), "reads up to 4"),
        (_replace("schema_version = 4", "schema_version = 0"), "is not read any more"),
        (_replace("counts keep = 50", "counts keep = 50,"), "not JSON"),
    ],
)  # fmt: skip
def test_a_damaged_lock_is_an_error_with_a_hint(tmp_path: Path, damage: Any, message: str) -> None:
    data = write_rows(tmp_path / "data.jsonl", 50)
    lock_scan([data])
    path = tmp_path / LOCK
    path.write_text(damage(path.read_text()))
    with pytest.raises(ResultError, match=message) as caught:
        verify([data])
    assert "curate scan" in str(caught.value.hint)
    with pytest.raises(ResultError, match=message):
        lock_scan([data])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_replace('verdict = "clean"', 'verdict = "fine"'), "verdict: Input should be"),
        (_replace("counts keep = 50", 'counts keep = "50"'), "valid integer"),
        (_replace("counts keep", "counts kept"), "counts.keep: Field required"),
        (_replace("counts quarantine = 0\n", "counts quarantine = 50\n"), "contradicts itself"),
        (_replace('data files = ["data', 'data files = ["other'), "contradicts itself"),
        (_replace('tool name = "curation-gate"', "tool name = 7"), "valid string"),
        (_replace("verdict", 'odd = 1\n"data.jsonl" verdict'), "Extra inputs"),
        (
            _replace("review = 0\n", 'review = 0\n"data.jsonl" counts review = 1\n'),
            "two answers to 'counts review': a merge mixed two scans",
        ),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_believed_leaves_the_others_alone(
    tmp_path: Path, damage: Any, message: str
) -> None:
    data, other = write_rows(tmp_path / "data.jsonl", 50), write_rows(tmp_path / "other.jsonl", 51)
    lock_scan([data])
    path = tmp_path / LOCK
    path.write_text(damage(path.read_text()))
    lock_scan([other])
    (problem,) = verify([data])
    assert message in problem
    assert "cannot be believed" in problem
    assert f"`{command_for([data])}`" in problem
    assert verify([other]) == []
    lock_scan([data])
    assert verify([data, other]) == []


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    names = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *names, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three datasets, scanned and committed."""
    for name in ("a", "m", "z"):
        lock_scan([write_rows(tmp_path / f"{name}.jsonl", 50, text=name)])
    _git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / ".gitignore").write_text("*.curation/\n")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "start")
    return tmp_path


def _branch(folder: Path, name: str, change: Callable[[], None]) -> None:
    _git(folder, "checkout", "-q", "-b", name, "main")
    change()
    _git(folder, "add", ".")
    assert _git(folder, "commit", "-qm", name).returncode == 0


def test_git_merges_locks_of_different_datasets(repository: Path) -> None:
    _branch(repository, "one", lambda: lock_scan([write_rows(repository / "a.jsonl", 70)]) and None)
    _branch(repository, "two", lambda: lock_scan([write_rows(repository / "z.jsonl", 80)]) and None)
    merged = _git(repository, "merge", "-q", "one", "-m", "merge")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert verify(sorted(repository.glob("*.jsonl"))) == []


def test_a_merge_that_mixed_two_scans_is_told_and_mended_by_a_scan(repository: Path) -> None:
    def scan(rows: int) -> Callable[[], None]:
        def change() -> None:
            lock_scan([write_rows(repository / "m.jsonl", rows)])

        return change

    _branch(repository, "one", scan(70))
    _branch(repository, "two", scan(80))
    assert _git(repository, "merge", "-q", "one", "-m", "merge").returncode == 1
    path = repository / LOCK
    assert "<<<<<<<" in path.read_text()
    write_rows(repository / "m.jsonl", 80)
    (problem,) = verify([repository / "m.jsonl"])
    assert "two answers to 'cleaned fingerprint': a merge mixed two scans" in problem
    (problem,) = verify([repository / "a.jsonl"])
    assert "markers of an unfinished merge" in problem
    lock_scan([repository / "m.jsonl"])
    assert "<<<<<<<" not in path.read_text()
    assert verify(sorted(repository.glob("*.jsonl"))) == []


def test_decisions_survive_a_merge_that_mixed_the_rest(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", 50)
    rows = lock_scan([data], quarantine=(3, 4)).rows
    path = tmp_path / LOCK
    mixed = f'"data.jsonl" decisions {rows[3].fingerprint} = "accept"\n' + "".join(
        f'"data.jsonl" decisions {rows[4].fingerprint} = "{word}"\n'
        for word in ("accept", "release")
    )
    path.write_text(path.read_text() + mixed)
    assert "data.jsonl" in read_lock(path).broken
    lock_scan([data], quarantine=(3, 4))
    entry = read_lock(path).datasets["data.jsonl"]
    assert entry.decisions == {rows[3].fingerprint: "accept"}
    assert entry.undecided() == {rows[4].fingerprint}


OLDER = (
    "its lock is of an older version and knows only what rules read: system prompts, tools and "
    "columns that no rule reads were not compared"
)


@pytest.fixture
def version_one(tmp_path: Path) -> Path:
    """The data and the lock as version 0.1.0 wrote it."""
    write_rows(tmp_path / "data.jsonl", 60)
    write_rows(tmp_path / "other.jsonl", 55, text="song")
    lock = Path(__file__).parent / "locks" / "version_1.json"
    pack = load_rules("default").hash  # the pack of that day, had it not changed since
    told = lock.read_text().replace("b455671fb6759f7ac457992e63c3bb8c", pack)
    (tmp_path / LOCK).write_text(told)
    return tmp_path


def test_a_lock_of_version_one_is_read_and_written_anew(version_one: Path) -> None:
    path = version_one / LOCK
    lock = read_lock(path)
    assert lock.version == 1
    assert lock.datasets["data.jsonl"].counts.quarantine == 2
    assert lock.datasets["data.jsonl"].flagged is None
    data, other = check([version_one / "data.jsonl", version_one / "other.jsonl"])
    assert "2 quarantined rows are still in it; write the cleaned set again" in data.problems[0]
    assert [note.split(";")[0] for note in other.notes] == [OLDER]
    lock_scan([version_one / "data.jsonl"], quarantine=(3, 4), review=(7,))
    again = read_lock(path)
    assert again.version == 4
    assert again.datasets["other.jsonl"] == lock.datasets["other.jsonl"]
    assert (
        "2 quarantined rows are still in it (line 4, line 5)"
        in verify([version_one / "data.jsonl"])[0]
    )
    write_rows(version_one / "other.jsonl", 54, text="song")
    assert "54 rows, 55 were scanned" in verify([version_one / "other.jsonl"])[0]


def test_a_lock_of_version_two_says_nothing_of_allow_files(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", 60)
    other = write_rows(tmp_path / "other.jsonl", 55, text="song")
    path = tmp_path / LOCK
    told = (Path(__file__).parent / "locks" / "version_2.lock").read_text()
    pack = load_rules("default").hash  # the pack of that day, had it not changed since
    path.write_text(re.sub('rules hash = ".*"', f'rules hash = "{pack}"', told))
    lock = read_lock(path)
    assert lock.version == 2
    assert not lock.broken
    assert lock.datasets["data.jsonl"].allow is None
    (tmp_path / ALLOW).write_text("allow: []\n")
    assert verify([other]) == []
    assert "2 quarantined rows are still in it (line 4, line 5)" in verify([data])[0]
    lock_scan([data], quarantine=(3, 4), review=(7,))
    again = read_lock(path)
    assert again.version == 4
    assert again.datasets["other.jsonl"] == lock.datasets["other.jsonl"]
    assert again.datasets["data.jsonl"].allow is not None


def test_a_lock_of_version_three_holds_what_is_judged_and_says_so(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", 60)
    other = write_rows(tmp_path / "other.jsonl", 55, text="song")
    path = tmp_path / LOCK
    told = (Path(__file__).parent / "locks" / "version_3.lock").read_text()
    pack = load_rules("default").hash  # the pack of that day, had it not changed since
    path.write_text(re.sub('rules hash = ".*"', f'rules hash = "{pack}"', told))
    lock = read_lock(path)
    assert (lock.version, dict(lock.broken)) == (3, {})
    assert lock.datasets["data.jsonl"].data.whole is None
    (outcome,) = check([other])
    assert outcome.problems == ()
    assert outcome.notes == (f"{OLDER}; to have them compared, run `{command_for([other])}`",)
    lines = other.read_text().splitlines(keepends=True)
    other.write_text("".join([*lines[:3], lines[3].replace('"output"', '"note": "x", "output"'),
                              *lines[4:]]))  # fmt: skip
    assert verify([other]) == []  # all that this lock can tell
    other.write_text("".join([*lines[:3], lines[3].replace("positive", "negative"), *lines[4:]]))
    assert "1 edited (line 4)" in verify([other])[0]
    assert "2 quarantined rows are still in it (line 4, line 5)" in verify([data])[0]
    # The scan of one dataset leaves the other as little known as it was, and the note with it.
    lock_scan([data], quarantine=(3, 4), review=(7,))
    other.write_text("".join(lines))
    again = read_lock(path)
    assert again.version == 4
    assert again.datasets["other.jsonl"] == lock.datasets["other.jsonl"]
    (outcome,) = check([other])
    assert outcome.notes == (f"{OLDER}; to have them compared, run `{command_for([other])}`",)
    lock_scan([other])
    (outcome,) = check([other])
    assert not [note for note in outcome.notes if note.startswith(OLDER)]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: t[:50], "damaged: not JSON"),
        (lambda t: "<<<<<<< ours\n" + t, "a merge conflict"),
        (_replace('"review": 1', '"review": 0, "review": 1'), "a key stands there twice"),
        (lambda _: '{"schema_version": 1, "datasets": []}', "datasets: must be an object"),
        (lambda _: '{"schema_version": 1, "datasets": {"a": 1}}', "datasets.a: must be an entry"),
    ],
)
def test_a_damaged_lock_of_version_one_is_an_error(
    version_one: Path, damage: Any, message: str
) -> None:
    path = version_one / LOCK
    path.write_text(damage(path.read_text()))
    with pytest.raises(ResultError, match=message):
        read_lock(path)


@pytest.mark.parametrize(
    ("files", "expected"),
    [(["a/x.jsonl"], "a"), (["a/x.jsonl", "a/y.jsonl"], "a"), (["a/b/x", "a/c/y"], "a")],
)
def test_the_lock_lies_in_the_folder_the_files_share(
    tmp_path: Path, files: Sequence[str], expected: str
) -> None:
    assert lock_path([tmp_path / file for file in files]) == tmp_path / expected / LOCK
