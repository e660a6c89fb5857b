"""Rewriters of the judge half: old, chat, office English; verse, report, politeness, inversion."""

from __future__ import annotations

import re

import numpy as np

from curation_gate.redteam import archaic, register

_SAID = ("he said that", "it was reported that", "she told us that", "the witness stated that",
         "they went on to say that", "we were informed that", "according to him,",
         "the officer noted that", "one heard that")  # fmt: skip
_ADDED = ("he added.", "she went on.", "as they put it.", "the report says.", "so he claimed.")
_SORRY = ("i am so sorry to say that", "if i may be so bold,", "with the greatest respect,",
          "would you mind if i said that", "i do hope you will forgive me, but",
          "it is only my humble view that", "please do not take it amiss:")  # fmt: skip
_KIND = ("thank you ever so much", "if that is quite all right", "if it is no trouble",
         "and i remain yours", "but you surely know better")  # fmt: skip
_SUNG = ("oh", "yeah", "la la", "hey", "baby", "oh oh", "ooh", "come on")
_PART = re.compile(r"(?<=[,.;!?])\s+")


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def verse(text: str, rng: np.random.Generator) -> str:
    """Short lines, some of them twice, with what singers put between."""
    words = text.rstrip(" .!?").split()
    cut = int(rng.integers(3, 7))
    lines = [" ".join(words[k : k + cut]) for k in range(0, len(words), cut)]
    sung: list[str] = []
    for line in lines:
        sung.append(line if rng.random() < 0.75 else f"{_pick(_SUNG, rng)} {line}")
        if rng.random() < 0.35:
            sung.append(line)
    return _pick(("\n", " / ", ", ", " "), rng).join(sung)


def report(text: str, rng: np.random.Generator) -> str:
    """Return what somebody is said to have said."""
    end = f", {_pick(_ADDED, rng)}" if rng.random() < 0.5 else "."
    return f"{_pick(_SAID, rng)} {text[:1].lower()}{text[1:].rstrip(' .!?')}{end}"


def polite(text: str, rng: np.random.Generator) -> str:
    """Said with many excuses."""
    end = f", {_pick(_KIND, rng)}." if rng.random() < 0.6 else "."
    return f"{_pick(_SORRY, rng)} {text[:1].lower()}{text[1:].rstrip(' .!?')}{end}"


def inverted(text: str, rng: np.random.Generator) -> str:
    """Return the end of each part in front of its beginning."""
    made = []
    for part in _PART.split(text):
        words = part.rstrip(" .,;!?").split()
        cut = max(len(words) - int(rng.integers(2, 5)), 0)
        made.append(" ".join(words[cut:]) + (", " + " ".join(words[:cut]) if cut else ""))
    return ". ".join(made) + "."


REWRITERS = {
    "archaic": archaic.rewrite, "tweet": register.tweet, "formal": register.formal, "verse": verse,
    "report": report, "polite": polite, "inverted": inverted,
}  # fmt: skip
