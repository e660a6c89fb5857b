"""The tokens of a text, folded: what every detector, the reference and the encoder read.

A token is a run of letters, digits, hyphens and apostrophes, folded (NFKC, case, possessives off);
a letter of a script without blanks is one (rows/scripts.py); a run of other signs, or one invisible
character, is a token that joins no phrase.
"""

from __future__ import annotations

import re
import unicodedata

from curation_gate.rows.scripts import LETTER, LONE_LETTER

_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\uff07\u0060\u00b4"), "'")
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_ORDINARY = frozenset(".,!?;:'\"()-")
_TOKEN = re.compile(r"[^\W_]+(?:[-'_][^\W_]+)*|[^\w\s]{2,}|_{2,}", re.ASCII)
_ANY_TOKEN = re.compile(
    rf"(?:{LETTER})+(?:[-'_](?:{LETTER})+)*|{LONE_LETTER}|[{_INVISIBLE}]"
    rf"|[^\w\s{_INVISIBLE}]{{2,}}|[^\w\s\x00-\x7f{_INVISIBLE}]|_{{2,}}"
)
"""The same for texts that are not ASCII."""


def tokens(text: str) -> list[str]:
    """Return the folded tokens of a text: `James Bond's ***` -> `james`, `bond`, `***`.

    Single ASCII punctuation marks, and ordinary ones in a row, are left out: marks.py reads them.
    """
    ascii_only = text.isascii()
    if not ascii_only:
        text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    pattern = _TOKEN if ascii_only else _ANY_TOKEN
    found = [t for t in pattern.findall(text.casefold()) if not _ORDINARY.issuperset(t)]
    if "'s" in text or "'S" in text:
        found = [token.removesuffix("'s") for token in found]
    if not ascii_only:
        found = [f"U+{ord(t):04X}" if len(t) == 1 and not t.isprintable() else t for t in found]
    return found


def placed_tokens(text: str) -> list[tuple[str, int, int]]:
    """Return each token of `tokens` with where it begins and ends in the text, for showing.

    Characters are folded one by one, so that a sign made of several (an accent behind its letter)
    can differ from what `tokens` returns.
    """
    folded: list[str] = []
    places: list[int] = []
    ascii_only = text.isascii()
    marks = {} if ascii_only else _APOSTROPHES  # as in `tokens`
    for place, character in enumerate(text):
        plain = unicodedata.normalize("NFKC", character).translate(marks).casefold()
        folded.append(plain)
        places.extend([place] * len(plain))
    places.append(len(text))
    found = []
    for match in (_TOKEN if ascii_only else _ANY_TOKEN).finditer("".join(folded)):
        token = match[0]
        if _ORDINARY.issuperset(token):
            continue
        start, end = places[match.start()], places[match.end() - 1] + 1
        if len(token) == 1 and not token.isprintable():
            token = f"U+{ord(token):04X}"
        found.append((token.removesuffix("'s"), start, end))
    return found


def is_word(token: str) -> bool:
    """Tell whether a token is a word or a number: no sign, no mark (markers.py), no `U+200B`."""
    return token[:1].isalnum() and not token.startswith("U+")
