"""JSON lines: one object a line, each line's bytes known by offset."""

from __future__ import annotations

import io
from typing import Any

from curation_gate.errors import InputError
from curation_gate.rows.content import CHUNK, Content, Count, as_spans
from curation_gate.rows.json_text import JsonProblem, kind, scan
from curation_gate.rows.raw import Raw, invalid_utf8

_BLANK = b" \t\r\n"


def read_jsonl(raw: Raw, count: Count) -> Content:
    """Rows of a JSON lines file; blank lines are no rows.

    Lines end at LF alone (a CR before it is white space), so U+2028 and form feeds inside a string
    do not cut a row in two. A row's span takes its line ending with it. Raises InputError with
    line and column.
    """
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    end = raw.start
    stream = io.BytesIO(raw.data)
    stream.seek(end)
    for number, line in enumerate(stream, start=1):
        start, end = end, end + len(line)
        body = line.strip(_BLANK)
        if not body:
            continue
        try:
            text = body.decode()
            value, stop = scan(text)
        except UnicodeDecodeError as error:
            raise invalid_utf8(raw, error, start + _indent(line)) from None
        except JsonProblem as problem:
            raise _error(raw, problem, number, line) from None
        if stop != len(text):
            raise _error(raw, JsonProblem("more text behind the object", stop), number, line)
        if type(value) is not dict:
            raise _error(
                raw, JsonProblem(f"a row must be an object, this is {kind(value)}", 0), number, line
            )
        records.append(value)
        lines.append(number)
        starts.append(start)
        ends.append(end)
        if len(records) % CHUNK == 0:
            count(CHUNK)
    count(len(records) % CHUNK)
    return Content("jsonl", records, raw.sha256, lines, as_spans(starts, ends))


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(_BLANK))


def _error(raw: Raw, problem: JsonProblem, number: int, line: bytes) -> InputError:
    return InputError(
        problem.message,
        path=raw.path,
        line=number,
        column=_indent(line) + problem.at + 1,
        hint=problem.hint or "each line must be one JSON object",
    )
