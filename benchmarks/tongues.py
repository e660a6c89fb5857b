"""Texts in a language that no table of words knows: each word replaced by one that is made up.

The same word is always replaced by the same one, so what words teach stays; only what is known of
English is gone. It stands in for data in other languages, of which the pool has none.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_SYLLABLES = tuple(a + b for a in "bdfghjklmnprstvz" for b in ("a", "e", "i", "o", "u", "ä", "au"))
_HAN = tuple(map(chr, range(0x4E00, 0x4E00 + 13 * 1_500, 13)))
"""1,500 letters, about what everyday Chinese is written with."""
_STOPS = str.maketrans(".,?!", "\u3002\uff0c\uff1f\uff01")
_SHORT = 3
"""Letters of an English word that becomes one Han letter."""


def made_up(text: str) -> str:
    """Return a text in made-up words; capitals stay where they were."""
    return _WORD.sub(lambda found: _spoken(found[0]), text)


def without_blanks(text: str) -> str:
    """Return a text in Han letters, one or two for a word, and no blanks."""
    return "".join(_WORD.sub(lambda found: _written(found[0]), text).split()).translate(_STOPS)


def _spoken(word: str) -> str:
    rest = _number(word)
    syllables = []
    for _ in range(max(1, min(4, (len(word) + 1) // 2))):
        rest, place = divmod(rest, len(_SYLLABLES))
        syllables.append(_SYLLABLES[place])
    out = "".join(syllables)
    return out.capitalize() if word[0].isupper() else out


def _written(word: str) -> str:
    rest, first = divmod(_number(word), len(_HAN))
    return _HAN[first] + ("" if len(word) <= _SHORT else _HAN[rest % len(_HAN)])


def _number(word: str) -> int:
    return int.from_bytes(blake2b(word.casefold().encode(), digest_size=8).digest())
