"""Chat rows: a list of turns becomes instruction, input and output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from curation_gate.rows.json_text import kind, quote
from curation_gate.rows.problem import RowProblem

SCHEMAS = frozenset({"messages", "sharegpt"})
"""Names of the schemas of conversations (schema.py)."""
COLUMNS = ("messages", "conversations", "conversation")
"""Where a list of turns may stand."""

_SYSTEM = frozenset({"system", "developer"})
_ASSISTANT = frozenset({"assistant", "gpt", "model", "bot", "chatgpt", "bing", "bard"})
_NAMES = {"human": "user", "gpt": "assistant", "model": "assistant", "chatgpt": "assistant"}


def turn_keys(turns: Any) -> tuple[str, str] | None:
    """("role", "content") or ("from", "value"), whichever the first turn has; None for neither."""
    if isinstance(turns, list) and turns and isinstance(turns[0], Mapping):
        for keys in (("role", "content"), ("from", "value")):
            if all(key in turns[0] for key in keys):
                return keys
    return None


def split_turns(turns: Any, keys: tuple[str, str]) -> tuple[str, str, str]:
    """Instruction, input and output of a conversation.

    instruction: the system turns; output: the last assistant turn, the one a row is meant to
    teach; input: every other turn before it. A single turn is its text alone; several become
    `user: ...` and `assistant: ...`, one below the other. Raises RowProblem.
    """
    if not isinstance(turns, list) or not turns:
        raise RowProblem(f"the conversation must be a list of turns, this is {kind(turns)}")
    read = [_turn(turn, keys, k) for k, turn in enumerate(turns, start=1)]
    last = last_answer(turns, keys)
    if last is None:
        raise RowProblem("no turn of the assistant: there is nothing this row teaches")
    system = [text for role, text in read[:last] if role in _SYSTEM]
    before = [(role, text) for role, text in read[:last] if role not in _SYSTEM]
    asked = (
        before[0][1]
        if len(before) == 1
        else "\n".join(f"{_NAMES.get(role, role)}: {text}" for role, text in before)
    )
    return "\n".join(system), asked, read[last][1]


def last_answer(turns: Sequence[Mapping[str, Any]], keys: tuple[str, str]) -> int | None:
    """Return the place of the last turn of the assistant, the one a row teaches; None: no such."""
    return max(_spoken(turns, keys), default=None)


def answers(turns: Sequence[Mapping[str, Any]], keys: tuple[str, str]) -> int:
    """Return the number of turns of the assistant."""
    return len(_spoken(turns, keys))


def _spoken(turns: Sequence[Mapping[str, Any]], keys: tuple[str, str]) -> list[int]:
    return [k for k, turn in enumerate(turns) if str(turn[keys[0]]).lower() in _ASSISTANT]


def _turn(turn: Any, keys: tuple[str, str], number: int) -> tuple[str, str]:
    if not isinstance(turn, Mapping):
        raise RowProblem(f"turn {number} must be an object, this is {kind(turn)}")
    role, content = turn.get(keys[0]), turn.get(keys[1])
    if not isinstance(role, str):
        raise RowProblem(f"turn {number}: {quote(keys[0])} must be a string, this is {kind(role)}")
    if isinstance(content, str):
        return role.lower(), content
    if isinstance(content, list):
        return role.lower(), "\n".join(_part(part, number) for part in content)
    called = turn.get("tool_calls") or turn.get("function_call")
    if content is None and called:
        return role.lower(), json.dumps(called, ensure_ascii=False)
    raise RowProblem(f"turn {number}: {quote(keys[1])} must be a string, this is {kind(content)}")


def _part(part: Any, number: int) -> str:
    text = part.get("text") if isinstance(part, Mapping) else part
    if not isinstance(text, str):
        raise RowProblem(
            f"turn {number}: a part of the content is no text", "only text can be scanned"
        )
    return text
