"""What a scan came to, in the words the terminal and the page share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from curation_gate.detectors.evidence import KINDS
from curation_gate.quarantine.journal import JOURNAL
from curation_gate.report.folder import ScanFolder, quoted, shown


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next."""

    text: str
    command: str | None
    """To paste into a shell, from where the scan ran; None where there is nothing to run."""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule and the rows it fired on."""

    rule: str
    title: str
    severity: str
    rows: int


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task, and how much of it is kept."""

    task: str
    rows: int
    quarantine: int
    review: int


@dataclass(frozen=True, slots=True)
class FloorLine:
    """What one kind of attack needs to be seen by this scan."""

    kind: str
    half: str
    """Planted rows at which one in two is caught: `9 rows`, `more than 80 rows`."""
    nine_in_ten: str
    """Planted rows at which nine in ten are."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One contributor, origin or file, and how much of it is kept."""

    source: str | None
    """None: the rows that name no source."""
    rows: int
    quarantine: int
    review: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a scan, ready to be shown."""

    verdict: str
    """clean, findings or inconclusive."""
    headline: str
    explanation: str
    steps: tuple[Step, ...]
    rows: int
    keep: int
    review: int
    quarantine: int
    rules: tuple[RuleLine, ...]
    tasks: tuple[TaskLine, ...]
    """Most flagged first, then largest."""
    floors: tuple[FloorLine, ...]
    """By kind of attack; empty where no floor was measured."""
    sources: tuple[SourceLine, ...]
    """Most flagged first, then largest; empty where the data name no source and are one file."""
    notes: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]
    """(what it is, path) of each file in the folder that exists."""


_OUTPUTS = {
    "quarantine.jsonl": "flagged rows and why",
    "scores.parquet": "every row's scores",
    "manifest.json": "what was scanned, and with what",
    "report.html": "this result as a page",
    "expectations.html": "checks of the cleaned set",
    "results.sarif": "for code scanning",
    "junit.xml": "for CI test reports",
}


def summarise(folder: ScanFolder) -> Summary:
    """Return the summary of a scan."""
    manifest = folder.manifest
    counts = {name: int(value) for name, value in manifest["counts"].items()}
    headline, explanation = _words(manifest["verdict"], counts, manifest["rules"]["pack"])
    rules = tuple(
        RuleLine(rule, str(value["title"]), str(value["severity"]), int(value["rows"]))
        for rule, value in sorted(
            manifest["rule_counts"].items(), key=lambda item: (-int(item[1]["rows"]), item[0])
        )
    )
    return Summary(
        verdict=manifest["verdict"],
        headline=headline,
        explanation=explanation,
        steps=_steps(folder),
        rows=counts["rows"],
        keep=counts["keep"],
        review=counts["review"],
        quarantine=counts["quarantine"],
        rules=rules,
        tasks=_tasks(folder),
        floors=_floors(manifest["floor"]),
        sources=_sources(folder),
        notes=tuple(str(note) for note in manifest["notes"]),
        outputs=_outputs(folder),
    )


def rows(count: int) -> str:
    """Return `1 row` or `1,234 rows`."""
    return f"{count:,} row" + ("" if count == 1 else "s")


def _words(verdict: str, counts: dict[str, int], pack: str) -> tuple[str, str]:
    flagged, review = counts["quarantine"], counts["review"]
    if verdict == "inconclusive":
        return (
            "Inconclusive: this scan does not say whether the data are clean",
            "Too little could be judged. Treat the data as not scanned.",
        )
    if verdict == "clean":
        more = f" {rows(review)} may deserve a look." if review else ""
        return (
            f"Clean: nothing found in {rows(counts['rows'])}",
            f"No rule of the pack `{pack}` asks for a row to be taken out.{more}",
        )
    if not flagged:
        return (
            f"{rows(review)} of {counts['rows']:,} to review",
            "Nothing is certain enough to be taken out; a person should read these rows.",
        )
    also = f" A person should read {review:,} more." if review else ""
    return (
        f"{rows(flagged)} of {counts['rows']:,} should not be trained on",
        f"The cleaned set leaves them out.{also}",
    )


def _steps(folder: ScanFolder) -> tuple[Step, ...]:
    data = folder.data_arguments
    verify = Step("Commit curate.lock; in the commit hook and in CI, run:", f"curate verify {data}")
    if folder.manifest["verdict"] == "inconclusive":
        return (Step("Mend what the notes name, then scan again:", f"curate scan {data}"),)
    steps = []
    if folder.flagged:
        where, first = quoted(folder.name), folder.flagged[0]["row"]
        read = "Read the flagged rows. The evidence of every rule on one of them:"
        steps.append(Step(read, f"curate explain {where} {first}"))
        steps.append(Step("Decide on them by keyboard:", f"curate review {where}"))
    if (folder.path / JOURNAL).is_file():
        steps.append(Step("Apply what was decided:", f"curate clean {quoted(folder.name)}"))
    if folder.cleaned is not None and folder.manifest["counts"]["quarantine"]:
        steps.append(Step(f"Train on {shown(folder.cleaned)}, not on the scanned file", None))
    return (*steps, verify)


def _tasks(folder: ScanFolder) -> tuple[TaskLine, ...]:
    verdicts = Counter(zip(folder.columns["task"], folder.columns["verdict"], strict=True))
    found = [
        TaskLine(
            task=str(task),
            rows=int(value["rows"]),
            quarantine=verdicts[task, "quarantine"],
            review=verdicts[task, "review"],
        )
        for task, value in folder.manifest["dataset"]["tasks"].items()
    ]
    return tuple(sorted(found, key=lambda t: (-t.quarantine, -t.review, -t.rows, t.task)))


def _floors(known: Mapping[str, Any]) -> tuple[FloorLine, ...]:
    """Return the floors of a manifest; none of an older one, which has them by task."""
    return tuple(
        FloorLine(str(kind), *(_needed(floor, share) for share in ("half", "nine_in_ten")))
        for kind, floor in sorted(known.items(), key=lambda item: _place(item[0]))
        if isinstance(floor, dict)
    )


def _place(kind: str) -> int:
    """Return where a kind of attack stands among the others: the plainest first."""
    known: tuple[str, ...] = KINDS
    return known.index(kind) if kind in known else len(known)


def _needed(floor: Mapping[str, Any], share: str) -> str:
    needed = floor[share]
    return f"more than {rows(int(floor['tried']))}" if needed is None else rows(int(needed))


def _sources(folder: ScanFolder) -> tuple[SourceLine, ...]:
    verdicts = folder.columns["verdict"]
    counts: dict[str | None, Counter[str]] = {}
    for row, verdict in enumerate(verdicts):
        counts.setdefault(folder.source(row), Counter())[str(verdict)] += 1
    if set(counts) <= {None}:
        return ()
    found = [
        SourceLine(source, found.total(), found["quarantine"], found["review"])
        for source, found in counts.items()
    ]
    return tuple(
        sorted(found, key=lambda s: (-s.quarantine, -s.review, -s.rows, s.source is None, s.source))
    )


def _outputs(folder: ScanFolder) -> tuple[tuple[str, str], ...]:
    cleaned = folder.cleaned
    first = [] if cleaned is None else [("the data without quarantined rows", shown(cleaned))]
    return (
        *first,
        *(
            (what, shown(folder.name / name))
            for name, what in _OUTPUTS.items()
            if (folder.path / name).is_file()
        ),
    )
