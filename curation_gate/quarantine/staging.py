"""Where results are made before they are shown: a folder is never seen half-written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from curation_gate.errors import OutputError
from curation_gate.interrupts import uninterrupted
from curation_gate.quarantine.claim import STAGING

_RESULTS = frozenset(
    {
        "manifest.json",
        "quarantine.jsonl",
        "scores.parquet",
        "report.html",
        "expectations.html",
        "decided.jsonl",
    }
)
_UNFINISHED = ".unfinished"
"""Stands in a folder while its results are replaced: it is ours, and not whole."""
_MARKS = ("manifest.json", ".cache", _UNFINISHED)
"""A folder that holds one of these is a scan's."""


def check_folder(folder: Path, data: Sequence[Path | str] = ()) -> None:
    """Raise before the work, not after it, where the folder cannot take the results.

    data: what is read; none of it may lie where results go. Raises OutputError as well for a folder
    that holds files with the names of results and was not written by a scan: they would be lost.
    """
    elsewhere = "choose another with -o DIR"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
        held = [path for path in folder.iterdir() if path.name in _RESULTS or _is_cleaned(path)]
        ours = any((folder / mark).exists() for mark in _MARKS)
        here = folder.resolve()
        for path in (Path(given).resolve() for given in data):
            if path == here or (
                path.is_relative_to(here)
                and any(path.is_relative_to(result.resolve()) for result in held)
            ):
                raise OutputError(
                    f"{path} is data, and results in {folder} would replace it", hint=elsewhere
                )
    except OSError as error:
        raise OutputError(
            f"cannot write into {folder}: {error.strerror or error}", hint=elsewhere
        ) from error
    if held and not ours:
        raise OutputError(
            f"{folder} was not written by a scan and holds {held[0].name}, which a scan would "
            "replace",
            hint=elsewhere,
        )
    for path in held:
        if path.name in _RESULTS and path.is_dir() and not path.is_symlink():
            raise OutputError(f"{path} is a folder; a file goes there", hint="move it away")
    if (folder / ".cache").is_symlink():
        raise OutputError(
            f"{folder / '.cache'} is a link; a scan follows none out of its folder",
            hint="remove the link, or choose another folder with -o DIR",
        )


@contextmanager
def cache_folder(folder: Path, *, keep: bool) -> Iterator[Path]:
    """Yield the scan's cache: below its folder, or a temporary one that is gone afterwards."""
    if keep:
        cache = folder / ".cache"
        try:
            cache.mkdir(exist_ok=True)
            # Like the caches of other tools: never committed by accident.
            (cache / ".gitignore").write_text("*\n", encoding="ascii")
        except OSError as error:
            raise OutputError(
                f"cannot write into {cache}: {error.strerror or error}",
                hint="scan with --no-cache, or choose another folder with -o DIR",
            ) from error
        yield cache
        return
    with tempfile.TemporaryDirectory(prefix="curate-") as name:
        yield Path(name)


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Yield an empty folder; its content replaces that of `folder` once the block ends well.

    The results of an earlier scan go; everything else in the folder stays. Links in the way
    are replaced, never followed. An interrupt waits until the last file is in its place.
    """
    try:
        staged = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {error.strerror or error}") from error
    try:
        yield staged
        with uninterrupted():
            (folder / _UNFINISHED).touch()
            (folder / "manifest.json").unlink(missing_ok=True)
            entries = sorted(staged.iterdir(), key=lambda p: p.name == "manifest.json")
            gone = _RESULTS - {entry.name for entry in entries}
            for old in [p for p in folder.iterdir() if _is_cleaned(p) or p.name in gone]:
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
            for entry in entries:
                entry.replace(folder / entry.name)
            (folder / _UNFINISHED).unlink()
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _is_cleaned(path: Path) -> bool:
    """Whether a path has the name of a cleaned file or folder; a scan of one has not."""
    return path.name == "cleaned" or (
        path.name.startswith("cleaned.") and not path.name.endswith((".curation", ".lock"))
    )
