"""Conversations: every turn of the assistant is an answer, its input all that stands before it.

A turn is read under the names people use (`role` and `content`, `from` and `value`, ...), its
content as text, parts, tool calls, thinking. The last answer is what a row is read as; those before
it are its earlier exchanges, and all of them belong to one row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from curation_gate.rows.json_text import kind, quote
from curation_gate.rows.problem import RowProblem
from curation_gate.rows.record import Exchange

COLUMNS = (
    *("messages", "conversations", "conversation", "dialog", "dialogue", "dialogs", "dialogues"),
    *("turns", "chat", "chat_messages"),
)
"""Where a list of turns may stand."""
ROLES = {
    **dict.fromkeys(("system", "developer", "system_prompt"), "system"),
    **dict.fromkeys(("user", "human", "prompter", "instruction", "question"), "user"),
    **dict.fromkeys(
        (
            *("assistant", "gpt", "model", "bot", "chatgpt", "bing", "bard", "chatbot", "ai"),
            *("claude", "llm", "answer", "response", "output", "reasoning", "thinking"),
            *("function_call", "function-call", "tool_call", "tool_calls", "tool-call"),
        ),
        "assistant",
    ),
    **dict.fromkeys(
        (
            *("tool", "function", "observation", "ipython", "environment", "tool_response"),
            *("function_response", "function-response", "tool_result", "tool-response"),
        ),
        "tool",
    ),
}
"""Role as it is written, in lower case, to what it is. Any other is read as a part of the input."""
BEFORE = 4_000
"""Characters kept of what stands before an earlier answer, the nearest ones (choice: a conversation
of n turns would take memory in n squared; what stands further back has nearer answers of its
own, and the last answer has all of it)."""
_NAMES = ("role", "from", "speaker", "author", "sender")
_TEXTS = ("content", "value", "text", "message", "utterance", "parts")
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thoughts")
_CALLS = ("tool_calls", "function_call", "tool_call", "function_calls")
_PART_TEXTS = ("text", "value", "thinking", "reasoning", "content", "output")
READ = frozenset((*_NAMES, *_TEXTS, *_THOUGHTS, *_CALLS, "refusal"))
"""What is read of a turn."""

Keys = tuple[str, str]
"""Names under which a turn has its role and its text."""


class Turn(NamedTuple):
    """One turn, as text."""

    role: str
    """system, user, assistant, tool; another one as it is written, in lower case."""
    text: str


class Said(NamedTuple):
    """What a conversation says."""

    system: str
    """The system turns it begins with."""
    input: str
    """Everything else before the last answer."""
    output: str
    """The last answer."""
    earlier: tuple[Exchange, ...]
    """The answers before it."""


def turn_keys(turns: Any) -> Keys | None:
    """Return the names of role and text of a list's first turn; None where it is no turn."""
    first = turns[0] if isinstance(turns, list) and turns else turns
    # The exact type first: asking an abstract class costs more than all the rest here.
    if type(first) is not dict and not isinstance(first, Mapping):
        return None
    if "role" in first and "content" in first:
        return _NAMES[0], _TEXTS[0]
    name = next((n for n in _NAMES if n in first), None)
    text = next((t for t in _TEXTS if t in first), None)
    if name is None:
        return None
    if text is None:
        return (name, _TEXTS[0]) if any(first.get(key) for key in (*_CALLS, *_THOUGHTS)) else None
    return name, text


def usual_keys(values: Iterable[Any]) -> Keys | None:
    """Return the keys that most of these lists of turns have; None where none is one."""
    seen = Counter(keys for value in values if (keys := turn_keys(value)) is not None)
    return min(seen, key=lambda keys: (-seen[keys], keys)) if seen else None


def read_turns(turns: Any, usual: Keys | None = None) -> list[Turn]:
    """Return the turns of a list, or of one that stands alone.

    usual: the keys that most conversations of the file have; a turn without them is read by its
    own. Raises RowProblem.
    """
    if isinstance(turns, Mapping):
        turns = [turns]
    if not isinstance(turns, list) or not turns:
        raise RowProblem(f"the conversation must be a list of turns, this is {kind(turns)}")
    return [_turn(turn, usual, k) for k, turn in enumerate(turns, start=1)]


def read_history(value: Any) -> list[Turn]:
    """Return the turns of earlier rounds: pairs of question and answer, or a list of turns.

    Raises RowProblem.
    """
    if not value:
        return []
    if turn_keys(value) is not None:
        return read_turns(value)
    read: list[Turn] = []
    for number, pair in enumerate(value if isinstance(value, list) else [value], start=1):
        if not isinstance(pair, list) or len(pair) != 2 or not all(_is_text(p) for p in pair):
            raise RowProblem(
                f"round {number} of the history must be a question and an answer",
                "write it as a list of two texts",
            )
        read += [Turn("user", pair[0] or ""), Turn("assistant", pair[1] or "")]
    return read


def conversation(turns: Sequence[Turn]) -> Said:
    """Return what a conversation says. Raises RowProblem where nobody answers.

    The input of an answer is what stands before it: one turn as its text alone, several as
    `user: ...` and `assistant: ...`, one below the other.
    """
    start = next((k for k, turn in enumerate(turns) if turn.role != "system"), len(turns))
    answers = [k for k, turn in enumerate(turns) if turn.role == "assistant"]
    if not answers:
        roles = ", ".join(quote(role) for role in dict.fromkeys(turn.role for turn in turns))
        raise RowProblem(
            "no turn of the assistant: there is nothing this row teaches",
            f"its roles are {roles}",
        )
    last = answers[-1]
    return Said(
        "\n".join(turn.text for turn in turns[:start]),
        _joined(turns[start:last]),
        turns[last].text,
        tuple(Exchange(_near(turns, start, k), turns[k].text) for k in answers[:-1]),
    )


def last_answer(turns: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the place of the last turn of the assistant, the one a row is read as; None: none."""
    return max((k for k, turn in enumerate(turns) if role_of(turn) == "assistant"), default=None)


def role_of(turn: Mapping[str, Any]) -> str:
    """Return what the role of a turn is: a value of ROLES, or as it is written, in lower case."""
    keys = turn_keys(turn)
    said = str(turn.get(keys[0])).lower() if keys else ""
    return ROLES.get(said, said)


def _joined(turns: Sequence[Turn]) -> str:
    if len(turns) == 1:
        return turns[0].text
    return "\n".join(f"{turn.role}: {turn.text}" for turn in turns)


def _near(turns: Sequence[Turn], start: int, end: int) -> str:
    """Return the last BEFORE characters of what stands before an answer."""
    first, size = end, 0
    while first > start and size <= BEFORE:
        first -= 1
        size += len(turns[first].text) + 1
    kept = turns[first:end]
    text = _joined(kept) if first == start else "\n".join(f"{t.role}: {t.text}" for t in kept)
    return text[-BEFORE:]


def _turn(turn: Any, usual: Keys | None, number: int) -> Turn:
    if usual is not None and type(turn) is dict and len(turn) == 2:  # most turns, in no time
        role, text = turn.get(usual[0]), turn.get(usual[1])
        if type(role) is str and type(text) is str:
            return Turn(ROLES.get(role) or ROLES.get(role.lower(), role.lower()), text)
    if not isinstance(turn, Mapping):
        raise RowProblem(f"turn {number} must be an object, this is {kind(turn)}")
    keys = usual if usual and all(key in turn for key in usual) else turn_keys(turn)
    name, place = keys or usual or (_NAMES[0], _TEXTS[0])
    role = turn.get(name)
    if not isinstance(role, str):
        if isinstance(role, Mapping) and isinstance(role.get("role"), str):
            role = role["role"]
        else:
            raise RowProblem(f"turn {number}: {quote(name)} must be a string, this is {kind(role)}")
    known = ROLES.get(role.lower(), role.lower())
    more = [turn[key] for key in _THOUGHTS if turn.get(key) and key != place]
    calls = [turn[key] for key in _CALLS if turn.get(key) and key != place]
    content = turn.get(place)
    texts = [_content(value, place, number) for value in more]
    if content is not None or not (more or calls or turn.get("refusal")):
        texts.append(_content(content, place, number))
    if isinstance(turn.get("refusal"), str):
        texts.append(turn["refusal"])
    texts += [call for value in calls for call in _calls(value)]
    return Turn(known, "\n".join(text for text in texts if text))


def _content(content: Any, place: str, number: int) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, (_part(part, number) for part in content)))
    if isinstance(content, Mapping):
        return _part(content, number)
    raise RowProblem(f"turn {number}: {quote(place)} must be a string, this is {kind(content)}")


def _part(part: Any, number: int) -> str:
    """Return the text of a part of a turn's content."""
    if isinstance(part, str):
        return part
    if isinstance(part, Mapping):
        sort = str(part.get("type", "")).lower()
        if ("call" in sort or sort == "tool_use") and part.get("value", part):
            return "\n".join(_calls(part.get("value", part)))
        for key in _PART_TEXTS:
            value = part.get(key)
            if isinstance(value, str):
                return value
            if isinstance(value, list):
                return "\n".join(_part(inner, number) for inner in value)
            if key in ("value", "content", "output") and isinstance(value, Mapping):
                return json.dumps(value, ensure_ascii=False)
        if not sort:  # what a tool says, as an object
            return json.dumps(part, ensure_ascii=False)
    raise RowProblem(f"turn {number}: a part of the content is no text", "only text can be scanned")


def _calls(value: Any) -> list[str]:
    """Return tool calls as `name(argument=value, ...)`, one each."""
    value = _parsed(value)
    return [_call(call) for call in (value if isinstance(value, list) else [value])]


def _call(call: Any) -> str:
    call = _parsed(call)
    inner = call.get("function", call) if isinstance(call, Mapping) else call
    if isinstance(inner, str) and isinstance(call, Mapping) and inner is not call:
        inner = call | {"name": inner} if isinstance(call, dict) else call
    name = inner.get("name") if isinstance(inner, Mapping) else None
    if not isinstance(name, str):
        return call if isinstance(call, str) else json.dumps(call, ensure_ascii=False)
    given = next((inner[k] for k in ("arguments", "parameters", "input", "args") if k in inner), "")
    given = _parsed(given)
    if isinstance(given, Mapping):
        told = ", ".join(f"{key}={_value(value)}" for key, value in given.items())
    else:
        told = "" if given is None else _value(given)
    return f"{name}({told})"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parsed(value: Any) -> Any:
    """Return what a JSON text says; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)
