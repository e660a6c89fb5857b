"""Puts a changed row back into its record, and a changed dataset back into a file."""

from __future__ import annotations

import copy
import gzip
import json
from typing import TYPE_CHECKING, Any

from curation_gate.atomic import atomic_open, write_text
from curation_gate.errors import UsageError
from curation_gate.rows.raw import read_raw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from curation_gate.redteam.record import Planted
    from curation_gate.rows.record import DataFile, Row


def rewritten(record: Mapping[str, Any], file: DataFile, old: Row, new: Row) -> Mapping[str, Any]:
    """Return a copy of the record that reads as `new` where it read as `old`; schema kept.

    Raises UsageError where the record has no place for the change (a conversation of several
    turns, an input of several columns, an instruction shared by the whole file).
    """
    changed = copy.deepcopy(dict(record))
    for role in ("instruction", "input", "output"):
        before, after = getattr(old, role), getattr(new, role)
        if before != after and not _put(changed, file.columns.get(role), before, after):
            raise UsageError(
                f"row {old.index}: its {role} cannot be changed in a {file.schema} record",
                hint="convert the data to one JSON object a line with input and output first",
            )
    return changed


def _put(record: dict[str, Any], column: str | None, before: str, after: str) -> bool:
    """Replace `before` by `after` in a column; False where it is not all that stands there."""
    if column is None:
        return False
    place: Any = record
    path = [column] if column in record else column.split(".")
    for key in path[:-1]:
        place = place.get(key) if isinstance(place, dict) else None
    if not isinstance(place, dict) or path[-1] not in place:
        return False
    value = place[path[-1]]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return _put_turn(value, before, after)
    if isinstance(value, list):
        # A reference list: every reference that gave the old answer gives the new one.
        place[path[-1]] = [after, *(v for v in value[1:] if v not in (before, after))]
    elif value is None or isinstance(value, bool | int | float) or value == before:
        place[path[-1]] = after
    else:
        return False
    return True


def _put_turn(turns: list[dict[str, Any]], before: str, after: str) -> bool:
    """Replace the last turn that says `before`."""
    for turn in reversed(turns):
        for key in ("content", "value"):
            if turn.get(key) == before:
                turn[key] = after
                return True
    return False


def write_planted(planted: Planted, target: Path, *, truth: Path | None = None) -> str | None:
    """Write the dataset as JSON Lines and `<target>.truth.json`; return a note, or None.

    Rows of a JSON Lines input keep their bytes, planted ones their schema. Any other input (or
    several files of different schemas) is written in the Super-NaturalInstructions form, and the
    note says so. A target that ends in .gz is packed. `truth`: another path for the truth file.
    Raises OutputError.
    """
    dataset = planted.dataset
    same = len({(f.format, f.schema) for f in dataset.files if f.rows}) == 1
    note = None
    if same and dataset.files[0].format == "jsonl":
        lines = _own_lines(planted)
    else:
        lines = [_natural(row) for row in dataset.rows]
        note = "the input is not one JSON Lines schema: written as Task, Definition, Instance, id"
    data = b"".join(line + b"\n" for line in lines)
    with atomic_open(target) as stream:
        # No time stamp and no name in the header: the same attack gives the same bytes.
        stream.write(gzip.compress(data, mtime=0) if target.suffix == ".gz" else data)
    text = json.dumps(planted.truth, ensure_ascii=False, indent=1) + "\n"
    write_text(truth or truth_path(target), text)
    return note


def truth_path(target: Path) -> Path:
    """Return where the truth about a poisoned file lies: `<name>.truth.json` beside it."""
    return target.with_name(f"{target.name}.truth.json")


def _own_lines(planted: Planted) -> list[bytes]:
    """[n] Each row's line: its own bytes, or new JSON where it was planted."""
    dataset = planted.dataset
    changed = set(planted.indices.tolist())
    lines: list[bytes] = []
    for file in dataset.files:
        if not file.rows:
            continue
        data = read_raw(file.path).data
        assert file.spans is not None  # every reader of a text format gives them
        for start, end in file.spans.tolist():
            index = len(lines)
            record = dataset.records[index]
            lines.append(_json(record) if index in changed else data[start:end].strip(b"\r\n"))
    return lines


def _natural(row: Row) -> bytes:
    record = {
        "id": row.id if row.id is not None else f"row-{row.index}",
        "Task": row.task,
        "Definition": [row.instruction],
        "Instance": {"input": row.input, "output": [row.output]},
    }
    return _json(record | ({"source": row.source} if row.source else {}))


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()
