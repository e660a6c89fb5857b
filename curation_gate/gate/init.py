"""What a dataset repository needs for the gate: a commit hook, a CI job, a rules file.

A plan is made first and written afterwards, so that what would be overwritten can be shown. A file
of the user's is never changed but by adding lines to it; where our own file differs from what would
be written, it stays as it is until that is asked for.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, Literal

import yaml

from curation_gate import __version__
from curation_gate.atomic import write_text
from curation_gate.errors import OutputError, RulesError, UsageError
from curation_gate.gate.guard import CONFIG, read_guard, write_guard
from curation_gate.quarantine.allow_file import ALLOW
from curation_gate.quarantine.lock import LOCK, lock_path
from curation_gate.rows.formats import KNOWN
from curation_gate.rulebook import rules_folder

RULES = "curation-rules.yaml"
HOOKS = ".pre-commit-config.yaml"
WORKFLOW = ".github/workflows/curation-gate.yml"
GITLAB_JOB = ".gitlab/curation-gate.yml"
GITLAB = ".gitlab-ci.yml"
_LOOKED_FOR = (".jsonl", ".jsonl.gz", ".ndjson", ".parquet")
_IGNORED = ("*.curation/", ".curation-gate/")
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")

Status = Literal["new", "added", "changed", "unchanged", "by hand"]


@dataclass(frozen=True, slots=True)
class Change:
    """One file of the plan."""

    path: Path
    """Relative to the repository."""
    status: Status
    """new: not there yet; added: lines are added to it; changed: it differs from what we would
    write; unchanged: nothing to do; by hand: we cannot add to it without touching what is there."""
    text: str
    """The whole file as it would be; for `by hand`, the lines to add."""
    diff: str = ""
    """Unified diff to what is there."""


def data_names(root: Path, data: Sequence[str]) -> list[str]:
    """Return the data files to guard, relative to the repository's root.

    data: as named by the user, relative to `root` or absolute; none: those that are found there.
    Raises UsageError where there are none, or they lie elsewhere.
    """
    base = Path(os.path.abspath(root))  # noqa: PTH100 - keep links
    if not data:
        found = sorted(
            path
            for path in base.rglob("*")
            if path.name.lower().endswith(_LOOKED_FOR)
            and path.is_file()
            and not any(
                part.startswith(".") or part.endswith(".curation")
                for part in path.relative_to(base).parts
            )
        )
        if not found:
            raise UsageError(
                f"{root}: no data files found (looked for {' '.join(_LOOKED_FOR)})",
                hint=f"name them: `curate init data/train.jsonl`; curate reads {KNOWN}",
            )
    else:
        found = [Path(os.path.abspath(base / name)) for name in data]  # noqa: PTH100
    names = []
    for path in found:
        if not path.is_relative_to(base):
            raise UsageError(f"{path} is not in {root}", hint="name files of that repository")
        if not path.exists():
            raise UsageError(f"{path}: no such file", hint="name data files that are there")
        name = path.relative_to(base).as_posix()
        if not _PLAIN.fullmatch(name) or name.startswith("-"):
            raise UsageError(
                f"{name!r}: such a name would have to be quoted three times over in hook and CI",
                hint="rename it: letters, digits and _ . / - are safe",
            )
        names.append(name)
    return names


def plan(root: Path, names: Sequence[str], ci: Sequence[str]) -> list[Change]:
    """Return what would be written into a repository.

    names: data files, as data_names gives them. ci: github, gitlab.
    """
    lock = (
        lock_path([root / name for name in names])
        .relative_to(Path(os.path.abspath(root)))  # noqa: PTH100 - keep links
        .as_posix()
    )
    words = {
        "@FILES@": _pattern(names),
        "@DATA@": shlex.join(names),
        "@RULES@": RULES,
        "@VERSION@": __version__,
        "@LOCK@": lock,
        "@ALLOW@": lock.removesuffix(LOCK) + ALLOW,
    }
    changes = [_whole(root, RULES, _rules()), _guard(root, names)]
    changes += [_hooks(root, _filled("hooks.yaml", words))]
    if "github" in ci:
        changes.append(_whole(root, WORKFLOW, _filled("github.yml", words)))
    if "gitlab" in ci:
        changes.append(_whole(root, GITLAB_JOB, _filled("gitlab.yml", words)))
        changes.append(_gitlab_include(root))
    changes.append(_lines(root, ".gitignore", _IGNORED))
    changes.append(_lines(root, ".gitattributes", (f"{LOCK} merge=union",)))
    return changes


def write(root: Path, changes: Sequence[Change], *, force: bool = False) -> list[Change]:
    """Write the plan; return the changes that were written. `force` overwrites what differs."""
    kinds = {"new", "added", *(["changed"] if force else [])}
    written = [change for change in changes if change.status in kinds]
    for change in written:
        write_text(root / change.path, change.text)
    return written


def _guard(root: Path, names: Sequence[str]) -> Change:
    """Return the change of curate.toml; none where pyproject.toml says what is guarded."""
    there = _read(root, "pyproject.toml")
    if there is not None and _read(root, CONFIG) is None:
        try:
            told = read_guard(there, root / "pyproject.toml")
        except RulesError:
            told = None
        if told is not None:
            return Change(Path("pyproject.toml"), "unchanged", there)
    return _whole(root, CONFIG, write_guard(names))


def _pattern(names: Sequence[str]) -> str:
    return "^(" + "|".join(re.escape(name) for name in names) + ")$"


def _rules() -> str:
    text = (rules_folder() / "default.yaml").read_text(encoding="utf-8")
    head = (
        f"# Written by `curate init` from the default pack of curation-gate {__version__}. Yours\n"
        "# to edit: scans name it by --rules; `curate verify` asks for a scan when it changes.\n"
    )
    body = text.split("\n", 1)[1] if text.startswith("#") else text
    return head + body.replace("name: default\n", "name: repository\n", 1)


def _filled(template: str, words: dict[str, str]) -> str:
    place = package_files("curation_gate.gate") / "templates" / template
    text = place.read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _whole(root: Path, name: str, text: str) -> Change:
    """Return the change of a file that is all ours."""
    there = _read(root, name)
    if there is None:
        return Change(Path(name), "new", text)
    if there == text:
        return Change(Path(name), "unchanged", text)
    return Change(Path(name), "changed", text, _diff(name, there, text))


def _lines(root: Path, name: str, wanted: Sequence[str]) -> Change:
    """Return the change of a file of lines, to which ours are added."""
    there = _read(root, name)
    known = {line.strip() for line in (there or "").splitlines()}
    missing = [line for line in wanted if line not in known]
    if not missing:
        return Change(Path(name), "unchanged", there or "")
    return _added(name, there, "\n".join(missing) + "\n")


def _hooks(root: Path, block: str) -> Change:
    """Return the change of the pre-commit configuration: our hooks at the end of its list."""
    there = _read(root, HOOKS)
    if there is None:
        return Change(Path(HOOKS), "new", "repos:\n" + _indented(block, 2))
    ours = yaml.safe_load(block)[0]
    known = _parsed(there)
    repos = known.get("repos") if isinstance(known, dict) else None
    if not isinstance(repos, list):
        return Change(Path(HOOKS), "by hand", _indented(block, 2))
    if ours in repos:
        return Change(Path(HOOKS), "unchanged", there)
    ids = {hook["id"] for hook in ours["hooks"]}
    if any(
        isinstance(hook, dict) and hook.get("id") in ids
        for repo in repos
        if isinstance(repo, dict)
        for hook in repo.get("hooks") or ()
    ):  # the user's own way of it: theirs to keep
        return Change(Path(HOOKS), "by hand", block, _diff(HOOKS, _dumped(repos), _dumped([ours])))
    start = re.search(r"(?m)^( *)- +repo:", there)
    indent = len(start[1]) if start else 2
    added = _added(HOOKS, there, _indented(block, indent))
    if _parsed(added.text) != {**known, "repos": [*repos, ours]}:
        return Change(Path(HOOKS), "by hand", _indented(block, indent))
    return added


def _gitlab_include(root: Path) -> Change:
    """Return the change of .gitlab-ci.yml, which is written only where there is none."""
    text = f"include:\n  - local: {GITLAB_JOB}\n"
    there = _read(root, GITLAB)
    if there is None:
        return Change(Path(GITLAB), "new", text)
    status: Status = "unchanged" if GITLAB_JOB in there else "by hand"
    return Change(Path(GITLAB), status, there if status == "unchanged" else text)


def _added(name: str, there: str | None, lines: str) -> Change:
    before = there or ""
    gap = "" if not before or before.endswith("\n") else "\n"
    text = before + gap + lines
    status: Status = "new" if there is None else "added"
    return Change(Path(name), status, text, _diff(name, before, text) if there else "")


def _read(root: Path, name: str) -> str | None:
    path = root / name
    try:
        return path.read_bytes().decode() if path.exists() or path.is_symlink() else None
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path}: cannot be read: {error}") from error


def _parsed(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _dumped(repos: Sequence[Any]) -> str:
    return yaml.safe_dump(repos, sort_keys=False)


def _indented(block: str, indent: int) -> str:
    return "".join(" " * indent + line for line in block.splitlines(keepends=True))


def _diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (new)"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
