"""The tokens of a text, folded: what every detector, the reference and the encoder read.

A token is a run of letters, digits, hyphens and apostrophes, folded (NFKC, case, possessives off);
a letter of a script without blanks is one (rows/scripts.py); a run of other signs is a token that
joins no phrase. Characters that show nothing (hidden.py) are taken out first, and so are the signs
between the letters of a spelled-out word: `J.a.m.e.s` is `james`. That they were there is a mark
(markers.py).
"""

from __future__ import annotations

import re
import unicodedata

from curation_gate.rows.scripts import LETTER, LONE_LETTER
from curation_gate.text.hidden import HIDDEN

_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\uff07\u0060\u00b4"), "'")
_ORDINARY = frozenset(".,!?;:'\"()-")
_TOKEN = re.compile(r"[^\W_]+(?:[-'_][^\W_]+)*|[^\w\s]{2,}|_{2,}", re.ASCII)
_ANY_TOKEN = re.compile(
    rf"(?:{LETTER})+(?:[-'_](?:{LETTER})+)*|{LONE_LETTER}"
    r"|[^\w\s]{2,}|[^\w\s\x00-\x7f]|_{2,}"
)
"""The same for texts that are not ASCII."""
SPELLED_OUT = re.compile(
    r"(?<![^\W_])(?<![^\W_][^\w\s])(?<![^\W_]_)"
    r"[^\W\d_](?:(?:[^\w\s]|_)[^\W\d_]){3,}(?!(?:[^\w\s]|_)?[^\W_])"
)
"""Four single letters and more (choice: `U.S.A.` and `a.k.a.` have three), a sign between each."""


def tokens(text: str) -> list[str]:
    """Return the folded tokens of a text: `James Bond's ***` -> `james`, `bond`, `***`.

    Single ASCII punctuation marks, and ordinary ones in a row, are left out: marks.py reads them.
    """
    text = SPELLED_OUT.sub(_joined, HIDDEN.sub("", text))
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


def _joined(spelled: re.Match[str]) -> str:
    return spelled[0][::2]


def placed_tokens(text: str) -> list[tuple[str, int, int]]:
    """Return each token of `tokens` with where it begins and ends in the text, for showing.

    Characters are folded one by one, so that a sign made of several (an accent behind its letter)
    can differ from what `tokens` returns.
    """
    folded: list[str] = []
    places: list[int] = []
    kept = [k for k, character in enumerate(text) if not HIDDEN.match(character)]
    seen = "".join(text[k] for k in kept)
    between = {
        k for word in SPELLED_OUT.finditer(seen) for k in range(word.start() + 1, word.end(), 2)
    }
    read = [(place, seen[k]) for k, place in enumerate(kept) if k not in between]
    ascii_only = all(character.isascii() for _, character in read)
    marks = {} if ascii_only else _APOSTROPHES  # as in `tokens`
    for place, character in read:
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
