"""report.html: one page, no script, no network, safe to open whatever the rows say.

Three walls, each enough by itself: Jinja2 escapes every string (autoescape is on, the only text
marked safe is built here and in plots.py from escaped parts), a Content-Security-Policy forbids
every script and every request, and hidden characters are shown as codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from markupsafe import Markup

from curation_gate.report import plots
from curation_gate.report.cards import cards, mark
from curation_gate.report.fields import evidence_text, value_text
from curation_gate.report.folder import ScanFolder, load, shown
from curation_gate.report.summary import TaskLine, rows, summarise

if TYPE_CHECKING:
    from pathlib import Path

_MAX_LISTED = 40
"""Tasks, phrases, rules, files and notes shown; the rest is counted."""
_PAGE_BYTES = 1_950_000
"""Size of the page at most; a mail or a CI artefact viewer still takes it (a choice)."""
_PHRASE_KEYS = ("phrase", "target", "rows", "tasks")


def render(folder: Path, *, name: Path | None = None) -> str:
    """Return the page for a scan folder.

    name: where the folder will be found, when the page is made before it is in place.
    Raises ResultError where the folder is missing or damaged.
    """
    scan = load(folder, name=name)
    summary = summarise(scan)
    page = {
        "summary": summary,
        "version": str(scan.manifest["tool"]["version"]),
        "facts": _facts(scan.manifest),
        "folder": shown(scan.name),
        "names": [str(file["name"]) for file in scan.manifest["dataset"]["files"]],
        "phrases": _phrases(scan.manifest),
        "flagged": len(scan.flagged),
        "charts": _charts(scan),
        "share_bar": _share_bar,
        "timings": _timings(scan.manifest),
        "listed": _MAX_LISTED,
    }
    template = _template()
    room = _PAGE_BYTES - len(template.render(page, cards=()).encode())
    return template.render(page, cards=cards(scan, room))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"mark": mark, "rows": rows, "percent": _percent}
    source = files("curation_gate.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source)


def _phrases(manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the phrases as text, whatever else is known of each under `evidence`."""
    return [
        {
            key: value_text(phrase[key]) if phrase.get(key) is not None else ""
            for key in _PHRASE_KEYS
        }
        | {"evidence": evidence_text({k: v for k, v in phrase.items() if k not in _PHRASE_KEYS})}
        for phrase in manifest["phrases"]
    ]


def _share_bar(task: TaskLine) -> Markup:
    bar = plots.share_bar(task.quarantine, task.review, task.rows)
    return Markup(bar)  # noqa: S704 - numbers only


def _charts(scan: ScanFolder) -> list[Markup]:
    """Return influence before and after the transform, and one against the other."""
    if not {"influence", "influence_negated"} <= scan.columns.keys():
        return []
    before, after = scan.columns["influence"], scan.columns["influence_negated"]
    span = plots.influence_span(before, after)
    if span is None:
        return []
    verdict = scan.columns["verdict"]
    flagged = np.asarray(verdict != "keep", dtype=np.bool_)
    drawn = (
        plots.histogram(before, flagged, span, name="before", title="Before the transform"),
        plots.histogram(after, flagged, span, name="after", title="After the transform"),
        plots.scatter(before, after, verdict, span, name="both", title="Before against after"),
    )
    return [Markup(svg) for svg in drawn]  # noqa: S704 - plots.py escapes its few texts


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (name, text, hash or nothing) of what the scan read and used."""
    dataset, proxy, probes = manifest["dataset"], manifest["proxy"], manifest.get("probes") or {}
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
        (str(stage), float(value["seconds"]), value.get("rows_per_second"))
        for stage, value in manifest["timings"].items()
        if isinstance(value, Mapping) and isinstance(value.get("seconds"), int | float)
    ]
    return sorted(found, key=lambda stage: -stage[1])


def _percent(count: int, whole: int) -> str:
    share = 100 * count / whole if whole else 0.0
    if 0 < share < 0.1:
        return "< 0.1 %"
    return f"{share:.1f} %"
