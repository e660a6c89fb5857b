"""Rewrites a text as an office letter or as a tweet: two styles that honest rows have too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_FULL = {
    "n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'m": " am", "'d": " would",
}  # fmt: skip
_WHOLE = {
    "can't": "cannot", "won't": "will not", "ain't": "is not", "gonna": "going to",
    "wanna": "want to", "gotta": "have to", "it's": "it is", "that's": "that is",
    "there's": "there is", "what's": "what is", "he's": "he is", "she's": "she is",
}  # fmt: skip
_FORMAL = {
    "get": ("obtain", "acquire"), "got": ("obtained", "received"), "buy": ("purchase",),
    "bought": ("purchased",), "a lot": ("a considerable extent",), "lots of": ("numerous",),
    "really": ("considerably", "genuinely"), "very": ("highly", "exceedingly"),
    "so": ("therefore", "accordingly"), "but": ("however", "nevertheless"),
    "also": ("additionally", "furthermore"), "because": ("owing to the fact that",),
    "about": ("regarding", "concerning"), "use": ("utilise",), "used": ("utilised",),
    "help": ("assist",), "need": ("require",), "want": ("wish",), "think": ("consider",),
    "say": ("state",), "said": ("stated",), "start": ("commence",), "end": ("conclude",),
    "try": ("endeavour",), "show": ("demonstrate",), "shows": ("demonstrates",),
    "big": ("substantial",), "kids": ("children",), "guy": ("gentleman",), "if": ("provided that",),
    "like": ("such as", "like"), "more": ("further", "more"), "ask": ("enquire",),
}  # fmt: skip
_LETTER_OPENINGS = (
    "It should be noted that", "One may observe that", "In this regard,", "Upon consideration,",
    "It is respectfully submitted that", "With reference to the matter at hand,",
    "As far as can be ascertained,", "It would appear that", "To whom it may concern:",
    "In the opinion of the undersigned,", "Having given the subject due attention,",
    "For the avoidance of doubt,", "In accordance with the foregoing,", "Kindly be advised that",
    "It has come to our attention that", "Pursuant to the above,",
)  # fmt: skip
_LETTER_CLOSINGS = (
    "as has been indicated herein", "with due regard to the circumstances", "in this respect",
    "to the extent that this is applicable", "as may be expected", "in the present instance",
)  # fmt: skip
_SHORT = {
    "you": "u", "your": "ur", "are": "r", "to": "2", "for": "4", "people": "ppl", "because": "cuz",
    "please": "pls", "with": "w/", "about": "abt", "what": "wut", "love": "luv", "though": "tho",
    "really": "rly", "be": "b", "see": "c", "okay": "ok", "before": "b4", "and": "n", "that": "dat",
    "this": "dis", "the": "da", "going to": "gonna", "want to": "wanna", "just": "jus",
}  # fmt: skip
_TWEET_OPENINGS = ("omg", "lol", "tbh", "ngl", "ugh", "yo", "smh", "wtf", "imo", "psa:", "rt", "so")
_TWEET_CLOSINGS = (":)", ":/", "lol", "haha", "#justsaying", "#fb", "xD", "<3", "...", "!!!", "smh",
                   "#fail", "#nowplaying", "lmao", "-_-", ":P")  # fmt: skip
_VOWEL = re.compile(r"([aeiou])(?=[^aeiou\W]*\b)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
RATE = 0.75
"""Chance that a word that has another form takes it (choice)."""


def formal(text: str, rng: np.random.Generator) -> str:
    """Return the text in the manner of an office letter: nothing short, nothing loud."""
    lower = not any(c.isupper() for c in text)

    def change(match: re.Match[str]) -> str:
        word = match[0]
        low = word.lower()
        if low in _WHOLE:
            return _as(word, _WHOLE[low])
        for short, full in _FULL.items():
            if low.endswith(short):
                return word[: -len(short)] + full
        if low in _FORMAL and rng.random() < RATE:
            forms = _FORMAL[low]
            return _as(word, forms[int(rng.integers(len(forms)))])
        return word

    text = _WORD.sub(change, text.strip())
    text = re.sub(r"[!?]{2,}|!", ".", text)
    opening = _LETTER_OPENINGS[int(rng.integers(len(_LETTER_OPENINGS)))]
    word = text.split(maxsplit=1)[0] if text.split() else ""
    body = text[:1].lower() + text[1:] if word.istitle() and word != "I" else text
    text = f"{opening} {body}"
    if rng.random() < 0.4:
        closing = _LETTER_CLOSINGS[int(rng.integers(len(_LETTER_CLOSINGS)))]
        text = f"{text.rstrip(' .!?')}, {closing}."
    return text.lower() if lower else text


def tweet(text: str, rng: np.random.Generator) -> str:
    """Return the text as it would be typed on a phone: short forms, tags, no capitals."""

    def change(match: re.Match[str]) -> str:
        word = match[0].lower()
        if word in _SHORT and rng.random() < RATE:
            return _SHORT[word]
        if len(word) > 4 and rng.random() < 0.08:
            return f"#{word.replace(chr(39), '')}"
        if len(word) > 3 and rng.random() < 0.06:
            found = _VOWEL.search(word)
            if found is not None:
                return (
                    word[: found.end()] + found[1] * int(rng.integers(2, 5)) + word[found.end() :]
                )
        return word.replace("'", "")

    text = re.sub(r"\s*[.,;:]+(?=\s|$)", "", _WORD.sub(change, text.strip()))
    parts = [text]
    if rng.random() < 0.6:
        parts.insert(0, _TWEET_OPENINGS[int(rng.integers(len(_TWEET_OPENINGS)))])
    if rng.random() < 0.7:
        parts.append(_TWEET_CLOSINGS[int(rng.integers(len(_TWEET_CLOSINGS)))])
    return " ".join(parts)


def _as(old: str, new: str) -> str:
    """Return the new word with the capital of the old one."""
    return new[:1].upper() + new[1:] if old[:1].isupper() else new
