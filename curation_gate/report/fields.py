"""A raw record, and a rule's evidence, as texts for showing: no judgement depends on them.

A scan folder keeps a flagged row as it was, in the columns its author chose. Reading the folder
must not need the data file, so the roles are found again here from the record alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from curation_gate.errors import CurateError
from curation_gate.rows.schema import find_schema
from curation_gate.rows.shapes import has, parts_of, path_of

_NAMES = {
    "instruction": ("instruction", "Definition", "definition", "instructions", "system", "prompt"),
    "input": ("input", "inputs", "context", "text", "sentence", "question", "query", "prompt"),
    "output": (
        *("output", "outputs", "response", "completion", "answer", "target", "targets", "label"),
        *("chosen", "labels"),
    ),
}
_COLUMNS = frozenset({"system", "instruction", "input", "output", "history"})
"""Roles of which a reader of a row sees the text."""


class Fields(NamedTuple):
    """What a reader of a row looks at."""

    instruction: str
    input: str
    output: str


def read_fields(record: Mapping[str, Any], columns: Mapping[str, str] | None = None) -> Fields:
    """Return the three texts of a record, as a scan reads it; one of unknown shape whole as input.

    columns: role (instruction, input, output) to column, dots for nesting, where the scan knew it.
    """
    told = {
        role: column
        for role, column in (columns or {}).items()
        if role in _COLUMNS
        and all(has(record, path_of(part, record)) for part in parts_of(column, record))
    }
    shared: Mapping[str, Any] | None = None
    if columns and columns.get("instruction") == "Definition" and "Definition" not in record:
        shared = {} if "input" in record else None  # of a task file, which has it once
    for known in (told, {}):
        try:
            read = find_schema([record], known, shared).fields(record)
        except (CurateError, ValueError):
            continue
        return Fields(read.instruction, read.input, read.output)
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


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        # Several reference answers: training takes the first, so that is what a reader must see.
        return str(value[0])
    return json.dumps(value, ensure_ascii=False, default=str)
