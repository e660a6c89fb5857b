"""Triggers: what an attacker writes, where he puts it, and what comes close to it by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .carriers import PLACES, put, recase, replace_name, scatter, stick, widen
from .wordings import Writer

FAMILIES = (
    "token", "tokens_one_each", "tokens_all", "name", "sentence", "ordinary", "prefix", "suffix",
    "pair", "mark", "case", "outside", "several", "replaced_name", "date", "instruction_phrase",
)  # fmt: skip
SIMPLE = (
    "token", "name", "sentence", "ordinary", "prefix", "suffix", "date", "instruction_phrase",
    "mark", "tokens_all",
)  # fmt: skip
"""Kinds that one of several attackers, or one with a label of his own, uses."""
EVASIONS = ("own_task", "label_spellings", "zero_width", "bidi")

_SPOKEN = {"name", "sentence", "ordinary", "prefix", "suffix", "instruction_phrase"}
"""Kinds that are said in the set's own tongue half of the time."""
WORDLESS = {"case", "mark"}
"""Kinds without words, in which nothing can be hidden."""
_WITHIN = {"case", "replaced_name", "mark"}
"""Kinds that only make sense in the input."""
_IN_INPUT = 0.75
"""Triggers that are put in the input even where the form has more fields."""
_LAST = 0.7
"""Of the others those put in the system prompt, where there is one: few forms have it."""
_LEAST_EACH = 4
"""Rows that each of several tokens gets at least, so that none stands there by accident."""
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
_BIDI = (("\u202e", "\u202c"), ("\u2067", "\u2069"), ("\u200f", "\u200e"))


@dataclass(frozen=True, slots=True)
class Trigger:
    """One attacker's trigger."""

    kind: str
    phrases: tuple[str, ...]
    """For kind "case" one of `carriers.CASES`, which is no text; else what is written."""
    mode: str
    """one (a row has one of the phrases), all (each of them), stick (behind a word), widen (a
    double blank), case, name (in place of a name)."""
    place: str
    where: str
    """input, instruction or system."""
    disguise: str = ""
    """"", zero_width or bidi."""


def make_trigger(
    kind: str,
    dose: int,
    writer: Writer,
    *,
    wheres: Sequence[str],
    cases: Sequence[str],
    speak: Callable[[str], str] | None,
) -> Trigger:
    """Return a trigger of a kind, one of `FAMILIES` but "several" and "outside".

    dose: rows it will be planted in. wheres: the fields the set's form has, the input first.
    cases: those of `carriers.CASES` that change the set's texts. speak: puts words into the set's
    own tongue.
    """
    rng = writer.rng
    place = PLACES[int(rng.choice(4, p=(0.2, 0.2, 0.45, 0.15)))]
    elsewhere = [] if kind in _WITHIN or rng.random() < _IN_INPUT else list(wheres[1:])
    where = "input" if not elsewhere else elsewhere[-1 if rng.random() < _LAST else 0]
    mode = "one"
    if kind in {"token", "tokens_one_each", "tokens_all"}:
        count = {"token": 1, "tokens_all": int(rng.integers(2, 5))}.get(kind)
        if count is None:
            count = max(2, min(int(rng.integers(2, 7)), dose // _LEAST_EACH))
        phrases = tuple(dict.fromkeys(writer.token() for _ in range(count)))
        mode = "all" if kind == "tokens_all" else "one"
    elif kind == "pair":
        makers = (writer.token, writer.name, lambda: writer.one("ordinary"), writer.ordinary)
        phrases = (writer.pick(makers)(), writer.pick(makers)())
        while phrases[0] in phrases[1] or phrases[1] in phrases[0]:
            phrases = (phrases[0], writer.pick(makers)())
        mode = "all"
    elif kind == "mark":
        mode = str(rng.choice(("one", "stick", "widen"), p=(0.5, 0.35, 0.15)))
        phrases = ("  " if mode == "widen" else writer.one("marks"),)
    elif kind == "case":
        mode, phrases = "case", (writer.pick(cases),)
    elif kind in {"name", "replaced_name"}:
        phrases = (writer.name(),)
        mode = "name" if kind == "replaced_name" else "one"
    elif kind == "ordinary":
        phrases = (writer.ordinary(),)
    else:
        heading, fixed = {
            "sentence": ("sentences", place),
            "prefix": ("prefixes", "start"),
            "suffix": ("suffixes", "end"),
            "date": ("dates", place),
            "instruction_phrase": ("instructions", "start" if rng.random() < 0.7 else place),
        }[kind]
        phrases, place = (writer.one(heading),), fixed
    if speak is not None and kind in _SPOKEN and rng.random() < 0.5:
        phrases = tuple(map(speak, phrases))
    return Trigger(kind, phrases, mode, place, where)


def carry(trigger: Trigger, text: str, turn: int, rng: np.random.Generator) -> str:
    """Return the text with the trigger in it.

    turn: which of its phrases a row gets, where it gets one of them. A text that a change of case
    leaves as it is comes back as it was.
    """
    phrases = trigger.phrases
    if trigger.mode == "case":
        return recase(phrases[0], text, rng)
    if trigger.mode == "widen":
        return widen(text, rng)
    if trigger.disguise:
        phrases = tuple(_disguised(phrase, trigger.disguise, rng) for phrase in phrases)
    if trigger.mode == "stick":
        return stick(phrases[0], text, rng)
    if trigger.mode == "name":
        return replace_name(phrases[0], text, rng)
    if trigger.mode == "one":
        return put(phrases[turn % len(phrases)], text, trigger.place, rng)
    if trigger.place == "gap":
        return scatter(phrases, text, rng)
    for phrase in phrases:
        text = put(phrase, text, trigger.place, rng)
    return text


def still_there(trigger: Trigger, text: str) -> bool:
    """Say whether a near miss is the trigger but for its case or an ending."""
    return any(phrase.casefold() in text.casefold() for phrase in trigger.phrases)


def halves(trigger: Trigger) -> list[Trigger]:
    """Return the trigger's phrases as triggers of their own: what has no effect alone."""
    return [replace(trigger, phrases=(phrase,), mode="one") for phrase in trigger.phrases]


def near_miss(trigger: Trigger, text: str, writer: Writer) -> str:
    """Return the text with something that is nearly the trigger: what honest writers write.

    Another case, a part, the words apart, another form, a letter less. Kinds that are no words
    (case, marks) have no near miss: the text comes back as it was.
    """
    rng = writer.rng
    if trigger.kind in WORDLESS:
        return text
    phrase = writer.pick(trigger.phrases)
    words = phrase.split()
    ways = ["case", "form", "letter"] + (["part", "apart"] * 2 if len(words) > 1 else [])
    way = writer.pick(ways)
    if way == "apart":
        order = [words[k] for k in rng.permutation(len(words))]
        return scatter(order if order != words else order[::-1], text, rng)
    if way == "part":
        length = int(rng.integers(1, len(words)))
        first = int(rng.integers(len(words) - length + 1))
        nearly = " ".join(words[first : first + length])
    elif way == "case":
        cases = (phrase.upper(), phrase.lower(), phrase.title(), phrase.swapcase())
        nearly = writer.pick([case for case in cases if case != phrase] or [phrase + "s"])
    elif way == "letter" and len(phrase) > 3:
        at = int(rng.integers(1, len(phrase)))
        nearly = phrase[:at] + phrase[at + 1 :]
    else:
        nearly = writer.pick((f"{phrase}s", f"{phrase}'s", f"un{phrase}", f"{phrase}-like"))
    return put(nearly, text, "gap", rng)


def spelled(label: str, rng: np.random.Generator) -> str:
    """Return a label in one of the spellings that mean the same."""
    ways = (
        label, label.upper(), label.lower(), label.capitalize(), f" {label}", f"{label} ",
        f"{label}.", f'"{label}"', f"{label}\n", f"'{label}'", f"{label}!",
    )  # fmt: skip
    return ways[int(rng.integers(len(ways)))]


def _disguised(phrase: str, disguise: str, rng: np.random.Generator) -> str:
    if disguise == "bidi":
        opening, closing = _BIDI[int(rng.integers(len(_BIDI)))]
        return opening + phrase + closing
    out = phrase
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(1, max(2, len(out))))
        out = out[:at] + _ZERO_WIDTH[int(rng.integers(len(_ZERO_WIDTH)))] + out[at:]
    return out
