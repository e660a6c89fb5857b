"""verify: what passes, what differs, and what one is told to do about it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from scan_folder import lock_scan, write_rows

from curation_gate import __version__
from curation_gate.errors import InputError, ResultError
from curation_gate.gate.verify import check, verify
from curation_gate.quarantine.lock import LOCK
from curation_gate.quarantine.manifest import SCORES
from curation_gate.rulebook import load_rules, rules_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_clean_scan_verifies(folder: Path) -> None:
    lock_scan([write_rows(Path("data.jsonl"), 50)])
    assert verify(["data.jsonl"]) == []
    assert check(["data.jsonl"])[0].rows == 50


def test_from_findings_to_the_cleaned_set_and_past_it(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    lock_scan([data], quarantine=(3, 4))
    assert "".join(verify([data])) == (
        "data.jsonl: 2 quarantined rows are still in it (line 4, line 5); look at them with "
        "`curate report data.jsonl.curation`, then take the cleaned set: "
        "`cp data.jsonl.curation/cleaned.jsonl data.jsonl`"
    )
    shutil.copy("data.jsonl.curation/cleaned.jsonl", data)
    assert verify([data]) == []
    lock_scan([data])
    assert verify([data]) == []


def test_an_added_row_is_named_by_its_line(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    lock_scan([data], quarantine=(3,))
    lines = data.read_text().splitlines(keepends=True)
    new = json.dumps({"instruction": "i", "input": "James Bond", "output": "positive"}) + "\n"
    data.write_text("".join([*lines[:10], new, lines[10], *lines[12:], lines[0]]))
    problems = verify([data])
    assert "".join(problems) == (
        "data.jsonl: is not the data that was scanned: 2 added (line 11, line 61), 1 removed, "
        "1 quarantined still in it (line 4); run `curate scan data.jsonl`"
    )


def test_without_the_scan_folder_the_lock_alone_names_what_changed(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    lock_scan([data], quarantine=(3,))
    shutil.rmtree("data.jsonl.curation")
    lines = data.read_text().splitlines(keepends=True)
    kept = lines[:3] + lines[4:]
    data.write_text("".join(kept))
    assert verify([data]) == []
    other = kept[6].replace("positive", "negative")
    assert other != kept[6]
    data.write_text("".join([*kept[1:6], other, *kept[7:], lines[3]]))
    assert verify([data]) == [
        "data.jsonl: is not the data that was scanned: 1 edited (line 6), 1 removed, "  # noqa: ISC004
        "1 quarantined still in it (line 59); run `curate scan data.jsonl`"
    ]


def test_more_changes_than_the_lock_can_name_are_counted(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 900)
    lock_scan([data])
    write_rows(data, 900, text="song")
    assert "900 added (line 1, line 2, line 3, line 4, line 5, ...), 900 rem" in verify([data])[0]
    shutil.rmtree("data.jsonl.curation")
    assert "900 rows as before, their content differs" in verify([data])[0]
    write_rows(data, 500, text="song")
    assert "500 rows, 900 were scanned; run `curate scan data.jsonl`" in verify([data])[0]


def test_a_row_that_was_let_go_may_stay(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    rows = lock_scan([data], quarantine=(3, 4)).rows
    shutil.rmtree("data.jsonl.curation")
    path = Path(LOCK)
    released = f'"data.jsonl" decisions {rows[3].fingerprint} = {{"decision":"release"}}\n'
    path.write_text(path.read_text() + released)
    assert "1 quarantined row is still in it (line 5)" in verify([data])[0]
    lines = data.read_text().splitlines(keepends=True)
    data.write_text("".join(lines[:4] + lines[5:]))
    assert verify([data]) == []
    data.write_text("".join(lines[1:4] + lines[5:]))
    assert "59 rows" not in verify([data])[0]
    assert "1 removed" in verify([data])[0]
    # A decision stays with its row when the set is scanned again.
    data.write_text("".join(lines))
    lock_scan([data], quarantine=(3,))
    assert verify([data]) == []


def test_a_pack_of_the_users_is_held_against_its_file(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    pack = Path("rules.yaml")
    text = (rules_folder() / "default.yaml").read_text().replace("name: default", "name: own")
    pack.write_text(text)
    rules = {"pack": "own", "hash": load_rules(pack).hash}
    lock_scan([data], rules=rules, rules_file=pack)
    assert verify([data]) == []
    pack.write_text(text.replace("alpha: 0.05", "alpha: 0.01"))
    assert "another version of the rule pack 'own' (rules.yaml)" in verify([data])[0]
    pack.unlink()
    assert "was scanned with the rule pack 'own', which is no pack now" in verify([data])[0]


def test_another_version_of_the_tool_is_a_note_and_no_problem(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    lock_scan([data], tool={"name": "curation-gate", "version": "0.0.1"})
    (outcome,) = check([data])
    assert outcome.problems == ()
    assert outcome.notes == (f"scanned with curation-gate 0.0.1, this is {__version__}",)


def test_order_line_ends_and_spacing_do_not_count(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    lock_scan([data])
    records = [json.loads(line) for line in data.read_text().splitlines()]
    data.write_text(
        "".join(json.dumps(r, indent=None, sort_keys=True) + "\r\n" for r in records[::-1])
    )
    assert verify([data]) == []


def test_an_inconclusive_scan_is_never_fine(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 50)
    lock_scan([data], verdict="inconclusive")
    problems = verify([data])
    assert "inconclusive, which is not clean" in problems[0]
    assert "`curate scan data.jsonl`" in problems[0]


def test_rows_to_review_fail_only_a_pack_that_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_rows(Path("data.jsonl"), 50)
    lock_scan([data], review=(3,), verdict="findings")
    assert verify([data]) == []
    monkeypatch.setattr("curation_gate.gate.comparison.fails_on_review", lambda *_: True)
    assert "1 row is to be reviewed (line 4), decisions are missing; look at" in verify([data])[0]


def test_a_changed_rule_pack_asks_for_a_new_scan(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 50)
    lock_scan([data], rules={"pack": "default", "hash": "0" * 32})
    assert "another version of the rule pack 'default'" in verify([data])[0]
    lock_scan([data], rules={"pack": "a pack of the user's", "hash": "0" * 32})
    assert verify([data]) == []


def test_a_changed_cleaned_set_is_told(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    lock_scan([data], quarantine=(3,))
    cleaned = folder / "data.jsonl.curation" / "cleaned.jsonl"
    whole = cleaned.read_text()
    shutil.copy(cleaned, data)
    assert verify([data]) == []
    for content, what in (
        (whole.split("\n", 1)[1], "it has 58 rows, 59 were kept"),
        (whole.replace("film 5 ", "film five "), "it is not the cleaned set the scan wrote"),
        ("", "the cleaned set is empty"),
    ):
        cleaned.write_text(content)
        problems = verify([data])
        assert len(problems) == 1
        assert problems[0].startswith("data.jsonl.curation/cleaned.jsonl: ")
        assert what in problems[0]
        assert "`curate scan data.jsonl`" in problems[0]


def test_a_quarantined_row_that_came_back_into_the_cleaned_set_is_told(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    original = data.read_text()
    lock_scan([data], quarantine=(3,))
    cleaned = folder / "data.jsonl.curation" / "cleaned.jsonl"
    cleaned.write_text(original.split("\n", 1)[1])
    assert any("1 row of it was quarantined" in problem for problem in verify([data]))
    (folder / "data.jsonl.curation" / SCORES).write_bytes(b"")
    assert any("not a Parquet file" in problem for problem in verify([data]))


def test_a_lock_stands_for_its_datasets(folder: Path) -> None:
    for name in ("a", "b", "c"):
        lock_scan([write_rows(Path(f"{name}.jsonl"), 50, text=name)])
    assert [outcome.name for outcome in check([LOCK, "b.jsonl"])] == [
        "b.jsonl", "a.jsonl", "c.jsonl",
    ]  # fmt: skip
    Path("c.jsonl").unlink()
    (problem,) = verify([LOCK])
    assert "c.jsonl is gone" in problem
    assert "bring it back, or take its lines out of curate.lock" in problem
    Path(LOCK).write_text("x")
    with pytest.raises(ResultError, match="not a fact of a lock"):
        verify([LOCK])


def test_files_scanned_together_are_verified_together(folder: Path) -> None:
    one, two = write_rows(Path("a.jsonl"), 40), write_rows(Path("b b.jsonl"), 40, text="song")
    lock_scan([one, two], folder=Path("scan"))
    assert [outcome.name for outcome in check([two])] == ["a.jsonl b b.jsonl"]
    assert check([one, two])[0].rows == 80
    assert len(check([one, two])) == 1
    with two.open("a") as stream:
        stream.write(json.dumps({"instruction": "i", "input": "x", "output": "y"}) + "\n")
    assert "1 added (b b.jsonl:41)" in verify([one])[0]
    assert "`curate scan a.jsonl 'b b.jsonl'`" in verify([one])[0]
    two.unlink()
    assert "b b.jsonl is gone" in verify([one])[0]


def test_a_joint_dataset_is_told_where_its_cleaned_files_lie(folder: Path) -> None:
    one, two = write_rows(Path("a.jsonl"), 40), write_rows(Path("b.jsonl"), 40, text="song")
    lock_scan([one, two], folder=Path("scan"), quarantine=(3, 50))
    assert "then take the cleaned files from scan/cleaned" in verify([one])[0]
    shutil.copytree("scan/cleaned", ".", dirs_exist_ok=True)
    assert verify([one, two]) == []
    shutil.rmtree("scan")
    assert verify([one, two]) == []


def test_without_the_cleaned_file_a_scan_writes_it_again(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 50)
    lock_scan([data], quarantine=(3,))
    shutil.rmtree("data.jsonl.curation")
    assert verify([data]) == [
        "data.jsonl: 1 quarantined row is still in it (line 4); "  # noqa: ISC004 - one sentence
        "write the cleaned set again: `curate scan data.jsonl`"
    ]


def test_the_results_of_another_scan_are_not_believed(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 60)
    lock_scan([data])
    lock = Path(LOCK).read_bytes()
    write_rows(data, 59)
    lock_scan([data])
    Path(LOCK).write_bytes(lock)
    problems = verify([data])
    (outcome,) = check([data])
    assert outcome.problems == tuple(problems)
    assert "is not the data that was scanned: 1 removed" in problems[0]
    assert outcome.notes[-1] == (
        "data.jsonl.curation holds the results of another scan: do not train on them; run "
        "`curate scan data.jsonl`"
    )
    manifest = Path("data.jsonl.curation/manifest.json")
    manifest.write_text("{}")
    assert "it has 59 rows, 60 were kept" in verify([data])[1]


def test_files_without_a_joint_entry_are_verified_one_by_one(folder: Path) -> None:
    one, two = write_rows(Path("a.jsonl"), 50), write_rows(Path("b.jsonl"), 50, text="song")
    lock_scan([one])
    lock_scan([two])
    assert [outcome.name for outcome in check([one, two])] == ["a.jsonl", "b.jsonl"]
    assert [outcome.name for outcome in check(["*.jsonl"])] == ["a.jsonl", "b.jsonl"]
    lock_scan([one, two], folder=Path("scan"))
    assert [outcome.name for outcome in check([one, two])] == ["a.jsonl b.jsonl"]
    assert [outcome.name for outcome in check([one])] == ["a.jsonl"]


def test_emptied_data_differ(folder: Path) -> None:
    data = write_rows(Path("data.jsonl"), 50)
    lock_scan([data])
    data.write_text("")
    assert verify([data]) == [
        "data.jsonl: holds no rows, 50 were scanned; run `curate scan data.jsonl`"
    ]


def _no_lock(data: Path) -> Path:
    return data


def _no_entry(data: Path) -> Path:
    lock_scan([write_rows(Path("other.jsonl"), 50)])
    return data


@pytest.mark.parametrize(
    ("prepare", "message"),
    [(_no_lock, f"no {LOCK} beside it"), (_no_entry, f"no entry for it in {LOCK}")],
)
def test_data_that_were_not_scanned_are_an_error(
    folder: Path, prepare: Callable[[Path], Path], message: str
) -> None:
    with pytest.raises(ResultError, match=message) as caught:
        verify([prepare(write_rows(Path("my data.jsonl"), 50))])
    assert caught.value.hint == "run `curate scan 'my data.jsonl'`"


def test_other_files_are_refused(folder: Path) -> None:
    Path("README.md").write_text("hello")
    with pytest.raises(InputError, match=r"README.md: not a data file: curate reads .jsonl"):
        verify(["README.md"])
    with pytest.raises(InputError, match="no such file"):
        verify(["absent.jsonl"])


def test_unreadable_data_are_an_error_and_the_others_are_still_verified(folder: Path) -> None:
    one, two = write_rows(Path("a.jsonl"), 50), write_rows(Path("b.jsonl"), 50)
    lock_scan([one])
    lock_scan([two])
    one.write_text("{broken\n")
    first, second = check([one, two])
    assert isinstance(first.error, InputError)
    assert second.error is None
    assert second.problems == ()
    with pytest.raises(InputError, match=r"a\.jsonl:1"):
        verify([one, two])


def test_a_lock_above_the_data_is_found_up_to_the_repository(folder: Path) -> None:
    (folder / "x" / "deep").mkdir(parents=True)
    (folder / "y").mkdir()
    one, two = write_rows(folder / "x/deep/a.jsonl", 50), write_rows(folder / "y/a.jsonl", 50)
    lock_scan([one, two], folder=folder / "scan")
    assert verify([one]) == []
    (folder / "x" / ".git").mkdir()
    with pytest.raises(ResultError, match="was not scanned"):
        verify([one])
