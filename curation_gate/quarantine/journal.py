"""review.jsonl: every decision of a review in the order it was taken, never rewritten.

Append-only JSON lines in the scan folder. A decision is on the disk (fsync) before the reviewer
sees the next row, so that a kill, a crash or a power cut costs at most the decision that was being
written: its torn last line is dropped on reading, with a notice. Decisions go by content
(fingerprint), so they outlive a new scan of the folder. One reviewer at a time holds the lock.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from curation_gate.errors import OutputError, ResultError, UsageError
from curation_gate.quarantine.json_bytes import encode

JOURNAL = "review.jsonl"
LOCK_FILE = ".review.lock"
SCHEMA_VERSION = 1

Action = Literal["accept", "release", "relabel", "skip", "undo"]


class Event(BaseModel):
    """One thing a reviewer did."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    action: Action
    """undo takes back the last event that is not taken back yet."""
    fingerprints: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")], ...] = ()
    """Contents it was about; several for a decision on a group."""
    label: Annotated[str, Field(min_length=1)] | None = None
    """The new answer of a relabel."""
    reviewer: str | None = None
    reason: str | None = None
    at: str | None = None
    """ISO time, UTC."""

    @model_validator(mode="after")
    def _whole(self) -> Event:
        if bool(self.fingerprints) == (self.action == "undo"):
            raise ValueError("undo has no fingerprints, everything else has some")
        if (self.label is not None) != (self.action == "relabel"):
            raise ValueError("relabel has a label, nothing else has")
        return self


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds for one content in the end."""

    action: Literal["accept", "release", "relabel", "skip"]
    label: str | None = None
    reviewer: str | None = None
    reason: str | None = None

    def document(self) -> dict[str, str]:
        """Return the decision as it stands in curate.lock: no times, nothing that is None."""
        told = {"label": self.label, "reviewer": self.reviewer, "reason": self.reason}
        return {"decision": self.action} | {k: v for k, v in told.items() if v is not None}


def standing(events: Iterable[Event]) -> list[Event]:
    """Return the events that are not taken back, in order."""
    left: list[Event] = []
    for event in events:
        if event.action != "undo":
            left.append(event)
        elif left:
            left.pop()
    return left


def decisions(events: Iterable[Event]) -> dict[str, Decision]:
    """Return fingerprint to the last decision on it that was not taken back."""
    found: dict[str, Decision] = {}
    for event in standing(events):
        assert event.action != "undo"
        decision = Decision(event.action, event.label, event.reviewer, event.reason)
        found |= dict.fromkeys(event.fingerprints, decision)
    return found


def read_journal(folder: Path) -> tuple[list[Event], str | None]:
    """Return the events of a folder's journal, and a notice where its last line was torn.

    No journal is an empty one. Raises ResultError, with file and line, for any other damage.
    """
    path = folder / JOURNAL
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], None
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror or error}") from error
    events, whole, _ = _parse(content, path)
    return events, None if whole == len(content) else _torn(path)


class Journal:
    """A journal that is open for writing, and locked."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises UsageError where somebody else has, OutputError, ResultError."""
        self.path = folder / JOURNAL
        self._lock = _locked(folder)
        self.notice: str | None = None
        """What was mended on opening."""
        try:
            self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            content = self.path.read_bytes()
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror or error}") from error
        try:
            events, whole, ended = _parse(content, self.path)
            self.events: list[Event] = events
            """Everything in it so far, in order."""
            if whole < len(content):
                self.notice = _torn(self.path)
                os.ftruncate(self._file, whole)
            self._size = whole
            if not whole:
                self._write(encode({"journal": "review", "schema_version": SCHEMA_VERSION}) + b"\n")
            elif not ended:
                self._write(b"\n")
        except BaseException:
            os.close(self._file)
            raise

    def append(self, event: Event) -> None:
        """Write an event and wait until the disk has it. Raises OutputError, nothing written then.

        The time is put in here where the event has none.
        """
        if event.at is None:
            now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            event = event.model_copy(update={"at": now})
        self._write(encode(event.model_dump(mode="json", exclude_none=True)) + b"\n")
        self.events.append(event)

    def _write(self, line: bytes) -> None:
        try:
            written = os.pwrite(self._file, line, self._size)
            if written != len(line):
                raise OSError(28, "no space left for a whole line")  # noqa: TRY301
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._size)
            raise OutputError(
                f"cannot write {self.path}: {error.strerror or error}",
                hint="decisions up to the one before are safe; make space and go on",
            ) from error
        self._size += len(line)

    def close(self) -> None:
        """Close it and let others in."""
        os.close(self._file)
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's review lock. Raises UsageError where a reviewer has it."""
    lock = _locked(folder)
    try:
        yield
    finally:
        os.close(lock)


def _locked(folder: Path) -> int:
    """Return an open file that holds the lock; the system lets go of it when the process ends."""
    path = folder / LOCK_FILE
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OutputError(
            f"cannot write into {folder}: {error.strerror or error}",
            hint="a review keeps its journal there: copy the folder to where you may write",
        ) from error
    if sys.platform == "win32":  # no flock, and no `curate review` to guard against
        return lock
    import fcntl  # noqa: PLC0415 - not on Windows, where everything else of this file is read too

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
        os.close(lock)
        raise UsageError(
            f"{folder}: a review of it is open already"
            + (f" (process {holder})" if holder.isdigit() else ""),
            hint="finish it there first (q quits): one reviewer at a time",
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _parse(content: bytes, path: Path) -> tuple[list[Event], int, bool]:
    """Return the events, how many bytes hold them, and whether the last line is ended.

    Only the last line can be torn, and only where no line ending follows it.
    """
    events: list[Event] = []
    at = 0
    lines = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        ended = number < len(lines)
        try:
            if number == 1 and line:
                _Header.model_validate_json(line)
            elif line.strip():
                events.append(Event.model_validate_json(line))
        except ValidationError as error:
            if not ended:
                break
            raise ResultError(
                f"{path}:{number}: damaged: {_said(error)}",
                hint="mend or remove that line; decisions on other lines are kept",
            ) from None
        at += len(line) + ended
    return events, at, content[:at].endswith(b"\n")


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    journal: Literal["review"]
    schema_version: Annotated[int, Field(ge=1, le=SCHEMA_VERSION)]


def _said(error: ValidationError) -> str:
    first: Any = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _torn(path: Path) -> str:
    return f"{path.name}: its last line was cut short by a kill or a crash and is dropped"
