"""The bytes of a file: read once, hashed, unpacked, with positions a reader can go to."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

from curation_gate.errors import InputError
from curation_gate.rows.limits import allowance, too_large

_CHUNK = 16 * 1024**2
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Raw:
    """What a file holds."""

    path: Path
    data: bytes
    """Unpacked bytes; every offset in this package counts in these."""
    sha256: str
    """Hex, of the stored (packed) bytes."""
    gzipped: bool

    @property
    def start(self) -> int:
        """Offset of the first byte of text: 3 behind a UTF-8 byte order mark, else 0.

        Raises InputError for UTF-16, which every later error message would get wrong.
        """
        if self.data.startswith(_BOM):
            return 3
        if self.data[:2] in _UTF16:
            raise InputError(
                "the file is UTF-16, not UTF-8",
                path=self.path,
                line=1,
                column=1,
                hint=f"convert it: iconv -f UTF-16 -t UTF-8 {self.path.name}",
            )
        return 0

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both 1-based and the column in characters, of a byte offset."""
        line = self.data.count(b"\n", 0, offset) + 1
        begin = self.data.rfind(b"\n", 0, offset) + 1
        if begin == 0:
            begin = min(self.start, offset)
        return line, len(self.data[begin:offset].decode("utf-8", "replace")) + 1

    def error(self, message: str, offset: int, *, hint: str | None = None) -> InputError:
        """Return (not raise) an InputError that points at a byte offset."""
        line, column = self.position(offset)
        return InputError(message, path=self.path, line=line, column=column, hint=hint)

    def text(self) -> str:
        """Everything behind the byte order mark, as text; raises InputError on invalid UTF-8."""
        start = self.start
        try:
            return str(memoryview(self.data)[start:], "utf-8")
        except UnicodeDecodeError as error:
            raise invalid_utf8(self, error, start) from None


def invalid_utf8(raw: Raw, error: UnicodeDecodeError, offset: int) -> InputError:
    """Return the InputError for bytes that are no UTF-8; `offset` is where the decoded part began.

    UTF-8 forms of surrogates (ED A0 80 to ED BF BF) are among them: Python's codec is strict.
    """
    at = offset + error.start
    return raw.error(
        f"invalid UTF-8: byte 0x{raw.data[at]:02x} ({error.reason})",
        at,
        hint="find out which encoding the file has and convert it: iconv -f ENCODING -t UTF-8",
    )


def read_raw(path: Path) -> Raw:
    """Return the bytes of a regular file, links followed, gzip unpacked by content not by name.

    Raises InputError where the file cannot be read, is not gzip though it is called so, is cut
    short or damaged, or unpacks to more than it may (limits.py).
    """
    stored = read_stored(path)
    digest = hashlib.sha256(stored).hexdigest()
    if stored.startswith(_GZIP):
        return Raw(path, _unpack(path, stored), digest, gzipped=True)
    if stored and path.suffix.lower() == ".gz":
        raise InputError("the file is called .gz and is not gzip", path=path, hint="rename it")
    return Raw(path, stored, digest, gzipped=False)


def read_stored(path: Path) -> bytes:
    """Return the bytes as they lie on disk; raises InputError where that does not work."""
    try:
        if not path.is_file():
            raise InputError("not a regular file", path=path, hint="copy it into a file first")
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", path=path, hint="check its permissions"
        ) from error


def _unpack(path: Path, stored: bytes) -> bytes:
    pieces: list[bytes] = []
    total = 0
    allowed = allowance(len(stored))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(stored)) as stream:
            # One byte more than allowed is asked for, never more: memory stays bounded.
            while piece := stream.read(min(_CHUNK, allowed - total + 1)):
                total += len(piece)
                if total > allowed:
                    raise too_large(path, allowed, len(stored))
                pieces.append(piece)
    except EOFError:
        lines = sum(piece.count(b"\n") for piece in pieces)
        raise InputError(
            f"the gzip file is cut short after {len(stored):,} bytes"
            f" (at least {lines:,} lines came out whole)",
            path=path,
            hint="fetch or pack it again",
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"the gzip file is damaged: {error}", path=path, hint="fetch or pack it again"
        ) from error
    return b"".join(pieces)
