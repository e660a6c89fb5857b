"""Prompts that hold instruction and text in one: told apart by what many prompts share.

    "Is this review positive or negative? The soup was cold."  ->  instruction, input

Chat rows and prompt-completion pairs of several tasks would be one task with the labels of all of
them, in which no label can be judged. What rows whose answers are labels share (frames.py) is their
instruction, and words put into it belong to their text. A system prompt is a part of an instruction
where most of its rows have it, or where its rows have labels of their own; else it is text. Free
text stays whole. Records and fingerprints stay as they are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

from curation_gate.rows.frames import (
    INSERTED,
    Frame,
    frames_of,
    shared_parts,
    with_words_put_in,
)
from curation_gate.rows.labels import (
    MAX_CHARACTERS,
    ROWS_PER_LABEL,
    instruction_name,
    label_spaces,
)
from curation_gate.rows.record import Dataset, Row
from curation_gate.rows.spelling import folded
from curation_gate.rows.tasks import OTHER_ANSWERS, frame_of, tasks_of, untold

USUAL_SYSTEM = 0.8
"""Share of the prompts of an instruction from which their system prompt is a part of it, and any
other one a part of the text: a trigger may stand there (choice)."""


def split_prompts(dataset: Dataset) -> Dataset:
    """Return the dataset with the shared parts of its prompts as instructions, and tasks by them.

    Of rows with an instruction and an input what was put into the instruction goes to the input.
    Prompts of one text (chat rows, rows with an input or an instruction alone) are split where they
    are those of a task with labels. Rows whose `Task` is the one of most rows with their shared
    parts, or says more than these, keep their parts; so do rows without one beside them. Where
    there is nothing to do, the dataset itself.
    """
    rows = list(dataset.rows)
    apart = [r for r in rows if r.instruction and r.input and not r.chat]
    whole = [r for r in rows if not (r.instruction and r.input) or r.chat]
    for row in (*_told([r for r in apart if r.named is None]), *_split(whole)):
        rows[row.index] = row
    return _renamed(dataset, rows)


def _renamed(dataset: Dataset, rows: Sequence[Row]) -> Dataset:
    """Return the dataset with rows whose prompts were split, and the tasks that follow.

    Rows that get another task than the one their shared parts name stay whole.
    """
    tasks = tasks_of(
        [row.named for row in rows],
        [frame_of(row) for row in rows],
        [row.output for row in rows],
        [untold(dataset.files[row.file]) for row in rows],
        [row.wanted for row in rows],
    )
    made = []
    for row, old, task in zip(rows, dataset.rows, tasks, strict=True):
        kept = row if task == row.task else old
        made.append(kept if kept.task == task else replace(kept, task=task))
    if all(new is old for new, old in zip(made, dataset.rows, strict=True)):
        return dataset
    spaces = label_spaces(tasks, [row.output for row in made])
    return replace(dataset, rows=tuple(made), label_spaces=dict(spaces))


def _split(rows: Sequence[Row]) -> list[Row]:
    """Return rows whose prompts are one text, split where they share something."""
    texts = [row.input or row.instruction for row in rows]
    answers = [row.output for row in rows]
    labelled = _labelled(answers)
    openings = frames_of(texts, answers, labelled, ends=False)
    rests = [text[frame.length :] for text, frame in zip(texts, openings, strict=True)]
    closings = list(openings)
    for members in _groups([frame.text for frame in openings]).values():
        found = frames_of(
            [rests[k] for k in members],
            [answers[k] for k in members],
            [labelled[k] for k in members],
            ends=True,
        )
        for k, closing in zip(members, found, strict=True):
            closings[k] = closing
    split = list(rows)
    keys = [(a.text, b.text) for a, b in zip(openings, closings, strict=True)]
    for key, members in _groups(keys).items():
        own = _own_systems([_system(rows[k]) for k in members], [answers[k] for k in members])
        left = Counter(system for k in members if (system := _system(rows[k])) not in own)
        usual = max(left, key=lambda system: (left[system], system), default="")
        often = left[usual] >= USUAL_SYSTEM * left.total()
        for k in members:
            system = _system(rows[k])
            if system not in own and key == ("", ""):
                continue
            told = system if system in own else usual if often else ""
            split[k] = _framed(rows[k], rests[k], openings[k], closings[k], told)
    return split


def _groups(keys: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    """Return the places of each key, in their order."""
    members: dict[Hashable, list[int]] = defaultdict(list)
    for k, key in enumerate(keys):
        members[key].append(k)
    return members


def _labelled(answers: Sequence[str]) -> list[bool]:
    """[n] Whether an answer may be a label: it is short, and other rows have it."""
    rows = Counter(map(folded, answers))
    return [
        len(answer.strip()) <= MAX_CHARACTERS and rows[folded(answer)] >= ROWS_PER_LABEL
        for answer in answers
    ]


def _system(row: Row) -> str:
    """Return what stands before the prompt: the system prompt of a chat row."""
    return row.instruction if row.input else ""


def _own_systems(systems: Sequence[str], answers: Sequence[str]) -> set[str]:
    """Return system prompts that say what to do: their rows have labels that others have not."""
    every = Counter(map(folded, answers))
    own = set()
    for system, members in _groups(systems).items():
        said = Counter(folded(answers[k]) for k in members)
        shared = sum(number for answer, number in said.items() if every[answer] > number)
        if system and len(members) < len(answers) and shared < OTHER_ANSWERS * len(members):
            labels = label_spaces([""] * len(members), [answers[k] for k in members])[""]
            own |= {str(system)} if labels else set()
    return own


def _told(rows: Sequence[Row]) -> list[Row]:
    """Return rows with an instruction of their own, without what was put into it."""
    given = [row.instruction for row in rows]
    known = shared_parts(Counter(given), given, given, ends=False)
    whole = frozenset(known)
    split = list(rows)
    for k, row in enumerate(rows):
        if row.instruction in whole:
            continue
        frame = with_words_put_in(row.instruction, known, ends=False)
        if frame is not None:
            rest = row.instruction[frame.length :].strip()
            if len(rest.split()) <= INSERTED:
                text = " ".join(part for part in (frame.inserted, rest, row.input) if part)
                task = instruction_name(frame.text)
                split[k] = replace(row, instruction=frame.text, input=text, task=task)
    return split


def _framed(row: Row, rest: str, opening: Frame, closing: Frame, system: str) -> Row:
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
        chat=False,
    )
