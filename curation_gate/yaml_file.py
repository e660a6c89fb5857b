"""YAML that a person writes, read strictly into a pydantic model: every mistake has file and line.

Anchors, keys given twice and unknown keys are errors here; YAML itself lets all three pass.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from curation_gate.errors import RulesError
from curation_gate.regular_file import read_regular

_MOST_BYTES = 16 * 1024**2
"""A choice: what a person writes is a thousandth of that."""

Model = TypeVar("Model", bound=BaseModel)


def read_text(path: Path, *, hint: str | None = None) -> str:
    """Return a file's text. Raises RulesError where it cannot be read or is no UTF-8."""
    try:
        return read_regular(path, _MOST_BYTES).decode()
    except UnicodeDecodeError as error:
        raise RulesError(f"{path}: not UTF-8 at byte {error.start}") from error
    except OSError as error:
        raise RulesError(f"{path}: cannot be read: {error.strerror}", hint=hint) from error


def parse(text: str, path: Path, model: type[Model], *, what: str, start: str, keys: str) -> Model:
    """Return the model written in `text`; `path` is named in errors. Raises RulesError.

    what: how the file is called in messages (`pack`); start, keys: the hints for an empty file and
    for a wrong one.
    """
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):  # they can nest without end
                line = event.start_mark.line + 1 if event.start_mark else "?"
                raise RulesError(f"{path}:{line}: anchors and aliases are not read; write it out")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise RulesError(f"{path}: the {what} is empty", hint=start)
        _refuse_duplicate_keys(node, path)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise RulesError(f"{where}: not YAML: {problem}") from error
    except (ValueError, RecursionError) as error:  # 2026-02-30 is a date that YAML tries to make
        raise RulesError(f"{path}: not YAML: {error}") from error
    if not isinstance(content, dict):
        raise RulesError(f"{path}: a {what} is a mapping of keys, not {_kind(content)}")
    try:
        # Through JSON: a strict model then takes YAML's lists, and its dates as text.
        return model.model_validate_json(json.dumps(content, default=_as_text))
    except ValidationError as error:
        lines = [_explain(path, node, e["loc"], e["msg"], e["type"], what) for e in error.errors()]
        raise RulesError("\n".join(lines), hint=keys) from None


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else repr(value)


def _refuse_duplicate_keys(node: yaml.Node, path: Path) -> None:
    """Raise where a mapping has a key twice: YAML itself keeps the last one in silence."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise RulesError(f"{path}:{line}: a key has to be a word")
            if key.value in seen:
                raise RulesError(f"{path}:{line}: key {key.value!r} is given twice")
            seen.add(key.value)
            _refuse_duplicate_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_duplicate_keys(value, path)


def _explain(
    path: Path,
    node: yaml.Node,
    location: tuple[int | str, ...],
    message: str,
    kind: str,
    what: str,
) -> str:
    """Return one mistake as `file:line: key: what is wrong`."""
    line = node.start_mark.line
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value)
        ):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    key = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in location).lstrip(".")
    said = {"missing": "is required", "extra_forbidden": "unknown key"}.get(kind, message)
    return f"{path}:{line + 1}: {key or what}: {said.removeprefix('Value error, ')}"


def _kind(value: Any) -> str:
    """Return what a YAML reader calls this kind of value."""
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(value), "a single value")
