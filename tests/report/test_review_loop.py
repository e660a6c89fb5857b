from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from review_folder import phrase_scan
from rich.console import Console
from rich.text import Text

from curation_gate.errors import OutputError
from curation_gate.quarantine.flagged import Item, items
from curation_gate.quarantine.journal import Event, decisions
from curation_gate.quarantine.review import Review
from curation_gate.report.folder import load
from curation_gate.report.review_loop import Loop


class Script:
    """A terminal whose keys are known beforehand."""

    def __init__(self, keys: Sequence[str], size: tuple[int, int]) -> None:
        self.keys = list(keys)
        self.size = size
        self.frames: list[str] = []

    def key(self) -> str:
        return self.keys.pop(0) if self.keys else "end of input"

    def draw(self, frame: Sequence[Text]) -> None:
        assert len(frame) == self.size[1]
        self.frames.append("\n".join(line.plain.rstrip() for line in frame))


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Item, ...]:
    scan = load(phrase_scan(tmp_path_factory.mktemp("review") / "reviews.jsonl"))
    return items(scan.manifest, scan.flagged)


def play(
    flagged: tuple[Item, ...],
    *keys: str,
    size: tuple[int, int] = (80, 24),
    notice: str | None = None,
) -> tuple[Review, list[Event], Script]:
    """Press keys; a text of several characters that is no key's name is typed."""
    named = {"enter", "escape", "backspace", "clear", "left", "right", "up", "down", "resize"}
    named |= {"pageup", "pagedown", "home", "end", "unknown"}
    pressed = [c for key in keys for c in ([key] if key in named else key)]
    written: list[Event] = []
    review = Review(flagged, (), written.append, "Ada")
    script = Script(pressed, size)
    Loop(review, script, Console(), "x").run(notice)
    return review, written, script


def shapes(written: list[Event]) -> list[tuple[str, int, str | None, str | None]]:
    return [(e.action, len(e.fingerprints), e.label, e.reason) for e in written]


def test_one_key_one_decision(flagged: tuple[Item, ...]) -> None:
    review, written, script = play(flagged, "arsl1u")
    assert shapes(written) == [
        ("accept", 1, None, None),
        ("release", 1, None, None),
        ("skip", 1, None, None),
        ("relabel", 1, "negative", None),
        ("undo", 0, None, None),
    ]
    assert "row 0 accepted (u undoes it)" in script.frames[1]
    assert "undone: 1 row relabelled of Ada" in script.frames[-1]
    assert review.current == flagged[3]
    assert all(event.reviewer == "Ada" for event in written)


def test_reasons_are_asked_for_and_can_be_broken_off(flagged: tuple[Item, ...]) -> None:
    _, written, _ = play(flagged, "A", "plantex", "backspace", "d by hand", "enter", "R", "escape")
    assert shapes(written) == [("accept", 1, None, "planted by hand")]
    _, written, _ = play(flagged, "L1", "x", "clear", "why", "enter", "R", "enter")
    assert shapes(written) == [("relabel", 1, "negative", "why"), ("release", 1, None, None)]


def test_a_group_is_shown_and_asked_for_before_it_is_decided(flagged: tuple[Item, ...]) -> None:
    _, written, script = play(flagged, "pa", "n", "p", "escape")
    assert written == []
    assert 'Rows with "james bond"' in script.frames[1]
    assert "9 open: 8 quarantine, 1 review" in script.frames[1]
    assert "accept 9 rows at once?" in script.frames[2]
    _, written, _ = play(flagged, "pAseen", "enter", "yu", "pry")
    assert shapes(written) == [
        ("accept", 9, None, "seen"),
        ("undo", 0, None, None),
        ("release", 9, None, None),
    ]


def test_a_row_without_a_phrase_has_no_group(flagged: tuple[Item, ...]) -> None:
    _, written, script = play(flagged, "g9", "enter", "p")
    assert (written, "no rule names a phrase" in script.frames[-1]) == ([], True)


def test_filter_and_go_to(flagged: tuple[Item, ...]) -> None:
    _, _, script = play(flagged, "fverdict:review", "enter")
    assert "filter verdict:review (1 of 3)" in script.frames[-1]
    _, _, script = play(flagged, "fnothing", "enter", "f", "escape")
    assert any("no flagged row fits nothing" in frame for frame in script.frames)
    review, _, _ = play(flagged, "gr-0005", "enter")
    assert review.current is not None
    assert review.current.rows == (5,)
    _, _, script = play(flagged, "g99", "enter")
    assert "'99' is no flagged row" in script.frames[-1]


def test_the_label_a_row_has_is_not_offered(flagged: tuple[Item, ...]) -> None:
    _, written, script = play(flagged, "l2")
    assert "new answer: 1 negative  (esc: none)" in script.frames[1]
    assert written == []


def test_free_answers_are_typed(flagged: tuple[Item, ...]) -> None:
    free = tuple(replace(item, labels=()) for item in flagged)
    _, written, _ = play(free, "l", "new answer", "enter")
    assert shapes(written) == [("relabel", 1, "new answer", None)]
    _, written, script = play(free, "l", "positive", "enter")
    assert (written, 'its answer is "positive" already' in script.frames[-1]) == ([], True)


def test_formats_without_relabelling_say_so_before_a_label_is_typed(
    flagged: tuple[Item, ...],
) -> None:
    fixed = tuple(replace(item, can_relabel=False) for item in flagged)
    _, written, script = play(fixed, "l")
    assert (written, "cannot be relabelled" in script.frames[-1]) == ([], True)


def test_scrolling_help_and_unknown_keys(flagged: tuple[Item, ...]) -> None:
    _, _, script = play(flagged, "down", "end", "home", " ", "pageup", "v", "?", "end", "x", "z")
    assert script.frames[1] != script.frames[0]
    assert "fingerprint" in script.frames[2]
    assert script.frames[3] == script.frames[0]
    assert any("every decision is on the disk already" in frame for frame in script.frames)
    assert "z: not a key of this review; ? lists them" in script.frames[-1]


def test_a_new_size_is_drawn(flagged: tuple[Item, ...]) -> None:
    _, _, script = play(
        flagged, "resize", "?", "resize", "x", "p", "resize", "escape", size=(30, 9)
    )
    assert all(len(frame.split("\n")) == 9 for frame in script.frames)


def test_a_notice_is_the_first_thing_seen(flagged: tuple[Item, ...]) -> None:
    _, _, script = play(flagged, notice="the last line was cut short")
    assert "the last line was cut short" in script.frames[0]


def test_a_full_disk_is_said_and_the_row_stays(flagged: tuple[Item, ...]) -> None:
    def full(_: Event) -> None:
        raise OutputError("cannot write: no space", hint="make space and go on")

    review = Review(flagged, (), full)
    script = Script(["a", "q"], (80, 24))
    Loop(review, script, Console(), "x").run()
    assert "cannot write: no space (make space and go on)" in script.frames[-1]
    assert review.current == flagged[0]


def test_the_end_is_said(flagged: tuple[Item, ...]) -> None:
    _, _, script = play(flagged, "a" * 11, size=(120, 24))
    assert "everything is decided: q quits, then run `curate clean`" in script.frames[-1]


KEYS = [*"arlsubnpfg?v12yARL \x01é", "left", "right", "enter", "escape", "backspace", "down"]
KEYS += ["end", "resize", "unknown"]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(keys=st.lists(st.sampled_from(KEYS), max_size=40))
def test_no_key_breaks_it_and_the_journal_holds_all(
    flagged: tuple[Item, ...], keys: list[str]
) -> None:
    written: list[Event] = []
    review = Review(flagged, (), written.append)
    Loop(review, Script(keys, (60, 16)), Console(), "x").run()
    assert review.decisions == decisions(written)
