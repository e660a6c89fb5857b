"""Small files that somebody else may have written: read bounded, and never anything but a file.

A name in a repository can be a pipe that never ends, a device that gives zeros for ever, or a link
to either of them.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MOST_BYTES = 64 * 1024**2
"""A choice: a lock of half a million flagged rows."""


def read_regular(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return the bytes of a regular file, links followed.

    Raises OSError where it cannot be read, is no regular file, or holds more than `most` bytes.
    """
    # Without waiting: a pipe that nobody writes to would be waited for.
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(number, "rb") as stream:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"holds more than {most // 1024**2:,} MB", str(path))
    return content
