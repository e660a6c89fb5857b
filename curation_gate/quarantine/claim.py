"""One scan at a time in a folder: a lock file that says who is at work there.

The lock is the kernel's (flock), the file only carries it and the number of the process: a scan
that is killed leaves the file, never the lock, so that nothing has to be guessed about stale files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curation_gate.errors import OutputError

CLAIM = ".scan.lock"
STAGING = ".staging-"
"""Prefix of the folders that staging.py makes."""


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Hold a scan folder, made where it is missing, while the block runs.

    What a killed scan left half-made in it is cleared away first; folders made here go again where
    nothing was put in them. Raises OutputError where another process is at work in the folder, or
    where it cannot be written.
    """
    made = _make(folder)
    try:
        stream = _open(folder)
        try:
            _clear(folder)
            yield
        finally:
            # Still locked: whoever waits for this file finds that it is gone, and makes another.
            with contextlib.suppress(OSError):
                (folder / CLAIM).unlink()
            os.close(stream)
    finally:
        with contextlib.suppress(OSError):  # not empty: that is a scan's folder now
            for path in made:
                path.rmdir()


def _make(folder: Path) -> list[Path]:
    """Make the folder; returns those that were missing, the innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write into {folder}: {error.strerror or error}",
            hint="choose another with -o DIR",
        ) from error
    return missing


def _open(folder: Path) -> int:
    path = folder / CLAIM
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    while True:
        try:
            stream = os.open(path, flags, 0o644)
        except OSError as error:
            raise OutputError(
                f"cannot write into {folder}: {error.strerror or error}",
                hint="choose another with -o DIR",
            ) from error
        if not _lock(stream):
            holder = os.read(stream, 200).decode("ascii", "replace").strip()
            os.close(stream)
            raise OutputError(
                f"{folder}: another scan is at work there ({holder or 'process unknown'})",
                hint="wait until it has ended, or choose another folder with -o DIR",
            )
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(stream), path.stat()):
                os.ftruncate(stream, 0)
                os.write(stream, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
                return stream
        os.close(stream)  # it was let go and taken away between the two calls: once more


def _lock(stream: int) -> bool:
    """Lock a file; False where another process has it. Systems without locks: always True."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        try:
            msvcrt.locking(stream, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # noqa: PLC0415

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system that knows no locks
        return True
    return True


def _clear(folder: Path) -> None:
    """Take away what a scan that was killed could not: nobody else is at work here now."""
    for left in folder.glob(f"{STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in (folder / ".cache").glob(".proxy-*"):
        with contextlib.suppress(OSError):
            left.unlink()
