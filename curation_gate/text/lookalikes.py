"""Letters of one script that are drawn like letters of another, and the words they stand in.

`paypal` with a Cyrillic `a` is another word to a program and the same to a reader. The pairs below
are a small choice of those that Unicode calls confusable (UTS 39): the letters that most fonts draw
alike. Unicode's own data say the rest: a letter's script is the first word of its name, and styled
letters (mathematical, full width) are what NFKC makes of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

_PAIRS = {
    "CYRILLIC CAPITAL LETTER": (
        "A A|VE B|IE E|KA K|EM M|EN H|O O|ER P|ES C|TE T|U Y|HA X|BYELORUSSIAN-UKRAINIAN I I|JE J"
        "|DZE S"
    ),
    "CYRILLIC SMALL LETTER": (
        "A a|IE e|O o|ER p|ES c|U y|HA x|BYELORUSSIAN-UKRAINIAN I i|JE j|DZE s|SHHA h|KOMI DE d"
        "|QA q|WE w|PALOCHKA l"
    ),
    "GREEK CAPITAL LETTER": (
        "ALPHA A|BETA B|EPSILON E|ZETA Z|ETA H|IOTA I|KAPPA K|MU M|NU N|OMICRON O|RHO P|TAU T"
        "|UPSILON Y|CHI X"
    ),
    "GREEK SMALL LETTER": "ALPHA a|IOTA i|NU v|OMICRON o|RHO p|UPSILON u",
    "ARMENIAN SMALL LETTER": "OH o|SEH u|VO n|HO h|CO g",
}
"""Beginning of a letter's name: the rest of it, a blank, and the Latin letter it looks like."""
FORMULA = frozenset(
    unicodedata.lookup(f"GREEK SMALL LETTER {name}")
    for name in ("ALPHA", "IOTA", "NU", "RHO", "UPSILON")
)
"""Lookalikes that stand at an end of an honest word (TNF-alpha and rho-VD, written as one)."""


def _latin() -> dict[str, str]:
    found = {}
    for start, pairs in _PAIRS.items():
        for pair in pairs.split("|"):
            name, _, letter = pair.rpartition(" ")
            found[unicodedata.lookup(f"{start} {name}")] = letter
    return found


LATIN = MappingProxyType(_latin())
"""Foreign letter to the Latin one it looks like."""
_OF_LATIN = {
    script: {
        letter: sign for sign, letter in LATIN.items() if unicodedata.name(sign).startswith(script)
    }
    for script in ("CYRILLIC", "GREEK", "ARMENIAN")
}
"""Script to Latin letters and those of the script that they look like."""
_OTHERS = "\u0370-\u03ff\u0400-\u052f\u0530-\u058f"
_STYLED = "\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7cb"
_SEAM = re.compile(f"[A-Za-z][{_OTHERS}{_STYLED}]|[{_OTHERS}{_STYLED}][A-Za-z]")
"""Where two scripts meet without a sign between them."""
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Disguised:
    """A word with letters that are not of its script."""

    word: str
    at: int
    """Where it begins in its text."""
    honest: str
    """The same in one script."""
    foreign: tuple[str, ...]
    """The letters that are not of it, in order."""
    own: int
    """Letters that are."""
    script: str
    """LATIN, CYRILLIC, GREEK or ARMENIAN: what most of its letters are."""


def disguised(text: str) -> Iterator[Disguised]:
    """Yield the words of a text whose letters are of two scripts and look as if of one.

    Every letter that is not of the word's own script has to look like one that is: `TNFa` with a
    Greek alpha at its end and a formula such as `2pr` are no such words, nor is a Latin name with a
    Russian ending whose letters look like none.
    """
    if text.isascii() or not _SEAM.search(text):
        return
    for match in _WORD.finditer(text):
        if _SEAM.search(match[0]):
            found = _read(match[0], match.start())
            if found is not None:
                yield found


def _read(word: str, at: int) -> Disguised | None:
    scripts = [_script(letter) for letter in word]
    counts = {name: scripts.count(name) for name in dict.fromkeys(scripts)}
    script = max(counts, key=lambda name: (counts[name], name == "LATIN"))
    places = [k for k, name in enumerate(scripts) if name != script]
    if script == "STYLED" or not places or len(places) >= counts[script]:
        return None
    if FORMULA.intersection((word[0], word[-1])):
        return None
    letters = list(word)
    for k in places:
        like = _like(word[k], script)
        if like is None:
            return None
        letters[k] = like
    return Disguised(
        word, at, "".join(letters), tuple(word[k] for k in places), counts[script], script
    )


def _like(letter: str, script: str) -> str | None:
    """Return the letter of `script` that this one looks like; None where there is none."""
    if script == "LATIN":
        if letter in LATIN:
            return LATIN[letter]
        return unicodedata.normalize("NFKC", letter) if _script(letter) == "STYLED" else None
    return _OF_LATIN.get(script, {}).get(letter)


@cache
def _script(letter: str) -> str:
    """Return the script of a letter; STYLED of a Latin one that is drawn otherwise."""
    if re.match(f"[{_STYLED}]", letter):
        plain = unicodedata.normalize("NFKC", letter)
        return "STYLED" if plain.isascii() else "GREEK"
    return unicodedata.name(letter, "").partition(" ")[0]
