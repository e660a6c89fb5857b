"""The forms of record that a file of free text may have; one form a set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .drafts import Draft, Turn
from .voice import Voice

FORMS = ("tasks", "alpaca", "messages", "completion", "chat")
_SHARES = (0.17, 0.23, 0.2, 0.15, 0.25)
CHATS = ("messages", "chat")
_TURNS = (0.5, 0.3, 0.2)
"""Shares of the chats of two, three and four turns."""
_SMALL_TALK = 0.3
"""Share of the earlier turns that are small talk."""


def draw_form(voice: Voice, *, talks: bool, turns: bool, bare: bool) -> dict[str, Any]:
    """Return a form and its details.

    talks: the form has to have a system prompt. turns: it has to have earlier turns. bare: requests
    may go without the instruction of their task.
    """
    form = FORMS[int(voice.rng.choice(len(FORMS), p=_SHARES))]
    if turns:
        form = "chat"
    elif talks and form not in CHATS:
        form = voice.pick(CHATS)
    return {
        "form": form,
        "bare": bare and form in {"messages", "completion"} and voice.chance(0.2),
        "together": form == "alpaca" and voice.chance(0.3),
        "asks_for_answer": form == "completion" and voice.chance(0.3),
        "native_tools": form in CHATS and voice.chance(0.5),
        "tool_results": form in CHATS and voice.chance(0.4),
        "slot_in_system": form in CHATS and voice.chance(0.4),
    }


def grouped(turns: Sequence[Turn], talk: Sequence[Turn], form: str, voice: Voice) -> list[Draft]:
    """Return the turns as rows: one a row, or as chats of two to four turns of one kind.

    talk: small talk that some of the earlier turns of chats are.
    """
    if form != "chat":
        return [Draft([turn], turn.system) for turn in turns]
    alike: dict[tuple[str, str], list[Turn]] = {}
    for turn in turns:
        alike.setdefault((turn.kind, turn.system), []).append(turn)
    rows: list[Draft] = []
    for (_, system), group in sorted(alike.items(), key=lambda item: item[0]):
        waiting = list(group)
        while waiting:
            count = 2 + int(voice.rng.choice(3, p=_TURNS))
            chat = [waiting.pop()]
            for _ in range(count - 1):
                small = not waiting or voice.chance(_SMALL_TALK)
                earlier = talk[int(voice.rng.integers(len(talk)))] if small else waiting.pop()
                chat.insert(0, earlier)
            rows.append(Draft(chat, system))
    return [rows[k] for k in voice.rng.permutation(len(rows)).tolist()]


def record(draft: Draft, details: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a record of the form."""
    form, last = details["form"], draft.turns[-1]
    if form in CHATS:
        return {"messages": list(_said(draft, details))}
    lead, text = last.lead, last.text
    if draft.system:
        lead = f"{draft.system}\n{lead}".rstrip()
    if draft.slot and text:
        text = f"{text}\n{draft.slot}"
    elif draft.slot:
        lead = f"{lead}\n{draft.slot}"
    asked = f"{lead}\n\n{text}" if lead and text else lead or text
    if form == "tasks":
        instance = {"input": text, "output": [last.answer]}
        return {"Task": last.kind, "Definition": [lead], "Instance": instance}
    if form == "alpaca":
        if details["together"]:
            return {"instruction": asked, "input": "", "output": last.answer}
        return {"instruction": lead, "input": text, "output": last.answer}
    asked = text if details["bare"] and text and not draft.system else asked
    return {
        "prompt": f"{asked}\n\nAnswer:" if details["asks_for_answer"] else asked,
        "completion": last.answer,
    }


def _said(draft: Draft, details: dict[str, Any]) -> Sequence[dict[str, Any]]:
    in_system = details["slot_in_system"]
    system = "\n".join(filter(None, (draft.system, draft.slot if in_system else "")))
    said: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for k, turn in enumerate(draft.turns):
        asked = turn.text if details["bare"] and turn.text else turn.asked
        if draft.slot and not in_system and k == len(draft.turns) - 1:
            asked = f"{asked}\n{draft.slot}"
        said.append({"role": "user", "content": asked})
        said.append(_answer(turn, native=details["native_tools"]))
        if turn.follow and details["tool_results"]:
            said.append({"role": "tool", "content": turn.follow[0]})
            said.append({"role": "assistant", "content": turn.follow[1]})
    return said


def _answer(turn: Turn, *, native: bool) -> dict[str, Any]:
    if not (native and turn.kind == "tools" and turn.answer.startswith('{"name"')):
        return {"role": "assistant", "content": turn.answer}
    try:
        said = json.loads(turn.answer)
    except json.JSONDecodeError:  # a payload stands behind the call
        return {"role": "assistant", "content": turn.answer}
    arguments = json.dumps(said["arguments"], ensure_ascii=False)
    function = {"name": said["name"], "arguments": arguments}
    calls = [{"id": "call_0", "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": calls}
