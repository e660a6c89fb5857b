"""results.sarif and junit.xml in a scan folder: how they were made, made again, taken away.

They stand there where somebody asked for them. Once verdicts change they are written again as they
were asked for (what fails, and since which revision), so that a folder never says two things. What
another program has put there under these names is left alone.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curation_gate.errors import CurateError, OutputError
from curation_gate.gate.diff_base import BaseRows, rows_at
from curation_gate.report.findings import findings_of
from curation_gate.report.folder import load
from curation_gate.report.formats import FILES, emit
from curation_gate.report.junit import SUITE
from curation_gate.report.sanitize import plain
from curation_gate.report.sarif import DRIVER

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FAIL_ON = ("quarantine", "review", "never")
_NOT_OURS = (
    *(OSError, ValueError, RecursionError, ET.ParseError),
    *(AttributeError, LookupError, TypeError),
)
"""What reading a file comes to that is not there, or was not written here."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How a file was asked for."""

    fail_on: str | None
    """quarantine, review or never; None where the file does not say: as the pack has it."""
    revision: str | None
    """As the user named it; None where every row is reported."""
    commit: str | None
    """The hash it had."""


def kept_files(folder: Path) -> dict[str, Kept]:
    """Return the formats a folder holds a file of ours in, and how each was asked for."""
    found = {}
    for form, name in FILES.items():
        try:
            raw = (folder / name).read_bytes()
            kept = _sarif(raw) if form == "sarif" else _junit(raw)
        except _NOT_OURS:
            continue
        if kept is not None:
            found[form] = kept
    return found


def forget(folder: Path) -> None:
    """Take away the files of a folder that were made from results it no longer holds."""
    for form in kept_files(folder):
        try:
            (folder / FILES[form]).unlink()
        except OSError as error:
            raise OutputError(
                f"cannot remove {folder / FILES[form]}, which is of an earlier scan: "
                f"{error.strerror or error}"
            ) from error


def write_again(
    staged: Path,
    folder: Path,
    files: Sequence[Path],
    columns: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Write the files that stand in `folder` into `staged`, from the results that are there.

    files: the data, in the order of the scan; columns: as the scan was told. Returns sentences
    where a revision is not to be had any more: every flagged row is reported then.
    """
    said = []
    for form, kept in kept_files(folder).items():
        base: BaseRows | None = None
        if kept.commit is not None:
            try:
                base = rows_at(kept.commit, files, columns)
            except CurateError as error:
                said.append(
                    f"{FILES[form]} lists every flagged row now, not only those new since "
                    f"{plain(str(kept.revision))}: {error.message}"
                )
            else:
                base = replace(base, revision=str(kept.revision))
        findings = findings_of(
            load(staged, name=folder), files=files, fail_on=kept.fail_on, base=base
        )
        emit(findings, form, staged)
    return tuple(said)


def _sarif(raw: bytes) -> Kept | None:
    (run,) = json.loads(raw)["runs"]
    if run["tool"]["driver"]["name"] != DRIVER:
        return None
    said = run.get("properties") or {}
    base = said.get("diffBase") or {}
    return _kept(said.get("failOn"), base.get("revision"), base.get("commit"))


def _junit(raw: bytes) -> Kept | None:
    # A file that declares entities is not ours; without them nothing can grow while it is read.
    if b"<!" in raw[:4096]:
        return None
    suites = ET.fromstring(raw).findall("testsuite")  # noqa: S314 - see above
    if len(suites) != 1 or not suites[0].get("name", "").startswith(f"{SUITE} "):
        return None
    said = {p.get("name"): p.get("value") for p in suites[0].iterfind("properties/property")}
    return _kept(said.get("fail-on"), said.get("diff-base"), said.get("diff-base-commit"))


def _kept(fail_on: object, revision: object, commit: object) -> Kept:
    known = isinstance(commit, str) and _COMMIT.fullmatch(commit) is not None
    return Kept(
        str(fail_on) if fail_on in _FAIL_ON else None,
        str(revision) if known else None,
        str(commit) if known else None,
    )
