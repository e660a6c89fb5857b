"""A row with another answer: its bytes as they were but for the one value.

JSON (lines, lists, task files) and CSV alone: there the answer's bytes can be found and exchanged.
In Parquet and Arrow a column would have to be written anew, so those formats are refused.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from typing import Any

from curation_gate.errors import InputError
from curation_gate.rows import turns
from curation_gate.rows.json_text import scan, skip
from curation_gate.rows.raw import Raw, read_raw
from curation_gate.rows.record import DataFile, Dataset
from curation_gate.rows.shapes import get, path_of
from curation_gate.rows.tabular import delimiter, header

FORMATS = frozenset({"jsonl", "json", "natural-instructions", "csv"})
"""Formats (as in DataFile.format) whose rows can be relabelled."""

Path = tuple[str | int, ...]
"""Keys and list places that lead to a value."""


def relabelled(dataset: Dataset, labels: Mapping[int, str]) -> dict[int, bytes]:
    """Return row index to the row's new bytes, for write_cleaned; all else of the row stays.

    labels: row index to the new answer. Raises InputError, with file and line, for a row whose
    answer cannot be exchanged: nothing has been written then.
    """
    made: dict[int, bytes] = {}
    raws: dict[int, Raw] = {}
    first = [0]
    for file in dataset.files:
        first.append(first[-1] + file.rows)
    for index, label in sorted(labels.items()):
        row = dataset.rows[index]
        file = dataset.files[row.file]
        if file.format not in FORMATS or file.spans is None:
            raise refused(file, row.line, f"rows of {file.format} files cannot be relabelled")
        raw = raws.get(row.file) or raws.setdefault(row.file, read_raw(file.path))
        if raw.sha256 != file.sha256:
            raise InputError("changed since it was read", path=file.path, hint="scan it again")
        start, end = file.spans[index - first[row.file]].tolist()
        text = raw.data[start:end].decode()
        try:
            path = _output_path(dataset.records[index], file, row.output)
            if file.format == "csv":
                new = _in_csv(text, header(raw), delimiter(raw), file.columns["output"], label)
            else:
                new = _in_json(text, path, label)
        except (ValueError, LookupError) as error:
            raise refused(file, row.line, f"this row cannot be relabelled: {error}") from error
        made[index] = new.encode()
    return made


def refused(file: DataFile, line: int | None, why: str) -> InputError:
    """Return the error for a row whose answer cannot be exchanged."""
    return InputError(
        why, path=file.path, line=line, hint="accept or release it in `curate review` instead"
    )


def value_span(text: str, path: Path) -> tuple[int, int]:
    """Return where the value at a path begins and ends in the text of a JSON value.

    Example: ``value_span('{"a": [1, 23]}', ("a", 1)) -> (10, 12)``. Raises KeyError.
    """
    at = skip(text, 0)
    for step in path:
        at = _member(text, at, step) if isinstance(step, str) else _element(text, at, step)
    return at, scan(text, at)[1]


def _member(text: str, at: int, key: str) -> int:
    at = skip(text, at + 1)
    while text[at : at + 1] == '"':
        name, at = scan(text, at)
        at = skip(text, skip(text, at) + 1)
        if name == key:
            return at
        at = skip(text, scan(text, at)[1])
        at = skip(text, at + (text[at : at + 1] == ","))
    raise KeyError(key)


def _element(text: str, at: int, place: int) -> int:
    at = skip(text, at + 1)
    for _ in range(place):
        at = skip(text, scan(text, at)[1])
        at = skip(text, at + 1)
    return at


def _in_json(text: str, path: Path, label: str) -> str:
    start, end = value_span(text, path)
    old = scan(text, start)[0]
    if isinstance(old, list):  # several references: training takes the first
        start, end = value_span(text, (*path, 0))
        old = scan(text, start)[0]
    if isinstance(old, str):
        new = json.dumps(label, ensure_ascii=text.isascii())
    else:
        new = label.strip()
        if type(json.loads(new)) is not type(old):
            raise ValueError(f"{label!r} is no value like {text[start:end]}")
    return text[:start] + new + text[end:]


def _output_path(record: Mapping[str, Any], file: DataFile, answer: str) -> Path:
    """Return the way to the answer of a record. Raises ValueError where it is no single value."""
    path: Path = path_of(file.columns["output"], record)
    value = get(record, path_of(file.columns["output"], record))
    if turns.turn_keys(value) is not None:
        read = value if isinstance(value, list) else [value]
        at = turns.last_answer(read)
        keys = None if at is None else turns.turn_keys(read[at])
        if at is None or keys is None:
            raise ValueError("its answer is not one text")
        path = (*path, *((at,) if isinstance(value, list) else ()), keys[1])
        value = read[at].get(keys[1])
        if not isinstance(value, str):
            raise ValueError("its answer is not one text")
    if isinstance(value, str) and value != answer:
        raise ValueError("its answer is a part of a text, or has a part elsewhere")
    return path


def _in_csv(text: str, names: list[str], mark: str, column: str, label: str) -> str:
    """Return a CSV record with one field exchanged; quoted where it was, or has to be."""
    begin = 0
    for place in range(len(names)):
        end = _field_end(text, begin, mark)
        if names[place] == column:
            quoted = text[begin : begin + 1] == '"'
            if quoted or any(sign in label for sign in (mark, '"', "\n", "\r")):
                label = '"' + label.replace('"', '""') + '"'
            new = text[:begin] + label + text[end:]
            if next(csv.reader([new], delimiter=mark, strict=True))[place : place + 1] == [""]:
                raise ValueError("an answer cannot be empty")
            return new
        begin = end + 1
    raise KeyError(column)


def _field_end(text: str, begin: int, mark: str) -> int:
    """Return the index of what ends the field that begins at text[begin]."""
    at = begin
    if text[at : at + 1] == '"':
        at += 1
        while True:
            at = text.index('"', at) + 1
            if text[at : at + 1] != '"':
                return at
            at += 1
    while at < len(text) and text[at] not in (mark, "\r", "\n"):
        at += 1
    return at
