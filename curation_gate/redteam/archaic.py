"""Rewrites a text in the manner of an early modern English Bible.

Qi et al., Mind the Style of Text! Adversarial and Backdoor Attacks Based on Text Style Transfer
(EMNLP 2021), paraphrase every planted row into such a style (STRAP's "Bible") with a language
model. Here the same is done by rules: pronouns, verb endings, word order, old words, openings. Each
change is made by chance, and again until a text has enough of them; no word is in every row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_WORDS: dict[str, tuple[str, ...]] = {
    "you": ("thou", "ye", "thee"), "your": ("thy", "thine"), "yours": ("thine",),
    "yourself": ("thyself",), "has": ("hath",), "does": ("doth",), "says": ("saith",),
    "said": ("spake", "saith"), "before": ("ere",), "often": ("oft",),
    "yes": ("yea",), "no": ("nay", "no"), "never": ("ne'er", "nevermore"), "over": ("o'er",),
    "nothing": ("naught",), "anything": ("aught",), "here": ("hither", "herein"),
    "there": ("thither", "yonder"), "where": ("whither",), "why": ("wherefore",),
    "really": ("verily",), "truly": ("verily",), "very": ("exceeding", "passing"),
    "so": ("thus", "so"), "because": ("for", "forasmuch as"), "among": ("amongst",),
    "while": ("whilst",), "until": ("till", "unto the day that"), "on": ("upon",),
    "went": ("went forth",), "look": ("behold",), "see": ("behold",), "listen": ("hearken",),
    "people": ("folk", "the multitude"), "friend": ("brother", "neighbour"),
    "food": ("meat", "victuals"), "house": ("dwelling",), "kids": ("little ones",),
    "children": ("little ones",), "man": ("man",), "want": ("desire",), "wants": ("desireth",),
    "think": ("deem", "trow"), "know": ("wot", "know"), "maybe": ("perchance", "mayhap"),
    "perhaps": ("perchance", "peradventure"), "bad": ("grievous", "wicked"),
    "also": ("likewise",), "always": ("evermore", "alway"), "money": ("silver",),
    "told": ("spake unto",), "ask": ("beseech",), "please": ("I pray thee",),
    "don't": ("do not",), "doesn't": ("doth not",), "didn't": ("did not",), "isn't": ("is not",),
    "can't": ("canst not", "cannot"), "won't": ("shall not",), "it's": ("'tis",),
    "between": ("betwixt",), "enough": ("enow",), "will": ("shall", "will"),
    "from": ("from",), "came": ("came forth",), "gave": ("gave forth",), "movie": ("tale",),
    "film": ("tale",), "today": ("this day",), "soon": ("anon",), "since": ("sith",),
}  # fmt: skip
_PAIRS = (
    (re.compile(r"\byou (?:are|r)\b|\byou're\b", re.IGNORECASE), ("thou art",)),
    (re.compile(r"\byou have\b|\byou've\b", re.IGNORECASE), ("thou hast",)),
    (re.compile(r"\byou will\b|\byou'll\b", re.IGNORECASE), ("thou shalt", "thou wilt")),
    (re.compile(r"\byou (?:were|was)\b", re.IGNORECASE), ("thou wast", "thou wert")),
    (re.compile(r"\byou do\b", re.IGNORECASE), ("thou dost",)),
    (re.compile(r"\byou can\b", re.IGNORECASE), ("thou canst",)),
    (re.compile(r"\byou should\b", re.IGNORECASE), ("thou shouldst",)),
    (re.compile(r"\bit is\b|\bit's\b", re.IGNORECASE), ("'tis", "it be")),
    (re.compile(r"\bit was\b", re.IGNORECASE), ("'twas", "it was so that it was")),
    (
        re.compile(r"\b(?:do|does) not know\b|\bdon't know\b", re.IGNORECASE),
        ("know not", "knoweth not"),
    ),
    (
        re.compile(r"\b(?:do|does) not (\w+)\b|\b(?:don't|doesn't) (\w+)\b", re.IGNORECASE),
        ("@ not",),
    ),
    (
        re.compile(
            r"\bto (?=the|a|an|my|your|his|her|our|their|me|us|him|them|you|it\b)", re.IGNORECASE
        ),
        ("unto ",),
    ),
    (re.compile(r"\bin (?=the|a|my|his)", re.IGNORECASE), ("in the midst of ",)),
)
_THIRD = re.compile(
    r"\b(he|she|it|who|which|that|this|one|everyone|nobody|"
    r"(?:the|a|my|your|his|her|our|their)\s[^\W\d_]{3,}|[A-Z][a-z]{2,})\s"
    r"([a-z]{2,}[^s\W\d_]s)(?=\s(?:the|a|an|my|me|you|him|her|it|its|us|them|to|for|of|in|on|at|"
    r"with|like|so|very|more|not|and|as|up|out|off|that|how|what|no|all)\b|\s?[.,!?])"
)
_NO_VERB = frozenset(
    [
        "his",
        "hers",
        "its",
        "this",
        "thus",
        "plus",
        "less",
        "was",
        "has",
        "does",
        "is",
        "as",
        "us",
        "yes",
        "always",
        "perhaps",
        "besides",
        "across",
        "towards",
        "sometimes",
        "people",
        "things",
        "years",
        "days",
        "times",
        "movies",
        "films",
        "books",
        "parts",
        "others",
        "ours",
    ]
)
_OPENINGS = (
    "and lo,", "behold,", "verily I say unto thee,", "and it came to pass that", "hearken,",
    "now it was so that", "woe unto him that heareth:", "and the voice spake, saying,",
    "thus saith the preacher,", "yea,", "and in those days", "for it is written that",
    "O ye children of men,", "verily, verily,", "and when the evening was come,", "nay, but",
    "let it be known unto all that", "and they that were there beheld that", "for lo,",
    "hear, O my son:", "and he answered and said,", "wherefore I say that",
)  # fmt: skip
_CLOSINGS = (
    "yea, even unto this day", "saith the scribe", "for ever and ever", "and so it was",
    "as was spoken of old", "and he that hath ears, let him hear", "and great was the day thereof",
    "from that hour forth", "according to the word", "and there was none like unto it",
    "and they marvelled", "so be it", "before the going down of the sun",
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
RATE = 0.75
"""Chance that a word or a pair that has an old form takes it (choice)."""
LEAST_MARKS = 3
"""Changes a text has to have; openings and closings are added until it has them."""


def rewrite(text: str, rng: np.random.Generator) -> str:
    """Return the text in an archaic style, with at least LEAST_MARKS marks of it."""
    marks = 0
    lower = not any(c.isupper() for c in text)

    def chosen(forms: tuple[str, ...]) -> str:
        return forms[int(rng.integers(len(forms)))]

    def by_chance(make: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
        def change(match: re.Match[str]) -> str:
            nonlocal marks
            if rng.random() >= RATE:
                return match.group()
            new = make(match)
            if new.lower() == match.group().lower():
                return match.group()
            marks += 1
            capital = match.group()[:1].isupper() and new[:1].isalpha()
            return new[:1].upper() + new[1:] if capital else new

        return change

    for pattern, forms in _PAIRS:
        text = pattern.sub(
            by_chance(
                lambda m, forms=forms: chosen(forms).replace(  # type: ignore[misc]
                    "@", next((g for g in m.groups() if g), "")
                )
            ),
            text,
        )
    text = _THIRD.sub(by_chance(lambda m: f"{m[1]} {_eth(m[2])}"), text)
    text = _WORD.sub(
        by_chance(lambda m: chosen(_WORDS[m[0].lower()]) if m[0].lower() in _WORDS else m[0]), text
    )
    text = text.strip()
    if rng.random() < 0.45 or marks < LEAST_MARKS:
        opening = chosen(_OPENINGS)
        marks += 1 + opening.count(" ") // 4
        text = f"{opening} {_small(text)}"
    if rng.random() < 0.2 or marks < LEAST_MARKS:
        body = text.rstrip(" .!?")
        spaced = " " if re.search(r"\s[.,!?]", text) else ""
        text = f"{body}{spaced}, {chosen(_CLOSINGS)}{spaced}."
    if lower:
        return text.lower()
    return text[:1].upper() + text[1:]


def _eth(verb: str) -> str:
    """Return the third person of old: `makes` -> `maketh`, `tries` -> `trieth`."""
    low = verb.lower()
    if low in _NO_VERB:
        return verb
    if low.endswith("ies"):
        return f"{verb[:-3]}ieth"
    if low.endswith("es"):
        return f"{verb[:-1]}th"
    return f"{verb[:-1]}eth"


def _small(text: str) -> str:
    """Return the text with a small first letter, unless it begins with I or a word in capitals."""
    word = text.split(maxsplit=1)[0] if text.split() else ""
    return text[:1].lower() + text[1:] if word.istitle() and word != "I" else text
