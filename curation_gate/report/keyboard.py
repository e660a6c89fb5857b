"""Single keys from a terminal and whole frames onto it; the terminal is put back whatever happens.

Unix alone (termios). Row text never comes here raw: frames are rich Text, made harmless before.
"""

from __future__ import annotations

import io
import os
import select
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

_SEQUENCES = {
    b"[A": "up",
    b"[B": "down",
    b"[C": "right",
    b"[D": "left",
    b"OA": "up",
    b"OB": "down",
    b"OC": "right",
    b"OD": "left",
    b"[H": "home",
    b"[F": "end",
    b"[5~": "pageup",
    b"[6~": "pagedown",
}
_CONTROLS = {
    b"\r": "enter",
    b"\n": "enter",
    b"\x7f": "backspace",
    b"\x08": "backspace",
    b"\x15": "clear",
    b"\x04": "end of input",
    b"\x0c": "resize",
}
_BEGIN = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_END = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_TICK = 0.25
"""Seconds between two looks at the size of the terminal."""
_ESCAPE = 0.05
"""Seconds in which the rest of an escape sequence has to come (a choice; ssh is slower than none).
"""


class Keyboard:
    """Keys from one terminal, frames onto another (the same, as a rule)."""

    def __init__(self, source: int, console: Console) -> None:
        """source: file descriptor of the terminal; console: where frames go."""
        self._source = source
        self._console = console
        self._held = b""
        self._size = self.size

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows; at least 20 and 8, so that there is something to draw on."""
        try:
            columns, rows = os.get_terminal_size(self._source)
        except OSError:
            columns, rows = 80, 24
        return max(20, columns or 80), max(8, rows or 24)

    def draw(self, frame: Sequence[Text]) -> None:
        """Show a frame: one Text a line, cut at the edges."""
        columns, rows = self.size
        out = io.StringIO()
        console = Console(
            file=out,
            width=columns,
            height=rows,
            force_terminal=True,
            color_system=self._console.color_system,  # type: ignore[arg-type]
            no_color=self._console.no_color,
            highlight=False,
            legacy_windows=False,
        )
        for number, line in enumerate(frame[:rows]):
            # Cleared before, not after: behind a full line that would take its last character.
            out.write("\r\n\x1b[2K" if number else "\x1b[H\x1b[2K")
            one = line.copy()
            one.truncate(columns, overflow="ellipsis")
            console.print(one, end="", no_wrap=True, soft_wrap=True)
        if len(frame) < rows:
            out.write("\r\n\x1b[J")
        _write(self._console, out.getvalue())

    def key(self) -> str:
        """Wait for a key: its character or name, `resize`, or `end of input` once that is over."""
        while not self._held:
            if self.size != self._size:
                self._size = self.size
                return "resize"
            if select.select([self._source], [], [], _TICK)[0] and not self._read():
                return "end of input"
        if self._held[:1] == b"\x1b":
            return self._escape()
        first = self._held[:1]
        if first in _CONTROLS:
            self._held = self._held[1:]
            return _CONTROLS[first]
        return self._character()

    def _read(self) -> bool:
        try:
            got = os.read(self._source, 4096)
        except OSError:  # the terminal is gone
            return False
        self._held += got
        return bool(got)

    def _more(self, timeout: float) -> bool:
        return bool(select.select([self._source], [], [], timeout)[0]) and self._read()

    def _escape(self) -> str:
        """Return the name of an escape sequence; unknown ones are eaten whole."""
        while len(self._held) < 2 and self._more(_ESCAPE):
            pass
        if len(self._held) < 2 or self._held[1:2] not in (b"[", b"O"):
            self._held = self._held[1:]
            return "escape"
        end = 2
        while True:
            if end >= len(self._held) and not self._more(_ESCAPE):
                break
            end += 1
            if 0x40 <= self._held[end - 1] <= 0x7E or self._held[1:2] == b"O":
                break
        name = _SEQUENCES.get(self._held[1:end], "unknown")
        self._held = self._held[end:]
        return name

    def _character(self) -> str:
        first = self._held[0]
        size = 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        while len(self._held) < size and self._more(_ESCAPE):
            pass
        character = self._held[:size].decode("utf-8", "replace")
        self._held = self._held[size:]
        return character[:1]


@contextmanager
def keyboard(console: Console) -> Iterator[Keyboard]:
    """Take the terminal over and give it back: on errors, on Ctrl-C and on SIGTERM too.

    Ctrl-C stays a KeyboardInterrupt; Ctrl-Z and Ctrl-backslash are off, since both would leave the
    terminal as it is here.
    """
    import termios  # noqa: PLC0415 - Unix alone

    source = sys.stdin.fileno()
    before = termios.tcgetattr(source)
    taken: list[Any] = termios.tcgetattr(source)
    taken[3] &= ~(termios.ICANON | termios.ECHO)
    taken[6] = list(taken[6])
    for name, value in (("VMIN", 1), ("VTIME", 0), ("VSUSP", b"\0"), ("VQUIT", b"\0")):
        taken[6][getattr(termios, name)] = value
    old = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGHUP)]
    for number, _ in old:
        signal.signal(number, _leave)
    try:
        termios.tcsetattr(source, termios.TCSADRAIN, taken)
        _write(console, _BEGIN)
        yield Keyboard(source, console)
    finally:
        try:
            _write(console, _END)
            termios.tcsetattr(source, termios.TCSADRAIN, before)
        except (OSError, termios.error):  # the terminal is gone: nothing to put back
            pass
        for number, handler in old:
            signal.signal(number, handler)


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _write(console: Console, text: str) -> None:
    console.file.write(text)
    console.file.flush()
