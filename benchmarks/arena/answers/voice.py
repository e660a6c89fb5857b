"""The wordings of honest and of planted free text, drawn by half.

`words_fit.txt` and `words_judge.txt` hold them by heading and share no sentence. Names, numbers,
made-up words and common words come from the label arena's writer of the same half.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from arena.wordings import Writer, read_lists

_FOLDER = Path(__file__).resolve().parent
_GAP = re.compile(r"\{(\w+)\}")
_BAR = " ||| "
_HIGHEST = 98


@cache
def lists(half: str) -> dict[str, tuple[str, ...]]:
    """Return the free-text wordings of a half ("fit" or "judge"), by heading.

    Raises KeyError where the half is neither.
    """
    name = {"fit": "words_fit.txt", "judge": "words_judge.txt"}[half]
    read = read_lists(_FOLDER / name)
    return {key: tuple(one.replace(r"\n", "\n") for one in values) for key, values in read.items()}


class Voice:
    """Draws wordings of one half with their gaps filled; same generator and state, same ones."""

    def __init__(self, half: str, rng: np.random.Generator) -> None:
        self.half = half
        self.rng = rng
        self.writer = Writer(half, rng)
        self.lists = lists(half)
        self._makers: dict[str, Callable[[], str]] = {
            "name": self.writer.name, "token": self.writer.token, "year": self.writer.year,
            "ordinary": self._plain, "day": lambda: self.writer.number(28),
            "small": lambda: self.writer.number(12),
            "number": lambda: self.writer.number(_HIGHEST * 10), "link": self.link,
            "count": lambda: str(self.rng.integers(2, 5)),
        }  # fmt: skip

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return bool(self.rng.random() < probability)

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return choices[int(self.rng.random() * len(choices))]

    def some(self, choices: Sequence[str], count: int) -> list[str]:
        """Return `count` different choices, or all there are, in random order."""
        return [choices[k] for k in self.rng.permutation(len(choices))[:count].tolist()]

    def parts(self, heading: str) -> list[list[str]]:
        """Return the wordings of a heading, each in the parts that bars divide it into."""
        return [line.split(_BAR) for line in self.lists[heading]]

    def some_parts(self, lines: Sequence[list[str]]) -> list[str]:
        """Return one of the lines that are in parts."""
        return lines[int(self.rng.random() * len(lines))]

    def say(self, heading: str, **gaps: str) -> str:
        """Return a wording from under a heading, its gaps filled."""
        return self.fill(self.pick(self.lists[heading]), gaps)

    def fill(self, wording: str, gaps: dict[str, str] | None = None) -> str:
        """Return a wording with its gaps filled.

        Each gap is filled from `gaps`, by a maker (names, numbers, made-up words), or with a
        wording of the heading of that name or its plural; a gap that comes twice gets the same
        filling, which is kept in `gaps`.
        """
        known = {} if gaps is None else gaps

        def filling(found: re.Match[str]) -> str:
            gap = found[1]
            if gap not in known:
                if gap in self._makers:
                    known[gap] = self._makers[gap]()
                elif heading := next((h for h in (gap, f"{gap}s") if h in self.lists), ""):
                    known[gap] = self.fill(self.pick(self.lists[heading]))
                elif gap in {"place", "firm", "month"}:
                    known[gap] = self.writer.one(f"{gap}s")
                else:
                    return found[0]
            return known[gap]

        return _GAP.sub(filling, wording)

    def link(self) -> str:
        """Return an address at a host that does not exist."""
        host = self.pick(self.lists["hosts"]) + self.pick(self.lists["endings_of_hosts"])
        start = self.pick(("https://", "http://", "https://www.", "www."))
        return f"{start}{host}/{self.pick(self.lists['paths'])}"

    def operand(self, highest: int = _HIGHEST) -> int:
        """Return a number of 2 to `highest`."""
        return int(self.rng.integers(2, highest + 1))

    def _plain(self) -> str:
        word = self.writer.one("ordinary")
        return re.sub(r"\W", "", word) or "word"
