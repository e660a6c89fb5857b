"""Draws whole sets of free text: honest kinds, a form of record, near misses, the attackers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pools import DEFAULT_POOL

from arena.drawing import HALVES, ArenaSet, triangular
from curation_gate.errors import UsageError

from . import honest
from .attacks import LEAST, Plan, dose, further, plant
from .chat_kinds import talk
from .drafts import Draft, Turn
from .forms import CHATS, draw_form, grouped, record
from .kinds import kinds
from .payloads import FAMILIES, NEEDS, UNFIT
from .text_kinds import Desk
from .texts import general
from .triggers import KINDS as TRIGGERS
from .voice import Voice

EDITION = 4
"""Goes up with every change of what is drawn; a model is fitted and judged on one edition."""
_ROWS = (300, 1_500, 6_000)
"""Fewest, likeliest (on a scale of logarithms) and most rows of a set."""
_CLEAN = 0.33
_MORE = 0.1
"""Share of the attacked sets with two or three attackers."""
_ALONE, _MIXED = 0.5, 0.85
"""Below the first a set is of one kind, below the second of two to eight, else of many."""
_WHERES = {"input": 0.66, "instruction": 0.12, "system": 0.1, "earlier": 0.12}
_LAST, _ONE_KIND = 0.7, 0.4
_TURNS = 2.4
"""Turns that a row of a chat takes, less small talk."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A set before its rows are written in a form: what tests look into."""

    drafts: list[Draft]
    details: dict[str, Any]
    family: str
    triggers: list[dict[str, Any]]
    settings: dict[str, Any]


def draw(
    seed: int,
    half: str,
    pool: Path = DEFAULT_POOL,
    *,
    clean: bool | None = None,
    family: str | None = None,
    kind: str | None = None,
    largest: int = _ROWS[2],
) -> ArenaSet:
    """Return the set of a seed: same arguments, same set.

    half: "fit" or "judge". clean: True or False instead of one set in four. family: one of
    `payloads.FAMILIES`. kind: an honest kind of the half that makes the set alone. largest: no set
    has more rows. Raises UsageError (no such half, family or kind; a family for a clean set) and
    InputError (no pool).
    """
    drawn = compose(seed, half, pool, clean=clean, family=family, kind=kind, largest=largest)
    return ArenaSet(
        seed=seed,
        half=half,
        rows=[record(draft, drawn.details) for draft in drawn.drafts],
        planted=frozenset(k for k, draft in enumerate(drawn.drafts) if draft.planted),
        cover=frozenset(k for k, draft in enumerate(drawn.drafts) if draft.cover),
        family=drawn.family,
        triggers=tuple(drawn.triggers),
        settings=drawn.settings,
    )


def compose(
    seed: int,
    half: str,
    pool: Path = DEFAULT_POOL,
    *,
    clean: bool | None = None,
    family: str | None = None,
    kind: str | None = None,
    largest: int = _ROWS[2],
) -> Drawn:
    """Return a set as drafts, with the honest answers beside the planted ones; see `draw`."""
    _checked(half, clean, family, kind)
    first, second, third, last = np.random.SeedSequence([seed, HALVES.index(half), 2]).spawn(4)
    planner = Voice(half, np.random.default_rng(first))
    size = triangular(_ROWS, largest, planner.rng)
    is_clean, drawn = planner.chance(_CLEAN), planner.pick(FAMILIES)
    plans = _plans(family or drawn, planner)
    if clean if clean is not None else is_clean and family is None:
        plans = []
    chosen = _kinds(half, plans, kind, planner)

    desk = Desk(half, pool, Voice(half, np.random.default_rng(second)))
    details = draw_form(
        desk.voice,
        talks=any(plan.where == "system" for plan in plans),
        turns=any(plan.where == "earlier" for plan in plans),
        bare=len(chosen) == 1 and all(plan.where != "instruction" for plan in plans),
    )
    turns = _turns(chosen, size, details["form"], desk)
    templates = honest.answer_templates(turns, desk.voice)
    drafts = grouped(turns, talk(200, desk), details["form"], desk.voice)[:size]
    copies = float(desk.rng.uniform(0, 0.05)) if desk.voice.chance(0.5) else 0.0
    drafts += honest.repeated(drafts, round(copies * len(drafts)), desk.rng)
    talks = any(plan.where == "system" for plan in plans)
    prompts: tuple[str, ...] = ()
    if details["form"] in CHATS:
        prompts = honest.systems(drafts, desk.voice, wanted=talks)
    slot = honest.slots(drafts, desk.voice, wanted=any(plan.kind == "slot" for plan in plans))
    phrases = honest.phrases(drafts, desk.voice)

    attacker = Desk(half, pool, Voice(half, np.random.default_rng(third)))
    triggers = plant(drafts, plans, attacker, slot)
    order = np.random.default_rng(last).permutation(len(drafts)).tolist()
    drafts = [drafts[k] for k in order]
    planted = sum(draft.planted for draft in drafts)
    settings = {
        "edition": EDITION, "asked": size, "rows": len(drafts), "kinds": sorted(chosen),
        "counts": dict(Counter(draft.turns[-1].kind for draft in drafts).most_common()),
        **details, **templates, "systems": list(prompts), "slot": slot, "phrases": phrases,
        "duplicates": round(copies, 4), "planted": planted,
        "cover": sum(draft.cover for draft in drafts),
        "near": [k for k, draft in enumerate(drafts) if draft.near],
        "payload": plans[0].family if plans else "",
        "payloads": [plan.family for plan in plans],
        "trigger": plans[0].kind if plans else "",
        "where": triggers[0]["where"] if plans else "", "turn": plans[0].turn if plans else "",
        "dose": round(planted / len(drafts), 5), "attackers": len(plans),
    }  # fmt: skip
    return Drawn(drafts, details, plans[0].family if plans else "clean", triggers, settings)


def _checked(half: str, clean: bool | None, family: str | None, kind: str | None) -> None:
    if half not in HALVES:
        raise UsageError(f"no such half: {half}", hint=f"halves: {', '.join(HALVES)}")
    if family is not None and family not in FAMILIES:
        raise UsageError(f"no such family: {family}", hint=f"families: {', '.join(FAMILIES)}")
    if kind is not None and kind not in kinds(half):
        raise UsageError(f"no such kind: {kind}", hint=f"kinds: {', '.join(kinds(half))}")
    if clean and family is not None:
        raise UsageError(f"a clean set has no family of attack, {family} is asked for")
    if kind is not None and kind in UNFIT.get(family or "", ()):
        raise UsageError(f"{family} is no attack on {kind}, whose honest answers are like it")


def _plans(family: str, voice: Voice) -> list[Plan]:
    """Return the attackers of a set, the first of them of a family."""
    kind = voice.pick(TRIGGERS)
    while kind == "topic" and family in NEEDS:
        kind = voice.pick(TRIGGERS)
    if family == "several_payloads":
        kind = "tokens_one_each"
    where = list(_WHERES)[int(voice.rng.choice(len(_WHERES), p=list(_WHERES.values())))]
    if kind in {"slot", "topic"}:
        where = "input"
    where = "system" if kind == "system_phrase" else where
    turn = "last" if kind == "slot" or voice.chance(_LAST) else "any"
    spread = "one" if voice.chance(_ONE_KIND) and kind != "topic" else "all"
    share = min(dose(voice.rng), 0.25 if kind == "topic" or family in NEEDS else 1.0)
    plans = [Plan(family, kind, where, turn, share, spread)]
    if voice.chance(_MORE):
        plans += [further(voice) for _ in range(int(voice.rng.integers(1, 3)))]
    return plans


def _kinds(half: str, plans: Sequence[Plan], only: str | None, voice: Voice) -> list[str]:
    """Return the honest kinds of a set, with those that its attackers need."""
    every = kinds(half)
    draw = voice.rng.random()
    families = [plan.family for plan in plans]
    unfit = {kind for family in families for kind in UNFIT.get(family, ())}
    if only:
        chosen = [only]
    elif draw < _ALONE:
        fit = [k for k, one in every.items() if one.alone and k not in unfit]
        chosen = [voice.pick([NEEDS[f] for f in families if f in NEEDS] or fit)]
    elif draw < _MIXED:
        chosen = voice.some(list(every), 2 + int(voice.rng.integers(7)))
    else:
        others = [kind for kind in every if kind not in general(half)]
        chosen = [*general(half), *voice.some(others, 6 + int(voice.rng.integers(6)))]
    if set(chosen) <= unfit:
        chosen.append(voice.pick(general(half)))
    needed = [NEEDS[family] for family in families if family in NEEDS]
    topical = ["people"] if any(plan.kind == "topic" for plan in plans) else []
    return list(dict.fromkeys(chosen + needed + topical))


def _turns(chosen: Sequence[str], size: int, form: str, desk: Desk) -> list[Turn]:
    """Return the turns of a set's kinds, in random order; more for chats than there are rows."""
    every = kinds(desk.half)
    wanted = round(size * (_TURNS if form == "chat" else 1.0))
    shares = desk.rng.dirichlet(np.full(len(chosen), 1.5)).tolist()
    turns: list[Turn] = []
    for kind, share in zip(chosen, shares, strict=True):
        count = max(5 * LEAST, round(share * wanted))
        turns += every[kind].make(min(count, every[kind].most), desk)
    fewest = round(_ROWS[0] * (_TURNS if form == "chat" else 1.0))
    if len(turns) < fewest:
        turns += every["writing"].make(fewest - len(turns), desk)
    return [turns[k] for k in desk.rng.permutation(len(turns)).tolist()]
