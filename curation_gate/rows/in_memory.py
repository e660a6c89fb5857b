"""Data that is in memory, written to files that the readers of this package read.

A table or a list of rows goes the way every file goes: one schema finding, one fingerprint, one
check of what the values are. What is scanned is the copy; the cleaned set is cut from the object
the caller gave, so that nothing about it changes but the rows that are gone.

    datasets.Dataset, DatasetDict   Arrow, batch by batch, as its rows are now (indices applied)
    pandas.DataFrame                Arrow; JSON lines where a column mixes types
    pyarrow.Table, RecordBatch      Arrow
    an iterable of mappings         JSON lines

Values JSON cannot hold appear as text in what is scanned, as they do when they come from Parquet
(columnar.py); NaN and pandas' missing values are null. They are never written back.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation_gate.errors import CurateError, InconclusiveError, InputError, UsageError
from curation_gate.rows.columnar import plain
from curation_gate.rows.json_text import kind, quote

KINDS = (
    "a path, a list of paths, a datasets.Dataset or DatasetDict, a pandas.DataFrame, "
    "a pyarrow.Table, or an iterable of dicts"
)
BATCH_ROWS = 8192
"""Rows of a datasets.Dataset written at a time (a choice: bounded memory, few batches)."""

Keep = Callable[[NDArray[np.bool_]], Any]
"""[n] kept rows to the same kind of object with these rows alone, in order."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Data of a caller, as files to scan and a way back."""

    paths: tuple[Path, ...]
    names: tuple[str, ...]
    """What to call each file in a message: `data`, or `data['train']`."""
    rows: int
    keep: Keep

    def reworded(self, error: InputError) -> InputError:
        """Return an error about one of the files as one about the caller's data.

        The index it names counts from 0, as the caller's own does.
        """
        names = dict(zip(map(str, self.paths), self.names, strict=True))
        name = names.get(str(error.path))
        if name is None:
            return error
        where = str(error.path)
        if error.line is not None:
            where += f":{error.line}" + (f":{error.column}" if error.column is not None else "")
        said = error.message.removeprefix(f"{where}: ")
        row = re.match(r"row (\d+): ", said)
        if error.line is not None:
            name += f"[{error.line - 1}]"
        elif row is not None:
            name, said = f"{name}[{int(row[1]) - 1}]", said[row.end() :]
        hint = error.hint and error.hint.replace("the file was read as", "the rows were read as")
        return InputError(f"{name}: {said}", hint=hint)


def is_paths(data: Any) -> bool:
    """Whether `data` is a path, or a list or tuple that begins with one."""
    first = data[0] if isinstance(data, list | tuple) and data else data
    return isinstance(first, str | Path)


def spill(data: Any, folder: Path) -> InMemory:
    """Write in-memory data into `folder`, for the readers.

    Raises UsageError for an object of another kind, InputError for a value no row can hold, and
    InconclusiveError where there are no rows.
    """
    datasets, pandas = sys.modules.get("datasets"), sys.modules.get("pandas")
    if datasets is not None and isinstance(data, datasets.DatasetDict):
        found = _splits(data, folder)
    elif datasets is not None and isinstance(data, datasets.Dataset):
        path = _write_dataset(data, folder / "data.arrow")
        found = InMemory((path,), ("data",), len(data), lambda k: data.select(np.flatnonzero(k)))
    elif pandas is not None and isinstance(data, pandas.DataFrame):
        path = _write_frame(data, folder)
        found = InMemory((path,), ("data",), len(data), lambda k: data[k])
    elif isinstance(data, pa.Table | pa.RecordBatch):
        found = _arrow(data, folder / "data.arrow")
    else:
        found = _rows(data, folder / "data.jsonl")
    if not found.rows:
        raise InconclusiveError(
            "no rows: the data is empty", hint="an empty set is not a clean one; check its source"
        )
    return found


def _splits(data: Any, folder: Path) -> InMemory:
    """Return the splits of a DatasetDict, one file each; what is kept has the same splits."""
    paths, names = [], []
    for number, (name, split) in enumerate(data.items()):
        safe = re.sub(r"[^A-Za-z0-9_.-]", "_", str(name))[:40]
        # A folder of its own: two names may be made safe the same way.
        paths.append(_write_dataset(split, folder / str(number) / f"{safe}.arrow"))
        names.append(f"data[{quote(str(name))}]")

    def keep(kept: NDArray[np.bool_]) -> Any:
        cleaned, first = {}, 0
        for name, split in data.items():
            own = kept[first : first + len(split)]
            cleaned[name] = split.select(np.flatnonzero(own))
            first += len(split)
        return type(data)(cleaned)

    return InMemory(tuple(paths), tuple(names), sum(map(len, data.values())), keep)


def _write_dataset(data: Any, path: Path) -> Path:
    """Write the rows of a datasets.Dataset with its indices applied, before any transform."""
    plain = data.with_format("arrow")
    schema = data.data.schema
    batches = (plain[k : k + BATCH_ROWS] for k in range(0, len(data), BATCH_ROWS))
    return _write_stream(batches, schema, path)


def _arrow(data: Any, path: Path) -> InMemory:
    table = pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
    _check_names(table.schema.names)
    _write_stream([table.unify_dictionaries()], None, path)
    return InMemory((path,), ("data",), len(data), lambda kept: data.filter(pa.array(kept)))


def _write_frame(data: Any, folder: Path) -> Path:
    """Write a pandas.DataFrame without its index; missing values are null."""
    names = [str(name) for name in data.columns]
    _check_names(names)
    try:
        table = pa.Table.from_pandas(data, preserve_index=False, nthreads=1)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):  # types mixed in one column
        columns = [data.iloc[:, k].tolist() for k in range(len(names))]
        missing = [data.iloc[:, k].isna().tolist() for k in range(len(names))]
        records = (
            {name: None if missing[k][row] else columns[k][row] for k, name in enumerate(names)}
            for row in range(len(data))
        )
        return _write_lines(records, folder / "data.jsonl")
    return _write_stream([table], None, folder / "data.arrow")


def _write_stream(tables: Iterable[Any], schema: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    options = pa.ipc.IpcWriteOptions(use_threads=False)
    try:
        for table in tables:
            if writer is None:
                writer = pa.ipc.new_stream(str(path), table.schema, options=options)
            writer.write_table(table)
        if writer is None:  # no rows: an empty split
            writer = pa.ipc.new_stream(str(path), schema, options=options)
    except pa.ArrowException as error:
        raise InputError(f"data: cannot be written as Arrow: {_first_line(error)}") from error
    finally:
        if writer is not None:
            writer.close()
    return path


def _rows(data: Any, path: Path) -> InMemory:
    """Return an iterable of mappings; what is kept is a list, or a tuple where it was one."""
    if isinstance(data, Mapping):
        raise UsageError(
            "data is one mapping, not rows",
            hint="give a list of dicts, or pyarrow.table(data) for a mapping of columns",
        )
    if not isinstance(data, Iterable) or isinstance(data, bytes | bytearray | memoryview):
        raise _unknown(data)
    if type(data).__name__ in {"IterableDataset", "IterableDatasetDict"}:
        raise UsageError(
            "a streamed dataset cannot be scanned: its rows are read several times",
            hint="load it without streaming=True, or give list(data.take(N))",
        )
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__dataframe__"):
        raise UsageError(
            f"data is a {type(data).__module__}.{type(data).__name__}, and this tool takes {KINDS}",
            hint="convert it: pyarrow.table(data)",
        )
    rows = tuple(data)
    if rows and not isinstance(rows[0], Mapping):
        raise UsageError(f"data[0] is {kind(rows[0])}; this tool takes {KINDS}")
    _write_lines(rows, path)

    def keep(kept: NDArray[np.bool_]) -> Any:
        cleaned = (row for row, stays in zip(rows, kept.tolist(), strict=True) if stays)
        return tuple(cleaned) if isinstance(data, tuple) else list(cleaned)

    return InMemory((path,), ("data",), len(rows), keep)


def _write_lines(rows: Iterable[Any], path: Path) -> Path:
    """Write one JSON object a line; row k stands in line k + 1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii", newline="\n") as stream:
        stream.writelines(_lines(rows))
    return path


def _lines(rows: Iterable[Any]) -> Iterator[str]:
    for k, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InputError(f"data[{k}]: a row must be a dict, this is {kind(row)}")
        try:
            yield json.dumps(_as_json(row), allow_nan=False) + "\n"
        except (RecursionError, ValueError) as error:
            raise InputError(f"data[{k}]: no row can hold this: {_first_line(error)}") from error


def _as_json(value: Any) -> Any:
    """Return a value as JSON can hold it: numpy's as Python's, NaN as null, the rest as text."""
    if isinstance(value, str | int) or value is None:
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key that is not a text")
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(inner) for inner in value]
    if isinstance(value, float) and np.isnan(value):
        return None
    if isinstance(value, np.generic | np.ndarray):
        return _as_json(value.tolist())
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is pandas.NA or value is pandas.NaT):
        return None
    return plain(value)


def _check_names(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"data: two columns are called {quote(name)}", hint="rename one")


def _unknown(data: Any) -> CurateError:
    return UsageError(f"data is {kind(data)}; this tool takes {KINDS}")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return quote(lines[0] if lines else type(error).__name__, 160)
