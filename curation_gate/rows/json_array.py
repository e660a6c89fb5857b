"""JSON files that are one value: a list of rows, or a Super-NaturalInstructions task."""

from __future__ import annotations

from typing import Any

import numpy as np

from curation_gate.rows.content import CHUNK, Content, Count
from curation_gate.rows.json_text import JsonProblem, kind, quote, scan, skip
from curation_gate.rows.raw import Raw


class _Elements:
    """The objects of one list, with their character and line positions."""

    def __init__(self, text: str, count: Count) -> None:
        self.text = text
        self.count = count
        self.records: list[dict[str, Any]] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def read(self, at: int) -> int:
        """Read the list that opens at text[at]; returns the index behind it."""
        text = self.text
        at = skip(text, at + 1)
        if text[at : at + 1] == "]":
            return at + 1
        while True:
            value, end = scan(text, at)
            if type(value) is not dict:
                raise JsonProblem(f"a row must be an object, this is {kind(value)}", at)
            self.records.append(value)
            self.starts.append(at)
            self.ends.append(end)
            if len(self.records) % CHUNK == 0:
                self.count(CHUNK)
            at = skip(text, end)
            mark = text[at : at + 1]
            if mark == "]":
                self.count(len(self.records) % CHUNK)
                return at + 1
            if mark != ",":
                raise JsonProblem(_expected("',' or ']'", text, at), at)
            at = skip(text, at + 1)

    def content(self, raw: Raw, form: str, shared: dict[str, Any]) -> Content:
        """Return the rows, with byte offsets and lines in place of character offsets."""
        text, byte, line, last = self.text, raw.start, 1, 0
        spans = np.empty((len(self.records), 2), dtype=np.int64)
        lines: list[int] = []
        for k, (start, end) in enumerate(zip(self.starts, self.ends, strict=True)):
            between = text[last:start]
            byte += len(between.encode())
            line += between.count("\n")
            own = text[start:end]
            spans[k, 0] = byte
            lines.append(line)
            byte += len(own.encode())
            line += own.count("\n")
            spans[k, 1] = byte
            last = end
        return Content(form, self.records, raw.sha256, lines, spans, shared)


def read_json(raw: Raw, count: Count) -> Content:
    """Rows of a JSON list of objects, or of a task file (an object with `Instances`).

    A task file's other keys come back in Content.shared. Raises InputError with line and column.
    """
    text = raw.text()
    elements = _Elements(text, count)
    shared: dict[str, Any] = {}
    try:
        at = skip(text, 0)
        if text[at : at + 1] == "[":
            form = "json"
            at = elements.read(at)
        else:
            form = "natural-instructions"
            at = _read_task(text, at, elements, shared)
        at = skip(text, at)
        if at != len(text):
            raise JsonProblem("more text behind the end of the JSON value", at)  # noqa: TRY301
    except JsonProblem as problem:
        offset = raw.start + len(text[: problem.at].encode())
        hint = (
            problem.hint or "the JSON is damaged there, or the file was cut short: write it again"
        )
        raise raw.error(problem.message, offset, hint=hint) from None
    return elements.content(raw, form, shared)


def _read_task(text: str, start: int, elements: _Elements, shared: dict[str, Any]) -> int:
    """Read a task file's object at text[start]; returns the index behind it."""
    if text[start : start + 1] != "{":
        raise JsonProblem("a list of rows or a task object must stand here", start)
    seen: set[str] = set()
    at = skip(text, start + 1)
    if text[at : at + 1] == "}":
        at += 1
    else:
        while True:
            if text[at : at + 1] != '"':
                raise JsonProblem(_expected("a key in double quotes", text, at), at)
            key, end = scan(text, at)
            if key in seen:
                raise JsonProblem(f"duplicate key {quote(key)}", at, "keep one of them")
            seen.add(key)
            at = skip(text, end)
            if text[at : at + 1] != ":":
                raise JsonProblem(_expected("':'", text, at), at)
            at = skip(text, at + 1)
            if key == "Instances":
                if text[at : at + 1] != "[":
                    raise JsonProblem("Instances must be a list of objects", at)
                at = elements.read(at)
            else:
                shared[key], at = scan(text, at)
            at = skip(text, at)
            mark = text[at : at + 1]
            at += 1
            if mark == "}":
                break
            if mark != ",":
                raise JsonProblem(_expected("',' or '}'", text, at - 1), at - 1)
            at = skip(text, at)
    if "Instances" not in seen:
        raise JsonProblem(
            "one JSON object without `Instances`: neither a list of rows nor a task file",
            start,
            "write a list of rows, or one row a line and call it .jsonl; keys here: "
            + ", ".join(quote(key) for key in list(seen)[:8]),
        )
    return at


def _expected(what: str, text: str, at: int) -> str:
    return (
        f"the text ends where {what} should stand" if at == len(text) else f"{what} must stand here"
    )
