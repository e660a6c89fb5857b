"""The flagged rows of a scan as findings with a place, for the formats machines read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation_gate import __version__
from curation_gate.quarantine.scanned_data import scanned_pack
from curation_gate.report.folder import SUFFIX, ScanFolder
from curation_gate.report.sanitize import cut, plain

if TYPE_CHECKING:
    from curation_gate.gate.diff_base import BaseRows
    from curation_gate.rulebook import RulePack

SHOWN = 20
"""Findings listed in a terminal (a choice)."""
MESSAGE = 1000
"""Characters of a message, at most (a choice: GitHub cuts longer ones)."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """What is said of a rule."""

    id: str
    title: str
    severity: str
    rationale: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One flagged row. Every text is on one line and holds no control or bidi characters."""

    row: int
    fingerprint: str
    verdict: str
    """quarantine or review."""
    score: float | None
    rules: tuple[str, ...]
    """Ids of the rules that fired, the gravest reason first."""
    message: str
    path: str
    """Of the data file, from the repository's root, with slashes."""
    line: int | None
    """1-based, in uncompressed JSON lines that are still as they were scanned."""

    @property
    def place(self) -> str:
        """Return where the row stands, for reading."""
        path = plain(self.path)
        return f"{path}:{self.line}" if self.line else f"{path}, row {self.row}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a scan found, as far as it is to be reported."""

    rules: tuple[RuleText, ...]
    """Of the scan, with and without findings, by id."""
    found: tuple[Finding, ...]
    """Quarantine first, then review, each by falling score."""
    left_out: int
    """Flagged rows that were there at the diff base."""
    verdict: str
    """Of the whole set: clean, findings or inconclusive."""
    rows: int
    notes: tuple[str, ...]
    pack: str
    version: str
    fail_on: str
    """quarantine, review or never."""
    since: str | None
    """The revision whose rows are left out; None where every row is reported."""
    commit: str | None = None
    """The hash that revision had."""

    @property
    def failing(self) -> int:
        """Return the number of findings at or above `fail_on`."""
        kinds = {"quarantine": ("quarantine",), "review": ("quarantine", "review")}
        return sum(finding.verdict in kinds.get(self.fail_on, ()) for finding in self.found)

    @property
    def headline(self) -> str:
        """Return what was found, in one line."""
        if self.verdict == "inconclusive":
            return "inconclusive: this scan does not say whether the data are clean"
        parts = [
            f"{number:,} {what}"
            for verdict, what in (("quarantine", "to quarantine"), ("review", "to review"))
            if (number := sum(finding.verdict == verdict for finding in self.found))
        ]
        since = f" among the rows new since {self.since}" if self.since else ""
        if not parts:
            return f"nothing found in {self.rows:,} rows{since}"
        return f"{', '.join(parts)} of {self.rows:,} rows{since}"

    def listed(self) -> list[str]:
        """Return the findings for a terminal: the headline, the first ones and a count."""
        since = f"Since {self.since}: " if self.since else ""
        lines = [f"{since}{self.headline}"]
        lines += [f"  {finding.place}: {finding.message}" for finding in self.found[:SHOWN]]
        left = len(self.found) - SHOWN
        return [*lines, f"  and {left:,} more"] if left > 0 else lines

    def diff_base(self) -> dict[str, Any] | None:
        """Return what is reported, for JSON; None where every row is."""
        if self.since is None:
            return None
        return {
            "revision": self.since,
            "commit": self.commit,
            "rows": [finding.row for finding in self.found],
            "left_out": self.left_out,
        }


def findings_of(
    scan: ScanFolder,
    *,
    files: Sequence[Path] | None = None,
    pack: RulePack | None = None,
    fail_on: str | None = None,
    base: BaseRows | None = None,
) -> Findings:
    """Return the findings of a scan folder.

    files: the data files in the order they were scanned; without them they are looked for beside
    the folder. pack: the rules of the scan; without it they are looked for. base: only rows that
    are new since then are reported; the others are counted.
    """
    places = _places(scan, files)
    only = None if base is None else base.new_rows(list(scan.columns["fingerprint"]))
    ends = list(accumulate(int(file["rows"]) for file in scan.manifest["dataset"]["files"]))
    found = []
    for flagged in scan.flagged:
        row = int(flagged["row"])
        if only is not None and row not in only:
            continue
        number = next(k for k, end in enumerate(ends) if row < end)
        path, lines = places[number]
        own = row - (ends[number - 1] if number else 0)
        found.append(_finding(flagged, path, lines[own] if lines is not None else None))
    pack = pack or scanned_pack(scan.name, scan.manifest)
    return Findings(
        rules=_rules(scan.manifest["rule_counts"], pack),
        found=tuple(found),
        left_out=len(scan.flagged) - len(found),
        verdict=str(scan.manifest["verdict"]),
        rows=int(scan.manifest["counts"]["rows"]),
        notes=tuple(plain(str(note)) for note in scan.manifest["notes"]),
        pack=plain(str(scan.manifest["rules"]["pack"])),
        version=__version__,
        fail_on=fail_on or (pack.policy.fail_on if pack else "quarantine"),
        since=None if base is None else plain(base.revision),
        commit=None if base is None else base.commit,
    )


def _finding(flagged: Mapping[str, Any], path: str, line: int | None) -> Finding:
    reasons = flagged["reasons"]
    said = "; ".join(dict.fromkeys(plain(str(reason["message"])) for reason in reasons))
    verdict = str(flagged["verdict"])
    what = "should not be trained on" if verdict == "quarantine" else "is for a person to read"
    score = None if flagged["score"] is None else float(flagged["score"])
    text, left = cut(f"This row {what}: {said}", MESSAGE)
    return Finding(
        row=int(flagged["row"]),
        fingerprint=str(flagged["fingerprint"]),
        verdict=verdict,
        score=score,
        rules=tuple(dict.fromkeys(plain(str(reason["rule"])) for reason in reasons)),
        message=text + ("..." if left else ""),
        path=path,
        line=line,
    )


def _rules(counts: Mapping[str, Any], pack: RulePack | None) -> tuple[RuleText, ...]:
    known = {rule.id: rule for rule in pack.rules} if pack else {}
    texts = []
    for name, said in sorted(counts.items()):
        rule = known.get(name)
        texts.append(
            RuleText(
                plain(name),
                plain(str(said["title"])),
                plain(str(said["severity"])),
                plain(rule.rationale) if rule else "",
                tuple(plain(reference) for reference in rule.references) if rule else (),
            )
        )
    return tuple(texts)


def _places(
    scan: ScanFolder, files: Sequence[Path] | None
) -> list[tuple[str, Sequence[int] | None]]:
    """Return the path and the line of each row, for every data file of the scan."""
    places: list[tuple[str, Sequence[int] | None]] = []
    for number, stored in enumerate(scan.manifest["dataset"]["files"]):
        candidates = [files[number]] if files is not None else list(_candidates(scan, stored))
        there = next((path for path in candidates if path.exists()), None)
        if there is None:
            places.append((plain(str(stored["name"])), None))
            continue
        raw = _unchanged(there, stored) if stored.get("format") == "jsonl" else None
        places.append((_from_root(there), None if raw is None else _line_numbers(raw)))
    return places


def _candidates(scan: ScanFolder, stored: Mapping[str, Any]) -> Iterator[Path]:
    if scan.name.name.endswith(SUFFIX):
        beside = scan.name.with_name(scan.name.name.removesuffix(SUFFIX))
        if beside.name == stored["name"]:
            yield beside
    name = Path(str(stored["name"])).name
    yield scan.name.parent / name
    yield Path(name)


def _unchanged(path: Path, stored: Mapping[str, Any]) -> bytes | None:
    """Return the bytes of a plain file, where they are those that were scanned."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    if raw.startswith(b"\x1f\x8b") or hashlib.sha256(raw).hexdigest() != stored.get("sha256"):
        return None
    return raw


def _line_numbers(raw: bytes) -> list[int]:
    """Return the 1-based line of every row: blank lines are no rows, lines end at LF alone."""
    bare = raw.removeprefix(b"\xef\xbb\xbf")
    return [k for k, line in enumerate(bare.split(b"\n"), start=1) if line.strip(b" \t\r\n")]


def _from_root(path: Path) -> str:
    """Return a path from the root of its repository, else from here, else its name."""
    absolute = path.absolute()
    for root in (
        *(folder for folder in absolute.parents if (folder / ".git").exists()),
        Path.cwd(),
    ):
        if absolute.is_relative_to(root):
            return absolute.relative_to(root).as_posix()
    return path.name
