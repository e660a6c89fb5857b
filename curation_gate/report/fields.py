"""A raw record, and a rule's evidence, as texts for showing: no judgement depends on them.

A scan folder keeps a flagged row as it was, in the columns its author chose. Reading the folder
must not need the data file, so the roles are found again here from the record alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_NAMES = {
    "instruction": ("instruction", "Definition", "definition", "instructions", "system", "prompt"),
    "input": ("input", "inputs", "context", "text", "sentence", "question", "query", "prompt"),
    "output": (
        *("output", "outputs", "response", "completion", "answer", "target", "targets", "label"),
        *("chosen", "labels"),
    ),
}
_CHATS = ("messages", "conversations", "conversation")
_ANSWERERS = ("assistant", "gpt", "model", "bot", "chatbot")


class Fields(NamedTuple):
    """What a reader of a row looks at."""

    instruction: str
    input: str
    output: str


def read_fields(record: Mapping[str, Any], columns: Mapping[str, str] | None = None) -> Fields:
    """Return the three texts of a record; a record of unknown shape comes back whole as input.

    columns: role (instruction, input, output) to column, dots for nesting, where the scan knew it.
    """
    chat = columns and columns.get("input") == columns.get("output")
    if columns and not chat:
        named = Fields(*(_text(_at(record, columns.get(role))) for role in Fields._fields))
        if any(named):
            return named
    instance = record.get("Instance", record.get("instance"))
    if isinstance(instance, Mapping):
        inner = _by_name(instance)
        return Fields(inner.instruction or _by_name(record).instruction, inner.input, inner.output)
    for name in _CHATS:
        if isinstance(turns := record.get(name), Sequence) and not isinstance(turns, str):
            return _chat(turns)
    found = _by_name(record)
    return found if any(found) else Fields("", _text(dict(record)), "")


def evidence_text(evidence: Any) -> str:
    """Return `key value, key value`, numbers rounded for reading; nothing for no evidence."""
    if not isinstance(evidence, Mapping):
        return ""
    return ", ".join(f"{key} {value_text(value)}" for key, value in evidence.items())


def value_text(value: Any) -> str:
    """Return a JSON value for reading, numbers to four digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _by_name(record: Mapping[str, Any]) -> Fields:
    taken: set[str] = set()
    texts = []
    for role in Fields._fields:
        name = next((n for n in _NAMES[role] if n in record and n not in taken), None)
        if name is not None:
            taken.add(name)
        texts.append(_text(record[name]) if name is not None else "")
    return Fields(*texts)


def _chat(turns: Sequence[Any]) -> Fields:
    spoken = [
        (str(t.get("role", t.get("from", ""))), _text(t.get("content", t.get("value", ""))))
        for t in turns
        if isinstance(t, Mapping)
    ]
    last = next((k for k in reversed(range(len(spoken))) if spoken[k][0] in _ANSWERERS), None)
    system = "\n".join(text for role, text in spoken if role == "system")
    asked = [pair for k, pair in enumerate(spoken) if k != last and pair[0] != "system"]
    if len(asked) == 1:
        question = asked[0][1]
    else:
        question = "\n".join(f"{role}: {text}" for role, text in asked)
    return Fields(system, question, "" if last is None else spoken[last][1])


def _at(record: Mapping[str, Any], path: str | None) -> Any:
    if path is None:
        return None
    if path in record:
        return record[path]
    value: Any = record
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        # Several reference answers: training takes the first, so that is what a reader must see.
        return str(value[0])
    return json.dumps(value, ensure_ascii=False, default=str)
