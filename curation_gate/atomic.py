"""Files that appear whole or not at all: temp file beside the target, fsync, os.replace."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from curation_gate.errors import CurateError, OutputError

_LEAST_FREE = 1 << 20
"""Bytes below which a disk counts as full (a choice: no file written here is smaller)."""
_FULL = ("No space left", "File too large", "Disk quota exceeded", "PytorchStreamWriter failed")


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path in the target's folder; on success it becomes the target.

    For libraries that insist on a path. Raises OutputError where the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise OutputError(
            f"cannot write {target}: {error.strerror}", hint="choose another folder with -o DIR"
        ) from error
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_open(target: Path) -> Iterator[IO[bytes]]:
    """Yield a binary file that becomes `target` once the block ends without an error."""
    with atomic_path(target) as temporary, temporary.open("wb") as stream:
        yield stream


@contextmanager
def library_errors(target: Path) -> Iterator[None]:
    """Raise OutputError where a library fails to write `target` because the disk is full.

    torch and safetensors write below Python and say so in errors of their own, some of them as
    general as RuntimeError: they are taken for a full disk only where there is one, or where the
    system's own words are in the message.
    """
    try:
        yield
    except CurateError:
        raise
    except Exception as error:
        words = str(error)
        free = _free(target)
        if free < _LEAST_FREE or any(said in words for said in _FULL):
            raise OutputError(
                f"cannot write {target}: {words.strip().splitlines()[0] if words else 'disk full'}",
                hint="make room there, or choose another folder with -o DIR",
            ) from error
        raise


def _free(target: Path) -> int:
    """Return the bytes that are free where a path lies, or would lie."""
    place = next((path for path in (target, *target.parents) if path.exists()), Path.cwd())
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return _LEAST_FREE


def write_text(target: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with atomic_open(target) as stream:
        stream.write(text.encode())
