"""CSV and TSV: every value stays the string it is, every record's bytes are known by offset."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from typing import Any

from curation_gate.errors import InputError
from curation_gate.rows.content import CHUNK, Content, Count, as_spans
from curation_gate.rows.json_text import quote
from curation_gate.rows.raw import Raw, invalid_utf8


class _Lines:
    """Lines of a file, decoded one by one; knows how many bytes and lines went out."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.offset = raw.start
        self.number = 0
        self.stream = io.BytesIO(raw.data)
        self.stream.seek(self.offset)

    def __iter__(self) -> Iterator[str]:
        for line in self.stream:
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                raise invalid_utf8(self.raw, error, self.offset) from None
            self.offset += len(line)
            self.number += 1
            yield text


def read_csv(raw: Raw, count: Count) -> Content:
    """Rows of a CSV file with a header line; `001` and `NA` stay as they are.

    The csv module asks for lines until a record is complete and not one more, so the bytes handed
    out so far are where the record ends, quoted line breaks included. Blank lines are no rows.
    Columns are parted by a comma; by a tab or a semicolon where the header holds no comma. Raises
    InputError for a record with more or fewer fields than the header, for a stray or an open
    quote, for columns of one name.
    """
    # A field may be longer than the module's default of 128 KiB; the setting is global, so it is
    # put back.
    limit = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        return _read(raw, count)
    finally:
        csv.field_size_limit(limit)


def _read(raw: Raw, count: Count) -> Content:
    lines = _Lines(raw)
    reader = csv.reader(iter(lines), delimiter=delimiter(raw), strict=True)
    names: list[str] = []
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    while True:
        start, number = lines.offset, lines.number + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise _csv_error(raw, error, number) from None
        if fields is None:
            break
        if not fields:
            continue
        if not names:
            names = _header(raw, fields, number)
            continue
        if len(fields) != len(names):
            raise InputError(
                f"{len(fields)} fields, and the header names {len(names)}",
                path=raw.path,
                line=number,
                column=1,
                hint="look for a comma or a line break outside quotes",
            )
        records.append(dict(zip(names, fields, strict=True)))
        numbers.append(number)
        starts.append(start)
        ends.append(lines.offset)
        if len(records) % CHUNK == 0:
            count(CHUNK)
    count(len(records) % CHUNK)
    return Content("csv", records, raw.sha256, numbers, as_spans(starts, ends))


def header(raw: Raw) -> list[str]:
    """Return the names of the columns, of a file that read_csv has read."""
    reader = csv.reader(iter(_Lines(raw)), delimiter=delimiter(raw), strict=True)
    return next(filter(None, reader))


def delimiter(raw: Raw) -> str:
    """Return what parts the columns: a comma, or a tab or semicolon in a header without one."""
    end = raw.data.find(b"\n", raw.start)
    first = raw.data[raw.start : None if end < 0 else end]
    if b"," in first:
        return ","
    return "\t" if b"\t" in first else ";" if b";" in first else ","


def _header(raw: Raw, fields: list[str], number: int) -> list[str]:
    for k, name in enumerate(fields):
        if name in fields[:k]:
            raise InputError(
                f"two columns are called {quote(name)}",
                path=raw.path,
                line=number,
                column=1,
                hint="rename one of them",
            )
    return fields


def _csv_error(raw: Raw, error: csv.Error, number: int) -> InputError:
    message = str(error)
    if "unexpected end of data" in message:
        message = "a quoted field that begins in this record is never closed"
    elif "new-line character" in message:
        message = "a bare carriage return outside quotes"
    elif "expected after" in message:
        message = f"a quoted field goes on behind its closing quote ({message})"
    return InputError(
        message,
        path=raw.path,
        line=number,
        column=1,
        hint='put fields with quotes, commas or line breaks in quotes, and write " as "" there',
    )
