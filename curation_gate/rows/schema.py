"""Which columns mean what: found from the names, or told with `columns`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation_gate.errors import UsageError
from curation_gate.rows import messages
from curation_gate.rows.json_text import kind, quote
from curation_gate.rows.problem import RowProblem
from curation_gate.rows.shapes import MAJORITY, Survey, best_shape, get, has, path_of

ROLES = ("instruction", "input", "output", "task", "id", "source")

LABEL_COLUMNS = frozenset({"label", "labels", "class", "target", "sentiment"})
"""Columns whose numbers and booleans are class labels and become their JSON text (`1`, `true`).
Everywhere else a number as an answer is an error."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What a row says, before tasks are known."""

    instruction: str
    input: str
    output: str
    task: str | None
    id: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Schema:
    """How to read the records of one file."""

    name: str
    columns: Mapping[str, str]
    """Role to column name; a dot goes into an object (`Instance.input`)."""
    fields: Callable[[Mapping[str, Any]], Fields]
    """Fields of a record; raises RowProblem."""


_COMMON = {
    "task": ("Task", "task", "task_name"),
    "id": ("id", "ID", "_id", "uid", "uuid", "idx"),
    "source": ("source", "Source", "contributor", "origin", "url", "URL"),
}
"""Names under which any schema may carry these roles."""


def find_schema(
    records: Sequence[Mapping[str, Any]],
    chosen: Mapping[str, str] | None = None,
    shared: Mapping[str, Any] | None = None,
) -> Schema:
    """Return the schema of a file's records (at least one).

    `chosen` overrides single roles. A schema needs its required columns in most rows; rows that
    then lack one are errors when they are read, so that a single odd row can neither hide a column
    of all the others nor be passed over. `shared` is not None for a Super-NaturalInstructions
    file: its Definition is every row's instruction. Raises RowProblem (no schema fits, or no such
    column: lists the columns there are) and UsageError (no such role).
    """
    chosen = dict(chosen or {})
    for role in chosen:
        if role not in ROLES:
            raise UsageError(
                f"columns: there is no role {quote(role)}", hint="the roles are " + ", ".join(ROLES)
            )
    survey = Survey.of(records)
    names = survey.names
    for role, column in chosen.items():
        if not any(has(record, path_of(column, names)) for record in records):
            raise RowProblem(f"there is no column {quote(column)} for {role}", _list(names))
    if shared is not None:
        return _task_file(names, chosen, shared)
    if not {"instruction", "input", "output"} & chosen.keys():
        for column in messages.COLUMNS:
            if survey.share([column]) >= MAJORITY:
                turns = (messages.turn_keys(record.get(column)) for record in records)
                keys = next(filter(None, turns), None)
                if keys is not None:
                    return _conversation(names, chosen, column, keys)
    shape = best_shape(survey, chosen)
    if shape is not None:
        optional = {role: column for role, column in shape.optional.items() if column in names}
        return _flat(shape.name, {**shape.required, **optional}, names, chosen)
    if "output" in chosen and {"instruction", "input"} & chosen.keys():
        return _flat("custom", {}, names, chosen)
    raise RowProblem(
        "the columns fit no schema this tool knows",
        _list(names)
        + "; say which is which with columns, for example output=answer,input=question",
    )


def _list(names: Mapping[str, None]) -> str:
    listed = [quote(name) for name in names]
    more = f" and {len(listed) - 30} more" if len(listed) > 30 else ""
    return "the columns are " + ", ".join(listed[:30]) + more


def _with_common(
    columns: Mapping[str, str], names: Mapping[str, None], chosen: Mapping[str, str]
) -> dict[str, str]:
    """Columns with the roles any schema may carry, then with what was told."""
    found = dict(columns)
    taken = set(found.values()) | set(chosen.values())
    for role, candidates in _COMMON.items():
        if role not in found:
            for name in candidates:
                if name in names and name not in taken:
                    found[role] = name
                    break
    found.update(chosen)
    return {role: found[role] for role in ROLES if role in found}


def _flat(
    name: str, columns: Mapping[str, str], names: Mapping[str, None], chosen: Mapping[str, str]
) -> Schema:
    columns = _with_common(columns, names, chosen)
    paths = {role: path_of(column, names) for role, column in columns.items()}
    instruction, asked, output = (paths.get(r) for r in ("instruction", "input", "output"))
    assert output is not None
    labels = output[-1].lower() in LABEL_COLUMNS
    # A missing input is only "" where there is an instruction; a Definition may always be absent.
    need_input = instruction is None or name == "natural-instructions"
    need_instruction = asked is None or name in {"alpaca", "dolly"}
    marks = _marks(paths)

    def fields(record: Mapping[str, Any]) -> Fields:
        return Fields(
            _text(record, instruction, need=need_instruction) if instruction else "",
            _text(record, asked, need=need_input) if asked else "",
            _output(record, output, labels=labels),
            *marks(record),
        )

    return Schema(name, columns, fields)


def _task_file(
    names: Mapping[str, None], chosen: Mapping[str, str], shared: Mapping[str, Any]
) -> Schema:
    columns = _with_common({"input": "input", "output": "output"}, names, chosen)
    paths = {role: path_of(column, names) for role, column in columns.items()}
    definition = _text(shared, ("Definition",), need=False)
    marks = _marks(paths)

    def fields(record: Mapping[str, Any]) -> Fields:
        return Fields(
            _text(record, paths["instruction"], need=False)
            if "instruction" in paths
            else definition,
            _text(record, paths["input"], need=True),
            _output(record, paths["output"], labels=False),
            *marks(record),
        )

    if "instruction" not in columns:
        columns = {"instruction": "Definition"} | columns
    return Schema("natural-instructions", columns, fields)


def _conversation(
    names: Mapping[str, None], chosen: Mapping[str, str], column: str, keys: tuple[str, str]
) -> Schema:
    columns = _with_common({}, names, chosen)
    marks = _marks({role: path_of(name, names) for role, name in columns.items()})
    system = "system" if "system" in names else None

    def fields(record: Mapping[str, Any]) -> Fields:
        if column not in record:
            raise RowProblem(f"{quote(column)} is missing")
        instruction, asked, output = messages.split_turns(record[column], keys)
        if system and not instruction:
            instruction = _text(record, (system,), need=False)
        return Fields(instruction, asked, output, *marks(record))

    name = "messages" if keys[0] == "role" else "sharegpt"
    return Schema(name, {"input": column, "output": column} | columns, fields)


def _marks(
    paths: Mapping[str, tuple[str, ...]],
) -> Callable[[Mapping[str, Any]], tuple[str | None, str | None, str | None]]:
    """Return a function that reads task, id and source of a record."""
    task, own, source = (paths.get(role) for role in ("task", "id", "source"))

    def marks(record: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
        return (
            _mark(record, task) or None if task else None,
            _mark(record, own) if own else None,
            _mark(record, source) or None if source else None,
        )

    return marks


def _mark(record: Mapping[str, Any], path: tuple[str, ...]) -> str | None:
    value = get(record, path)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _text(record: Mapping[str, Any], path: tuple[str, ...], *, need: bool) -> str:
    """Text of a column; "" for null; the first of a list (a Definition comes as one)."""
    value = get(record, path)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and isinstance(value[0], str):
        return value[0]
    if value is None:
        if need and not has(record, path):
            raise RowProblem(f"{quote('.'.join(path))} is missing")
        return ""
    raise RowProblem(f"{quote('.'.join(path))} must be a string, this is {kind(value)}")


def _output(record: Mapping[str, Any], path: tuple[str, ...], *, labels: bool) -> str:
    value = get(record, path)
    if isinstance(value, str):
        return value
    name = quote(".".join(path))
    if isinstance(value, list):
        if not value:
            raise RowProblem(f"{name} is an empty list: there is nothing this row teaches")
        if not all(isinstance(item, str) for item in value):
            raise RowProblem(f"{name} must hold strings alone")
        return str(value[0])
    if value is None:
        raise RowProblem(f"{name} is null" if has(record, path) else f"{name} is missing")
    if labels and isinstance(value, bool | int | float):
        return json.dumps(value)
    raise RowProblem(f"{name} must be a string, this is {kind(value)}")
