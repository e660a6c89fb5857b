"""Keys to actions: the loop of `curate review`.

Takes keys from anything that has `key`, `draw` and `size`, so that it is tested without a
terminal. Every decision is in the journal before the next frame is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from rich.text import Text

from curation_gate.errors import CurateError, UsageError
from curation_gate.quarantine.review import Judgement, Review
from curation_gate.report import review_screen as screen
from curation_gate.report.sanitize import cut, plain

if TYPE_CHECKING:
    from rich.console import Console

    from curation_gate.quarantine.flagged import Item
    from curation_gate.quarantine.journal import Event

_LONGEST = 2000
"""Characters that can be typed in one line (a choice)."""
_FRAME = 6
"""Lines of a frame that are not its body: header, footer and the two edges."""
_SAID = {"accept": "accepted", "release": "released", "relabel": "relabelled", "skip": "skipped"}


class Terminal(Protocol):
    """Where keys come from and frames go to (keyboard.py)."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""

    def key(self) -> str:
        """Wait for a key."""

    def draw(self, frame: Sequence[Text]) -> None:
        """Show a frame."""


class Loop:
    """One reviewer in front of one terminal."""

    def __init__(self, review: Review, terminal: Terminal, console: Console, name: str) -> None:
        """console: wraps text, prints nothing; name: of what is reviewed."""
        self.review = review
        self.terminal = terminal
        self.console = console
        self.name = name
        self._scroll = 0
        self._whole = False
        self._message = Text()
        self._actions: dict[str, Callable[[], None]] = {
            "a": lambda: self._judge("accept"),
            "r": lambda: self._judge("release"),
            "l": lambda: self._relabel(ask_reason=False),
            "A": lambda: self._judge("accept", ask_reason=True),
            "R": lambda: self._judge("release", ask_reason=True),
            "L": lambda: self._relabel(ask_reason=True),
            "s": lambda: self._judge("skip"),
            "u": self._undo,
            "b": lambda: self._go(self.review.back),
            "left": lambda: self._go(self.review.back),
            "right": lambda: self._go(self.review.forward),
            "n": lambda: self._go(self.review.next_open),
            "p": self._group,
            "f": self._filter,
            "g": self._go_to,
            "v": self._unfold,
            "?": self._help,
        }

    def run(self, notice: str | None = None) -> None:
        """Review until the reviewer quits. Raises KeyboardInterrupt on Ctrl-C."""
        if notice:
            self._warn(notice)
        while True:
            self._draw()
            key = self.terminal.key()
            if key in ("q", "end of input"):
                return
            if key == "resize" or self._scrolled(key):
                continue
            self._message = Text()
            action = self._actions.get(key)
            if action is None:
                self._warn(f"{key}: not a key of this review; ? lists them")
                continue
            try:
                action()
            except CurateError as error:
                self._warn(error.message + (f" ({error.hint})" if error.hint else ""))

    def _judge(self, action: Judgement, *, ask_reason: bool = False) -> None:
        if self.review.current is None:
            raise UsageError("there is no row to decide on")
        reason = self._reason() if ask_reason else ""
        if reason is not None:
            self._told(self.review.judge(action, reason=reason or None), _SAID[action])

    def _relabel(self, *, ask_reason: bool) -> None:
        item = self.review.current
        if item is None:
            raise UsageError("there is no row to decide on")
        now = screen.fields_of(item).output
        # Asked for first: a format that cannot be relabelled says so before a label is typed.
        self.review.checked_label(item, item.labels[0] if item.labels else "x")
        label = self._label(item, now)
        if label is None:
            return
        label = self.review.checked_label(item, label)
        if label == now:
            raise UsageError(f'its answer is "{plain(now)}" already: release it (r)')
        reason = self._reason() if ask_reason else ""
        if reason is not None:
            done = self.review.judge("relabel", label=label, reason=reason or None)
            self._told(done, f'relabelled to "{plain(cut(label, 60)[0])}"')

    def _label(self, item: Item, now: str) -> str | None:
        """Return the new answer, by one key where there are few labels; None: thought better."""
        others = [(k, label) for k, label in enumerate(item.labels, 1) if label != now]
        if not item.labels or len(item.labels) > 9:
            known = f" ({len(item.labels)} labels)" if item.labels else ""
            return self._ask(f"new answer{known}")
        listed = "  ".join(f"{k} {plain(cut(label, 30)[0])}" for k, label in others)
        key = self._choose(f"new answer: {listed}  (esc: none)", [str(k) for k, _ in others])
        return None if key is None else dict(others)[int(key)]

    def _undo(self) -> None:
        event: Event = self.review.undo()
        self._scroll = 0
        count = len(event.fingerprints)
        what = "1 row" if count == 1 else f"{count:,} rows"
        by = f" of {plain(event.reviewer)}" if event.reviewer else ""
        self._say(f"undone: {what} {_SAID.get(event.action, event.action)}{by}")

    def _go(self, move: Callable[[], None]) -> None:
        move()
        self._scroll = 0

    def _filter(self) -> None:
        query = self._ask("filter (rule: task: phrase: source: verdict: decision:)")
        if query is not None:
            self.review.filter(query)
            self._scroll = 0

    def _go_to(self) -> None:
        wanted = self._ask("go to row, id or fingerprint")
        if wanted:
            self.review.go_to(wanted)
            self._scroll = 0

    def _help(self) -> None:
        self._show(screen.help_page(), Text("any key goes back"))

    def _unfold(self) -> None:
        self._whole = not self._whole

    def _group(self) -> None:
        item = self.review.current
        phrase = None
        if item is not None and len(item.phrases) > 1:
            named = item.phrases[:9]
            listed = "  ".join(f'{k} "{plain(cut(p, 40)[0])}"' for k, p in enumerate(named, 1))
            key = self._choose(
                f"which phrase: {listed}  (esc: none)", [str(k) for k in range(1, len(named) + 1)]
            )
            if key is None:
                return
            phrase = named[int(key) - 1]
        group = self.review.group(phrase)
        if not group.open:
            raise UsageError(f'every row with "{plain(group.phrase)}" is decided already')
        self._scroll = 0
        columns, height = self.terminal.size
        page = screen.group_page(group, self.console, columns, height - _FRAME)
        count = f"{len(group.open):,}"
        key = self._choose(
            f"all {count}: a accept as poison  r release  A R with a reason  (esc: none)",
            ["a", "r", "A", "R"],
            page,
        )
        if key is None:
            return
        reason = self._reason(page) if key.isupper() else ""
        if reason is None:
            return
        action: Literal["accept", "release"] = "accept" if key in "aA" else "release"
        sure = self._choose(f"{action} {count} rows at once? y yes  (any other key: no)", "y", page)
        if sure == "y":
            self.review.judge_group(group, action, reason=reason or None)
            self._scroll = 0
            self._say(f'{_SAID[action]} {count} rows with "{plain(group.phrase)}" (u undoes it)')

    def _reason(self, page: Sequence[Text] | None = None) -> str | None:
        return self._ask("reason", page)

    def _ask(self, question: str, page: Sequence[Text] | None = None) -> str | None:
        """Return a line the reviewer types; None where it was broken off with escape."""
        typed = ""
        while True:
            columns, _ = self.terminal.size
            prompt = Text.assemble((f"{question}: ", "bold"))
            room = max(8, columns - prompt.cell_len - 2)
            prompt.append(plain(typed.replace(" ", "\u00a0"))[-room:].replace("\u00a0", " "))
            prompt.append("\u2588")
            self._draw(prompt, page)
            key = self.terminal.key()
            if key == "enter":
                return typed.strip()
            if key in ("escape", "end of input"):
                return None
            if key == "backspace":
                typed = typed[:-1]
            elif key == "clear":
                typed = ""
            elif len(key) == 1 and key.isprintable() and len(typed) < _LONGEST:
                typed += key

    def _choose(
        self, question: str, keys: Sequence[str], page: Sequence[Text] | None = None
    ) -> str | None:
        """Return the key that was pressed if it is one of `keys`, else None."""
        while True:
            self._draw(Text(question, "bold"), page)
            key = self.terminal.key()
            if key != "resize":
                return key if key in keys else None

    def _show(self, page: Sequence[Text], question: Text) -> None:
        """Show a page until a key is pressed that neither scrolls nor resizes."""
        before, self._scroll = self._scroll, 0
        self._draw(question, page)
        while (key := self.terminal.key()) == "resize" or self._scrolled(key):
            self._draw(question, page)
        self._scroll = before

    def _scrolled(self, key: str) -> bool:
        _, height = self.terminal.size
        page = max(1, height - _FRAME)
        steps = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, " ": page}
        if key == "home":
            self._scroll = 0
        elif key == "end":
            self._scroll = 1 << 30
        elif key in steps:
            self._scroll += steps[key]
        else:
            return False
        return True

    def _told(self, item: Item, said: str) -> None:
        self._scroll = 0
        left = self.review.progress
        message = f"row {item.rows[0]} {said} (u undoes it)"
        if left.decided == left.total:
            message += "; everything is decided: q quits, then run `curate clean`"
        self._say(message)

    def _say(self, text: str) -> None:
        self._message = Text(plain(text), "bold")

    def _warn(self, text: str) -> None:
        self._message = Text(plain(text), "bold red")

    def _draw(self, message: Text | None = None, page: Sequence[Text] | None = None) -> None:
        columns, height = self.terminal.size
        top = screen.header(self.name, self.review, columns)
        asking = message is not None
        bottom = screen.footer(
            self._message if message is None else message, self.console, columns, asking=asking
        )
        room = max(1, height - len(top) - len(bottom) - 2)
        item = self.review.current
        if page is not None:
            shown = list(page)
        elif item is not None:
            shown = screen.body(item, self.review, self.console, columns, whole=self._whole)
        else:
            shown = []
        lines, start = screen.window(shown, self._scroll, room)
        self._scroll = start
        edge = screen.rule(columns, start, max(0, len(shown) - start - room))
        self.terminal.draw([*top, screen.rule(columns, 0, 0), *lines, edge, *bottom])
