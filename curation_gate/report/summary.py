"""What a scan came to, in the words the terminal and the page share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

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
    """One task: how much of it is kept, and the smallest attack that would have been seen."""

    task: str
    rows: int
    quarantine: int
    review: int
    floor: int | None
    """Rows an attack needs before this scan can see it; None where nothing can be promised."""


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
    has_floor: bool
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
        has_floor=any(rows is not None for rows in manifest["floor"].values()),
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
    floor: dict[str, Any] = dict(folder.manifest["floor"])
    found = [
        TaskLine(
            task=str(task),
            rows=int(value["rows"]),
            quarantine=verdicts[task, "quarantine"],
            review=verdicts[task, "review"],
            floor=None if floor.get(task) is None else int(floor[task]),
        )
        for task, value in folder.manifest["dataset"]["tasks"].items()
    ]
    return tuple(sorted(found, key=lambda t: (-t.quarantine, -t.review, -t.rows, t.task)))


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
