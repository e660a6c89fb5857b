"""Where results are made before they are shown: a folder is never seen half-written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curation_gate.errors import OutputError


def check_folder(folder: Path) -> None:
    """Raise before the work, not after it, where the folder cannot take the results."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"cannot write into {folder}: {error.strerror}", hint="choose another with -o DIR"
        ) from error


@contextmanager
def cache_folder(folder: Path, *, keep: bool) -> Iterator[Path]:
    """Yield the scan's cache: below its folder, or a temporary one that is gone afterwards."""
    if keep:
        cache = folder / ".cache"
        cache.mkdir(exist_ok=True)
        yield cache
        return
    with tempfile.TemporaryDirectory(prefix="curate-") as name:
        yield Path(name)


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Yield an empty folder; its content replaces that of `folder` once the block ends well."""
    staged = Path(tempfile.mkdtemp(prefix=".staging-", dir=folder))
    try:
        yield staged
        (folder / "manifest.json").unlink(missing_ok=True)
        for old in folder.iterdir():
            if old.name.startswith("cleaned"):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        entries = sorted(staged.iterdir(), key=lambda p: p.name == "manifest.json")
        for entry in entries:
            entry.replace(folder / entry.name)
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
