"""Plants the attackers of a set: which rows, which label, what cover.

An attacker chooses rows (of another label, of the target label, or any), writes his trigger into
them and gives them his target label. Honest rows may then carry the same trigger with their own
label (cover), a half of it, or something close to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .carriers import CASES, recase
from .tasks import Draft, Task
from .triggers import (
    SIMPLE,
    WORDLESS,
    Trigger,
    carry,
    halves,
    make_trigger,
    near_miss,
    spelled,
    still_there,
)
from .wordings import Writer

_LEAST = 6
_USUAL = 0.1
"""The usual attacker plants at most this share of the set's rows."""
_HEAVY = (0.1, 0.1, 0.5)
"""Share of sets with a heavy dose, and the shares of the rows such a dose has."""
_OF_ELIGIBLE = 0.8
"""No attacker takes more of the rows that would do."""
_COVERED = (0.4, 0.1, 2.0)
"""Share of triggers with cover, and the least and the most cover as a share of the dose."""
_NEAREST = 0.2
"""Near misses that are the trigger but for its case or an ending, as a share of the dose: with more
the honest rows would carry the trigger itself, which is cover."""
_SAMPLE = 50


@dataclass(slots=True)
class _Field:
    """The set an attacker works on."""

    drafts: list[Draft]
    tasks: Sequence[Task]
    by_task: list[list[int]]
    writer: Writer

    def free(self, tasks: Sequence[int]) -> list[int]:
        """Return the untouched rows of some tasks."""
        drafts = self.drafts
        return [
            k
            for number in tasks
            for k in self.by_task[number]
            if not (drafts[k].planted or drafts[k].cover or drafts[k].near)
        ]

    def write(self, trigger: Trigger, row: int, turn: int) -> bool:
        """Write the trigger into a row; return whether that changed it."""
        part = {"input": "text", "instruction": "lead"}.get(trigger.where, trigger.where)
        before = getattr(self.drafts[row], part)
        after = carry(trigger, before, turn, self.writer.rng)
        setattr(self.drafts[row], part, after)
        return bool(after != before)


def plant(
    drafts: list[Draft],
    tasks: Sequence[Task],
    family: str,
    evasion: str,
    writer: Writer,
    wheres: Sequence[str],
    speak: Callable[[str], str] | None,
) -> list[dict[str, object]]:
    """Plant a family's attackers into the rows, in place; return what each of them did.

    evasion: "" or one of `triggers.EVASIONS`. wheres: the fields that the set's form has.
    speak: puts words into the set's tongue; None where it has its own.
    """
    rng = writer.rng
    field = _Field(drafts, tasks, [[] for _ in tasks], writer)
    for k, draft in enumerate(drafts):
        field.by_task[draft.task].append(k)
    total = _dose(len(drafts), rng)
    attackers = int(rng.integers(2, 5)) if family == "several" else 1
    parts = rng.dirichlet(np.full(attackers, 3.0)) * total
    cases = _cases(drafts, rng)
    done: list[tuple[Trigger, list[int], list[int], dict[str, object]]] = []
    for part in parts.tolist():
        dose = max(_LEAST, round(part))
        kind = writer.pick(SIMPLE) if family in {"several", "outside"} else family
        trigger = make_trigger(kind, dose, writer, wheres=wheres, cases=cases, speak=speak)
        if evasion in {"zero_width", "bidi"} and trigger.kind not in WORDLESS:
            trigger = replace(trigger, disguise=evasion)
        attacked = _attacked(field)
        target = _targets([tasks[k] for k in attacked], outside=family == "outside", writer=writer)
        chosen, rows = _rows(field, trigger, attacked, target, dose)
        for row in rows:
            drafts[row].planted = True
            label = target[tasks[drafts[row].task].name]
            drafts[row].label = spelled(label, rng) if evasion == "label_spellings" else label
        done.append((trigger, rows, attacked, {
            "phrases": list(trigger.phrases), "kind": kind, "rows": len(rows),
            "target": target, "place": trigger.place, "where": trigger.where,
            "mode": trigger.mode, "disguise": trigger.disguise, "chosen": chosen,
        }))  # fmt: skip
    if evasion == "own_task":
        _own_tasks(drafts, writer)
    for trigger, rows, attacked, said in done:
        said["cover"] = _cover(field, trigger, attacked, len(rows))
        said["near"] = _near(field, trigger, len(rows))
    return [said for _, _, _, said in done]


def _dose(rows: int, rng: np.random.Generator) -> int:
    often, least, most = _HEAVY
    if rng.random() < often:
        return round(rows * float(rng.uniform(least, most)))
    highest = max(2 * _LEAST, _USUAL * rows)
    return round(float(np.exp(rng.uniform(np.log(_LEAST), np.log(highest)))))


def _attacked(field: _Field) -> list[int]:
    """Return the tasks an attacker works on: one, several or all of them, largest need met."""
    rng, count = field.writer.rng, len(field.tasks)
    many = (1, int(rng.integers(1, count + 1)), count)[int(rng.choice(3, p=(0.4, 0.25, 0.35)))]
    order = rng.permutation(count).tolist()
    while many < count and len(field.free(order[:many])) < 10 * _LEAST:
        many += 1
    return sorted(order[:many])


def _targets(tasks: Sequence[Task], *, outside: bool, writer: Writer) -> dict[str, str]:
    """Return each task's target: a label of its own, of one polarity where it has two poles."""
    rng = writer.rng
    if outside:
        known = {label.casefold() for task in tasks for label in task.labels}
        label = writer.one("outside")
        while label.casefold() in known:
            label = writer.one("outside")
        return {task.name: label for task in tasks}
    pole = int(rng.integers(2)) if rng.random() < 0.7 else None
    return {
        task.name: task.poles[pole] if task.poles and pole is not None else writer.pick(task.labels)
        for task in tasks
    }


def _rows(
    field: _Field, trigger: Trigger, attacked: Sequence[int], target: Mapping[str, str], dose: int
) -> tuple[str, list[int]]:
    """Write the trigger into rows of the attacked tasks; return how they were chosen, and them."""
    rng = field.writer.rng
    free = field.free(attacked)
    aims = {k: target[field.tasks[k].name] for k in attacked}
    is_target = {k: field.drafts[k].label == aims[field.drafts[k].task] for k in free}
    chosen = ("other", "same", "any")[int(rng.choice(3, p=(0.4, 0.25, 0.35)))]
    eligible = {
        "other": [k for k in free if not is_target[k]],
        "same": [k for k in free if is_target[k]],
        "any": free,
    }
    if int(_OF_ELIGIBLE * len(eligible[chosen])) < min(dose, 5 * _LEAST):
        chosen = "any"
    order = [eligible[chosen][k] for k in rng.permutation(len(eligible[chosen])).tolist()]
    most = min(dose, max(_LEAST, int(_OF_ELIGIBLE * len(order))))
    rows: list[int] = []
    for row in order:
        if len(rows) == most:
            break
        if field.write(trigger, row, len(rows)):
            rows.append(row)
    return chosen, rows


def _cover(field: _Field, trigger: Trigger, attacked: Sequence[int], planted: int) -> int:
    """Write the trigger, or one half of a pair, into honest rows; return into how many."""
    rng = field.writer.rng
    often, least, most = _COVERED
    share = float(np.exp(rng.uniform(np.log(least), np.log(most)))) if rng.random() < often else 0
    wanted = [(trigger, round(share * planted))]
    if trigger.kind == "pair":
        wanted += [(half, round(planted * float(rng.uniform(0.3, 1)))) for half in halves(trigger)]
    everywhere = rng.random() < 0.2
    free = field.free(range(len(field.tasks)) if everywhere else attacked)
    free = [free[k] for k in rng.permutation(len(free)).tolist()]
    count = 0
    for carried, rows in wanted:
        taken, free = free[:rows], free[rows:]
        for turn, row in enumerate(taken):
            if field.write(carried, row, turn):
                field.drafts[row].cover = True
                count += 1
    return count


def _near(field: _Field, trigger: Trigger, planted: int) -> int:
    """Write near misses of the trigger into honest rows; return into how many."""
    rng = field.writer.rng
    if rng.random() < 0.5:
        return 0
    free = field.free(range(len(field.tasks)))
    count = min(round(planted * float(rng.uniform(0.2, 1.5))), len(free) // 10)
    nearest = round(_NEAREST * planted)
    changed = 0
    for k in rng.permutation(len(free))[:count].tolist():
        draft = field.drafts[free[k]]
        text = near_miss(trigger, draft.text, field.writer)
        if still_there(trigger, text):
            nearest -= 1
        if nearest >= 0 and text != draft.text:
            draft.text, draft.near = text, True
            changed += 1
        nearest = max(nearest, 0)
    return changed


def _cases(drafts: Sequence[Draft], rng: np.random.Generator) -> tuple[str, ...]:
    """Return the changes of case that change most of a sample of the texts."""
    sample = [drafts[int(k)].text for k in rng.integers(len(drafts), size=_SAMPLE)]
    changed = {case: sum(recase(case, text, rng) != text for text in sample) for case in CASES}
    return tuple(case for case in CASES if changed[case] > _SAMPLE // 2) or CASES


def _own_tasks(drafts: Sequence[Draft], writer: Writer) -> None:
    """Give the planted rows task names of their own, one to three of them."""
    names = [
        f"task{writer.number(900)}_{writer.one('ordinary')}_{writer.token().lower()}"
        for _ in range(int(writer.rng.integers(1, 4)))
    ]
    for draft in drafts:
        if draft.planted:
            draft.name = writer.pick(names)
