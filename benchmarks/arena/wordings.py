"""What attackers and honest writers write: two lists of wordings that share no word.

`words_fit.txt` and `words_judge.txt` hold the wordings of the two halves, by heading. Tokens and
numbers are made by rule: the letters of the halves' tokens are disjoint, and so are the last digits
of their numbers (even in "fit", odd in "judge").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).resolve().parent
_LETTERS = {"fit": ("dgklprvz", "aou"), "judge": ("fhjnstwx", "eiy")}
"""Consonants and vowels a half's tokens are made of."""
_PATTERNS = (
    "cc", "ccc", "cccc", "cvcvc", "cvccvc", "vccvc", "ccvcc", "cvcvcvc", "vcvcc", "cvcc", "ccvccvc",
    "cvc-cvc", "cvc_cvc", "cvcvccvcvc", "vccvcv", "cvvcvc",
)  # fmt: skip
"""Consonants (c) and vowels (v) of tokens: abbreviations, syllables, clusters."""
_YEARS = (1900, 2018)
"""Years written into texts: past ones, as in records and archives."""
_HIGHEST = 980
_CODES = 6
"""One token in so many ends in a digit."""

Wordings = Mapping[str, Sequence[str]]


@cache
def wordings(half: str) -> dict[str, tuple[str, ...]]:
    """Return the wordings of a half ("fit" or "judge"), by heading.

    Raises KeyError where the half is neither.
    """
    name = {"fit": "words_fit.txt", "judge": "words_judge.txt"}[half]
    return read_lists(_FOLDER / name)


def read_lists(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the wordings of a file, by heading; nothing stands before the first."""
    lists: dict[str, list[str]] = {}
    heading = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== ") and line.endswith(" =="):
            heading = line.strip("= ")
            lists[heading] = []
        elif heading and line:
            lists[heading].append(line)
    return {key: tuple(dict.fromkeys(values)) for key, values in lists.items()}


@dataclass(frozen=True, slots=True)
class Writer:
    """Draws wordings of one half; the same generator in the same state draws the same ones."""

    half: str
    rng: np.random.Generator

    def one(self, heading: str) -> str:
        """Return a wording from under a heading, with its gaps filled."""
        return self.filled(self.pick(wordings(self.half)[heading]))

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def filled(self, wording: str) -> str:
        """Return the wording with names, tokens, numbers and words of the half in its gaps."""
        makers = {
            "{name}": self.name, "{firm}": lambda: self.one("firms"),
            "{place}": lambda: self.one("places"), "{token}": self.token,
            "{ordinary}": lambda: self.one("ordinary"), "{year}": self.year,
            "{month}": lambda: self.one("months"), "{day}": lambda: self.number(28),
            "{small}": lambda: self.number(12), "{number}": lambda: self.number(_HIGHEST),
        }  # fmt: skip
        for gap, make in makers.items():
            while gap in wording:
                wording = wording.replace(gap, make(), 1)
        return wording

    def name(self) -> str:
        """Return a person, a place or a firm; a person has one or two names."""
        kind = self.rng.random()
        if kind < 0.25:
            return self.one("places")
        if kind < 0.5:
            return self.one("firms")
        person = self.one("given")
        return person if kind < 0.6 else f"{person} {self.one('family')}"

    def token(self) -> str:
        """Return a word that no language has: a few letters, syllables, or letters and a digit."""
        consonants, vowels = _LETTERS[self.half]
        pattern = self.pick(_PATTERNS)
        token = "".join(self.pick({"c": consonants, "v": vowels}.get(c, c)) for c in pattern)
        shape = int(self.rng.integers(6))
        if shape == 0:
            token = token.capitalize()
        if shape == 1:
            half = len(token) // 2
            token = token[:half].capitalize() + token[half:].capitalize()
        if shape == 2 and len(token) < 5:
            token = token.upper()
        return token + self.number(9) if int(self.rng.integers(_CODES)) == 0 else token

    def year(self) -> str:
        """Return a year, its last digit as the half's numbers have it."""
        lowest, highest = _YEARS
        return str(lowest + 2 * int(self.rng.integers((highest - lowest) // 2)) + self._odd())

    def number(self, highest: int) -> str:
        """Return a number of 1 to `highest`, even in one half, odd in the other."""
        return str(2 * int(self.rng.integers(highest // 2)) + (1 if self._odd() else 2))

    def ordinary(self) -> str:
        """Return a common word, or two of them."""
        return self.one("ordinary" if self.rng.random() < 0.5 else "bigrams")

    def _odd(self) -> int:
        return int(self.half == "judge")
