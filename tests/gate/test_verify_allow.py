"""Data whose allow file has changed since the scan."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from scan_folder import lock_scan, make_verdicts, write_rows

from curation_gate.errors import ResultError
from curation_gate.gate.verify import check, verify
from curation_gate.quarantine.allow import let_pass
from curation_gate.quarantine.allow_file import ALLOW, load_allow
from curation_gate.quarantine.lock import LOCK, read_lock
from curation_gate.rows import load

TEXT = "allow:\n  - phrase: james bond\n    reason: film reviews\n"
SCAN = "run `curate scan data.jsonl`"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_rows(Path("data.jsonl"), 60)


def scan(data: Path, allow: Path | None = None, **more: Any) -> None:
    """Do what a scan does with the allow file it is told or finds."""
    dataset = load([data])
    found = load_allow(allow, dataset)
    if found is not None:
        assert make_verdicts(60).reasons == {}
        done = let_pass((), dataset, found[1], dt.datetime.now(dt.UTC).date(), name=found[0].name)
        more = {"allowed": done.document, "allow_file": found[0], **more}
    lock_scan([data], **more)


def test_the_same_file_in_other_words_is_the_same(data: Path) -> None:
    Path(ALLOW).write_text(TEXT)
    scan(data)
    assert verify([data]) == []
    Path(ALLOW).write_text(
        "# why\n\n" + TEXT.replace("reason: film reviews", "reason: 'film reviews'")
    )
    assert verify([data]) == []
    entry = read_lock(Path(LOCK)).datasets["data.jsonl"]
    assert entry.allow is not None
    assert entry.allow.file == ALLOW
    assert f'"data.jsonl" allow file = "{ALLOW}"\n' in Path(LOCK).read_text()


def test_a_changed_allow_file_asks_for_a_new_scan(data: Path) -> None:
    Path(ALLOW).write_text(TEXT)
    scan(data)
    Path(ALLOW).write_text(TEXT + "  - source: me\n    reason: mine\n")
    said = f"data.jsonl: was scanned with another version of {ALLOW}; {SCAN}"
    assert verify([data]) == [said]
    assert verify([ALLOW]) == [said], "as a commit hook names it"
    assert [outcome.name for outcome in check([ALLOW, LOCK, data])] == ["data.jsonl"]
    Path(ALLOW).write_text("allow: [\n")
    assert "what the scan let pass cannot be read any more (" in verify([data])[0]
    Path(ALLOW).unlink()
    assert verify([data]) == [
        f"data.jsonl: {ALLOW} is gone, by which the scan let rows pass; {SCAN}"
    ]
    scan(data)
    assert verify([data]) == []
    Path(ALLOW).write_text(TEXT)
    assert verify([data]) == [f"data.jsonl: {ALLOW} is new since the scan; {SCAN}"]


def test_an_entry_that_expires_asks_for_a_new_scan(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = dt.datetime.now(dt.UTC).date()
    Path(ALLOW).write_text(
        f"{TEXT}    expires: {today - dt.timedelta(days=1)}\n"
        f"  - source: me\n    reason: mine\n    expires: {today + dt.timedelta(days=2)}\n"
    )
    scan(data)
    assert verify([data]) == [], "one was out of date at the scan, too"

    class Later(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime.now(tz) + dt.timedelta(days=3)

    class Then:
        datetime, UTC = Later, dt.UTC

    monkeypatch.setattr("curation_gate.gate.settings_then.dt", Then)
    assert verify([data]) == [f"data.jsonl: 1 entry of {ALLOW} expired since the scan; {SCAN}"]


def test_a_file_of_another_name_is_scanned_with_again(data: Path, tmp_path: Path) -> None:
    Path("mine.yaml").write_text(TEXT)
    scan(data, Path("mine.yaml"))
    assert verify([data]) == []
    Path("mine.yaml").write_text("allow: []\n")
    (said,) = verify([data])
    assert said.startswith("data.jsonl: was scanned with another version of mine.yaml; ")
    assert said.endswith("run `curate scan --allow mine.yaml data.jsonl`")
    scan(data)
    assert verify([data]) == []
    elsewhere = tmp_path.with_name("elsewhere.yaml")
    elsewhere.write_text(TEXT)
    scan(data, elsewhere)
    entry = read_lock(Path(LOCK)).datasets["data.jsonl"]
    assert entry.allow is not None
    assert entry.allow.hash is not None
    assert entry.allow.file is None, "a path of this machine alone"
    elsewhere.unlink()
    assert verify([data]) == []


def test_a_review_leaves_the_file_of_the_scan_in_the_lock(data: Path) -> None:
    Path("mine.yaml").write_text(TEXT)
    scan(data, Path("mine.yaml"))
    before = Path(LOCK).read_bytes()
    scan(data, Path("mine.yaml"), allow_file=None)
    assert Path(LOCK).read_bytes() == before
    Path("mine.yaml").write_text(TEXT.replace("film", "book"))
    scan(data, Path("mine.yaml"), allow_file=None)
    entry = read_lock(Path(LOCK)).datasets["data.jsonl"]
    assert entry.allow is not None
    assert entry.allow.file is None


def test_an_allow_file_where_nothing_was_scanned_is_an_error(data: Path) -> None:
    Path(ALLOW).write_text(TEXT)
    with pytest.raises(ResultError, match=f"{ALLOW}: no {LOCK} beside it"):
        verify([ALLOW])
