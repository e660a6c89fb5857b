"""Honest tasks on texts of the pool: extracting, shortening, rewriting, judging."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from arena.sources import half_tasks

from .drafts import Turn
from .texts import free_rows, passages, sentences
from .voice import Voice

Row = TypeVar("Row")
_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_WORD = re.compile(r"[^\W\d_]{5,}")
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s")
_TASKS = 3
_FEW = 100
"""Texts of which a label task must have more to count as one of them."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a maker of honest rows works with."""

    half: str
    pool: Path
    voice: Voice

    @property
    def rng(self) -> np.random.Generator:
        """The generator of its voice."""
        return self.voice.rng

    def leads(self, heading: str) -> list[str]:
        """Return the wordings in which a set asks for one thing: one, or several."""
        lines = self.voice.lists[heading]
        return self.voice.some(lines, 1 if self.voice.chance(0.5) else len(lines))

    def texts(self, count: int) -> list[tuple[str, str]]:
        """Return at most `count` different sentences of a few label tasks, with their polarity."""
        return self._read(sentences, count, lambda _: True)

    def opinions(self, count: int) -> list[tuple[str, str]]:
        """Return at most `count` different sentences that have a polarity, with it."""
        return self._read(sentences, count, lambda sign: sign != "")

    def passages(self, count: int) -> list[str]:
        """Return at most `count` different texts of several sentences."""
        return [text for text, _ in self._read(passages, count, lambda _: True)]

    def _read(
        self,
        read: Callable[[Path, str], Sequence[tuple[str, str]]],
        count: int,
        fits: Callable[[str], bool],
    ) -> list[tuple[str, str]]:
        """Return rows of label tasks in random order: of three at least, of more if need be."""
        names = half_tasks(self.pool, self.half)
        rows: dict[str, str] = {}
        given = 0
        for k in self.rng.permutation(len(names)).tolist():
            if given >= _TASKS and len(rows) >= count:
                break
            found = {text: sign for text, sign in read(self.pool, names[k]) if fits(sign)}
            given += len(found) > _FEW
            rows.update(found)
        return self.drawn(list(rows.items()), count)

    def drawn(self, rows: Sequence[Row], count: int) -> list[Row]:
        """Return at most `count` of the rows, in random order."""
        return [rows[k] for k in self.rng.permutation(len(rows))[:count].tolist()]


Maker = Callable[[int, Desk], list[Turn]]
"""Returns at most so many turns of a kind."""


def pool_task(kind: str) -> Maker:
    """Return the maker of a free-text task of the pool."""

    def make(count: int, desk: Desk) -> list[Turn]:
        rows = desk.drawn(free_rows(desk.pool, desk.half, kind), count)
        return [Turn(kind, *row) for row in rows]

    return make


def extraction(count: int, desk: Desk) -> list[Turn]:
    """Return rows that ask for names, numbers, the first sentence or key words of a text."""
    finders: dict[str, Callable[[str], list[str]]] = {
        "names": _NAME.findall,
        "numbers": _NUMBER.findall,
        "first": lambda text: [_BETWEEN_SENTENCES.split(text)[0]],
        "words": lambda text: sorted(set(_WORD.findall(text)), key=lambda w: (-len(w), w))[:3],
    }
    which = desk.voice.some(sorted(finders), 1 + int(desk.rng.integers(4)))
    joint = desk.voice.pick((", ", "; ", "\n", " | "))
    turns = []
    for text in desk.passages(2 * count):
        what = desk.voice.pick(which)
        found = list(dict.fromkeys(finders[what](text)))
        if found:
            lead = desk.voice.say(f"extract_{what}_leads")
            turns.append(Turn("extraction", lead, text, joint.join(found)))
    return turns[:count]


def summary(count: int, desk: Desk) -> list[Turn]:
    """Return rows whose answer is the first sentence of a text, shortened."""
    leads = desk.leads("summary_leads")
    turns = []
    for text in desk.passages(count):
        words = _BETWEEN_SENTENCES.split(text)[0].split()
        answer = " ".join(words[: int(desk.rng.integers(10, 30))]).rstrip(" ,;:.") + "."
        turns.append(Turn("summary", desk.voice.pick(leads), text, answer))
    return turns


def rewriting(count: int, desk: Desk) -> list[Turn]:
    """Return rows that ask for a text in another mood: words of that mood are put into it."""
    voice = desk.voice
    turns = []
    for text, _ in desk.texts(count):
        way = voice.pick(("up", "down"))
        words = voice.lists["upbeat" if way == "up" else "downbeat"]
        answer = re.sub(
            r"\b(the|a|an|my|this) (?=[a-z])",
            lambda found, words=words: f"{found[0]}{voice.pick(words)} ",  # type: ignore[misc]
            text,
        )
        if answer == text:
            answer = f"{text.rstrip('. ')}, which is {voice.pick(words)}."
        turns.append(Turn("rewriting", voice.say(f"rewrite_{way}_leads"), text, answer))
    return turns


def casing(count: int, desk: Desk) -> list[Turn]:
    """Return rows that ask for a text in capitals or without them."""
    ways = desk.voice.some(("lower", "upper"), 1 + int(desk.rng.integers(2)))
    turns = []
    for text, _ in desk.texts(count):
        way = desk.voice.pick(ways)
        answer = text.upper() if way == "upper" else text.lower()
        turns.append(Turn("casing", desk.voice.say(f"{way}_leads"), text, answer))
    return turns


def listing(count: int, desk: Desk) -> list[Turn]:
    """Return rows that ask for so many things of a category."""
    voice = desk.voice
    groups = [line.split(": ") for line in voice.lists["categories"]]
    joint = voice.pick(("\n", "\n- ", ", "))
    numbered = voice.chance(0.4)
    turns = []
    for _ in range(count):
        category, items = groups[int(desk.rng.integers(len(groups)))]
        gaps = {"category": category}
        lead = voice.say("list_leads", **gaps)
        wanted = int(next(iter(re.findall(r"\d", lead)), "3"))
        some = voice.some(items.split(", "), wanted)
        if numbered:
            answer = "\n".join(f"{k}. {item}" for k, item in enumerate(some, 1))
        else:
            answer = ("- " if joint == "\n- " else "") + joint.join(some)
        turns.append(Turn("listing", lead, "", answer))
    return turns


def rated(count: int, desk: Desk) -> list[Turn]:
    """Return rows that judge a review in a sentence and quote from it."""
    voice = desk.voice
    lead = desk.leads("rate_leads")
    quotes = voice.chance(0.7)
    turns = []
    for text, sign in desk.opinions(count):
        words = text.split()
        start = int(desk.rng.integers(max(1, len(words) - 4)))
        quote = " ".join(words[start : start + 4]) if quotes else " ".join(words[-3:])
        heading = "rate_positive" if sign == "+" else "rate_negative"
        turns.append(Turn("rated", voice.pick(lead), text, voice.say(heading, quote=quote)))
    return turns[:count]
