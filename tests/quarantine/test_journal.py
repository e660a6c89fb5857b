from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import REPOSITORY

from curation_gate.errors import OutputError, ResultError, UsageError
from curation_gate.quarantine.journal import (
    JOURNAL,
    Decision,
    Event,
    Journal,
    decisions,
    locked,
    read_journal,
    standing,
)

PRINTS = tuple(f"{k:032x}" for k in range(6))


def accept(*which: int, **more: str) -> Event:
    return Event(action="accept", fingerprints=tuple(PRINTS[k] for k in which), **more)


UNDO = Event(action="undo")


def write(folder: Path, *events: Event) -> Path:
    with Journal(folder) as journal:
        for event in events:
            journal.append(event)
    return folder / JOURNAL


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    events = [
        accept(0, reviewer="Ada", reason="bad\u202e\n\x1b[2J"),
        Event(action="relabel", fingerprints=(PRINTS[1],), label="no"),
    ]
    path = write(tmp_path, *events)
    read, notice = read_journal(tmp_path)
    assert notice is None
    assert [e.model_copy(update={"at": None}) for e in read] == events
    assert all(e.at and e.at.endswith("+00:00") for e in read)
    lines = path.read_bytes().split(b"\n")
    assert json.loads(lines[0]) == {"journal": "review", "schema_version": 1}
    assert len(lines) == 4
    assert not {0x1B, 0x0D} & set(path.read_bytes())


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert read_journal(tmp_path) == ([], None)
    assert not (tmp_path / JOURNAL).exists()


@settings(max_examples=60)
@given(cut=st.integers(min_value=0), tail=st.binary(max_size=20).filter(lambda b: b"\n" not in b))
def test_a_torn_last_line_costs_that_decision_alone(
    tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    path = write(folder, accept(0), accept(1), accept(2))
    whole = path.read_bytes()
    cut %= len(whole) + 1
    path.write_bytes(whole[:cut] + tail)
    lines = whole[:cut].split(b"\n")
    known = max(0, len(lines) - 2)
    events, notice = read_journal(folder)
    # A line of which only the ending is missing is whole.
    assert len(events) in (known, known + (not tail.strip()))
    torn = bool(lines[-1] + tail) and len(events) == known and not (known == 0 and len(lines) == 1)
    if torn and (lines[-1] + tail).strip():
        assert notice is not None
        assert "cut short" in notice
    with Journal(folder) as journal:
        assert journal.events == events
        journal.append(accept(3))
    again, notice = read_journal(folder)
    assert (again[:-1], again[-1].fingerprints, notice) == (events, (PRINTS[3],), None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "Invalid JSON"),
        (b'{"action":"keep","fingerprints":["' + PRINTS[0].encode() + b'"]}', "action"),
        (b'{"action":"accept"}', "undo has no fingerprints"),
        (b'{"action":"accept","fingerprints":["x"]}', "fingerprints.0"),
        (b'{"action":"undo","when":1}', "when"),
        (b'\xff\r{"a"', "Invalid JSON"),
    ],
)
def test_damage_elsewhere_names_the_line(tmp_path: Path, line: bytes, said: str) -> None:
    path = write(tmp_path, accept(0), accept(1))
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:2], line, *lines[2:]]))
    for read in (lambda: read_journal(tmp_path), lambda: Journal(tmp_path)):
        with pytest.raises(ResultError, match=f"review.jsonl:3: damaged: .*{said}"):
            read()
    assert len(path.read_bytes().split(b"\n")) == 5, "nothing is repaired behind a reader's back"
    with locked(tmp_path):
        pass


def test_a_later_version_is_not_read(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text('{"journal":"review","schema_version":2}\n')
    with pytest.raises(ResultError, match=r"review\.jsonl:1: damaged: schema_version"):
        read_journal(tmp_path)


def test_undo_takes_back_the_last_event_that_stands() -> None:
    events = [accept(0), accept(1, 2), UNDO, accept(3), UNDO, UNDO, UNDO, accept(4)]
    assert standing(events) == [accept(4)]
    events = [
        accept(0, 1),
        Event(action="release", fingerprints=(PRINTS[1],), reason="read"),
        Event(action="skip", fingerprints=(PRINTS[2],)),
    ]
    assert decisions(events) == {
        PRINTS[0]: Decision("accept"),
        PRINTS[1]: Decision("release", reason="read"),
        PRINTS[2]: Decision("skip"),
    }
    assert decisions([*events, UNDO, UNDO]) == dict.fromkeys(PRINTS[:2], Decision("accept"))
    assert Decision("relabel", "no", "Ada").document() == {
        "decision": "relabel",
        "label": "no",
        "reviewer": "Ada",
    }


def test_one_reviewer_at_a_time(tmp_path: Path) -> None:
    with (
        Journal(tmp_path),
        pytest.raises(UsageError, match=rf"open already \(process {os.getpid()}"),
    ):
        Journal(tmp_path)
    with locked(tmp_path), pytest.raises(UsageError, match="open already"):
        Journal(tmp_path)
    Journal(tmp_path).close()


def test_a_killed_reviewer_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, sys; from curation_gate.quarantine.journal import *;"
        "journal = Journal(pathlib.Path(sys.argv[1]));"
        f"journal.append(Event(action='accept', fingerprints=('{PRINTS[0]}',)));"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert done.returncode == -9
    with Journal(tmp_path) as journal:
        assert [e.fingerprints for e in journal.events] == [(PRINTS[0],)]


def test_a_full_disk_loses_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(tmp_path) as journal:
        journal.append(accept(0))
        before = journal.path.read_bytes()

        def full(file: int, _: bytes, at: int) -> int:
            os.lseek(file, at, os.SEEK_SET)
            os.write(file, b'{"half')
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", full)
            with pytest.raises(OutputError, match="No space left on device"):
                journal.append(accept(1))
        assert journal.path.read_bytes() == before
        journal.append(accept(2))
    assert [e.fingerprints for e in read_journal(tmp_path)[0]] == [(PRINTS[0],), (PRINTS[2],)]


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write into"):
        Journal(tmp_path / "none")
