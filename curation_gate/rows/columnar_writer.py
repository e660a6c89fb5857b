"""Cleaned Parquet, Arrow and `save_to_disk` folders: same schema, metadata, codec and order."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation_gate.atomic import atomic_open, atomic_path
from curation_gate.errors import InputError
from curation_gate.rows.columnar import (
    arrow_errors,
    data_files,
    folder_digest,
    ipc_batches,
    is_ipc_file,
    open_ipc,
)
from curation_gate.rows.raw import read_stored
from curation_gate.rows.record import DataFile


def changed(path: Path) -> InputError:
    """Return the error for a file that is not the one that was read."""
    return InputError(
        "changed since it was read", path=path, hint="scan it again: nothing was written"
    )


def write_parquet(file: DataFile, kept: NDArray[np.bool_], target: Path) -> None:
    """Write the kept rows of a Parquet file; row groups stay, empty ones go.

    Codec, dictionary encoding and format version are taken from the file; page sizes and
    compression levels are not in it and are pyarrow's.
    """
    stored = _unchanged(file)
    with arrow_errors(file.path):
        source = pq.ParquetFile(pa.BufferReader(stored))
        codecs, dictionaries, old_times = _parquet_columns(source.metadata)
        with (
            atomic_path(target) as temporary,
            pq.ParquetWriter(
                temporary,
                source.schema_arrow,
                compression=codecs or "NONE",
                use_dictionary=dictionaries,
                version=source.metadata.format_version,
                use_deprecated_int96_timestamps=old_times,
            ) as writer,
        ):
            first = 0
            for k in range(source.metadata.num_row_groups):
                group = source.read_row_group(k, use_threads=False)
                mask = kept[first : first + len(group)]
                first += len(group)
                if mask.any():
                    left = group.filter(pa.array(mask))
                    writer.write_table(left, row_group_size=len(left))


def _parquet_columns(metadata: Any) -> tuple[dict[str, str], list[str], bool]:
    """Codec of each column, columns with a dictionary, and whether times are the old INT96."""
    codecs: dict[str, str] = {}
    dictionaries: list[str] = []
    old_times = False
    if metadata.num_row_groups:
        group = metadata.row_group(0)
        for k in range(group.num_columns):
            column = group.column(k)
            codec = column.compression
            codecs[column.path_in_schema] = "NONE" if codec == "UNCOMPRESSED" else codec
            if column.has_dictionary_page:
                dictionaries.append(column.path_in_schema)
            old_times |= column.physical_type == "INT96"
    return codecs, dictionaries, old_times


def write_arrow(file: DataFile, kept: NDArray[np.bool_], target: Path) -> None:
    """Write the kept rows of an Arrow IPC file or stream; batches stay, empty ones go."""
    stored = _unchanged(file)
    with arrow_errors(file.path):
        _filter_ipc(stored, kept, target)


def write_folder(file: DataFile, kept: NDArray[np.bool_], target: Path) -> None:
    """Write the kept rows of a `save_to_disk` folder.

    `_fingerprint` of state.json is made anew: `datasets` takes it for the name of cached results,
    and those of the uncleaned rows must not be found under it.
    """
    folder = file.path
    data = {name: read_stored(folder / name) for name in data_files(folder)}
    info, state = folder / "dataset_info.json", folder / "state.json"
    told = {path.name: read_stored(path) for path in (info, state) if path.is_file()}
    if folder_digest(data | told) != file.sha256:
        raise changed(folder)
    first = 0
    for name, stored in data.items():
        with arrow_errors(folder / name):
            first += _filter_ipc(stored, kept[first:], target / name)
    fresh = json.loads(told["state.json"])
    basis = f"{fresh.get('_fingerprint')} {file.sha256}".encode() + np.packbits(kept).tobytes()
    fresh["_fingerprint"] = blake2b(basis, digest_size=8).hexdigest()
    told["state.json"] = json.dumps(fresh, indent=2).encode()
    for name, content in told.items():
        with atomic_open(target / name) as stream:
            stream.write(content)


def _filter_ipc(stored: bytes, kept: NDArray[np.bool_], target: Path) -> int:
    """Write kept[k] rows k of an Arrow file or stream; returns how many rows it had."""
    reader = open_ipc(stored)
    options = pa.ipc.IpcWriteOptions(
        use_threads=False,
        compression=_body_codec(stored),
        emit_dictionary_deltas=is_ipc_file(stored),
    )
    make: Callable[..., Any] = pa.ipc.new_file if is_ipc_file(stored) else pa.ipc.new_stream
    more: dict[str, Any] = {}
    if getattr(reader, "metadata", None) is not None:  # the file's own; since pyarrow 21
        more["metadata"] = reader.metadata
    first = 0
    with (
        atomic_open(target) as stream,
        make(stream, reader.schema, options=options, **more) as writer,
    ):
        for batch, own in ipc_batches(reader):
            mask = kept[first : first + len(batch)]
            first += len(batch)
            if mask.any():
                writer.write_batch(batch.filter(pa.array(mask)), own)
    return first


def _body_codec(stored: bytes) -> str | None:
    """`lz4`, `zstd` or None: how the first record batch is packed. pyarrow does not say.

    None, too, where that cannot be told: a file is read by its footer, and the messages before
    it may be damaged without any loss.
    """
    try:
        return _first_codec(stored)
    except (pa.ArrowException, OSError, struct.error, IndexError):
        return None


def _first_codec(stored: bytes) -> str | None:
    """Read Message.header.compression.codec out of the flatbuffer (Arrow's format/Message.fbs)."""
    begin = 8 if is_ipc_file(stored) else 0  # a file is b"ARROW1\0\0", then a stream
    messages = pa.ipc.MessageReader.open_stream(pa.BufferReader(stored[begin:]))
    for message in messages:
        if message.type != "record batch":
            continue
        table = bytes(message.metadata)
        header = _field(table, _follow(table, 0), 2)
        packing = _field(table, _follow(table, header), 3) if header is not None else None
        if packing is None:
            return None
        codec = _field(table, _follow(table, packing), 0)
        return "zstd" if codec is not None and table[codec] == 1 else "lz4"
    return None


def _follow(table: bytes, at: int) -> int:
    """Where the offset stored at table[at] points."""
    return at + int(struct.unpack_from("<I", table, at)[0])


def _field(table: bytes, at: int, number: int) -> int | None:
    """Where field `number` of the flatbuffer table at `at` lies; None where it has none."""
    slots = at - int(struct.unpack_from("<i", table, at)[0])
    size = int(struct.unpack_from("<H", table, slots)[0])
    if 4 + 2 * number >= size:
        return None
    offset = int(struct.unpack_from("<H", table, slots + 4 + 2 * number)[0])
    return at + offset if offset else None


def _unchanged(file: DataFile) -> bytes:
    stored = read_stored(file.path)
    if sha256(stored).hexdigest() != file.sha256:
        raise changed(file.path)
    return stored
