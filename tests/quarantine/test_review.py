from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_gate.errors import OutputError, UsageError
from curation_gate.quarantine.flagged import Item
from curation_gate.quarantine.journal import Decision, Event, decisions
from curation_gate.quarantine.review import Review


def item(k: int, **more: Any) -> Item:
    fields: dict[str, Any] = {
        "fingerprint": f"{k:02x}" * 16,
        "rows": (k, k + 100),
        "id": f"r{k}",
        "verdict": "quarantine" if k < 4 else "review",
        "score": 1 - k / 10,
        "task": ("films", "shops")[k % 2],
        "source": "web" if k == 5 else None,
        "labels": ("no", "yes"),
        "can_relabel": True,
        "reasons": ({"rule": "CG001", "message": "m", "evidence": {"phrase": "james bond"}},)
        if k < 3
        else ({"rule": "CG004", "message": "m", "evidence": {}},),
        "record": {},
        "columns": None,
        **more,
    }
    return Item(**fields)


ITEMS = tuple(item(k) for k in range(6))


class Written(list[Event]):
    """A journal that is a list."""


def start(events: tuple[Event, ...] = (), items: tuple[Item, ...] = ITEMS) -> Review:
    written = Written(events)
    review = Review(items, events, written.append, "Ada")
    review.written = written  # type: ignore[attr-defined]
    return review


def at(review: Review) -> int:
    assert review.current is not None
    return ITEMS.index(review.current)


def test_a_decision_goes_to_the_next_open_row_and_into_the_journal() -> None:
    review = start()
    assert review.judge("accept", reason="bad") == ITEMS[0]
    review.judge("release")
    review.judge("relabel", label="2")
    assert at(review) == 3
    assert [review.decisions[i.fingerprint] for i in ITEMS[:3]] == [
        Decision("accept", None, "Ada", "bad"),
        Decision("release", None, "Ada"),
        Decision("relabel", "yes", "Ada"),
    ]
    assert review.decisions == decisions(review.written)
    progress = review.progress
    assert (progress.decided, progress.skipped, progress.total, progress.at) == (3, 0, 6, 4)


def test_a_review_goes_on_where_it_was_left() -> None:
    first = start()
    for action in ("accept", "skip", "release"):
        first.judge(action)
    again = start(tuple(first.written))
    assert at(again) == 3
    assert again.decisions == first.decisions
    assert again.progress.skipped == 1


def test_skipped_rows_come_again_once_nothing_else_is_open() -> None:
    review = start()
    review.judge("skip")
    for _ in range(5):
        review.judge("accept")
    assert at(review) == 0
    review.judge("skip")
    assert at(review) == 0
    review.judge("release")
    assert review.progress.decided == 6
    with pytest.raises(UsageError, match="everything here is decided"):
        review.next_open()


def test_a_decided_row_can_be_decided_again() -> None:
    review = start()
    review.judge("accept")
    review.back()
    assert review.decision == Decision("accept", None, "Ada")
    review.judge("release")
    assert review.decisions[ITEMS[0].fingerprint].action == "release"
    review.undo()
    assert review.decisions[ITEMS[0].fingerprint].action == "accept"
    assert at(review) == 0


def test_the_ends_are_said() -> None:
    review = start()
    with pytest.raises(UsageError, match="first row"):
        review.back()
    for _ in range(5):
        review.forward()
    with pytest.raises(UsageError, match="last row"):
        review.forward()
    with pytest.raises(UsageError, match="nothing to undo"):
        review.undo()


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("rule:cg004", [3, 4, 5]),
        ("task:film", [0, 2, 4]),
        ('phrase:"james b"', [0, 1, 2]),
        ("source:WEB", [5]),
        ("verdict:review", [4, 5]),
        ("bond task:shops", [1]),
        ("decision:open", [1, 2, 3, 4, 5]),
        ("decision:done", [0]),
        ("decision:accept", [0]),
    ],
)
def test_filters(query: str, rows: list[int]) -> None:
    review = start()
    review.judge("accept")
    review.filter(query)
    seen = []
    while review.progress.at > 1:
        review.back()
    for _ in range(review.progress.view):
        seen.append(at(review))
        if len(seen) < review.progress.view:
            review.forward()
    assert seen == rows


@pytest.mark.parametrize("query", ["task:none", '"open', "decision:kept"])
def test_a_filter_that_leaves_nothing_changes_nothing(query: str) -> None:
    review = start()
    with pytest.raises(UsageError):
        review.filter(query)
    assert (review.query, review.progress.view) == ("", 6)


def test_a_filter_keeps_the_row_where_it_can() -> None:
    review = start()
    review.go_to("4")
    review.filter("task:films")
    assert at(review) == 4
    review.filter("task:shops")
    assert at(review) == 1
    review.filter("")
    assert at(review) == 1


@pytest.mark.parametrize("wanted", ["3", "103", "r3", "030303", " r3 "])
def test_going_to_a_row_drops_a_filter_that_hides_it(wanted: str) -> None:
    review = start()
    review.filter("phrase:james")
    review.go_to(wanted)
    assert (at(review), review.query) == (3, "")


@pytest.mark.parametrize("wanted", ["", "99", "0303", "zz", "٣"])
def test_going_nowhere_is_said(wanted: str) -> None:
    with pytest.raises(UsageError, match="is no flagged row"):
        start().go_to(wanted)


def test_a_group_leaves_decided_rows_alone_and_is_one_undo() -> None:
    review = start()
    review.forward()
    review.judge("release")
    review.back()
    review.back()
    group = review.group()
    assert ([i.rows[0] for i in group.open], group.decided, group.rows) == ([0, 2], 1, 4)
    assert dict(group.verdicts) == {"quarantine": 2}
    review.judge_group(group, "accept", reason="planted")
    assert at(review) == 3
    assert len(review.written) == 2
    review.go_to("0")
    with pytest.raises(UsageError, match="is decided already"):
        review.judge_group(review.group(), "accept")
    undone = review.undo()
    assert len(undone.fingerprints) == 2
    assert set(review.decisions) == {ITEMS[1].fingerprint}


def test_a_group_stays_within_the_filter() -> None:
    review = start()
    review.filter("task:films")
    assert [i.rows[0] for i in review.group().open] == [0, 2]
    review.filter("rule:CG004")
    with pytest.raises(UsageError, match="no rule names a phrase"):
        review.group()


@pytest.mark.parametrize(
    ("more", "label", "said"),
    [
        ({}, "maybe", "is no label of the task: it has no, yes"),
        ({}, "3", "is no label"),
        ({}, " ", "is no label"),
        ({"labels": ()}, " ", "cannot be empty"),
        ({"can_relabel": False}, "yes", "cannot be relabelled"),
    ],
)
def test_a_label_that_does_not_do(more: dict[str, Any], label: str, said: str) -> None:
    review = start(items=(item(0, **more),))
    with pytest.raises(UsageError, match=said):
        review.judge("relabel", label=label)
    assert review.written == []


def test_free_text_answers_take_any_text() -> None:
    review = start(items=(item(0, labels=()),))
    review.judge("relabel", label=" a new answer ")
    assert review.written[0].label == "a new answer"


def test_a_decision_that_cannot_be_written_is_not_seen() -> None:
    def full(_: Event) -> None:
        raise OutputError("full")

    review = Review(ITEMS, (), full)
    for act in (
        lambda: review.judge("accept"),
        lambda: review.judge_group(review.group(), "accept"),
    ):
        with pytest.raises(OutputError):
            act()
    assert (review.decisions, review.progress.at) == ({}, 1)


def test_nothing_flagged_is_no_crash() -> None:
    review = start(items=())
    assert (review.current, review.decision, review.progress.at) == (None, None, 0)
    for act in (review.back, review.forward, review.next_open, review.group, review.undo):
        with pytest.raises(UsageError):
            act()
    with pytest.raises(UsageError):
        review.judge("accept")


KEYS = ("accept", "release", "relabel", "skip", "undo", "back", "forward", "next", "group")
FILTERED = ("filter rule:CG004", "filter decision:open", "filter task:films", "filter", "go 4")
STEPS = st.lists(st.sampled_from(KEYS + FILTERED), max_size=40)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_whatever_is_pressed_the_journal_tells_the_whole_state(steps: list[str]) -> None:
    """The journal alone gives back every decision, and as many undos give back the beginning."""
    review = start()
    stack: list[dict[str, Decision]] = [{}]
    for step in steps:
        before = len(review.written)
        try:
            if step in ("accept", "release", "skip"):
                review.judge(step)  # type: ignore[arg-type]
            elif step == "relabel":
                review.judge("relabel", label="yes")
            elif step == "undo":
                review.undo()
            elif step == "group":
                review.judge_group(review.group(), "accept")
            elif step.startswith("filter"):
                review.filter(step.removeprefix("filter"))
            elif step.startswith("go"):
                review.go_to("4")
            else:
                {"back": review.back, "forward": review.forward, "next": review.next_open}[step]()
        except UsageError:
            assert len(review.written) == before
            continue
        if step == "undo":
            stack.pop()
        elif len(review.written) > before:
            stack.append(dict(review.decisions))
        assert review.decisions == stack[-1] == decisions(review.written)
        assert 1 <= review.progress.at <= review.progress.view <= 6
        again = start(tuple(review.written))
        assert again.decisions == review.decisions
    for _ in range(len(stack) - 1):
        review.undo()
    assert review.decisions == {}
