"""Parquet, Arrow and `save_to_disk` folders, read with pyarrow alone.

`datasets` is not imported: it would write a cache and ask the network. Values JSON cannot hold
(dates, bytes, decimals, NaN) appear as text in the records; the cleaned file is cut from the
original columns and keeps them as they are.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as is_

from curation_gate.errors import InputError
from curation_gate.rows.content import Content, Count
from curation_gate.rows.json_text import quote
from curation_gate.rows.limits import LEAST_ROW, allowance, too_large
from curation_gate.rows.raw import read_stored

ARROW_FILE = b"ARROW1"
PARQUET = b"PAR1"


def read_parquet(path: Path, count: Count) -> Content:
    """Rows of a Parquet file. Raises InputError where it is damaged or claims over 2 GiB."""
    stored = read_stored(path)
    records: list[dict[str, Any]] = []
    with arrow_errors(path):
        file = pq.ParquetFile(pa.BufferReader(stored))
        claimed = sum(
            file.metadata.row_group(k).total_byte_size for k in range(file.metadata.num_row_groups)
        )
        room = Room(path, len(stored))
        room.take(max(claimed, LEAST_ROW * file.metadata.num_rows))
        room = Room(path, len(stored))
        _check_names(path, file.schema_arrow)
        # Threads of pyarrow that live at exit abort one process in ten: it reads on ours.
        # Dictionaries stay dictionaries until they are counted: a million rows of one large text
        # take no more in the file than one.
        texts = [
            name
            for name, type_ in zip(file.schema_arrow.names, file.schema_arrow.types, strict=True)
            if is_.is_string(type_) or is_.is_large_string(type_) or is_.is_binary(type_)
        ]
        file = pq.ParquetFile(pa.BufferReader(stored), read_dictionary=texts)
        for batch in file.iter_batches(batch_size=8192, use_threads=False):
            _extend(path, records, batch, count, room)
    return Content("parquet", records, hashlib.sha256(stored).hexdigest())


def read_arrow(path: Path, count: Count) -> Content:
    """Rows of an Arrow IPC file or stream (told apart by content). Raises InputError."""
    stored = read_stored(path)
    records: list[dict[str, Any]] = []
    _read_ipc(path, stored, records, count, Room(path, len(stored)))
    return Content("arrow", records, hashlib.sha256(stored).hexdigest())


def read_folder(path: Path, count: Count) -> Content:
    """Rows of a folder that `Dataset.save_to_disk` wrote. Raises InputError.

    sha256 is over `name`, NUL, the file's own sha256 in hex and LF of dataset_info.json (where
    there is one), state.json and the data files, by name; cache files beside them do not count.
    """
    records: list[dict[str, Any]] = []
    data = {name: read_stored(path / name) for name in data_files(path)}
    room = Room(path, sum(map(len, data.values())))
    for name, stored in data.items():
        _read_ipc(path / name, stored, records, count, room)
    for name in ("dataset_info.json", "state.json"):
        if (path / name).is_file():
            data[name] = read_stored(path / name)
    return Content("datasets-folder", records, folder_digest(data))


def folder_digest(data: Mapping[str, bytes]) -> str:
    """sha256, hex, of a folder's files by name; see `read_folder`."""
    digest = hashlib.sha256()
    for name in sorted(data):
        digest.update(f"{name}\0{hashlib.sha256(data[name]).hexdigest()}\n".encode())
    return digest.hexdigest()


def data_files(folder: Path) -> list[str]:
    """Names of a `save_to_disk` folder's Arrow files, in the order of its rows."""
    state = folder / "state.json"
    hint = "write it again with Dataset.save_to_disk"
    try:
        told = json.loads(read_stored(state))
        names = [str(entry["filename"]) for entry in told["_data_files"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("not a state.json of `datasets`", path=state, hint=hint) from error
    if told.get("_indices_data_files") or told.get("_indices_files"):
        raise InputError("row indices stand beside the data", path=state, hint=hint)
    for name in names:
        if Path(name).name != name or "\0" in name:
            raise InputError(
                f"names a file outside its folder: {quote(name)}", path=state, hint=hint
            )
    return names


def open_ipc(stored: bytes) -> Any:
    """Reader of Arrow batches: a RecordBatchFileReader or a RecordBatchStreamReader."""
    source = pa.BufferReader(stored)
    options = pa.ipc.IpcReadOptions(use_threads=False)
    opened = pa.ipc.open_file if is_ipc_file(stored) else pa.ipc.open_stream
    return opened(source, options=options)


def is_ipc_file(stored: bytes) -> bool:
    """Whether the bytes are the Arrow IPC file format (else: the stream format)."""
    return stored.startswith(ARROW_FILE)


def ipc_batches(reader: Any) -> Iterator[tuple[Any, Any]]:
    """Record batches of a reader with their own metadata (None where they have none)."""
    if hasattr(reader, "num_record_batches"):
        for k in range(reader.num_record_batches):
            yield reader.get_batch_with_custom_metadata(k)
        return
    while True:
        try:
            yield reader.read_next_batch_with_custom_metadata()
        except StopIteration:
            return


@contextmanager
def arrow_errors(path: Path) -> Iterator[None]:
    """Turn what pyarrow raises about a file into an InputError that names it."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        first = str(error).strip().splitlines()
        raise InputError(
            f"cannot be read: {quote(first[0] if first else type(error).__name__, 160)}",
            path=path,
            hint="the file is damaged or cut short; write or fetch it again",
        ) from error


class Room:
    """How much of a file may still unpack."""

    def __init__(self, path: Path, stored: int) -> None:
        self._path, self._stored = path, stored
        self._allowed = self._left = allowance(stored)

    def take(self, size: int) -> None:
        """Count `size` bytes more; raises InputError where there is no room for them."""
        self._left -= size
        if self._left < 0:
            raise too_large(self._path, self._allowed, self._stored)


def _unpacked(column: Any) -> int:
    """Bytes a column takes once nothing of it is shared between rows."""
    type_ = column.type
    if is_.is_dictionary(type_):
        if not len(column.dictionary):
            return 0
        values = column.dictionary
        if not (is_.is_string(values.type) or is_.is_large_string(values.type)):
            return len(column) * max(8, int(values.nbytes))
        lengths = pc.fill_null(pc.binary_length(values), 0)
        each = pc.take(lengths, column.indices)
        return int(pc.sum(each).as_py() or 0)
    if is_.is_run_end_encoded(type_):
        return len(column) * max(8, int(column.values.nbytes))
    return int(column.nbytes)


def _read_ipc(
    path: Path, stored: bytes, records: list[dict[str, Any]], count: Count, room: Room
) -> None:
    with arrow_errors(path):
        reader = open_ipc(stored)
        _check_names(path, reader.schema)
        for batch, _ in ipc_batches(reader):
            _extend(path, records, batch, count, room)


def _check_names(path: Path, schema: Any) -> None:
    for name in schema.names:
        if schema.names.count(name) > 1:
            raise InputError(
                f"two columns are called {quote(name)}", path=path, hint="rename one of them"
            )


def _extend(
    path: Path, records: list[dict[str, Any]], batch: Any, count: Count, room: Room
) -> None:
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            column.validate(full=True)
        except pa.ArrowException as error:
            first = len(records) + 1
            raise InputError(
                f"column {quote(name)}, rows {first} to {first + len(batch) - 1}: {error}",
                path=path,
                hint="write the file again; text must be UTF-8",
            ) from error
    room.take(max(LEAST_ROW * len(batch), sum(map(_unpacked, batch.columns))))
    rows = batch.to_pylist()
    strange = [
        name
        for name, type_ in zip(batch.schema.names, batch.schema.types, strict=True)
        if not _is_json_type(type_)
    ]
    for row in rows:
        for name in strange:
            row[name] = plain(row[name])
    records.extend(rows)
    count(len(rows))


def _is_json_type(type_: Any) -> bool:
    if is_.is_dictionary(type_) or is_.is_list(type_) or is_.is_large_list(type_):
        return _is_json_type(type_.value_type)
    if is_.is_struct(type_):
        return all(_is_json_type(type_.field(k).type) for k in range(type_.num_fields))
    return bool(
        is_.is_string(type_)
        or is_.is_large_string(type_)
        or is_.is_string_view(type_)
        or is_.is_integer(type_)
        or is_.is_boolean(type_)
        or is_.is_null(type_)
    )


def plain(value: Any) -> Any:
    """Return the value as JSON can hold it; what it cannot hold, as text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
