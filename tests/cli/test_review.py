"""`curate review` through a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from places import REPOSITORY
from report.scan_builder import HOSTILE
from review_folder import phrase_scan

from curation_gate.cli.main import run
from curation_gate.quarantine.journal import Journal, decisions, read_journal

pexpect = pytest.importorskip("pexpect")

CALL = "import sys; from curation_gate.cli.main import main; main()"
ALT_SCREEN, MAIN_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return phrase_scan(Path("reviews.jsonl"))


def start(*arguments: str, size: tuple[int, int] = (24, 80), **environment: str) -> pexpect.spawn:
    child = pexpect.spawn(
        sys.executable,
        ["-c", CALL, "review", "reviews.jsonl", *arguments],
        dimensions=size,
        encoding="utf-8",
        timeout=30,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "TERM": "xterm-256color",
            "HOME": str(Path.cwd()),
            **environment,
        },
    )
    child.delaybeforesend = None
    return child


def ended(child: pexpect.spawn) -> int:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus if child.signalstatus is None else -child.signalstatus


def said(folder: Path) -> list[str]:
    return [event.action for event in read_journal(folder)[0]]


def test_a_whole_review(folder: Path) -> None:
    child = start("--reviewer", "Ada")
    child.expect_exact(ALT_SCREEN)
    child.expect_exact("0 of 11 decided")
    child.send("a")
    child.expect_exact("1 of 11 decided")
    child.send("Rread twice\r")
    child.expect_exact("2 of 11 decided")
    child.send("l1")
    child.expect_exact("3 of 11 decided")
    child.send("s")
    child.expect_exact("1 skipped")
    child.send("p")
    child.expect_exact("Rows with")
    child.send("ay")
    child.expect_exact("accepted 6 rows")
    child.send("u")
    child.expect_exact("undone: 6 rows accepted of Ada")
    child.send("q")
    child.expect_exact(MAIN_SCREEN)
    child.expect_exact("3 of 11 decided, 1 skipped")
    child.expect_exact("Next: curate clean reviews.jsonl.curation")
    assert ended(child) == 0
    assert said(folder) == ["accept", "release", "relabel", "skip", "accept", "undo"]
    events = read_journal(folder)[0]
    assert (events[1].reason, events[1].reviewer, events[2].label) == (
        *("read twice", "Ada"),
        "negative",
    )


def test_killed_in_the_middle_and_resumed(folder: Path) -> None:
    child = start("--reviewer", "")
    child.expect_exact("0 of 11 decided")
    for number in range(1, 5):
        child.send("a")
        child.expect_exact(f"{number} of 11 decided")
    child.kill(signal.SIGKILL)
    assert ended(child) == -signal.SIGKILL
    assert said(folder) == ["accept"] * 4
    journal = folder / "review.jsonl"
    with journal.open("ab") as stream:
        stream.write(journal.read_bytes().splitlines()[-1][:40])  # what a power cut leaves
    child = start("--reviewer", "")
    child.expect_exact("4 of 11 decided")
    child.expect_exact("row 4")
    child.expect_exact("and is dropped")
    child.send("r")
    child.expect_exact("5 of 11 decided")
    child.send("q")
    assert ended(child) == 0
    assert said(folder) == ["accept"] * 4 + ["release"]


def test_ctrl_c_leaves_a_whole_journal_and_the_terminal_as_it_was(folder: Path) -> None:
    child = start()
    child.expect_exact("0 of 11 decided")
    child.send("a")
    child.expect_exact("1 of 11 decided")
    child.sendintr()
    child.expect_exact(MAIN_SCREEN)
    child.expect_exact("curate: interrupted")
    assert ended(child) == 130
    assert said(folder) == ["accept"]
    assert read_journal(folder)[1] is None


def test_sigterm_puts_the_terminal_back(folder: Path) -> None:
    child = start()
    child.expect_exact("0 of 11 decided")
    child.kill(signal.SIGTERM)
    child.expect_exact(MAIN_SCREEN)
    assert ended(child) == 128 + signal.SIGTERM


def test_a_terminal_that_goes_away_ends_the_review(folder: Path) -> None:
    child = start()
    child.expect_exact("0 of 11 decided")
    child.send("a")
    child.expect_exact("1 of 11 decided")
    child.close(force=True)
    assert said(folder) == ["accept"]
    Journal(folder).close()


def test_a_second_reviewer_is_sent_away(folder: Path) -> None:
    with Journal(folder):
        child = start()
        child.expect_exact("a review of it is open already")
        assert ended(child) == 2


def test_arrows_are_keys_and_not_three_letters(folder: Path) -> None:
    child = start()
    child.expect_exact("0 of 11 decided")
    child.send("\x1b[C\x1b[C\x1b[Ca")
    child.expect_exact("row 3 accepted")
    child.send("q")
    assert ended(child) == 0
    (event,) = read_journal(folder)[0]
    line = json.loads((folder / "quarantine.jsonl").read_text().splitlines()[3])
    assert event.fingerprints == (line["fingerprint"],)


def test_a_new_size_is_drawn_at_once(folder: Path) -> None:
    child = start()
    child.expect_exact(" help")
    child.setwinsize(30, 140)
    child.expect_exact(" next open")
    child.send("q")
    assert ended(child) == 0


@pytest.mark.parametrize("size", [(24, 80), (40, 140), (8, 20)])
def test_hostile_rows_reach_the_terminal_as_codes(folder: Path, size: tuple[int, int]) -> None:
    texts = {k: t.encode("utf-8", "ignore").decode() for k, t in enumerate(HOSTILE.values())}
    phrase_scan(Path("reviews.jsonl"), texts=texts, planted=len(texts))
    child = start("--reviewer", "\x1b[31m\u202eeve", size=size, NO_COLOR="1")
    seen = ""
    for number in range(1, len(texts) + 1):
        child.expect(rf"{number - 1}.of|…", timeout=20)
        seen += child.before
        child.send("a")
    child.send("q")
    child.expect(pexpect.EOF)
    seen += child.before
    assert "\x1b[31m" not in seen
    seen = re.sub(r"\x1b\[(?:[0-9;]*m|\?(?:1049|25|7)[hl]|H|2K|J)", "", seen)
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u200b", "\x00"} & set(seen)
    assert len(read_journal(folder)[0]) == len(texts)


def test_colours_are_left_out_where_nobody_wants_them(folder: Path) -> None:
    for wanted, environment in ((True, {}), (False, {"NO_COLOR": "1"})):
        child = start(**environment)
        child.expect_exact("undecided")
        child.send("q")
        child.expect(pexpect.EOF)
        frames = child.before
        child = start(**environment)
        child.expect_exact(" help")
        frames += child.before
        child.send("q")
        assert ended(child) == 0
        assert ("\x1b[1;31m" in frames or "\x1b[31m" in frames) is wanted
        assert "\x1b[1;7m" in frames, "phrases are marked without colours too"


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_without_a_terminal_it_says_what_to_do(
    folder: Path, term: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert run(["review", str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "needs a terminal" in captured.err
    assert "curate explain reviews.jsonl.curation ROW" in captured.err
    assert not (folder / "review.jsonl").exists()


def test_a_wrong_folder_is_said_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["review", str(tmp_path / "none")]) == 2
    assert "no such scan folder" in capsys.readouterr().err


def test_the_decisions_are_those_of_the_rows_that_were_shown(folder: Path) -> None:
    child = start("--filter", "verdict:review", "--reviewer", "")
    child.expect_exact("(1 of 3)")
    child.send("a")
    child.expect_exact("1 of 11 decided")
    child.send("q")
    assert ended(child) == 0
    lines = [json.loads(x) for x in (folder / "quarantine.jsonl").read_text().splitlines()]
    (print_,) = decisions(read_journal(folder)[0])
    assert next(x["row"] for x in lines if x["fingerprint"] == print_) == 8
