"""From paths to a Dataset: read, find the schema, name the tasks, fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

from curation_gate.errors import InconclusiveError, InputError
from curation_gate.progress import Progress, Silent
from curation_gate.rows.content import Content
from curation_gate.rows.fields import Fields
from curation_gate.rows.fingerprint import dataset_fingerprint, fingerprint_of
from curation_gate.rows.formats import expand, read_content, stem
from curation_gate.rows.labels import label_spaces
from curation_gate.rows.problem import RowProblem
from curation_gate.rows.record import DataFile, Dataset, Row
from curation_gate.rows.schema import Schema, find_schema
from curation_gate.rows.tasks import frame_of, tasks_of, untold


def load(
    paths: Sequence[Path | str],
    *,
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    like: Dataset | None = None,
    tasks: bool = True,
) -> Dataset:
    """Every row of the files, in the order given; nothing is dropped, nothing is changed.

    paths: files, `save_to_disk` folders or globs. columns: role (ROLES of rows/schema.py) to column
    name, where the names alone do not tell. A file without rows is kept as such as long as another
    one has some. like: a dataset these rows come from (the one they were cleaned from): a row it
    has keeps its task and the parts of its prompt there, and those tasks their label spaces, since
    file names and counts have changed. tasks: False leaves every row in one task "" without
    labels, for whoever compares contents alone. Raises InputError (file, line, column), UsageError
    (no such role) and InconclusiveError (no rows at all).
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    progress = progress or Silent()
    found = expand(paths)
    files: list[DataFile] = []
    records: list[Mapping[str, Any]] = []
    fields: list[Fields] = []
    origins: list[tuple[int, int | None]] = []
    with progress.stage("read") as task:
        for number, path in enumerate(found):
            content = read_content(path, task.advance)
            if not content.records:
                progress.say(f"{path}: no rows")
                files.append(_data_file(path, content, None))
                continue
            schema = _schema(path, content, columns)
            read = _fields(path, content, schema)
            if content.format == "natural-instructions":  # one task a file, which is its name
                read = [replace(f, task=f.task or stem(path)) for f in read]
            fields += read
            records += content.records
            origins += [
                (number, line) for line in content.lines or repeat(None, len(content.records))
            ]
            files.append(_data_file(path, content, schema))
    if not records:
        raise InconclusiveError(
            "no rows: " + (", ".join(str(path) for path in found) or "no files given"),
            hint="an empty file is not a clean one; check what was written there",
        )
    fingerprints = [fingerprint_of(f) for f in fields]
    known: list[Row | None] = [None] * len(fields)
    if like is not None:
        held = {row.fingerprint: row for row in like.rows}
        known = [held.get(key) for key in fingerprints]
        fields = [
            f if row is None else _as_known(f, row) for f, row in zip(fields, known, strict=True)
        ]
    named = [""] * len(fields)
    if tasks:
        named = _tasks(fields, [files[number] for number, _ in origins])
    if like is not None:
        named = _known_tasks(named, fields, known, like)
    rows = tuple(
        Row(
            index,
            f.id,
            f.instruction,
            f.input,
            f.output,
            named[index],
            f.source,
            fingerprints[index],
            *origins[index],
            named=f.task,
            earlier=f.earlier,
            alternatives=f.alternatives,
            rejected=f.rejected,
            chat=f.chat,
            wanted=f.wanted,
        )
        for index, f in enumerate(fields)
    )
    spaces = dict(label_spaces(named, [f.output for f in fields])) if tasks else {"": ()}
    if like is not None:
        spaces |= {task: like.label_spaces[task] for task in spaces if task in like.label_spaces}
    return Dataset(
        tuple(files),
        rows,
        tuple(records),
        spaces,
        dataset_fingerprint(fingerprints),
    )


def _tasks(fields: Sequence[Fields], files: Sequence[DataFile]) -> list[str]:
    """[n] Task of each row. What a prompt holds in one text is no frame yet (prompts.py)."""
    return tasks_of(
        [f.task for f in fields],
        [frame_of(f) for f in fields],
        [f.output for f in fields],
        [untold(file) for file in files],
        [f.wanted for f in fields],
    )


def _as_known(fields: Fields, row: Row) -> Fields:
    """Return the fields with the parts of its prompt that a known row has."""
    return replace(fields, instruction=row.instruction, input=row.input)


def _known_tasks(
    tasks: Sequence[str], fields: Sequence[Fields], known: Sequence[Row | None], like: Dataset
) -> list[str]:
    """[n] Tasks as a dataset has them: those of its rows, and of the instructions it has once."""
    told: dict[str, str | None] = {}
    for row in like.rows:
        if row.instruction and told.setdefault(row.instruction, row.task) != row.task:
            told[row.instruction] = None
    return [
        row.task if row is not None else told.get(f.instruction) or task
        for task, f, row in zip(tasks, fields, known, strict=True)
    ]


def _data_file(path: Path, content: Content, schema: Schema | None) -> DataFile:
    return DataFile(
        path=path,
        format=content.format,
        schema=schema.name if schema else "empty",
        columns=schema.columns if schema else {},
        rows=len(content.records),
        sha256=content.sha256,
        spans=content.spans,
        shared=content.shared,
    )


def _schema(path: Path, content: Content, columns: Mapping[str, str] | None) -> Schema:
    shared = content.shared if content.format == "natural-instructions" else None
    try:
        return find_schema(content.records, columns, shared)
    except RowProblem as problem:
        line = content.lines[0] if content.lines else None
        raise InputError(problem.message, path=path, line=line, hint=problem.hint) from None


def _fields(path: Path, content: Content, schema: Schema) -> list[Fields]:
    read: list[Fields] = []
    extract = schema.fields
    try:
        for record in content.records:
            read.append(extract(record))  # noqa: PERF401 - its length says which row failed
    except RowProblem as problem:
        k = len(read)
        line = content.lines[k] if content.lines else None
        where = "" if line is not None else f"row {k + 1}: "
        raise InputError(
            where + problem.message,
            path=path,
            line=line,
            hint=problem.hint or f"the file was read as {schema.name}",
        ) from None
    return read
