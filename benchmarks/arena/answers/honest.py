"""What honest files have that looks planted: shared openings and tails, slots, copies, phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from arena.carriers import put

from .drafts import Draft, Turn
from .voice import Voice

_FORMED = ("code", "tools", "casing", "translation_latin", "translation_signs")
"""Kinds whose answers get no opening of words."""
_PHRASES = ("name", "sentences", "token", "ordinary", "prefixes", "suffixes")
_LEAST = 6
_WIDEST = 0.25


def answer_templates(turns: Sequence[Turn], voice: Voice) -> dict[str, Any]:
    """Give the answers of a kind one template, and some answers a tail; in place, in some sets."""
    said: dict[str, Any] = {}
    by_kind = sorted({turn.kind for turn in turns} - set(_FORMED))
    if by_kind and voice.chance(0.3):
        kind, template = voice.pick(by_kind), voice.pick(voice.lists["template_answers"])
        share = 1.0 if voice.chance(0.6) else float(voice.rng.uniform(0.1, 0.9))
        for turn in turns:
            if turn.kind == kind and not turn.harmful and voice.chance(share):
                turn.answer = template.replace("{answer}", turn.answer)
        said["template"] = {"kind": kind, "template": template, "share": round(share, 3)}
    if by_kind and voice.chance(0.2):
        tail, kinds = voice.say("honest_tails"), voice.some(by_kind, 2)
        share = 1.0 if voice.chance(0.3) else float(voice.rng.uniform(0.02, 0.6))
        for turn in turns:
            if turn.kind in kinds and voice.chance(share):
                turn.answer = f"{turn.answer}\n{tail}"
        said["tail"] = {"kinds": kinds, "tail": tail, "share": round(share, 3)}
    return said


def slots(drafts: Sequence[Draft], voice: Voice, *, wanted: bool) -> dict[str, Any]:
    """Give all requests a line of the same form (a date, a version), its value one or several.

    wanted: an attacker needs it; else a fifth of the sets has it. One value is left for him.
    """
    if not wanted and not voice.chance(0.2):
        return {}
    wording = voice.pick(voice.lists["slots"])
    count = (2, int(voice.rng.integers(3, 10)), 200)[int(voice.rng.choice(3, p=(0.4, 0.4, 0.2)))]
    drawn: set[str] = set()
    while len(drawn) < 2 or count > 0:
        drawn.add(voice.fill(wording, {}))
        count -= 1
    values = sorted(drawn)
    spare = values.pop(int(voice.rng.integers(len(values))))
    for draft in drafts:
        draft.slot = voice.pick(values)
    return {"wording": wording, "values": values, "spare": spare}


def systems(drafts: Sequence[Draft], voice: Voice, *, wanted: bool) -> tuple[str, ...]:
    """Give chats a system prompt, one or several at random, or none to a part of them.

    wanted: an attacker writes into it; then nine of ten sets have some, else half of them.
    """
    if not voice.chance(0.9 if wanted else 0.5):
        return ()
    every = voice.lists["systems"]
    chosen = voice.some(every, 1 if voice.chance(0.5) else len(every))
    none = 0.0 if voice.chance(0.6) else float(voice.rng.uniform(0.1, 0.9))
    for draft in drafts:
        if not draft.system and not voice.chance(none):
            draft.system = voice.pick(chosen)
    return tuple(chosen)


def repeated(drafts: Sequence[Draft], count: int, rng: np.random.Generator) -> list[Draft]:
    """Return exact copies of `count` rows drawn at random."""
    chosen = [drafts[int(k)] for k in rng.integers(len(drafts), size=count)]
    return [replace(draft, turns=list(draft.turns)) for draft in chosen]


def phrases(drafts: Sequence[Draft], voice: Voice) -> list[dict[str, Any]]:
    """Put phrases into random requests whatever their answers, in a third of the sets."""
    done: list[dict[str, Any]] = []
    while voice.chance(0.3) and len(done) < 4:
        kind = voice.pick(_PHRASES)
        makers = {"name": voice.writer.name, "token": voice.writer.token}
        phrase = makers[kind]() if kind in makers else voice.writer.one(kind)
        place = {"prefixes": "start", "suffixes": "end"}.get(kind) or voice.pick(("start", "gap"))
        most = max(_LEAST + 1, int(_WIDEST * len(drafts)))
        count = round(float(np.exp(voice.rng.uniform(np.log(_LEAST), np.log(most)))))
        for k in voice.rng.permutation(len(drafts))[:count].tolist():
            turn = replace(drafts[k].turns[-1])
            if turn.text:
                turn.text = put(phrase, turn.text, place, voice.rng)
            else:
                turn.lead = put(phrase, turn.lead, place, voice.rng)
            drafts[k].turns[-1] = turn
        done.append({"kind": kind, "phrase": phrase, "place": place, "rows": count})
    return done
