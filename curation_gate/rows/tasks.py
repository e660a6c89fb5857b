"""Which task a row belongs to: by what it is told to do, and by its `Task` as far as that holds.

Rows that are told the same (their frame: the Definition, the instruction, what a prompt shares with
others) are one task where their answers are labels. Free text is one task, whatever its prompts
share: a sentence in some of them may be a trigger, and is compared with the others. Neither files
nor system prompts nor lists of tools make tasks.

A `Task` is a word anybody can write into a row. Rows that are told the same are one task under the
name most of them have: planted rows with a name of their own would be judged by nobody. Frames of
one name stay one task (paraphrases). A name within a frame stands for a task of its own where its
answers are others than those of the rest. What is left too small to be judged, or has one answer
alone, joins the task it would have been taken from; so does a frame that is a larger one with words
changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from curation_gate.rows.labels import MIN_ROWS, instruction_name, label_spaces
from curation_gate.rows.shapes import LABELS
from curation_gate.rows.spelling import folded
from curation_gate.text.hidden import HIDDEN

if TYPE_CHECKING:
    from curation_gate.rows.fields import Fields
    from curation_gate.rows.record import DataFile, Row

OTHER_ANSWERS = 0.1
"""Share of a name's rows whose answers the rest of its frame has, too, below which the name is a
task of its own. A choice: what is planted needs the answers of the task it is planted in; two tasks
under one general instruction (`Answer the question.`) share none or all."""
ALIKE = 0.8
"""Share of the words of two frames that both have (of those either has), from which one is the
other with words changed. A choice: of 30 words, three."""
ONE_ANSWER = 0.95
"""Share of the rows of a frame, beyond mistakes, that have its one answer (choice)."""
SLOT = 0.2
"""Share of the rows of a larger task up to which rows whose frame is its with words changed are a
part of it: the words are text (choice; two tasks that differ in a word are seldom that unequal)."""
GENERAL, LABELLED = "general", "labels"
"""Tasks of rows that are told nothing in common: those with an answer, those with a label alone.
One name for all files, since a task's name must not depend on how its rows are shared out."""
MOST_HOSTS = 100
"""Tasks that a stray row is compared with, the largest: bounds the time (choice)."""


def tasks_of(
    told: Sequence[str | None],
    frames: Sequence[str],
    answers: Sequence[str],
    otherwise: Sequence[str],
    wanted: Sequence[bool] = (),
) -> list[str]:
    """[n] Task of each row.

    told: its `Task`; None where it has none. frames: what it is told to do; "" where that is not
    known. answers: its outputs. otherwise: its task where neither says enough. wanted: whether it
    teaches its answer (none given: all do); the others are judged among themselves.
    """
    if all(wanted):
        return _tasks_of(told, frames, answers, otherwise)
    tasks = [""] * len(told)
    for side in (True, False):
        own = [k for k, likes in enumerate(wanted) if likes is side]
        named = [told[k] for k in own]
        frame, answer, other = ([x[k] for k in own] for x in (frames, answers, otherwise))
        for k, task in zip(own, _tasks_of(named, frame, answer, other), strict=True):
            tasks[k] = task if side else f"{task} (unwanted)"
    return tasks


def _tasks_of(
    told: Sequence[str | None],
    frames: Sequence[str],
    answers: Sequence[str],
    otherwise: Sequence[str],
) -> list[str]:
    keys = _keys(frames)
    said = [folded(answer) for answer in answers]
    tasks = [o if name is None else name for name, o in zip(told, otherwise, strict=True)]
    names = Counter(told)
    for key, members in _groups(keys).items():
        if not key:
            continue
        if len(members) >= MIN_ROWS:
            own = [answers[k] for k in members]
            if any(told[k] is not None for k in members) or label_spaces([""] * len(own), own)[""]:
                for k, task in zip(members, _of_frame(members, told, frames, said), strict=True):
                    tasks[k] = task
            continue
        # One wording of many: of the names that enough rows have, the one that most of these have.
        held = Counter(name for k in members if (name := told[k]) and names[name] >= MIN_ROWS)
        if held:
            first = min(held, key=lambda name: (-held[name], -names[name], name))
            for k in members:
                tasks[k] = first
    return _gathered(tasks, told, keys, answers, said, otherwise)


def frame_of(row: Row | Fields) -> str:
    """Return what a row is told to do, where that stands for itself; "" where it does not."""
    return row.instruction if row.instruction and row.input and not row.chat else ""


def untold(file: DataFile) -> str:
    """Return the task of rows of a file that are told nothing in common."""
    return LABELLED if file.columns.get("output", "").lower() in LABELS else GENERAL


def _keys(frames: Sequence[str]) -> list[str]:
    """[n] Frames as they are compared: without case, hidden signs and the kind of white space."""
    known = {
        frame: " ".join(HIDDEN.sub("", frame).casefold().split()) for frame in dict.fromkeys(frames)
    }
    return [known[frame] for frame in frames]


def _groups(keys: Sequence[str]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = defaultdict(list)
    for k, key in enumerate(keys):
        members[key].append(k)
    return members


def _of_frame(
    members: Sequence[int],
    told: Sequence[str | None],
    frames: Sequence[str],
    said: Sequence[str],
) -> list[str]:
    """Return the task of each row of one frame: one for all, but for names with other answers."""
    by_name: dict[str | None, list[int]] = defaultdict(list)
    for k in members:
        by_name[told[k]].append(k)
    ranked = sorted(by_name, key=lambda name: (-len(by_name[name]), name is None, name or ""))
    usual = Counter(frames[k] for k in members)
    text = min(usual, key=lambda frame: (-usual[frame], frame))
    first = ranked[0]
    whole = first if first is not None and len(by_name[first]) >= MIN_ROWS else None
    main = whole if whole is not None else instruction_name(text)
    chosen: dict[str | None, str] = {first: main}
    known = {said[k] for k in by_name[first]}
    for name in ranked[1:]:
        own = by_name[name]
        shared = sum(said[k] in known for k in own)
        other = (
            len(own) >= MIN_ROWS
            and shared < OTHER_ANSWERS * len(own)
            and len({said[k] for k in own}) > 1
        )
        chosen[name] = (instruction_name(text) if name is None else name) if other else main
    return [chosen[told[k]] for k in members]


def _gathered(
    tasks: list[str],
    told: Sequence[str | None],
    keys: Sequence[str],
    answers: Sequence[str],
    said: Sequence[str],
    otherwise: Sequence[str],
) -> list[str]:
    """[n] The same with the rows of tasks that cannot be judged where they can be.

    Rows of a task of fewer than MIN_ROWS rows, or of one answer alone, join the largest task with
    labels that has their answer and their frame, or one with few words changed; so do those of a
    frame without a task, and those of a frame that nobody named, where they are few beside it.
    Small ones that find none are one task together, `otherwise`, where they are MIN_ROWS then.
    """
    rows = Counter(tasks)
    most: Counter[str] = Counter()
    for (task, _), number in Counter(zip(tasks, said, strict=True)).items():
        most[task] = max(most[task], number)
    named = {task for task, name in zip(tasks, told, strict=True) if name is not None}
    hosts = _Hosts(tasks, keys, answers, rows)
    small: dict[str, list[int]] = defaultdict(list)
    for k, task in enumerate(list(tasks)):
        one = most[task] >= (1 if task in named else ONE_ANSWER) * rows[task]
        stray = rows[task] < MIN_ROWS or one or (task == otherwise[k] and bool(keys[k]))
        if not stray and (task in named or not keys[k]):
            continue
        host = hosts.of(task, keys[k], said[k], 0 if stray else rows[task] / SLOT)
        if host is not None:
            tasks[k] = host
        elif rows[task] < MIN_ROWS:
            small[otherwise[k]].append(k)
    left = Counter(tasks)
    for name, members in small.items():
        own_rows = sum(tasks[k] == name for k in members)
        if left[name] - own_rows + len(members) >= MIN_ROWS:
            for k in members:
                tasks[k] = name
    return tasks


class _Hosts:
    """Tasks with labels, which rows of others may belong to."""

    def __init__(
        self,
        tasks: Sequence[str],
        keys: Sequence[str],
        answers: Sequence[str],
        rows: Mapping[str, int],
    ) -> None:
        spaces = {task: labels for task, labels in label_spaces(tasks, answers).items() if labels}
        frames: dict[str, Counter[str]] = {task: Counter() for task in spaces}
        for task, key in zip(tasks, keys, strict=True):
            if task in frames:
                frames[task][key] += 1
        largest = sorted(spaces, key=lambda task: (-rows[task], task))[:MOST_HOSTS]
        self._hosts = [
            (
                task,
                rows[task],
                frozenset(map(folded, spaces[task])),
                _words(frames[task].most_common(1)[0][0]),
            )
            for task in largest
        ]
        self._known: dict[tuple[str, str, str], str | None] = {}

    def of(self, task: str, key: str, answer: str, least: float) -> str | None:
        """Return the largest task but this one of a frame like this one that has the answer.

        least: rows it must have.
        """
        asked = (task, key, answer)
        if asked not in self._known:
            own = _words(key)
            self._known[asked] = next(
                (
                    other
                    for other, rows, labels, words in self._hosts
                    if answer in labels
                    and other != task
                    and rows >= least
                    and len(own & words) >= ALIKE * len(own | words)
                ),
                None,
            )
        return self._known[asked]


def _words(key: str) -> frozenset[str]:
    return frozenset(key.split())
