"""Every error this tool raises on purpose, with its exit code.

::

    CurateError                 2   base: something the user can act on
    ├── UsageError              2   an option or an argument is wrong
    ├── InputError              2   a data file cannot be read as asked (file, line, column)
    ├── RulesError              2   a rule pack or a probe file is wrong (file, key)
    ├── OutputError             2   an output cannot be written
    ├── DependencyError         2   a package is missing or does not fit
    ├── ModelError              2   a proxy cannot be loaded
    ├── ResultError             2   a scan folder or a lock is missing, damaged or too new
    └── InconclusiveError       3   nothing was scanned, or too little to say anything

Exit code 1 is not an error: it says that the scan found something. 130 is Ctrl-C.
"""

from __future__ import annotations

from pathlib import Path

from curation_gate.printable import printable


class CurateError(Exception):
    """Something the user can act on: what happened, and a hint at the next command."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CurateError):
    """An option or an argument is wrong. Think of it as a 400."""


class InputError(CurateError):
    """A data file cannot be read as asked; says file, line (1-based) and column (1-based)."""

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        column: int | None = None,
        hint: str | None = None,
    ) -> None:
        where = "" if path is None else printable(str(path))
        if where and line is not None:
            where += f":{line}"
            if column is not None:
                where += f":{column}"
        super().__init__(f"{where}: {message}" if where else message, hint=hint)
        self.path = path
        self.line = line
        self.column = column


class RulesError(CurateError):
    """A rule pack, a lexicon or a probe file is wrong; names the file and the key."""


class OutputError(CurateError):
    """An output cannot be written: no space, no permission, a path in the way."""


class DependencyError(CurateError):
    """A package is missing or two of them do not fit; says what to install."""


class ModelError(CurateError):
    """A proxy cannot be loaded: no such path, no network, a hash that differs."""


class ResultError(CurateError):
    """A scan folder or a lock is missing, damaged, or of a version this tool does not know."""


class InconclusiveError(CurateError):
    """Nothing was scanned, or too little to say anything. Never reported as clean."""

    exit_code = 3
