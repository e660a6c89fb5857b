"""Which rows are new since a git revision: by content, wherever they stand now."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curation_gate.errors import CurateError, InconclusiveError, InputError, UsageError
from curation_gate.gate.git import git
from curation_gate.rows import load
from curation_gate.rows.formats import expand

if TYPE_CHECKING:
    import subprocess

_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class BaseRows:
    """The rows of a dataset at a revision."""

    revision: str
    """As the user named it."""
    commit: str
    """Its hash, 40 or 64 hex digits."""
    fingerprints: Counter[str]
    absent: tuple[Path, ...]
    """Data files that were not there: all of their rows are new."""

    def new_rows(self, fingerprints: Sequence[str]) -> frozenset[int]:
        """Return the 0-based indices of rows that were not there.

        fingerprints: [n] of the rows now. Of equal rows the last ones are the new ones: rows are
        appended.
        """
        left = Counter(self.fingerprints)
        new = []
        for k, fingerprint in enumerate(fingerprints):
            if left[fingerprint]:
                left[fingerprint] -= 1
            else:
                new.append(k)
        return frozenset(new)


def rows_at(
    revision: str, paths: Sequence[Path | str], columns: Mapping[str, str] | None = None
) -> BaseRows:
    """Return the rows that the data files had at a revision.

    Raises UsageError where git is missing, a file is in no repository, there is no such revision,
    or none of the files was there; InputError where what was there cannot be read.
    """
    files = expand(paths)
    fingerprints: Counter[str] = Counter()
    absent = []
    commit = ""
    with tempfile.TemporaryDirectory(prefix="curate-") as folder:
        for number, file in enumerate(files):
            if file.is_dir():
                raise UsageError(
                    f"--diff-base: {file} is a folder; it is read from git for files alone",
                    hint="scan without --diff-base",
                )
            root = _root(file)
            commit = _commit(root, revision)
            name = file.absolute().relative_to(root).as_posix()
            stored = _blob(root, commit, name)
            if stored is None:
                absent.append(file)
                continue
            if stored.startswith(_LFS):
                raise UsageError(
                    f"--diff-base {revision}: {name} is a pointer of git LFS there, not data",
                    hint="scan without --diff-base",
                )
            place = Path(folder) / str(number) / file.name
            place.parent.mkdir()
            place.write_bytes(stored)
            fingerprints += _read(place, name, revision, columns)
    if len(absent) == len(files):
        raise UsageError(
            f"--diff-base {revision}: {' '.join(str(file) for file in files)} was not there",
            hint="every row of it is new: scan without --diff-base",
        )
    return BaseRows(revision, commit, fingerprints, tuple(absent))


def _read(place: Path, name: str, revision: str, columns: Mapping[str, str] | None) -> Counter[str]:
    try:
        return Counter(row.fingerprint for row in load([place], columns=columns).rows)
    except InconclusiveError:  # empty there: every row is new
        return Counter()
    except CurateError as error:
        said = error.message.replace(str(place), name)
        raise InputError(
            f"--diff-base: at {revision}, {said}", hint="scan without --diff-base"
        ) from error


def _root(file: Path) -> Path:
    done = _git(file.absolute().parent, "rev-parse", "--show-toplevel")
    if done.returncode:
        raise UsageError(
            f"--diff-base: {file} is in no git repository",
            hint="scan without --diff-base, or run `git init` first",
        )
    root = Path(os.fsdecode(done.stdout.removesuffix(b"\n")))
    # git resolves links; the file's own path has to lie below what it says.
    for folder in file.absolute().parents:
        if folder.resolve() == root.resolve():
            return folder
    raise UsageError(f"--diff-base: {file} is a link out of its repository")


def _commit(root: Path, revision: str) -> str:
    done = _git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if done.returncode:
        raise UsageError(
            f"--diff-base {revision}: no such revision",
            hint="in CI, fetch it first: `git fetch origin BRANCH` (a checkout is shallow)",
        )
    return done.stdout.decode().strip()


def _blob(root: Path, commit: str, name: str) -> bytes | None:
    """Return the bytes of a file as git stores them, no filter of the repository run; or None."""
    done = _git(root, "cat-file", "blob", f"{commit}:{name}")
    return None if done.returncode else done.stdout


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    done = git(folder, *arguments)
    if done is None:
        raise UsageError("--diff-base needs git", hint="install git")
    return done
