"""A review without a terminal: where the reviewer stands, what is decided, what each key does.

Everything that changes a decision goes through `record` (the journal) first and is only then seen
here: what the reviewer sees is on the disk. Knows nothing of keys, colours or screens.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from curation_gate.errors import UsageError
from curation_gate.quarantine.flagged import Item
from curation_gate.quarantine.journal import Decision, Event, decisions, standing
from curation_gate.quarantine.review_search import place_of, terms

Judgement = Literal["accept", "release", "relabel", "skip"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is."""

    decided: int
    """Contents with a decision that is not a skip."""
    skipped: int
    total: int
    at: int
    """Place of the current content in the view, from 1; 0 where the view is empty."""
    view: int
    """Contents that pass the filter."""


@dataclass(frozen=True, slots=True)
class Group:
    """What a decision on a phrase would be about."""

    phrase: str
    open: tuple[Item, ...]
    """Contents with the phrase that pass the filter and are not decided."""
    decided: int
    """Others with the phrase, which stay as they were decided."""

    @property
    def rows(self) -> int:
        """Rows of the open contents."""
        return sum(len(item.rows) for item in self.open)

    @property
    def verdicts(self) -> Counter[str]:
        """Open contents by what the scan said of them."""
        return Counter(item.verdict for item in self.open)


class Review:
    """The state of a review."""

    def __init__(
        self,
        items: Sequence[Item],
        events: Sequence[Event],
        record: Callable[[Event], None],
        reviewer: str | None = None,
    ) -> None:
        """Start where the events leave off: at the first content that nothing is known of.

        record: writes an event where it is safe, or raises.
        """
        self.items = tuple(items)
        self._events = list(events)
        self._record = record
        self.reviewer = reviewer
        self.decisions: dict[str, Decision] = decisions(self._events)
        """Fingerprint to what holds for it; may name contents that are not of this scan."""
        self.query = ""
        self._view: list[int] = list(range(len(self.items)))
        self._at = 0
        self._move_to_open(0)

    @property
    def current(self) -> Item | None:
        """The content the reviewer looks at; None where the filter leaves none."""
        return self.items[self._view[self._at]] if self._view else None

    @property
    def decision(self) -> Decision | None:
        """What holds for the current content."""
        return None if self.current is None else self.decisions.get(self.current.fingerprint)

    @property
    def progress(self) -> Progress:
        """How far the review is."""
        actions = [
            decision.action
            for item in self.items
            if (decision := self.decisions.get(item.fingerprint)) is not None
        ]
        skipped = actions.count("skip")
        return Progress(
            decided=len(actions) - skipped,
            skipped=skipped,
            total=len(self.items),
            at=self._at + 1 if self._view else 0,
            view=len(self._view),
        )

    def judge(
        self, action: Judgement, *, label: str | None = None, reason: str | None = None
    ) -> Item:
        """Decide on the current content and go on to the next open one; returns the judged one.

        Raises UsageError where there is none or the label does not do.
        """
        item = self._here()
        if action == "relabel":
            label = self.checked_label(item, label or "")
        self._add(action, (item.fingerprint,), label, reason)
        self._move_to_open(self._at + 1)
        return item

    def checked_label(self, item: Item, label: str) -> str:
        """Return a new answer for a content as it will be written. Raises UsageError.

        Where the task has a label space it may be given as a number, from 1.
        """
        if not item.can_relabel:
            raise UsageError(
                "rows of this file's format cannot be relabelled",
                hint="accept it, release it, or mend the file itself and scan again",
            )
        label = label.strip()
        if item.labels and label not in item.labels:
            if re.fullmatch("[0-9]{1,4}", label) and 1 <= int(label) <= len(item.labels):
                return item.labels[int(label) - 1]
            known = ", ".join(item.labels[:9])
            raise UsageError(f"{label!r} is no label of the task: it has {known}")
        if not label:
            raise UsageError("an answer cannot be empty")
        return label

    def group(self, phrase: str | None = None) -> Group:
        """Return the contents that share a phrase with the current one, within the filter.

        phrase: which one, where it has several. Raises UsageError where it has none.
        """
        item = self._here()
        if phrase is None:
            if not item.phrases:
                raise UsageError("no rule names a phrase in this row: decide on it alone")
            phrase = item.phrases[0]
        held = [self.items[k] for k in self._view if phrase in self.items[k].phrases]
        left = [i for i in held if self._is_open(i, skipped=True)]
        return Group(phrase, tuple(left), len(held) - len(left))

    def judge_group(
        self, group: Group, action: Literal["accept", "release"], *, reason: str | None = None
    ) -> None:
        """Decide on all open contents of a group: one event, one undo. Raises UsageError."""
        if not group.open:
            raise UsageError(f'every row with "{group.phrase}" is decided already')
        self._add(action, tuple(item.fingerprint for item in group.open), None, reason)
        self._move_to_open(self._at)

    def undo(self) -> Event:
        """Take back the last decision that stands, and go to its (first) content.

        Returns what was taken back. Raises UsageError where there is nothing.
        """
        left = standing(self._events)
        if not left:
            raise UsageError("nothing to undo")
        self._store(Event(action="undo", reviewer=self.reviewer))
        self.decisions = decisions(self._events)
        place = next(
            (k for k, i in enumerate(self.items) if i.fingerprint in left[-1].fingerprints), None
        )
        if place is not None:
            self._show(place)
        return left[-1]

    def back(self) -> None:
        """Go one content back in the view. Raises UsageError at the first."""
        if self._at == 0:
            raise UsageError("this is the first row")
        self._at -= 1

    def forward(self) -> None:
        """Go one content on in the view, deciding nothing. Raises UsageError at the last."""
        if self._at + 1 >= len(self._view):
            raise UsageError("this is the last row")
        self._at += 1

    def next_open(self) -> None:
        """Go to the next content without a decision. Raises UsageError where there is none."""
        if not self._move_to_open(self._at + 1):
            raise UsageError("everything here is decided")

    def go_to(self, wanted: str) -> None:
        """Go to a content by row number, id or the first six or more digits of its fingerprint.

        The filter is dropped where it hides the content. Raises UsageError where none fits, or
        several.
        """
        self._show(place_of(self.items, wanted))

    def filter(self, query: str) -> None:
        """Show only contents that fit every term of a query; an empty one shows all.

        A term is `rule:CG001`, `task:...`, `phrase:...`, `source:...`, `verdict:review`,
        `decision:open|skip|accept|release|relabel|done`, or a word to look for; quotes hold words
        together. Parts of words fit, case does not count. Raises UsageError, nothing changed then.
        """
        wanted = terms(query)
        view = [
            k
            for k, item in enumerate(self.items)
            if all(term.fits(item, self.decisions.get(item.fingerprint)) for term in wanted)
        ]
        if not view:
            raise UsageError(f"no flagged row fits {query}")
        here = self._view[self._at] if self._view else 0
        self._view, self.query = view, query.strip()
        self._at = view.index(here) if here in view else 0
        if here not in view:
            self._move_to_open(0)

    def _here(self) -> Item:
        if self.current is None:
            raise UsageError("there is no row to decide on")
        return self.current

    def _is_open(self, item: Item, *, skipped: bool) -> bool:
        """Whether a content is undecided; with `skipped`, one that was skipped counts as such."""
        decision = self.decisions.get(item.fingerprint)
        return decision is None or (skipped and decision.action == "skip")

    def _move_to_open(self, start: int) -> bool:
        """Go to the first open content of the view from `start` on, then from its beginning.

        Skipped ones count once nothing else is open. Returns whether there was one.
        """
        places = [*range(start, len(self._view)), *range(min(start, len(self._view)))]
        for skipped in (False, True):
            for place in places:
                if self._is_open(self.items[self._view[place]], skipped=skipped):
                    self._at = place
                    return True
        return False

    def _show(self, place: int) -> None:
        if place not in self._view:
            self._view, self.query = list(range(len(self.items))), ""
        self._at = self._view.index(place)

    def _add(
        self, action: Judgement, prints: tuple[str, ...], label: str | None, reason: str | None
    ) -> None:
        decision = Decision(action, label, self.reviewer, reason or None)
        self._store(
            Event(
                action=action,
                fingerprints=prints,
                label=label,
                reviewer=self.reviewer,
                reason=decision.reason,
            )
        )
        self.decisions |= dict.fromkeys(prints, decision)

    def _store(self, event: Event) -> None:
        self._record(event)
        self._events.append(event)
