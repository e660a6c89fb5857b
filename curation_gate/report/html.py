"""report.html: one page, no network, safe to open whatever the rows say.

Three walls, each enough by itself: Jinja2 escapes every string (autoescape is on, the only text
marked safe is built in marked.py and plots.py from escaped parts), a Content-Security-Policy
forbids every request and every script but the one whose hash it names, and hidden characters are
shown as codes. That one script (page.js) searches, sorts and pages what already stands on the
page; without it everything is there as a plain table.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from markupsafe import Markup

from curation_gate.errors import ResultError
from curation_gate.report import plots
from curation_gate.report.cards import Card, cards
from curation_gate.report.fields import evidence_text
from curation_gate.report.folder import ScanFolder, load, quoted, shown
from curation_gate.report.marked import mark
from curation_gate.report.summary import SourceLine, Summary, TaskLine, rows, summarise
from curation_gate.report.triggers import passed_over, triggers
from curation_gate.report.weighed import signed, split

if TYPE_CHECKING:
    from pathlib import Path

_MAX_LISTED = 40
"""Tasks, sources, phrases, rules, files and notes shown; the rest is counted."""
_PAGE_BYTES = 1_950_000
"""Size of the page at most; a mail or a CI artefact viewer still takes it (a choice)."""
_MAX_CHOICES = 200
"""Tasks and phrases the filters offer."""


def render(folder: Path, *, name: Path | None = None) -> str:
    """Return the page for a scan folder.

    name: where the folder will be found, when the page is made before it is in place.
    Raises ResultError where the folder is missing or damaged.
    """
    scan = load(folder, name=name)
    try:
        return _render(scan)
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        # A manifest may hold anything below its first level; most of it is never read but here.
        raise ResultError(
            f"{folder}: cannot be shown: {type(error).__name__}: {error}",
            hint="run `curate scan` again; with a folder no other hand touched, report this",
        ) from error


def _render(scan: ScanFolder) -> str:
    summary = summarise(scan)
    found, passed = split(scan.manifest["phrases"])
    page = {
        "summary": summary,
        "version": str(scan.manifest["tool"]["version"]),
        "facts": _facts(scan.manifest),
        "folder": shown(scan.name),
        "names": [str(file["name"]) for file in scan.manifest["dataset"]["files"]],
        "triggers": triggers(scan, _MAX_LISTED),
        "phrases": len(found),
        "passed": passed_over(scan, _MAX_LISTED),
        "passed_phrases": len(passed),
        "flagged": len(scan.flagged),
        "charts": _charts(scan),
        "floor": _floor(summary),
        "commands": _commands(scan),
        "task_end": _bar_end(summary.tasks),
        "source_end": _bar_end(summary.sources),
        "timings": _timings(scan.manifest),
        "listed": _MAX_LISTED,
        "choices_listed": _MAX_CHOICES,
    }
    template, row = _templates()
    # The page without rows links to every row it may: it is never smaller than the one that is
    # written, so what is left of the budget is really left.
    bare = template.render(page, cards=(), linked=_Everything(), choices=_NO_CHOICES)
    room = _PAGE_BYTES - len(bare.encode())
    drawn, linked, choices = cards(scan, room, lambda card: _draw(row, card))
    offered = {kind: list(texts)[:_MAX_CHOICES] for kind, texts in choices.of.items()}
    return template.render(page, cards=drawn, linked=frozenset(linked), choices=offered)


class _Everything:
    def __contains__(self, row: object) -> bool:
        return True


_NO_CHOICES: Mapping[str, Sequence[str]] = {"task": (), "rule": (), "phrase": ()}


@cache
def _templates() -> tuple[jinja2.Template, jinja2.Template]:
    """Return the page and one row of its table."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"mark": mark, "rows": rows, "percent": _percent, "signed": signed}
    environment.globals |= {"share_bar": _share_bar, "nats_bar": _nats_bar}
    for name, file in (("style", "page.css"), ("script", "page.js")):
        text = _source(file)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
        environment.globals[name] = Markup(text)  # noqa: S704 - our own file
        environment.globals[f"{name}_hash"] = f"sha256-{digest}"
    page = environment.from_string(_source("report.html.j2"))
    return page, environment.from_string(_source("row.html.j2"))


def _source(file: str) -> str:
    return files("curation_gate.report").joinpath(file).read_text(encoding="utf-8")


def _draw(row: jinja2.Template, card: Card) -> Markup:
    return Markup(row.render(card=card))  # noqa: S704 - the template escapes


def _share_bar(line: TaskLine | SourceLine, full: int) -> Markup:
    bar = plots.share_bar(line.quarantine, line.review, line.rows, full)
    return Markup(bar)  # noqa: S704 - numbers only


def _nats_bar(nats: float, full: float) -> Markup:
    return Markup(plots.nats_bar(nats, full))  # noqa: S704 - numbers only


def _bar_end(lines: Sequence[TaskLine | SourceLine]) -> int:
    return plots.bar_end([(line.quarantine + line.review) / max(line.rows, 1) for line in lines])


def _floor(summary: Summary) -> str:
    """Return the detection floor of the first kind of attack, the plainest."""
    return summary.floors[0].half if summary.floors else "unknown"


def _commands(scan: ScanFolder) -> list[tuple[str, str]]:
    """Return (what it does, command to paste) beyond the steps at the top."""
    where, data = quoted(scan.name), scan.data_arguments
    found = [("This result in a terminal", f"curate report {where}")]
    if scan.flagged:
        found.append(("Why one row was flagged", f"curate explain {where} ROW"))
    if scan.flagged or scan.decided:
        found.append(("Decide on the flagged rows, row by row", f"curate review {where}"))
        found.append(("Write the cleaned set by these decisions", f"curate clean {where}"))
    found.append(("Write this page again", f"curate report {where} --html"))
    found.append(("Scan again after a change", f"curate scan {data}"))
    found.append(("Check the data in a commit hook or in CI", f"curate verify {data}"))
    return found


def _charts(scan: ScanFolder) -> list[tuple[str, Markup]]:
    """Return (caption, chart): influence before and after the transform, and one against the other.

    The one against the other comes first: it is the one to read.
    """
    if not {"influence", "influence_negated"} <= scan.columns.keys():
        return []
    before, after = scan.columns["influence"], scan.columns["influence_negated"]
    span = plots.influence_span(before, after)
    if span is None:
        return []
    verdict = scan.columns["verdict"]
    flagged = np.asarray(verdict != "keep", dtype=np.bool_)
    both, first, second = (
        "After (up) against before (across)",
        "Before the transform",
        "After the transform",
    )
    drawn = (
        (both, plots.scatter(before, after, verdict, span, name="both", title=both)),
        (first, plots.histogram(before, flagged, span, name="before", title=first)),
        (second, plots.histogram(after, flagged, span, name="after", title=second)),
    )
    return [(said, Markup(svg)) for said, svg in drawn]  # noqa: S704 - plots.py escapes its texts


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (name, text, hash or nothing) of what the scan read and used."""
    dataset, proxy, probes = manifest["dataset"], manifest.get("proxy"), manifest.get("probes")
    facts = []
    for file in dataset["files"]:
        kind = f", {file['format']}" if file.get("format") else ""
        facts.append(
            ("file", f"{file['name']}, {rows(int(file['rows']))}{kind}", file.get("sha256"))
        )
    if len(facts) > _MAX_LISTED:
        facts[_MAX_LISTED:] = [("files", f"{len(facts) - _MAX_LISTED} more", None)]
    facts.append(("data fingerprint", "", dataset.get("fingerprint")))
    facts.append(("rules", manifest["rules"]["pack"], manifest["rules"].get("hash")))
    if manifest.get("evidence"):
        facts.append(("evidence", str(manifest["evidence"]["asked"]), None))
    if proxy:
        size = proxy.get("parameters")
        sized = f", {size:,} parameters" if isinstance(size, int) else ""
        facts.append(("proxy", f"{proxy['name']}{sized}", proxy.get("hash")))
    if probes:
        told = f"{probes.get('count', 0)}, {probes.get('origin', 'unknown origin')}"
        rest = {k: v for k, v in probes.items() if k not in ("count", "origin", "transform")}
        told += f", transform {probes.get('transform', 'none')}"
        facts.append(("probes", ", ".join(filter(None, (told, evidence_text(rest)))), None))
    facts.append(("seed", str(manifest.get("seed", "")), None))
    memory = manifest.get("peak_memory_mb")
    used = f", {memory:,.0f} MB at most" if isinstance(memory, int | float) else ""
    facts.append(("device", f"{manifest.get('device', 'unknown')}{used}", None))
    facts.append(("result", "", manifest.get("content_hash")))
    return [(name, str(text), str(digest or "")) for name, text, digest in facts]


def _timings(manifest: Mapping[str, Any]) -> list[tuple[str, float, float | None]]:
    """Return (stage, seconds, rows per second) of each stage, the longest first."""
    found = [
        (str(stage), float(value["seconds"]), _number(value.get("rows_per_second")))
        for stage, value in manifest["timings"].items()
        if isinstance(value, Mapping) and isinstance(value.get("seconds"), int | float)
    ]
    return sorted(found, key=lambda stage: -stage[1])


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _percent(count: int, whole: int) -> str:
    share = 100 * count / whole if whole else 0.0
    if 0 < share < 0.1:
        return "< 0.1 %"
    return f"{share:.1f} %"
