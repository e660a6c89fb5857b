"""Which task a row belongs to: by what it is told to do, and by its `Task` as far as that holds.

A `Task` is a word anybody can write into a row. Rows that are told the same (their frame: the
Definition, the instruction, what a prompt shares with others) are one task, under the name most of
them have: planted rows with a name of their own would be judged by nobody. Frames of one name stay
one task (paraphrases). A name within a frame stands for a task of its own where its answers are
others than those of the rest. What is left too small to be judged, or has one answer alone, joins
the task it would have been taken from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from curation_gate.rows.labels import MIN_ROWS, instruction_name, label_spaces
from curation_gate.rows.spelling import folded
from curation_gate.text.hidden import HIDDEN

OTHER_ANSWERS = 0.1
"""Share of a name's rows whose answers the rest of its frame has, too, below which the name is a
task of its own. A choice: what is planted needs the answers of the task it is planted in; two tasks
under one general instruction (`Answer the question.`) share none or all."""
ALIKE = 0.8
"""Share of the words of two frames that both have (of those either has), from which one is the
other with words changed. A choice: of 30 words, three."""
MOST_HOSTS = 100
"""Tasks that a stray row is compared with, the largest: bounds the time (choice)."""


def tasks_of(
    told: Sequence[str | None],
    frames: Sequence[str],
    answers: Sequence[str],
    otherwise: Sequence[str],
) -> list[str]:
    """[n] Task of each row.

    told: its `Task`; None where it has none. frames: what it is told to do; "" where that is not
    known. answers: its outputs. otherwise: its task where neither says enough: the stem of its
    file's name.
    """
    keys = _keys(frames)
    said = [folded(answer) for answer in answers]
    tasks = [o if name is None else name for name, o in zip(told, otherwise, strict=True)]
    names = Counter(told)
    for key, members in _groups(keys).items():
        if not key:
            continue
        if len(members) >= MIN_ROWS:
            for k, task in zip(members, _of_frame(members, told, frames, said), strict=True):
                tasks[k] = task
            continue
        # One wording of many: of the names that enough rows have, the one that most of these have.
        own = Counter(name for k in members if (name := told[k]) and names[name] >= MIN_ROWS)
        if own:
            first = min(own, key=lambda name: (-own[name], -names[name], name))
            for k in members:
                tasks[k] = first
    return _gathered(tasks, keys, answers, said, otherwise)


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
    keys: Sequence[str],
    answers: Sequence[str],
    said: Sequence[str],
    otherwise: Sequence[str],
) -> list[str]:
    """[n] The same with the rows of tasks that cannot be judged where they can be.

    Rows of a task of fewer than MIN_ROWS rows, or of one answer alone, join the largest task with
    labels that has their answer and their frame, or one with few words changed. Small ones that
    find none are one task together, that of their file, where they are MIN_ROWS then.
    """
    rows = Counter(tasks)
    seen: dict[str, str] = {}
    several: set[str] = set()
    for task, answer in zip(tasks, said, strict=True):
        if seen.setdefault(task, answer) != answer:
            several.add(task)
    strays = [k for k, task in enumerate(tasks) if rows[task] < MIN_ROWS or task not in several]
    if not strays:
        return tasks
    hosts = _Hosts(tasks, keys, answers, rows)
    small: dict[str, list[int]] = defaultdict(list)
    for k in strays:
        host = hosts.of(keys[k], said[k])
        if host is not None:
            tasks[k] = host
        elif rows[tasks[k]] < MIN_ROWS:
            small[otherwise[k]].append(k)
    left = Counter(tasks)
    for name, members in small.items():
        own = sum(tasks[k] == name for k in members)
        if left[name] - own + len(members) >= MIN_ROWS:
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
            (task, frozenset(map(folded, spaces[task])), _words(frames[task].most_common(1)[0][0]))
            for task in largest
        ]
        self._known: dict[tuple[str, str], str | None] = {}

    def of(self, key: str, answer: str) -> str | None:
        """Return the largest task of a frame like this one that has the answer."""
        asked = (key, answer)
        if asked not in self._known:
            own = _words(key)
            self._known[asked] = next(
                (
                    task
                    for task, labels, words in self._hosts
                    if answer in labels and len(own & words) >= ALIKE * len(own | words)
                ),
                None,
            )
        return self._known[asked]


def _words(key: str) -> frozenset[str]:
    return frozenset(key.split())
