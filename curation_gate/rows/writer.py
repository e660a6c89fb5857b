"""The cleaned file: the input without some rows, everything else as it was.

Nothing is written from parsed values. Text formats are cut from the original bytes, columnar ones
are filtered column by column, so a row that is kept cannot change.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation_gate.atomic import atomic_open
from curation_gate.errors import InputError, OutputError
from curation_gate.rows.columnar_writer import (
    changed,
    write_arrow,
    write_folder,
    write_parquet,
)
from curation_gate.rows.raw import Raw, read_raw
from curation_gate.rows.record import DataFile, Dataset

_LINES = frozenset({"jsonl", "csv"})
_LISTS = frozenset({"json", "natural-instructions"})


def write_cleaned(
    dataset: Dataset,
    drop: Collection[int],
    folder: Path,
    edits: Mapping[int, bytes] | None = None,
) -> tuple[Path, ...]:
    """Paths of the cleaned files, one for each file of the dataset, in their order.

    drop: 0-based row indices to leave out. edits: row index to the bytes that take its place
    (rows/relabel.py makes them; text formats alone). One file becomes `cleaned.<suffix>` in
    `folder` (a `save_to_disk` folder: `cleaned`), several become `cleaned/<name>`. Kept rows of
    JSON lines, JSON and CSV are byte-identical and in order (blank lines, CRLF, byte order mark and
    a missing final line ending too); gzip is packed again, its header without name and time.
    Parquet and Arrow keep schema, metadata, codec and row order. Raises InputError where an index
    is out of range or a file has changed since it was read, OutputError where it cannot be written.
    """
    kept = np.ones(len(dataset), dtype=bool)
    for index in drop:
        if not 0 <= index < len(dataset):
            raise InputError(
                f"there is no row {index}: the data has {len(dataset):,}",
                hint="scan the data again: the decisions belong to another version of it",
            )
        kept[index] = False
    targets = _targets(dataset.files, folder)
    first = 0
    for file, target in zip(dataset.files, targets, strict=True):
        if target.exists() and file.path.exists() and target.samefile(file.path):
            raise OutputError(
                f"{target} is the data itself", hint="choose another folder with -o DIR"
            )
        own = {k - first: new for k, new in (edits or {}).items() if 0 <= k - first < file.rows}
        _write(file, kept[first : first + file.rows], own, target)
        first += file.rows
    return targets


def _targets(files: Sequence[DataFile], folder: Path) -> tuple[Path, ...]:
    if len(files) == 1:
        return (folder / f"cleaned{_suffix(files[0].path)}",)
    names = [file.path.resolve().name for file in files]
    if len(set(names)) == len(names):
        return tuple(folder / "cleaned" / name for name in names)
    # Two files of one name: keep the folders that tell them apart.
    places = [file.path.resolve() for file in files]
    root = Path(os.path.commonpath(places))
    return tuple(folder / "cleaned" / place.relative_to(root) for place in places)


def _suffix(path: Path) -> str:
    """Last suffix of a name, with the one before .gz; none for folders."""
    if path.is_dir():
        return ""
    suffix = path.suffix
    return Path(path.stem).suffix + suffix if suffix.lower() == ".gz" else suffix


def _write(
    file: DataFile, kept: NDArray[np.bool_], edits: Mapping[int, bytes], target: Path
) -> None:
    assert not edits or file.spans is not None, "only text formats can be edited"
    if file.format == "datasets-folder":
        write_folder(file, kept, target)
        return
    if file.format == "parquet":
        write_parquet(file, kept, target)
        return
    if file.format == "arrow":
        write_arrow(file, kept, target)
        return
    raw = read_raw(file.path)
    if raw.sha256 != file.sha256:
        raise changed(file.path)
    with atomic_open(target) as stream:
        pieces = _pieces(file, raw, kept, edits)
        if raw.gzipped:
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0) as packed:
                for piece in pieces:
                    packed.write(piece)
        else:
            for piece in pieces:
                stream.write(piece)


def _pieces(
    file: DataFile, raw: Raw, kept: NDArray[np.bool_], edits: Mapping[int, bytes]
) -> Iterator[memoryview]:
    """Yield the bytes of the cleaned file, in order."""
    data = memoryview(raw.data)
    if file.format in _LINES:
        return _cut_lines(data, file.spans, kept, edits)
    if file.format in _LISTS:
        return _cut_elements(data, file.spans, kept, edits)
    return iter((data,))


def _cut_lines(
    data: memoryview,
    spans: NDArray[np.int64] | None,
    kept: NDArray[np.bool_],
    edits: Mapping[int, bytes],
) -> Iterator[memoryview]:
    """Yield everything outside the dropped spans, edited ones as they are now."""
    assert spans is not None
    touched = ~kept
    touched[list(edits)] = True
    at = 0
    for k in np.flatnonzero(touched).tolist():
        start, end = spans[k].tolist()
        yield data[at:start]
        if kept[k]:
            yield memoryview(edits[k])
        at = end
    yield data[at:]


def _cut_elements(
    data: memoryview,
    spans: NDArray[np.int64] | None,
    kept: NDArray[np.bool_],
    edits: Mapping[int, bytes],
) -> Iterator[memoryview]:
    """Yield a list without the dropped elements.

    Each kept element but the first goes with the separator that stood before it, so the commas
    are right whichever elements are left.
    """
    assert spans is not None
    if not len(spans):
        yield data
        return
    yield data[: spans[0, 0]]
    first = True
    for k in np.flatnonzero(kept).tolist():
        start, end = spans[k].tolist()
        if not first:
            yield data[spans[k - 1, 1] : start]
        first = False
        yield memoryview(edits[k]) if k in edits else data[start:end]
    yield data[spans[-1, 1] :]
