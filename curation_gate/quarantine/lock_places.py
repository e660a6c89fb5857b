"""Where a lock lies, and how paths stand in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from curation_gate.errors import ResultError
from curation_gate.printable import printable, shell

LOCK = "curate.lock"


def lock_path(files: Sequence[Path]) -> Path:
    """Return where the lock of these files lies: in the folder they share."""
    folders = [_absolute(file).parent for file in files]
    try:
        return Path(os.path.commonpath(folders)) / LOCK
    except ValueError as error:  # two drives of Windows
        raise ResultError(
            "the data files share no folder, so there is no place for their lock",
            hint="scan them one by one",
        ) from error


def command_for(
    paths: Sequence[Path | str], rules: str | Path | None = None, allow: Path | None = None
) -> str:
    """Return the scan command for these files, as one would paste it into a shell.

    rules: a pack's name, or the path of one; None: the default pack. allow: an allow file that a
    scan would not find by itself.
    """
    named = ["--rules", _shown(rules) if isinstance(rules, Path) else rules] if rules else []
    named += ["--allow", _shown(allow)] if allow else []
    return shell(["curate", "scan", *named, *(_shown(path) for path in paths)])


def near(path: Path, folder: Path) -> str | None:
    """Return a path relative to the lock, where both lie in one repository; None elsewhere."""
    absolute = _absolute(path)
    for root in (folder, *folder.parents):
        if (root / ".git").exists() or root == folder:
            if absolute.is_relative_to(root):
                return Path(os.path.relpath(absolute, folder)).as_posix()
            if (root / ".git").exists():
                return None
    return None


def own_file(folder: Path, name: str) -> Path:
    """Return a file that a lock names, where it is one of its repository (without git: its folder).

    Raises ResultError where the name or a link leads elsewhere, or to what is no regular file.
    """
    path = _absolute(folder / name)
    home = next((f for f in (folder, *folder.parents) if (f / ".git").exists()), folder)
    if not path.resolve().is_relative_to(home.resolve()):
        raise ResultError(f"{printable(name)} is no file of this repository")
    if path.exists() and not path.is_file():
        raise ResultError(f"{printable(name)} is not a regular file")
    return path


def inside(paths: Sequence[Path], folder: Path) -> list[str]:
    """Return the paths relative to the folder; none where one lies outside: it is nobody else's."""
    if not all(_absolute(path).is_relative_to(folder) for path in paths):
        return []
    return [relative(path, folder) for path in paths]


def relative(path: Path, folder: Path) -> str:
    """Return a path relative to the lock's folder, with slashes."""
    return _absolute(path).relative_to(folder).as_posix()


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _shown(path: Path | str) -> str:
    absolute, here = _absolute(Path(path)), Path.cwd()
    near = absolute != here and absolute.is_relative_to(here)
    return str(absolute.relative_to(here) if near else path)
