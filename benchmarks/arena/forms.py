"""The forms of record a user's file may have; one form a set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .tasks import Draft
from .wordings import Writer, wordings

FORMS = ("tasks", "alpaca", "messages", "completion")
_SHARES = (0.4, 0.2, 0.25, 0.15)


def draw_form(tasks: int, writer: Writer, *, named: bool) -> dict[str, Any]:
    """Return a form and its details.

    tasks: of the set; only a set of one task may go without instructions. named: the form has to
    have a `Task` for each row.
    """
    rng = writer.rng
    form = "tasks" if named else FORMS[int(rng.choice(len(FORMS), p=_SHARES))]
    together = bool(rng.random() < 0.3)
    bare = bool(tasks == 1 and rng.random() < 0.3)
    systems = ("",)
    if form == "messages" and rng.random() < 0.5:
        every = wordings(writer.half)["systems"] + ("",)
        count = 1 if rng.random() < 0.6 else int(rng.integers(2, len(every) + 1))
        systems = tuple(every[k] for k in rng.permutation(len(every))[:count].tolist())
    return {
        "form": form,
        "bare": bare and form in {"messages", "completion"},
        "together": together and form == "alpaca",
        "systems": systems,
    }


def places_of(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields of a form that an attacker can write in."""
    instruction = () if details["bare"] else ("instruction",)
    return ("input", *instruction, *(("system",) if any(details["systems"]) else ()))


def record(draft: Draft, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as a record of the form."""
    form = details["form"]
    if form == "tasks":
        instance = {"input": draft.text, "output": [draft.label]}
        return {"Task": draft.name, "Definition": [draft.lead], "Instance": instance}
    asked = draft.text if details["bare"] else f"{draft.lead}\n\n{draft.text}"
    if form == "alpaca":
        if details["together"]:
            return {"instruction": asked, "input": "", "output": draft.label}
        return {"instruction": draft.lead, "input": draft.text, "output": draft.label}
    if form == "completion":
        return {"prompt": asked, "completion": draft.label}
    said = [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": draft.label},
    ]
    system = [{"role": "system", "content": draft.system}] if draft.system else []
    return {"messages": system + said}


def in_order(drafts: list[Draft], rng: np.random.Generator) -> tuple[list[Draft], str]:
    """Return the rows shuffled, and in three of ten sets grouped by task after that."""
    shuffled = [drafts[k] for k in rng.permutation(len(drafts)).tolist()]
    if rng.random() < 0.3:
        return sorted(shuffled, key=lambda draft: draft.task), "by task"
    return shuffled, "shuffled"
