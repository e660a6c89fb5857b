r"""Strict JSON out of a text: the value and where it ends, or a problem and where it stands.

Python's own scanner does the work (C speed). On top of it: duplicate keys, NaN and Infinity, lone
surrogates (``"\ud800"``) and nesting beyond MAX_DEPTH are problems; whole numbers keep every digit.
A number no float can hold (1e999), or a whole one beyond Python's own digit limit, is kept as its
text, so that no value is changed silently and whatever is read can be written as JSON again.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 100
"""Objects and lists inside each other in one row (a choice; chat data use five)."""

WHITESPACE = re.compile(r"[ \t\r\n]*")
"""What JSON allows between values."""

Scanner = Callable[[str, int], tuple[Any, int]]
"""`scan_once` of a json.JSONDecoder: value and end of what starts at an index."""

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(_STRING + r"|[{}\[\],:]", re.DOTALL)
_CONSTANT = re.compile(_STRING + r"|NaN|-?Infinity", re.DOTALL)
# Valid JSON up to the first surrogate that is not a high half with its low half at once behind it.
# Possessive: one pass, nothing is tried twice, however long the row is.
_WHOLE = re.compile(
    r"(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])....|\\u[dD][89abAB]..\\u[dD][c-fC-F]..)*+", re.DOTALL
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonProblem(ValueError):  # noqa: N818 - it becomes an InputError once the file is known
    """Text that is not JSON as we take it; `at` is the index of the character it stands at."""

    def __init__(self, message: str, at: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint


class _DuplicateKeyError(ValueError):
    pass


class _ConstantError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DuplicateKeyError
    return made


def _constant(_: str) -> Any:
    raise _ConstantError


def _float(literal: str) -> float | str:
    value = float(literal)
    return value if math.isfinite(value) else literal


def _integer(literal: str) -> int | str:
    try:
        return int(literal)
    except ValueError:  # more digits than Python converts (4,300): keep the text
        return literal


_scan: Scanner = json.JSONDecoder(  # type: ignore[attr-defined]
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float
).scan_once
# A Python function for every whole number costs; it is only taken where int() has refused one.
_scan_long: Scanner = json.JSONDecoder(  # type: ignore[attr-defined]
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_integer
).scan_once


def scan(text: str, start: int = 0) -> tuple[Any, int]:
    r"""Value that starts at text[start], and the index behind it.

    Example: ``scan('{"a": 1}, 2', 0) -> ({"a": 1}, 8)``. Raises JsonProblem.
    """
    try:
        try:
            value, end = _scan(text, start)
        except (json.JSONDecodeError, _DuplicateKeyError, _ConstantError):
            raise
        except ValueError:
            value, end = _scan_long(text, start)
    except StopIteration as stop:
        at = min(int(stop.value), len(text))
        raise JsonProblem(
            "the text ends where a value should stand"
            if at == len(text)
            else "a value must stand here",
            at,
        ) from None
    except json.JSONDecodeError as error:
        raise JsonProblem(error.msg[:1].lower() + error.msg[1:], error.pos) from None
    except _DuplicateKeyError:
        at, key = _find_duplicate(text, start)
        raise JsonProblem(
            f"duplicate key {quote(key)}", at, "keep one of them: readers disagree which one counts"
        ) from None
    except _ConstantError:
        at, name = _find_constant(text, start)
        raise JsonProblem(f"{name} is not JSON", at, "write null, or leave the row out") from None
    except RecursionError:
        raise _too_deep(start) from None
    if text.count("[", start, end) + text.count("{", start, end) > MAX_DEPTH:
        _check_depth(value, start)
    if _SURROGATE.search(text, start, end):
        _check_surrogates(text, start, end)
    return value, end


def skip(text: str, at: int) -> int:
    """Index of the first character at or behind `at` that is no JSON whitespace."""
    match = WHITESPACE.match(text, at)
    assert match is not None
    return match.end()


def quote(text: str, length: int = 60) -> str:
    """Text from a file, safe and short enough for an error message: quoted, ASCII, cut."""
    return json.dumps(text if len(text) <= length else text[:length] + "...")


def kind(value: Any) -> str:
    """Return what JSON calls the type of a value: `a number`, `an object`, ..."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for types, name in (
        ((int, float), "a number"),
        ((str,), "a string"),
        ((list, tuple), "a list"),
        ((dict,), "an object"),
    ):
        if isinstance(value, types):
            return name
    return type(value).__name__


def _too_deep(at: int) -> JsonProblem:
    return JsonProblem(f"nested more than {MAX_DEPTH} deep", at, "no training row needs that")


def _check_depth(value: Any, at: int) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep(at)


def _check_surrogates(text: str, start: int, end: int) -> None:
    match = _WHOLE.match(text, start, end)
    assert match is not None
    if match.end() != end:
        at = match.end()
        raise JsonProblem(
            f"lone surrogate {text[at : at + 6]}: half of a character",
            at,
            "the text was cut inside an emoji or the like; repair or remove it",
        )


def _find_duplicate(text: str, start: int) -> tuple[int, str]:
    """Where the first repeated key stands. The text up to there is known to be valid JSON.

    Objects are judged when they close, as the scanner does, so that the place found is the one
    that stopped it.
    """
    stack: list[tuple[set[str], list[tuple[int, str]]] | None] = []
    key_next = False
    for token in _TOKEN.finditer(text, start):
        mark = token[0]
        if mark == "{":
            stack.append((set(), []))
            key_next = True
        elif mark == "[":
            stack.append(None)
            key_next = False
        elif mark in "}]":
            closed = stack.pop()
            if closed is not None and closed[1]:
                return closed[1][0]
            key_next = False
        elif mark == ",":
            key_next = stack[-1] is not None
        elif mark == ":":
            key_next = False
        elif key_next and (top := stack[-1]) is not None:
            key = json.loads(mark)
            if key in top[0]:
                top[1].append((token.start(), key))
            top[0].add(key)
    return start, ""


def _find_constant(text: str, start: int) -> tuple[int, str]:
    for match in _CONSTANT.finditer(text, start):
        if not match[0].startswith('"'):
            return match.start(), match[0]
    return start, "NaN or Infinity"
