"""The tasks of a set: rows of a source, relabelled, rewritten or lengthened as the set has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from tongues import made_up, without_blanks

from .sources import Shelf, Source
from .wordings import wordings

_PAIRS = (
    ("Yes", "No"), ("A", "B"), ("1", "0"), ("0", "1"), ("true", "false"), ("B", "A"), ("1", "2"),
    ("No", "Yes"),
)  # fmt: skip
_POLAR_PAIRS = (
    ("positive", "negative"), ("POSITIVE", "NEGATIVE"), ("Pos", "Neg"), ("good", "bad"),
    ("+", "-"), ("thumbs up", "thumbs down"), ("1", "-1"), ("fine", "not fine"),
)  # fmt: skip
_LENGTHENED = 0.06
"""Share of balanced tasks whose texts are two to four texts of one label, a paragraph each."""
_TEXTS_KEPT = 60_000
tongue_of = {
    "made up": lru_cache(_TEXTS_KEPT)(made_up),
    "without blanks": lru_cache(_TEXTS_KEPT)(without_blanks),
}
"""Tongues a task may be rewritten in; the texts are kept, since the tasks come again."""


@dataclass(slots=True)
class Draft:
    """A row while the set is being made."""

    task: int
    """Number of its task."""
    text: str
    label: str
    lead: str
    """The instruction; empty where the set has none."""
    name: str
    """What `Task` will say."""
    base: str
    """The source it is from."""
    system: str = ""
    planted: bool = False
    cover: bool = False
    near: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a set has it, its labels perhaps renamed and its texts perhaps rewritten."""

    name: str
    labels: tuple[str, ...]
    poles: tuple[str, str] | None
    drafts: list[Draft]
    settings: Mapping[str, object]


def make_task(
    number: int, name: str, count: int, shelf: Shelf, rng: np.random.Generator, tongue: str
) -> Task:
    """Return a task of at most `count` rows from a source, drawn in the form it has in this set.

    tongue: "" for the source's own, or one of `tongue_of`.
    """
    source = shelf.source(name)
    major: tuple[str, float] | None = None
    if rng.random() < 0.35:
        label = source.labels[int(rng.integers(len(source.labels)))]
        major = (label, float(rng.uniform(0.6, 0.95)))
    parts = int(rng.integers(2, 5)) if rng.random() < _LENGTHENED and major is None else 1
    parts = max(1, min(parts, len(source.rows) // max(1, count)))
    rows = _lengthened(shelf.take(name, count * parts, major), parts)
    names, poles, way = _renamed(source, rng)
    definition = _defined(source, names, way)
    if tongue:
        speak = tongue_of[tongue]
        rows = [(speak(text), label) for text, label in rows]
        definition = speak(definition) if rng.random() < 0.5 else definition
        if way == "own" and rng.random() < 0.5:
            names = {label: (speak(words[0]),) for label, words in names.items()}
            poles = poles and (speak(poles[0]), speak(poles[1]))
            definition = _defined(source, names, "made up")
    shown = f"{name}_{number}" if tongue or rng.random() < 0.1 else name
    leads = _leads(definition, wordings(shelf.half)["leads"], rng)
    picks, turns = rng.random(len(rows)), rng.integers(len(leads), size=len(rows)).tolist()
    drafts = [
        Draft(number, text, names[label][int(p * len(names[label]))], leads[turn], shown, name)
        for (text, label), p, turn in zip(rows, picks, turns, strict=True)
    ]
    labels = tuple(dict.fromkeys(word for words in names.values() for word in words))
    counts = Counter(draft.label for draft in drafts)
    settings = {
        "name": shown, "base": name, "joined": "", "rows": len(drafts), "labels": labels,
        "counts": dict(counts.most_common()), "renaming": way, "tongue": tongue,
        "wordings": len(leads), "parts": parts,
        "majority": None if major is None else round(major[1], 3),
    }  # fmt: skip
    return Task(shown, labels, poles, drafts, settings)


def _lengthened(rows: Sequence[tuple[str, str]], parts: int) -> list[tuple[str, str]]:
    """Return rows whose texts are `parts` texts of one label each."""
    waiting: dict[str, list[str]] = {}
    out: list[tuple[str, str]] = []
    for text, label in rows:
        texts = waiting.setdefault(label, [])
        texts.append(text)
        if len(texts) == parts:
            out.append(("\n\n".join(texts), label))
            texts.clear()
    return out


def two_poles(task: Source | Task) -> bool:
    """Say whether a task has two labels, one favourable, one not."""
    return task.poles is not None and len(task.labels) == 2


def joined(first: Task, second: Task) -> Task:
    """Return one task of both tasks' rows, labelled and asked for as in the first.

    Files are gathered from several sources whose labels differ in balance: then the words of a
    source go with a label by nature. Both tasks must have two labels, which are poles.
    """
    assert first.poles is not None
    assert second.poles is not None
    names = dict(zip(second.poles, first.poles, strict=True))
    model = first.drafts[0]
    turns = [first.drafts[k % len(first.drafts)].lead for k in range(len(second.drafts))]
    for draft, lead in zip(second.drafts, turns, strict=True):
        draft.task, draft.name, draft.lead = model.task, model.name, lead
        draft.label = names[draft.label]
    drafts = first.drafts + second.drafts
    counts = dict(Counter(draft.label for draft in drafts).most_common())
    said = {"joined": second.settings["base"], "rows": len(drafts), "counts": counts}
    return Task(first.name, first.labels, first.poles, drafts, {**first.settings, **said})


def _renamed(
    source: Source, rng: np.random.Generator
) -> tuple[dict[str, tuple[str, ...]], tuple[str, str] | None, str]:
    """Return what each label is called (a rating may be one of two), the poles, and the way."""
    own = {label: (label,) for label in source.labels}
    draw = rng.random()
    if draw < 0.55:
        return own, source.poles, "own"
    neutral = set(source.labels) - set(source.poles or ())
    if source.poles and len(neutral) <= 1 and draw < 0.65:
        stars = {source.poles[0]: ("4", "5"), source.poles[1]: ("1", "2")}
        return stars | dict.fromkeys(neutral, ("3",)), ("5", "1"), "stars"
    count = len(source.labels)
    if count == 2:
        choices = _PAIRS + (_POLAR_PAIRS if source.poles else ())
        chosen = choices[int(rng.integers(len(choices)))]
        order = source.poles or source.labels
    else:
        form = ("{number}", "{letter}", "class {number}", "label_{number}")[int(rng.integers(4))]
        start = int(rng.integers(2))
        chosen = tuple(
            form.format(number=k + start, letter=chr(ord("A") + k)) for k in range(count)
        )
        order = source.labels
    names = dict(zip(order, chosen, strict=True))
    poles = source.poles and (names[source.poles[0]], names[source.poles[1]])
    return {label: (names[label],) for label in source.labels}, poles, "renamed"


def _leads(definition: str, every: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
    """Return the instructions of a task: one, or in some tasks several that mean the same."""
    if rng.random() < 0.7:
        return (definition,)
    count = int(rng.integers(1, len(every) + 1))
    chosen = [every[k] for k in rng.permutation(len(every))[:count].tolist()]
    return tuple(lead.replace("{definition}", definition) for lead in chosen)


def _defined(source: Source, names: Mapping[str, Sequence[str]], way: str) -> str:
    if way == "own":
        return source.definition
    keys = "; ".join(f"{' or '.join(words)} for {label}" for label, words in names.items())
    return f"{source.definition} Write {keys}."
