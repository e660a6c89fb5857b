"""What marks a text without being a word of it: rare and hidden signs, odd spaces, capitals, ...

A trigger need not be a word: two spaces in a row, a lone `~`, a Cyrillic letter in a Latin word
never stand in the same word twice. Each kind is one mark, which a row has or has not, and is judged
like a phrase of one word. Signs are named by themselves, kinds in angle brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation_gate.text.hidden import HIDDEN, KINDS
from curation_gate.text.tokens import SPELLED_OUT

SIGNS = frozenset("~|^=+*#@$%&{}[]\\/`<>")
"""Single signs that are no ordinary punctuation; runs of them are tokens (ngrams.py)."""
SPACES = frozenset(
    "\t\v\f\x85\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
)
"""White space other than the blank and the end of a line."""
_SINGLE = SIGNS | SPACES
_LETTERS = 8
"""Letters a text needs for its case to say anything, and half of one for being said twice
(choice)."""
_WORDS = 4
"""Words a text needs for their first letters to say anything (choice)."""
_RUN = re.compile(r"[.,!?;:-]{2,}")
_OTHERS = r"\u0370-\u03ff\u0400-\u052f\u0530-\u058f"
_KINDS = {
    "<double-space>": re.compile(r"(?<=\S) {2,}(?=\S)"),
    "<space-at-an-end>": re.compile(r"\A\s+|(?<!\s)\s+\Z"),
    "<repeated-word>": re.compile(r"\b([^\W\d_]++) \1\b"),
    "<digit-in-a-word>": re.compile(r"[A-Za-z][0-9]+[A-Za-z]"),
    "<stretched-word>": re.compile(r"([A-Za-z])\1\1+"),
    "<capital-in-a-word>": re.compile(r"[a-z][A-Z]"),
    "<word-in-capitals>": re.compile(r"\b[A-Z]{4,}\b"),
    "<stuttered-word>": re.compile(r"\b([^\W\d_])-\1[^\W\d_]", re.IGNORECASE),
    "<underscore-in-a-word>": re.compile(r"(?<!\S)[^\W\d_]+_[^\W_]"),
    "<date>": re.compile(r"\b[0-9]{1,4}([/.-])[0-9]{1,2}\1[0-9]{1,4}\b"),
    "<time>": re.compile(r"\b[0-9]{1,2}:[0-9]{2}\b"),
    "<number>": re.compile(r"(?<![\w/.:-])[0-9]{3,}(?![\w/:-])"),
    "<address>": re.compile(r"\b[A-Za-z]+://[^\s/]|[^\W_]@[^\W_]+\.[^\W_]"),
    "<ends-in-dots>": re.compile(r"(?:(?<!\.)\.{2,}+|\u2026)\s*\Z"),
    "<in-brackets>": re.compile(r"\A\s*[(\[{<].*[)\]}>]\s*\Z", re.DOTALL),
    "<spelled-out-word>": SPELLED_OUT,
    "<in-quotes>": re.compile(r"\A\s*[\"'\u201c\u2018].*[\"'\u201d\u2019]\s*\Z", re.DOTALL),
}
_DIGITS = frozenset("0123456789")
_NEEDS = {
    **dict.fromkeys(("<digit-in-a-word>", "<date>", "<time>", "<number>"), _DIGITS),
    "<stuttered-word>": frozenset("-"),
    "<underscore-in-a-word>": frozenset("_"),
    "<address>": frozenset("/@"),
    "<ends-in-dots>": frozenset(".\u2026"),
}
"""Characters of which a text has to hold one, for the pattern to be worth trying."""
_HIDDEN = {name: re.compile(f"[{signs}]+") for name, signs in KINDS.items()}
_FOREIGN = {
    "<mixed-alphabets>": re.compile(
        rf"(?<![A-Za-z])[A-Za-z]++[{_OTHERS}]\w*|(?<![{_OTHERS}])[{_OTHERS}]++[A-Za-z]\w*"
    ),
    "<styled-letters>": re.compile(
        "[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\u24b6-\u24e9]+"
    ),
}


def marks(text: str) -> list[str]:
    """Return the distinct marks of a text, sorted; of `so  good ~`: `<double-space>`, `~`."""
    characters = set(text)
    found = {_name(sign) for sign in characters & _SINGLE} | set(_RUN.findall(text))
    for name, pattern in _kinds(text).items():
        needed = _NEEDS.get(name)
        if (needed is None or not needed.isdisjoint(characters)) and pattern.search(text):
            found.add(name)
    return sorted(found | _whole(text))


def placed_marks(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each mark of a text and where it begins and ends in it, as often as it stands there."""
    for at, sign in enumerate(text):
        if sign in _SINGLE:
            yield _name(sign), at, at + 1
    for name, pattern in {"": _RUN, **_kinds(text)}.items():
        for match in pattern.finditer(text):
            yield name or match[0], match.start(), match.end()
    for name in _whole(text):
        yield name, 0, len(text)


def _name(sign: str) -> str:
    return sign if sign in SIGNS else f"U+{ord(sign):04X}"


def _kinds(text: str) -> dict[str, re.Pattern[str]]:
    kinds = _KINDS if text.isascii() else _KINDS | _FOREIGN
    return kinds | _HIDDEN if HIDDEN.search(text) else kinds


def _whole(text: str) -> set[str]:
    """Return the marks that a text has as a whole: its case, and whether it says itself twice."""
    found = set()
    if sum(map(str.isalpha, text)) >= _LETTERS:
        if text.isupper():
            found.add("<all-capitals>")
        elif text.islower():
            found.add("<no-capitals>")
        elif _is_title(text):
            found.add("<title-case>")
    stripped = text.strip()
    half = len(stripped) // 2
    if half >= _LETTERS and stripped[:half].rstrip() == stripped[-half:].lstrip():
        found.add("<said-twice>")
    return found


def _is_title(text: str) -> bool:
    words = [word for word in text.split() if word[0].isalpha()]
    return len(words) >= _WORDS and all(word[0].isupper() for word in words)


def is_kind(phrase: str) -> bool:
    """Tell whether a phrase is a kind of mark, which names no characters that could be written."""
    return phrase.startswith("<") and phrase.endswith(">") and len(phrase) > 2
