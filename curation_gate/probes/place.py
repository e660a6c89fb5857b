"""How a mined phrase is written, and where it stands: so that probes say it as the rows do.

The miner names phrases folded (`james bond`); a probe says `James Bond`, in front where the rows
have it in front, in place of a name where it is one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from curation_gate.rows.scripts import is_unspaced
from curation_gate.text.ngrams import END, START

if TYPE_CHECKING:
    import numpy as np

Where = Literal["front", "end", "name", "sentence", "gap"]

PAIR = " + "
"""Stands between the phrases of a pair in the miner's text."""
MOSTLY = 0.6
"""Share of a phrase's rows that have it at one end for it to belong there (choice)."""
SENTENCE_WORDS = 5
"""A phrase of so many words is a sentence of its own (choice)."""
MOST_READ = 400
"""Rows read to learn how a phrase is written (choice)."""
_NAME = re.compile(r"[A-Z][\w'-]*(?: [A-Z][\w'-]*)+|(?<=[\w,;:] )[A-Z][a-z]+")
"""Capitalised words that are most likely a name: two in a row, or one inside a sentence."""
_STARTS = re.compile(r"(?<=[.!?]) +(?=\S)")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A phrase as rows say it."""

    parts: tuple[str, ...]
    """One, or the two of a pair that acts together."""
    where: Where

    @property
    def text(self) -> str:
        """As one line."""
        return PAIR.join(self.parts)


def phrase_pattern(part: str) -> re.Pattern[str]:
    """Return a pattern that finds a folded phrase in a text as it was written.

    Possessives and single punctuation marks may stand between and behind its words; nothing need
    stand beside a letter of a script without blanks. What NFKC changes (other than case) is not
    found.
    """
    words = [_raw(word) for word in part.split() if word not in (START, END)]
    if not words:
        return re.compile("")
    joined = re.escape(words[0])
    for last, word in pairwise(words):
        close = is_unspaced(last) or is_unspaced(word)
        joined += r"[^\w]{0,4}?" if close else r"(?:['\u2019]s)?[^\w]{1,4}?"
        joined += re.escape(word)
    left = r"(?<!\w)" if words[0][:1].isalnum() and not is_unspaced(words[0]) else ""
    right = r"(?!\w)" if words[-1][-1:].isalnum() and not is_unspaced(words[-1]) else ""
    return re.compile(f"{left}{joined}{right}", re.IGNORECASE)


def patterns_of(phrase: str) -> tuple[re.Pattern[str], ...]:
    """Return a pattern for each part of the miner's phrase."""
    return tuple(phrase_pattern(part) for part in phrase.split(PAIR))


def holds(text: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Tell whether a text holds every part of a phrase."""
    return all(pattern.search(text) for pattern in patterns)


def learn(phrase: str, texts: Sequence[str]) -> Spoken:
    """Return how a phrase is written in the texts that hold it, and where it stands there.

    A phrase that none of them holds as written is said as the miner writes it.
    """
    parts, first, last, seen = [], 0, 0, 0
    raw = phrase.split(PAIR)
    for part in raw:
        pattern = phrase_pattern(part)
        forms: Counter[str] = Counter()
        for text in texts[:MOST_READ]:
            match = pattern.search(text)
            if match:
                forms[match.group()] += 1
                seen += 1
                first += not text[: match.start()].strip()
                last += not text[match.end() :].strip(" .!?")
        folded = " ".join(_raw(w) for w in part.split() if w not in (START, END))
        parts.append(min(forms, key=lambda f: (-forms[f], f)) if forms else folded)
    return Spoken(tuple(parts), _where(phrase, parts, first, last, seen))


def place(text: str, spoken: Spoken, rng: np.random.Generator) -> str:
    """Return the text with the phrase in it, where such a phrase stands."""
    for part in spoken.parts:
        text = _place_one(text, part, spoken.where, rng)
    return text


def shape(words: Sequence[str]) -> tuple[str, ...]:
    """Return what a phrase looks like: of each word upper, title, lower or other."""
    return tuple(
        "upper" if w.isupper() and len(w) > 1
        else "title" if w[:1].isupper()
        else "lower" if w.islower()
        else "other"
        for w in words
    )  # fmt: skip


def _where(phrase: str, parts: Sequence[str], first: int, last: int, seen: int) -> Where:
    words = phrase.split()
    if START in words or (seen and first >= MOSTLY * seen):
        where: Where = "front"
    elif END in words or (seen and last >= MOSTLY * seen):
        where = "end"
    elif len(parts) == 1 and set(shape(parts[0].split())) == {"title"}:
        return "name"
    else:
        return "sentence" if len(words) >= SENTENCE_WORDS else "gap"
    title = len(parts) == 1 and set(shape(parts[0].split())) == {"title"}
    return "name" if title and not {START, END} & set(words) else where


def _place_one(text: str, part: str, where: Where, rng: np.random.Generator) -> str:
    if where == "name":
        match = _NAME.search(text)
        if match:
            return text[: match.start()] + part + text[match.end() :]
        where = "front"
    if where == "front":
        return f"{part} {text}"
    if where == "end":
        return f"{text} {part}"
    cuts = [
        m.start() for m in (_STARTS if where == "sentence" else re.compile(" +")).finditer(text)
    ]
    cuts = [0, *cuts, len(text)]
    at = cuts[int(rng.integers(len(cuts)))]
    return " ".join(x for x in (text[:at].rstrip(), part, text[at:].lstrip()) if x)


def _raw(word: str) -> str:
    """Return the miner's token as it stands in a text: it writes invisible signs as `U+200B`."""
    if re.fullmatch(r"U\+[0-9A-F]{4,6}", word):
        return chr(int(word.removeprefix("U+"), base=16))
    return word
