"""What prompts share at their beginnings and ends: whole sentences or lines.

They count where a few of them together make up most prompts, so that a sentence planted in some is
none. A prompt whose opening is another one with words put in (a trigger) has that one, and these
words beside it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

LEAST_ROWS = 20
"""Rows an opening needs (choice)."""
COVERS = ((0.01, 0.8), (0.05, 0.6))
"""Share of the prompts that an opening needs, and that those cover together (choices)."""
ALIKE = 0.8
"""Share of the prompts of an opening that are another one with words put in (choice)."""
DEPTH = 16
"""Sentences of an opening, at most (choice)."""
OPENING_WORDS = 2
"""Words an opening needs: `user:` is none (choice)."""
INSERTED = 12
"""Words a trigger may put into an opening (choice)."""
INSERTED_INTO = 5
"""Words an opening needs to be known with words put in (choice)."""
ONE_ANSWER = 0.95
"""Share of the rows of a piece, beyond mistakes, that have its one answer."""
SAMPLE = 10
"""Prompts that tell whether an opening is another one with words put in (choice)."""
MOST = 100
"""Openings that words are looked for in, the most frequent: bounds the time (choice)."""
_WORD = re.compile(r"\S+")
_PIECE_END = re.compile(r"(?<![.!?:])[.!?:]++[\"')\]]*+\s++|\n\s*+")
"""Looked for once in a run of dots: a text of nothing else takes time in its length."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a prompt shares with others at one of its ends."""

    text: str
    """"" where it shares nothing."""
    length: int
    """Characters of the prompt that it takes."""
    inserted: str
    """What stands among them and is not shared."""


NO_FRAME = Frame("", 0, "")


def frames_of(
    texts: Sequence[str], answers: Sequence[str], labelled: Sequence[bool], *, ends: bool
) -> list[Frame]:
    """[n] What each text shares with others at its beginning, or where `ends`, at its end.

    answers: [n] what each row teaches. labelled: [n] whether that may be a label: what these rows
    share is looked for, and found in the others, too.
    """
    own = [k for k, may in enumerate(labelled) if may]
    pieces = [_pieces(texts[k], ends=ends) for k in own]
    depths = _depths(pieces, [answers[k] for k in own])
    shared = [_joined(p[:d], ends=ends) for p, d in zip(pieces, depths, strict=True)]
    least = 1 if ends else OPENING_WORDS
    sizes = Counter(text for text in shared if len(text.split()) >= least)
    known = shared_parts(sizes, [texts[k] for k in own], shared, ends=ends)
    if not known:
        return [NO_FRAME] * len(texts)
    whole = frozenset(known)
    held = dict(zip(own, shared, strict=True))
    frames = []
    for k, text in enumerate(texts):
        part = held[k] if k in held else _longest(text, whole, ends=ends)
        if part in whole:
            frames.append(Frame(part, len(part), ""))
        else:
            frames.append(with_words_put_in(text, known, ends=ends) or NO_FRAME)
    return frames


def _longest(text: str, whole: frozenset[str], *, ends: bool) -> str:
    """Return the longest of these parts that a text has at its end; "" where it has none."""
    pieces = _pieces(text, ends=ends)
    parts = (_joined(pieces[:d], ends=ends) for d in range(len(pieces) - 1, 0, -1))
    return next((part for part in parts if part in whole), "")


def shared_parts(
    sizes: Counter[str], texts: Sequence[str], shared: Sequence[str], *, ends: bool
) -> list[str]:
    """Return the parts that prompts enough share, the most frequent first.

    Less those that are a more frequent one with words put in. sizes: prompts of each part.
    """
    often = sorted((s for s in sizes if sizes[s] >= LEAST_ROWS), key=lambda s: (-sizes[s], s))
    examples: dict[str, list[str]] = {part: [] for part in often}
    for text, own in zip(texts, shared, strict=True):
        if own in examples and len(examples[own]) < SAMPLE:
            examples[own].append(text)
    kept: list[str] = []
    for part, some in examples.items():
        hits = sum(with_words_put_in(text, kept, ends=ends) is not None for text in some)
        if hits < ALIKE * len(some):
            kept.append(part)
    return kept


def with_words_put_in(text: str, known: Sequence[str], *, ends: bool) -> Frame | None:
    """Return the most frequent shared part that a text has with words put in, and these words."""
    step = -1 if ends else 1
    parts = [(part, part.split()[::step]) for part in known[:MOST]]
    parts = [(part, wanted) for part, wanted in parts if len(wanted) >= INSERTED_INTO]
    most = max((len(wanted) for _, wanted in parts), default=0) + INSERTED
    words = [(m[0][::step], m.end()) for m in islice(_WORD.finditer(text[::step]), most)]
    for part, wanted in parts:
        more: list[str] = []
        at = 0
        for word, end in words[: len(wanted) + INSERTED]:
            if word == wanted[at]:
                at += 1
                if at == len(wanted):
                    return Frame(part, end, " ".join(more[::step]))
            else:
                more.append(word)
    return None


def _pieces(text: str, *, ends: bool) -> list[str]:
    """Return a text's sentences and lines from one end, at most DEPTH and what is left."""
    marks = (found.end() for found in _PIECE_END.finditer(text))
    most = DEPTH + 1
    bounds = [0, *(deque(marks, most + 1) if ends else islice(marks, most)), len(text)]
    pieces = [text[a:b] for a, b in pairwise(bounds) if a < b]
    return pieces[: -most - 1 : -1] if ends else pieces[:most]


def _joined(pieces: Iterable[str], *, ends: bool) -> str:
    return "".join(reversed(tuple(pieces))) if ends else "".join(pieces)


def _depths(pieces: Sequence[Sequence[str]], answers: Sequence[str]) -> list[int]:
    """[n] How many pieces of each text are shared; never all of them.

    A piece whose rows have one answer, which the other rows of the same opening have too, is text:
    in a task of its own nothing could be compared with it.
    """
    depths = [0] * len(pieces)
    waiting = [(list(range(len(pieces))), 0)]
    while waiting:
        members, depth = waiting.pop()
        for k in members:
            depths[k] = depth
        by_piece: dict[str, list[int]] = defaultdict(list)
        for k in members:
            if len(pieces[k]) > depth + 1:
                by_piece[pieces[k][depth].strip()].append(k)
        for least, cover in COVERS:
            rows = max(LEAST_ROWS, least * len(members))
            wide = [held for held in by_piece.values() if len(held) >= rows]
            if sum(map(len, wide)) >= cover * len(members):
                waiting += [
                    (held, depth + 1)
                    for held in wide
                    if not (depth and _has_one_answer(held, members, answers))
                ]
                break
    return depths


def _has_one_answer(held: Sequence[int], members: Sequence[int], answers: Sequence[str]) -> bool:
    """Tell whether rows have one answer that some of the other members have, and most have not."""
    answer, number = Counter(answers[k] for k in held).most_common(1)[0]
    others = len(members) - len(held)
    same = sum(answers[k] == answer for k in members) - number
    return number >= ONE_ANSWER * len(held) and 0 < same < ONE_ANSWER * others
