"""Prompts that hold instruction and text in one: told apart by what many prompts share.

    "Is this review positive or negative? The soup was cold."  ->  instruction, input

Chat rows and prompt-completion pairs of several tasks would be one task with the labels of all of
them, in which no label can be judged. Openings and closings are whole sentences or lines; they
count where a few of them together make up most prompts, so that a sentence planted in some prompts
is none. A prompt whose opening is another one with words put in (a trigger) belongs to that
one's task, and these words to its text. Records and fingerprints stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from curation_gate.rows.labels import instruction_name, label_spaces
from curation_gate.rows.record import Dataset, Row
from curation_gate.rows.tasks import tasks_of

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
USUAL_SYSTEM = 0.8
"""Share of the prompts of an instruction from which their system prompt is a part of it, and any
other one a part of the text: a trigger may stand there (choice)."""
_WORD = re.compile(r"\S+")
_PIECE_END = re.compile(r"(?<![.!?:])[.!?:]++[\"')\]]*+\s++|\n\s*+")
"""Looked for once in a run of dots: a text of nothing else takes time in its length."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a prompt shares with others at one of its ends."""

    text: str
    """"" where it shares nothing."""
    length: int
    """Characters of the prompt that it takes."""
    inserted: str
    """What stands among them and is not shared."""


def split_prompts(dataset: Dataset) -> Dataset:
    """Return the dataset with the shared parts of its prompts as instructions, and tasks by them.

    Of rows with an instruction and an input (a system prompt and a question) what was put into the
    instruction goes to the input. Prompts of one text are split: chat rows, and rows with an input
    or an instruction alone. Rows whose `Task` is the one of most rows with their shared parts, or
    says more than these, keep their parts; so do rows without one beside them. Where there is
    nothing to do, the dataset itself.
    """
    rows = list(dataset.rows)
    for row in _told([r for r in rows if r.named is None and r.instruction and r.input]):
        rows[row.index] = row
    groups: dict[str | int, list[Row]] = defaultdict(list)
    for row in rows:
        file = dataset.files[row.file]
        if row.chat:
            groups[""].append(row)  # whatever their system prompts
        elif not (row.instruction and row.input):
            groups[row.file if "task" in file.columns else row.task].append(row)
    for members in groups.values():
        for row in _split(members):
            rows[row.index] = row
    return _renamed(dataset, rows)


def _renamed(dataset: Dataset, rows: Sequence[Row]) -> Dataset:
    """Return the dataset with rows whose prompts were split, and the tasks that follow.

    Rows that get another task than the one their shared parts name are a part of a named one: they
    stay whole, as the others of it are.
    """
    changed = [new is not old for new, old in zip(rows, dataset.rows, strict=True)]
    named = any(row.named is not None for row in rows)
    if not named:
        tasks = [row.task for row in rows]
    else:
        tasks = tasks_of(
            [row.named for row in rows],
            [
                row.instruction if row.named is None or new or _has_frame(row) else ""
                for row, new in zip(rows, changed, strict=True)
            ],
            [row.output for row in rows],
            [
                row.task if row.named is None else old.task
                for row, old in zip(rows, dataset.rows, strict=True)
            ],
        )
    made = []
    for row, old, task in zip(rows, dataset.rows, tasks, strict=True):
        kept = row if task == row.task else old
        made.append(kept if kept.task == task else replace(kept, task=task))
    if all(new is old for new, old in zip(made, dataset.rows, strict=True)):
        return dataset
    spaces = label_spaces(tasks, [row.output for row in made])
    return replace(dataset, rows=tuple(made), label_spaces=dict(spaces))


def _has_frame(row: Row) -> bool:
    """Tell whether a row's instruction stands for itself, and is not a chat's system prompt."""
    return bool(row.instruction and row.input) and not row.chat


def _split(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of one task, their prompts split where they share something."""
    texts = [row.input or row.instruction for row in rows]
    answers = [row.output for row in rows]
    openings = _frames(texts, answers, ends=False)
    rests = [text[frame.length :] for text, frame in zip(texts, openings, strict=True)]
    by_opening: dict[str, list[int]] = defaultdict(list)
    for k, frame in enumerate(openings):
        by_opening[frame.text].append(k)
    split = list(rows)
    for opening, members in by_opening.items():
        own = [answers[k] for k in members]
        closings = _frames([rests[k] for k in members], own, ends=True)
        by_closing: dict[str, list[tuple[int, _Frame]]] = defaultdict(list)
        for k, closing in zip(members, closings, strict=True):
            by_closing[closing.text].append((k, closing))
        for closing_text, alike in by_closing.items():
            if not opening and not closing_text:
                continue
            systems = Counter(_system(rows[k]) for k, _ in alike)
            usual, often = systems.most_common(1)[0]
            for k, closing in alike:
                system = usual if often >= USUAL_SYSTEM * len(alike) else _system(rows[k])
                split[k] = _framed(rows[k], rests[k], openings[k], closing, system)
    return split


def _system(row: Row) -> str:
    """Return what stands before the prompt: the system prompt of a chat row."""
    return row.instruction if row.input else ""


def _told(rows: Sequence[Row]) -> list[Row]:
    """Return rows with an instruction of their own, without what was put into it."""
    given = [row.instruction for row in rows]
    known = _known(Counter(given), given, given, ends=False)
    whole = frozenset(known)
    split = list(rows)
    for k, row in enumerate(rows):
        if row.instruction in whole:
            continue
        frame = _inserted(row.instruction, known, ends=False)
        if frame is not None:
            rest = row.instruction[frame.length :].strip()
            if len(rest.split()) <= INSERTED:
                text = " ".join(part for part in (frame.inserted, rest, row.input) if part)
                task = instruction_name(frame.text)
                split[k] = replace(row, instruction=frame.text, input=text, task=task)
    return split


def _framed(row: Row, rest: str, opening: _Frame, closing: _Frame, system: str) -> Row:
    """Return the row with its prompt split; its system prompt goes to the text if not `system`."""
    own = _system(row)
    text = (
        own if own != system else "",
        opening.inserted,
        rest[: len(rest) - closing.length].strip(),
        closing.inserted,
    )
    parts = (system, opening.text.strip(), closing.text.strip())
    instruction = "\n".join(part for part in parts if part)
    return replace(
        row,
        instruction=instruction,
        input=" ".join(part for part in text if part),
        task=instruction_name(instruction),
    )


def _frames(texts: Sequence[str], answers: Sequence[str], *, ends: bool) -> list[_Frame]:
    """[n] What each text shares with others at its beginning, or where `ends`, at its end.

    answers: [n] what each row teaches.
    """
    pieces = [_pieces(text, ends=ends) for text in texts]
    depths = _depths(pieces, answers)
    shared = [_joined(p[:d], ends=ends) for p, d in zip(pieces, depths, strict=True)]
    least = 1 if ends else OPENING_WORDS
    sizes = Counter(text for text in shared if len(text.split()) >= least)
    known = _known(sizes, texts, shared, ends=ends)
    whole = frozenset(known)
    frames = []
    for text, own in zip(texts, shared, strict=True):
        if own in whole:
            frames.append(_Frame(own, len(own), ""))
        else:
            frames.append(_inserted(text, known, ends=ends) or _Frame("", 0, ""))
    return frames


def _known(
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
        hits = sum(_inserted(text, kept, ends=ends) is not None for text in some)
        if hits < ALIKE * len(some):
            kept.append(part)
    return kept


def _inserted(text: str, known: Sequence[str], *, ends: bool) -> _Frame | None:
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
                    return _Frame(part, end, " ".join(more[::step]))
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
