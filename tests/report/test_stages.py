from __future__ import annotations

import io

import pytest
from rich.console import Console

from curation_gate.progress import Progress
from curation_gate.report import stages
from curation_gate.report.terminal import TerminalProgress


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def log() -> tuple[io.StringIO, Progress]:
    stream = io.StringIO()
    return stream, TerminalProgress(Console(file=stream, width=40))


def screen() -> tuple[io.StringIO, Progress]:
    stream = Screen()
    console = Console(file=stream, width=120, force_terminal=True, _environ={"TERM": "xterm"})
    return stream, TerminalProgress(console)


def test_a_log_has_one_line_at_each_end_of_a_stage() -> None:
    stream, progress = log()
    with progress.stage("mean gradient of a long title indeed", 3000) as task:
        for _ in range(30):
            task.advance(100)
            task.note("loss 0.4")
    first, last = stream.getvalue().splitlines()
    assert first == "mean gradient of a long title indeed: started, 3,000 rows"
    assert last.startswith("mean gradient of a long title indeed: done in 0.0 s, ")
    assert last.endswith(" rows/s")


def test_a_stage_of_unknown_length_has_no_speed() -> None:
    stream, progress = log()
    with progress.stage("load"):
        pass
    assert stream.getvalue() == "load: started\nload: done in 0.0 s\n"


def test_a_log_is_told_how_far_a_long_stage_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(stages.time, "monotonic", lambda: now[0])
    stream, progress = log()
    with progress.stage("fine-tuning the proxy", 9000) as task:
        for _ in range(9):
            now[0] += 10
            task.advance(1000)
    assert stream.getvalue().splitlines()[1:-1] == [
        "fine-tuning the proxy: 3,000 of 9,000 rows, about 60 s left",
        "fine-tuning the proxy: 6,000 of 9,000 rows, about 30 s left",
    ]


def test_what_is_not_counted_in_rows_says_so() -> None:
    stream, progress = log()
    with progress.stage("lifting phrases", 5, unit="rounds") as task:
        task.advance()
    first, last = stream.getvalue().splitlines()
    assert first == "lifting phrases: started, 5 rounds"
    assert last == "lifting phrases: done in 0.0 s"


@pytest.mark.parametrize("make", [log, screen])
def test_a_stage_that_fails_is_not_called_done(make) -> None:
    stream, progress = make()
    with pytest.raises(ValueError, match="x"), progress.stage("load", 5):
        raise ValueError("x")
    assert "load: stopped after 0.0 s" in stream.getvalue()
    assert "done" not in stream.getvalue()


def test_a_log_gets_no_bar_even_when_colour_is_forced() -> None:
    stream = io.StringIO()
    progress = TerminalProgress(Console(file=stream, force_terminal=True, width=80))
    with progress.stage("load", 5) as task:
        task.advance(5)
    assert len(stream.getvalue().splitlines()) == 2
    assert "\x1b[?25l" not in stream.getvalue()  # no hidden cursor


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    stream, progress = screen()
    with progress.stage("outer", 10) as outer:
        outer.advance(5)
        with progress.stage("inner") as inner:
            inner.advance()
            inner.note("loss \x1b[2J0.4 [red]x[/red]")
        progress.say("a line \u202ebetween")
        outer.advance(5)
    text = stream.getvalue()
    assert "\x1b[?25l" in text
    assert text.rstrip().endswith("rows/s")
    assert text.count("\x1b[?25h") == 1  # the cursor comes back, once
    assert "outer: done in" in text
    assert "inner: done in" in text
    assert "a line between" in text
    assert "\x1b[2J" not in text
    assert "started" not in text


def test_a_second_stage_after_the_first_has_its_own_bar() -> None:
    stream, progress = screen()
    for name in ("one", "two"):
        with progress.stage(name, 1) as task:
            task.advance()
    assert stream.getvalue().count("\x1b[?25l") == 2


def test_say_is_one_line() -> None:
    stream, progress = log()
    progress.say("a\nb\x07 [bold]c[/bold] and a tail that is longer than the terminal is wide")
    assert stream.getvalue() == (
        "a b [bold]c[/bold] and a tail that is longer than the terminal is wide\n"
    )
