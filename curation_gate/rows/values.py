"""What stands in a record's columns, as text."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from curation_gate.rows.json_text import kind, quote
from curation_gate.rows.problem import RowProblem
from curation_gate.rows.shapes import get, has

Path = tuple[str, ...]
LISTED = frozenset({"choices", "options"})
"""Columns whose lists and objects are read as they are: what a question may be answered with."""


def joined(
    record: Mapping[str, Any],
    paths: Sequence[Path],
    needed: Collection[Path] = (),
    *,
    as_json: bool = False,
) -> str:
    """Return the texts of some columns, one below the other; "" for null and for what is missing.

    needed: paths that must be there. as_json: read anything else than text as JSON. Raises
    RowProblem.
    """
    if len(paths) == 1:
        return _text(record, paths[0], need=paths[0] in needed, as_json=as_json)
    texts = (_text(record, p, need=p in needed, as_json=as_json) for p in paths)
    return "\n".join(text for text in texts if text)


def answers(record: Mapping[str, Any], path: Path, *, labels: bool) -> tuple[str, tuple[str, ...]]:
    """Return the answer of a row, and its other references. Raises RowProblem.

    labels: whether a number or a boolean is a label.
    """
    value = get(record, path)
    if isinstance(value, str):
        return value, ()
    name = quote(".".join(path))
    if isinstance(value, list):
        if not value:
            raise RowProblem(f"{name} is an empty list: there is nothing this row teaches")
        if not all(isinstance(item, str) for item in value):
            raise RowProblem(f"{name} must hold strings alone")
        return value[0], tuple(dict.fromkeys(text for text in value[1:] if text != value[0]))
    if value is None:
        raise RowProblem(f"{name} is null" if has(record, path) else f"{name} is missing")
    if labels and isinstance(value, bool | int | float):
        return json.dumps(value), ()
    raise RowProblem(f"{name} must be a string, this is {kind(value)}")


def wanted(record: Mapping[str, Any], path: Path) -> bool:
    """Return whether an answer is wanted. Raises RowProblem where the row does not say."""
    value = get(record, path)
    if not isinstance(value, bool):
        raise RowProblem(f"{quote('.'.join(path))} must be true or false, this is {kind(value)}")
    return value


def mark(record: Mapping[str, Any], path: Path) -> str | None:
    """Return a name, an id or a source as text."""
    value = get(record, path)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _text(record: Mapping[str, Any], path: Path, *, need: bool, as_json: bool) -> str:
    """Text of a column; the texts of a list (a Definition comes as one)."""
    value = get(record, path)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    if value is None:
        if need and not has(record, path):
            raise RowProblem(f"{quote('.'.join(path))} is missing")
        return ""
    if as_json or path[-1] in LISTED:
        return json.dumps(value, ensure_ascii=False) if value else ""
    raise RowProblem(f"{quote('.'.join(path))} must be a string, this is {kind(value)}")
