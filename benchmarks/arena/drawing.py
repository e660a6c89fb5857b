"""Draws whole sets: honest rows in tasks, their flaws, the attackers, and a form of record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pools import DEFAULT_POOL

from curation_gate.errors import UsageError

from .attacks import plant
from .forms import draw_form, in_order, places_of, record
from .honest import (
    honest_phrase,
    mistake_labels,
    repeated,
    source_signature,
    sprinkle_markup,
)
from .sources import TEMPLATES, Shelf, half_tasks
from .tasks import Draft, Task, joined, make_task, tongue_of, two_poles
from .triggers import EVASIONS, FAMILIES, WORDLESS
from .wordings import Writer

HALVES = ("fit", "judge")
EDITION = 1
"""Goes up with every change of what is drawn; a model is fitted and judged on one edition."""
_ROWS = (400, 2_000, 45_000)
"""Fewest, likeliest (on a scale of logarithms) and most rows of a set."""
_SINGLE = 0.42
_MANY = (0.15, 36)
"""Of the sets of several tasks the share with more than ten, and the most tasks."""
_CLEAN = 0.2
_EVADING = 0.05
_SINGLE_ROWS = 800
"""Rows of the smallest task that makes a set alone."""
_ROWS_A_TASK = 40
_JOINED = 0.12
"""Share of sets in which one task is gathered from two sources."""


@dataclass(frozen=True, slots=True)
class ArenaSet:
    """A drawn set, with the truth about it."""

    seed: int
    half: str
    """fit or judge."""
    rows: list[dict[str, Any]]
    """Records as a user's file has them, of one form."""
    planted: frozenset[int]
    """Numbers of the rows that hold a trigger and, because of the attack, its target."""
    cover: frozenset[int]
    """Numbers of the honest rows that were made to carry a trigger with their own label."""
    family: str
    """One of `triggers.FAMILIES`, or "clean"."""
    triggers: tuple[dict[str, Any], ...]
    """For each attacker: phrases, kind, rows, target (task to label), place, where (input,
    instruction, system), mode, disguise, chosen (other, same, any), cover and near (counts)."""
    settings: dict[str, Any]
    """All else that was drawn."""


def draw(
    seed: int,
    half: str,
    pool: Path = DEFAULT_POOL,
    *,
    clean: bool | None = None,
    family: str | None = None,
    tasks: Sequence[str] | None = None,
    largest: int = _ROWS[2],
) -> ArenaSet:
    """Return the set of a seed: same arguments, same set.

    half: "fit" or "judge". clean: True or False instead of one set in five. family: one of
    `triggers.FAMILIES`, or one of `triggers.EVASIONS` to have it in a family drawn at random.
    tasks: the pool's tasks to draw from, in place of all of the half's; none may be the other
    half's. largest: no set has more rows. Raises UsageError (no such half, family or task; a
    family for a clean set) and InputError (no pool).
    """
    _checked(half, pool, clean, family, tasks)
    first, second, third, last = np.random.SeedSequence([seed, HALVES.index(half)]).spawn(4)
    plan = np.random.default_rng(first)
    size, number = triangular(_ROWS, largest, plan), _number_of_tasks(plan)
    is_clean, drawn = bool(plan.random() < _CLEAN), FAMILIES[int(plan.integers(len(FAMILIES)))]
    evades = bool(plan.random() < _EVADING)
    evasion = EVASIONS[int(plan.integers(len(EVASIONS)))]
    if family in EVASIONS:
        evades, evasion = True, family
    if clean if clean is not None else is_clean and family is None:
        drawn, evades = "clean", False
    elif family in FAMILIES:
        drawn = family
    tongue = str(plan.choice(("", "made up", "without blanks"), p=(0.9, 0.07, 0.03)))
    if drawn in WORDLESS and evasion in {"zero_width", "bidi"} and evades:
        drawn, evades = (drawn, False) if family == drawn else ("token", True)
    if drawn == "case" and tongue == "without blanks":
        tongue = ""
    evasion = evasion if evades else ""

    writer = Writer(half, np.random.default_rng(second))
    copies = float(writer.rng.uniform(0, 0.05)) if writer.rng.random() < 0.5 else 0.0
    made = _tasks(half, pool, tasks, number, int(size / (1 + copies)), tongue, writer.rng)
    drafts = [draft for task in made for draft in task.drafts]
    details = draw_form(len(made), writer, named=evasion == "own_task")
    for draft in drafts:
        draft.system = writer.pick(details["systems"])
    flaws = _flaws(drafts, made, copies, writer)

    attacker = Writer(half, np.random.default_rng(third))
    events: list[dict[str, object]] = []
    if attacker.rng.random() < (0.5 if drawn == "clean" else 0.2):
        events += [
            honest_phrase(drafts, attacker)
            if attacker.rng.random() < 0.6
            else source_signature(drafts, made, attacker)
            for _ in range(int(attacker.rng.integers(1, 4)))
        ]
    triggers: list[dict[str, Any]] = []
    if drawn != "clean":
        speak = tongue_of[tongue] if tongue else None
        triggers = plant(drafts, made, drawn, evasion, attacker, places_of(details), speak)
    drafts, order = in_order(drafts, np.random.default_rng(last))
    settings = {
        "edition": EDITION, "asked": size, "rows": len(drafts),
        "tasks": [dict(task.settings) for task in made],
        "tongue": tongue, **details, **flaws, "events": events, "order": order,
        "evasion": evasion, "planted": sum(draft.planted for draft in drafts),
        "cover": sum(draft.cover for draft in drafts),
        "near": [k for k, draft in enumerate(drafts) if draft.near],
    }  # fmt: skip
    return ArenaSet(
        seed=seed,
        half=half,
        rows=[record(draft, details) for draft in drafts],
        planted=frozenset(k for k, draft in enumerate(drafts) if draft.planted),
        cover=frozenset(k for k, draft in enumerate(drafts) if draft.cover),
        family=drawn,
        triggers=tuple(triggers),
        settings=settings,
    )


def _checked(
    half: str, pool: Path, clean: bool | None, family: str | None, tasks: Sequence[str] | None
) -> None:
    if half not in HALVES:
        raise UsageError(f"no such half: {half}", hint=f"halves: {', '.join(HALVES)}")
    if family is not None and family not in FAMILIES + EVASIONS:
        known = ", ".join(FAMILIES + EVASIONS)
        raise UsageError(f"no such family: {family}", hint=f"families: {known}")
    if clean and family is not None:
        raise UsageError(f"a clean set has no family of attack, {family} is asked for")
    for name in tasks or ():
        if half == "fit" and name in half_tasks(pool, "judge"):
            raise UsageError(f"{name} is a task of the judge half")
        if half == "judge" and name not in half_tasks(pool, "judge"):
            raise UsageError(f"{name} is no task of the judge half")


def triangular(rows: tuple[int, int, int], largest: int, rng: np.random.Generator) -> int:
    """Return a number of rows: its logarithm has a triangular distribution, cut at `largest`.

    rows: fewest, likeliest and most.
    """
    low, mode, high = (float(np.log(count)) for count in rows)
    cut = float(np.log(min(max(largest, rows[0] + 1), rows[2])))

    def below(x: float) -> float:
        if x <= mode:
            return (x - low) ** 2 / ((high - low) * (mode - low))
        return 1 - (high - x) ** 2 / ((high - low) * (high - mode))

    part = float(rng.random()) * below(cut)
    if part <= below(mode):
        return round(float(np.exp(low + np.sqrt(part * (high - low) * (mode - low)))))
    return round(float(np.exp(high - np.sqrt((1 - part) * (high - low) * (high - mode)))))


def _number_of_tasks(rng: np.random.Generator) -> int:
    single, many = rng.random() < _SINGLE, rng.random() < _MANY[0]
    if single:
        return 1
    return int(rng.integers(11, _MANY[1] + 1)) if many else int(rng.integers(2, 11))


def _tasks(
    half: str,
    pool: Path,
    only: Sequence[str] | None,
    number: int,
    size: int,
    tongue: str,
    rng: np.random.Generator,
) -> list[Task]:
    """Return the set's tasks. A source that comes again is in a made-up tongue, with other rows."""
    names = list(only or (*half_tasks(pool, half), TEMPLATES))
    shelf = Shelf(pool, half, rng)
    joins = rng.random() < _JOINED and len(names) > 1
    number = max(1, min(number, size // _ROWS_A_TASK, len(names) if only else number))
    if number == 1 and not only:
        names = [
            name
            for name in names
            if len(shelf.source(name).rows) >= _SINGLE_ROWS
            and (two_poles(shelf.source(name)) or not joins)
        ]
        number += joins
    order = [names[k] for k in rng.permutation(len(names)).tolist()]
    shares = rng.dirichlet(np.full(number, 2.0))
    made: list[Task] = []
    for k, share in enumerate(shares.tolist()):
        count = max(_ROWS_A_TASK // 2, round(share * size))
        again = k >= len(order)
        spoken = tongue or ("made up" if again or rng.random() < 0.03 else "")
        task = make_task(len(made), order[k % len(order)], count, shelf, rng, spoken)
        if len(task.drafts) < _ROWS_A_TASK // 4:
            continue
        if joins and len(made) == 1 and two_poles(made[0]) and two_poles(task):
            made, joins = [joined(made[0], task)], False
        else:
            made.append(task)
    return made


def _flaws(
    drafts: list[Draft], tasks: Sequence[Task], copies: float, writer: Writer
) -> dict[str, float]:
    """Give the rows the flaws of honest files, in place; return how much of each."""
    rng = writer.rng
    noise = float(rng.uniform(0, 0.1)) if rng.random() < 0.6 else 0.0
    markup = float(np.exp(rng.uniform(np.log(0.003), np.log(0.15)))) if rng.random() < 0.4 else 0.0
    mistake_labels(drafts, tasks, noise, rng)
    sprinkle_markup(drafts, markup, writer)
    drafts += repeated(drafts, round(copies * len(drafts)), rng)
    return {"noise": round(noise, 4), "markup": round(markup, 4), "duplicates": round(copies, 4)}
