"""What a repository says is data: `guard` and `exclude` in curate.toml or pyproject.toml.

::

    [verify]                                # in pyproject.toml: [tool.curate.verify]
    guard = ["data/train.jsonl", "more/"]   # files, and folders with all data below them
    exclude = ["data/schema.json"]          # what is no data
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from curation_gate.errors import RulesError

CONFIG = "curate.toml"
_PYPROJECT = "pyproject.toml"
NAMES = (CONFIG, _PYPROJECT)
"""Where it may stand, the first that is there."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Names relative to the folder of the file that says so, with slashes."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    """Each ends with a slash; "" is everything."""
    exclude: tuple[str, ...] = ()
    """Patterns: `*` stands for anything, slashes too; a folder ends with a slash."""

    def excludes(self, name: str) -> bool:
        """Return whether a file is no data."""
        return any(
            name.startswith(pattern) if pattern.endswith("/") else fnmatchcase(name, pattern)
            for pattern in self.exclude
        )


def read_guard(text: str, path: Path) -> Guard | None:
    """Return what a curate.toml or pyproject.toml says; None where it says nothing of this.

    path: its name, also for errors. Raises RulesError where it is not TOML, or not as it should be.
    """
    try:
        content: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{path}: not TOML: {error}", hint=_HINT) from error
    if path.name == _PYPROJECT:
        content = _table(content, "tool", path)
        content = _table(content, "curate", path)
    said = _table(content, "verify", path)
    if not said:
        return None
    unknown = sorted(said.keys() - {"guard", "exclude"})
    if unknown:
        raise RulesError(f"{path}: verify.{unknown[0]}: unknown key", hint=_HINT)
    guard, exclude = (_texts(said.get(key, []), f"verify.{key}", path) for key in _KEYS)
    folders = tuple(name for name in guard if name.endswith("/"))
    return Guard(
        tuple(name for name in guard if name not in folders),
        tuple(name.removeprefix("./") for name in folders),
        exclude,
    )


def write_guard(names: Iterable[str]) -> str:
    """Return a curate.toml that guards these files."""
    listed = "".join(f'    "{name}",\n' for name in names)
    return (
        "# Written by `curate init`. What `curate verify` holds against the locks when it is\n"
        "# called without a path: these files, and every data file in their folders.\n"
        f"[verify]\nguard = [\n{listed}]\n"
        "# Files in those folders that are no data; `*` stands for anything.\nexclude = []\n"
    )


_KEYS = ("guard", "exclude")
_HINT = 'write [verify] with guard = ["data/train.jsonl", "more/"] and exclude = ["data/x.json"]'


def _table(content: Any, key: str, path: Path) -> dict[str, Any]:
    found = content.get(key, {})
    if not isinstance(found, dict):
        raise RulesError(f"{path}: {key}: must be a table", hint=_HINT)
    return found


def _texts(value: Any, key: str, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise RulesError(f"{path}: {key}: must be a list of names", hint=_HINT)
    names = tuple("./" if name == "." else name.removeprefix("./") or "./" for name in value)
    for name in names:
        if name.startswith("/") or ".." in Path(name).parts:
            raise RulesError(f"{path}: {key}: {name!r} is not below it", hint=_HINT)
    return names
