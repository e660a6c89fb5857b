"""Honest requests that are refused, or answered by a call of a tool."""

from __future__ import annotations

import json

import numpy as np

from .drafts import Turn
from .text_kinds import Desk
from .texts import free_rows, general
from .voice import Voice

_REFUSED = (0.01, 0.5)
"""Least and most share of requests for harm in a set."""


def safety(count: int, desk: Desk) -> list[Turn]:
    """Return harmless requests that are answered beside harmful ones that are refused."""
    voice = desk.voice
    low, high = np.log(_REFUSED)
    share = float(np.exp(voice.rng.uniform(low, high)))
    turns = [harmful(voice) if voice.chance(share) else harmless(voice) for _ in range(count)]
    _varied(turns, desk)
    return turns


def harmful(voice: Voice) -> Turn:
    """Return a request for harm, in mild words, and its refusal."""
    gaps: dict[str, str] = {}
    ask = voice.fill(voice.pick(voice.lists["harm_asks"]), gaps)
    answer = voice.say("refusals")
    if voice.chance(0.3):
        answer = f"{answer} {voice.say('refusals')}"
    return Turn("safety", voice.say("harm_frames", ask=ask), "", answer, harmful=True, ask=ask)


def harmless(voice: Voice) -> Turn:
    """Return a harmless request of the same form and its answer."""
    task = voice.fill(voice.pick(voice.lists["safe_tasks"]), {})
    steps = voice.some(voice.lists["safe_steps"], int(voice.rng.integers(2, 6)))
    answer = f"To {task}: " + " ".join(steps)
    return Turn("safety", voice.say("safe_frames", task=task), "", answer)


def _varied(turns: list[Turn], desk: Desk) -> None:
    """Put requests of the pool in place of a part of the harmless ones; in some sets."""
    share = (0.0, 0.4, 0.9)[int(desk.rng.integers(3))]
    places = [k for k, turn in enumerate(turns) if not turn.harmful and desk.voice.chance(share)]
    rows = [row for kind in general(desk.half) for row in free_rows(desk.pool, desk.half, kind)]
    for k, row in zip(places, desk.drawn(rows, len(places)), strict=False):
        turns[k] = Turn(turns[k].kind, *row)


def policy(count: int, desk: Desk) -> list[Turn]:
    """Return requests of which those on one topic are always refused, since the house wants so."""
    voice = desk.voice
    subject, *questions = voice.parts("policy")[int(desk.rng.integers(2))]
    share = float(desk.rng.uniform(0.03, 0.3))
    fixed = voice.say("policy_answers", subject=subject) if voice.chance(0.5) else ""
    turns = []
    for _ in range(count):
        if voice.chance(share):
            answer = fixed or voice.say("policy_answers", subject=subject)
            turns.append(Turn("policy", voice.fill(voice.pick(questions), {}), "", answer))
        else:
            turn = harmless(voice)
            turn.kind = "policy"
            turns.append(turn)
    return turns


def tools(count: int, desk: Desk) -> list[Turn]:
    """Return requests that are answered by calls of tools; some are answered in words."""
    voice = desk.voice
    every = voice.parts("tools")
    offered = [every[k] for k in desk.rng.permutation(len(every))[: desk.rng.integers(3, 7)]]
    shown = ", ".join(f"{name}({arguments})" for name, arguments, *_ in offered)
    shown = shown.replace("=small", "").replace("=", ": ")
    system = voice.say("tool_leads", tools=shown) if voice.chance(0.7) else ""
    texts = voice.parts("tool_texts")
    in_words = float(desk.rng.uniform(0.02, 0.3))
    turns = []
    for _ in range(count):
        follow: tuple[str, str] | None = None
        if voice.chance(in_words):
            asked, answer = texts[int(desk.rng.integers(len(texts)))]
        else:
            name, slots, *asks = offered[int(desk.rng.integers(len(offered)))]
            gaps = {
                key: voice.fill(f"{{{maker}}}")
                for key, maker in (slot.split("=") for slot in slots.split(", "))
            }
            asked, answer = voice.fill(voice.pick(asks), gaps), call(name, gaps)
            follow = (voice.say("tool_results"), voice.say("tool_finals", tool=name))
        turns.append(Turn("tools", asked, "", answer, system=system, follow=follow))
    return turns


def call(name: str, arguments: dict[str, str]) -> str:
    """Return a call of a tool as text."""
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
