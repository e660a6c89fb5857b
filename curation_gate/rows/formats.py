"""Which files are meant, which format each is, and the reader for it."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from curation_gate.errors import InputError
from curation_gate.rows.columnar import (
    ARROW_FILE,
    PARQUET,
    read_arrow,
    read_folder,
    read_parquet,
)
from curation_gate.rows.content import Content, Count
from curation_gate.rows.json_array import read_json
from curation_gate.rows.json_text import JsonProblem, scan, skip
from curation_gate.rows.jsonl import read_jsonl
from curation_gate.rows.raw import Raw, read_raw
from curation_gate.rows.tabular import read_csv

KNOWN = (
    ".jsonl .ndjson .json .csv .tsv (also with .gz), .parquet .arrow .feather, save_to_disk folders"
)

_BINARY = frozenset({".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows"})
_STREAM = b"\xff\xff\xff\xff"


def expand(paths: Sequence[Path | str]) -> tuple[Path, ...]:
    """Files that are meant, in the order given; those of a glob by name; each once.

    Raises InputError for a path that is not there and a glob that matches nothing.
    """
    found: dict[Path, Path] = {}
    for given in paths:
        for path in _meant(given):
            found.setdefault(path.resolve(), path)
    return tuple(found.values())


def stem(path: Path) -> str:
    """Name of a file without what says its format: `reviews` for reviews.jsonl.gz."""
    name = path.name or path.resolve().name
    for _ in range(2):
        cut = Path(name)
        if cut.suffix.lower() in {".gz", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", *_BINARY}:
            name = cut.stem
    return name


def read_content(path: Path, count: Count) -> Content:
    """Rows of one file or `save_to_disk` folder, its format found by name, then by content.

    A file without rows comes back with none. Raises InputError (file, line, column).
    """
    if path.is_dir():
        _check_folder(path)
        return read_folder(path, count)
    kind = path.suffix.lower()
    if kind in _BINARY:
        return _binary(path, _head(path), count)
    head = _head(path)
    if kind not in {".gz", ".jsonl", ".ndjson", ".json", ".csv", ".tsv"} and _is_binary(head):
        return _binary(path, head, count)
    raw = read_raw(path)
    if raw.gzipped and kind == ".gz":
        kind = Path(path.stem).suffix.lower()
    if _is_binary(raw.data[:8]):
        raise InputError(
            f"holds Parquet or Arrow data and is called {kind or 'nothing of the kind'}",
            path=path,
            hint="unpack it and name it .parquet or .arrow",
        )
    if kind in {".csv", ".tsv"}:
        return read_csv(raw, count)
    return _json(raw, kind, count)


def _meant(given: Path | str) -> list[Path]:
    path = Path(given)
    try:
        if path.exists():
            return [path]
        linked = path.is_symlink()
        matches = (
            sorted(glob.glob(str(given), recursive=True))  # noqa: PTH207 - absolute patterns too
            if glob.has_magic(str(given))
            else None
        )
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be looked up: {error}", path=path) from error
    if matches is None:
        what = "a link to nothing" if linked else "no such file"
        raise InputError(
            what, path=path, hint="check the path; globs may be quoted: 'data/*.jsonl'"
        )
    files = [Path(name) for name in matches]
    files = [file for file in files if file.is_file() or (file / "state.json").is_file()]
    if not files:
        raise InputError("no file matches", path=path, hint="check the pattern and the folder")
    return files


def _check_folder(path: Path) -> None:
    if (path / "state.json").is_file():
        return
    splits = sorted(p.parent.name for p in path.glob("*/state.json"))
    if splits:
        hint = "it holds several data sets; name them: " + " ".join(str(path / s) for s in splits)
    else:
        hint = f"name its files, for example '{path}/*.jsonl'"
    raise InputError("a folder that Dataset.save_to_disk did not write", path=path, hint=hint)


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InputError("not a regular file", path=path, hint="copy it into a file first")
        with path.open("rb") as stream:
            return stream.read(8)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", path=path, hint="check its permissions"
        ) from error


def _is_binary(head: bytes) -> bool:
    return head.startswith((PARQUET, ARROW_FILE, _STREAM))


def _binary(path: Path, head: bytes, count: Count) -> Content:
    if not head:
        return Content("empty", [], read_raw(path).sha256)
    return read_parquet(path, count) if head.startswith(PARQUET) else _arrow(path, head, count)


def _arrow(path: Path, head: bytes, count: Count) -> Content:
    if path.suffix.lower() in {".parquet", ".pq"} and not _is_binary(head):
        raise InputError("not a Parquet file", path=path, hint="write or fetch it again")
    return read_arrow(path, count)


def _json(raw: Raw, kind: str, count: Count) -> Content:
    """Read JSON lines, a list or a task file: the first character says which."""
    start = raw.start
    first = raw.data[start : start + 65536].lstrip(b" \t\r\n")[:1]
    if first == b"[":
        return read_json(raw, count)
    if kind in {".jsonl", ".ndjson"}:
        return read_jsonl(raw, count)
    if kind != ".json" and first not in {b"{", b""}:
        raise InputError("of no format this tool knows", path=raw.path, hint="it reads " + KNOWN)
    if first == b"{" and _is_one_object(raw):
        return read_json(raw, count)
    return read_jsonl(raw, count)


def _is_one_object(raw: Raw) -> bool:
    """Whether a file that begins with `{` is one object over several lines, or one task file.

    .json files of lines are common: they are told by a first line that is a whole object.
    """
    data = raw.data
    begin = raw.start
    while data[begin : begin + 1] in {b" ", b"\t", b"\r", b"\n"}:
        begin += 1
    end = data.find(b"\n", begin)
    line = data[begin : len(data) if end < 0 else end]
    try:
        text = line.decode()
        value, stop = scan(text)
    except UnicodeDecodeError:
        return False
    except JsonProblem as problem:
        # Only a line that ends too early is the beginning of a larger object.
        return end >= 0 and problem.at >= len(line.decode().rstrip())
    return skip(text, stop) == len(text) and "Instances" in value
