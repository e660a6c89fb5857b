"""What git knows of a folder: asked by its command, and never told to run anything of the folder's.

Every answer is None where git is not installed, the folder is in no repository, or git refuses it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    """Run git in a folder, whatever it returns; None where there is no git."""
    try:
        return subprocess.run(  # noqa: S603 - no shell
            # No program that a configuration names to watch the folder.
            ["git", "-c", "core.fsmonitor=false", *arguments],  # noqa: S607 - git as the user has it
            cwd=folder,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        return None


def answer(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints; None where it fails."""
    done = git(folder, *arguments)
    return None if done is None or done.returncode else done.stdout


def top_of(folder: Path) -> Path | None:
    """Return the top of the work tree a folder lies in, spelled as the folder's own path is."""
    said = answer(folder, "rev-parse", "--show-toplevel")
    if said is None:
        return None
    top = Path(os.fsdecode(said.removesuffix(b"\n"))).resolve()
    # git resolves links; what is found below has to lie below the folder as it was named.
    return next((place for place in (folder, *folder.parents) if place.resolve() == top), None)


def commit_of(folder: Path, revision: str) -> str | None:
    """Return the hash of a revision, 40 or 64 hex digits; None where there is no such commit."""
    named = f"{revision}^{{commit}}"
    said = answer(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", named)
    return None if said is None else said.decode().strip()


def listed(folder: Path, *, new: bool = False) -> list[str] | None:
    """Return the names git tracks below a folder, relative to it.

    new: those it does not track and is not told to ignore, instead.
    """
    which = ("--others", "--exclude-standard") if new else ("--cached",)
    said = answer(folder, "ls-files", "-z", *which)
    return None if said is None else sorted(set(_names(said)))


def listed_at(folder: Path, commit: str) -> list[str]:
    """Return the names below a folder at a commit, relative to it."""
    return _names(answer(folder, "ls-tree", "-r", "-z", "--name-only", commit) or b"")


def blob(folder: Path, commit: str, name: str) -> bytes | None:
    """Return a file below a folder as a commit stores it, no filter of the repository run."""
    return answer(folder, "cat-file", "blob", f"{commit}:./{name}")


def is_tracked(path: Path) -> bool:
    """Return whether git tracks a file, or one below a folder."""
    return bool(answer(path.parent, "ls-files", "-z", "--cached", "--", f"./{path.name}"))


def _names(said: bytes) -> list[str]:
    return [os.fsdecode(name) for name in said.split(b"\0") if name]
