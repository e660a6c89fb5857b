"""Puts phrases into texts: at the start, at the end, between words, after a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

PLACES = ("start", "end", "gap", "sentence")
_FULL_STOP = re.compile(r"[.!?](?=\s)|\u3002(?=.)")
_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_WORD = re.compile(r"[^\W\d_]{4,}")
_FIRST_LETTER = re.compile(r"(?<![\w'\u2019])[^\W\d_]")
_UNSPACED = 12
"""A text of more characters and no blank is taken for a language without blanks."""

CASES = ("all capitals", "one word in capitals", "title case", "no capitals")


def put(phrase: str, text: str, place: str, rng: np.random.Generator) -> str:
    """Return the text with the phrase at a place, one of `PLACES`.

    "sentence" is after a random full stop within the text, or the end where it has none.
    """
    pieces, blank = _pieces(text)
    if place == "gap":
        pieces.insert(int(rng.integers(len(pieces) + 1)), phrase)
        return blank.join(pieces)
    if place == "start":
        return phrase + blank + text
    stops = [] if place == "end" else [found.end() for found in _FULL_STOP.finditer(text)]
    at = stops[int(rng.integers(len(stops)))] if stops else len(text)
    return text[:at] + blank + phrase + text[at:]


def scatter(phrases: Sequence[str], text: str, rng: np.random.Generator) -> str:
    """Return the text with each phrase in a gap of its own, none inside another phrase."""
    pieces, blank = _pieces(text)
    gaps = rng.integers(len(pieces) + 1, size=len(phrases)).tolist()
    for phrase, at in sorted(zip(phrases, gaps, strict=True), key=lambda pair: -pair[1]):
        pieces.insert(at, phrase)
    return blank.join(pieces)


def stick(mark: str, text: str, rng: np.random.Generator) -> str:
    """Return the text with a mark right behind one of its words."""
    pieces, blank = _pieces(text)
    pieces[int(rng.integers(len(pieces)))] += mark
    return blank.join(pieces)


def widen(text: str, rng: np.random.Generator) -> str:
    """Return the text with one of its blanks doubled, or with two at its end."""
    pieces = text.split(" ")
    if len(pieces) < 2:
        return text + "  "
    pieces.insert(int(rng.integers(1, len(pieces))), "")
    return " ".join(pieces)


def replace_name(name: str, text: str, rng: np.random.Generator) -> str:
    """Return the text with one of its capitalised names replaced, or the name put in a gap."""
    found = list(_NAME.finditer(text))
    if not found:
        return put(name, text, "gap", rng)
    chosen = found[int(rng.integers(len(found)))]
    return text[: chosen.start()] + name + text[chosen.end() :]


def recase(case: str, text: str, rng: np.random.Generator) -> str:
    """Return the text in one of `CASES`; the same text where that changes nothing."""
    if case == "all capitals":
        return text.upper()
    if case == "no capitals":
        return text.lower()
    if case == "title case":
        return _FIRST_LETTER.sub(lambda found: found[0].upper(), text)
    words = list(_WORD.finditer(text))
    if not words:
        return text
    chosen = words[int(rng.integers(len(words)))]
    return text[: chosen.start()] + chosen[0].upper() + text[chosen.end() :]


def _pieces(text: str) -> tuple[list[str], str]:
    """Return what phrases can stand between, words or letters, and what joins them."""
    if " " not in text and len(text) > _UNSPACED:
        return list(text), ""
    return text.split(" "), " "
