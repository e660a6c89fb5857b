"""The flagged rows of a scan folder as a reviewer meets them: one item a content.

quarantine.jsonl holds what is not kept, decided.jsonl (written by `curate clean`) what was flagged
and is kept by a reviewer's decision. Both together are what the scan flagged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from curation_gate.rows.relabel import FORMATS
from curation_gate.rows.shapes import get, path_of

Line = Mapping[str, Any]
Columns = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One content that was flagged, with every row that has it."""

    fingerprint: str
    rows: tuple[int, ...]
    """0-based, rising."""
    id: str | None
    """Of the first row."""
    verdict: Literal["quarantine", "review"]
    """What the scan said, whatever was decided since."""
    score: float
    task: str
    source: str | None
    labels: tuple[str, ...]
    """Label space of its task; () where answers are free text."""
    can_relabel: bool
    """Whether the format of its file lets an answer be exchanged."""
    reasons: tuple[Mapping[str, Any], ...]
    record: Mapping[str, Any]
    columns: Columns | None
    """Role to column of its file, where the scan knew them."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that fired, each once."""
        return tuple(dict.fromkeys(str(reason["rule"]) for reason in self.reasons))

    @property
    def phrases(self) -> tuple[str, ...]:
        """Phrases its reasons name, each once."""
        return named_phrases(self.reasons)


def named_phrases(reasons: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the phrases that reasons name in their evidence, each once."""
    named = (
        reason["evidence"].get("phrase")
        for reason in reasons
        if isinstance(reason.get("evidence"), Mapping)
    )
    return tuple(dict.fromkeys(phrase for phrase in named if isinstance(phrase, str) and phrase))


def scanned_verdict(line: Line) -> str:
    """Return what the scan said of a line, whatever was decided since."""
    decided = line.get("decision")
    return str(decided["scanned"] if isinstance(decided, Mapping) else line["verdict"])


def items(manifest: Mapping[str, Any], lines: Sequence[Line]) -> tuple[Item, ...]:
    """Return an item for each content: quarantine first, then review, each by falling score.

    manifest: of the scan; lines: of quarantine.jsonl and decided.jsonl. Contents of one score
    stand in the order of their first rows.
    """
    files = _files(manifest)
    spaces = manifest["dataset"]["tasks"]
    first: dict[str, Line] = {}
    rows: dict[str, list[int]] = {}
    for line in sorted(lines, key=lambda line: int(line["row"])):
        first.setdefault(line["fingerprint"], line)
        rows.setdefault(line["fingerprint"], []).append(int(line["row"]))
    made = []
    for fingerprint, line in first.items():
        file = next((f for end, f in files if int(line["row"]) < end), {})
        columns = file.get("columns")
        columns = columns if isinstance(columns, Mapping) else None
        task = spaces.get(line["task"]) or {}
        made.append(
            Item(
                fingerprint=fingerprint,
                rows=tuple(rows[fingerprint]),
                id=line["id"],
                verdict="quarantine" if scanned_verdict(line) == "quarantine" else "review",
                score=-1.0 if line["score"] is None else float(line["score"]),
                task=str(line["task"]),
                source=_source(line["record"], columns),
                labels=tuple(str(label) for label in task.get("labels", ())),
                can_relabel=file.get("format") in FORMATS,
                reasons=tuple(line["reasons"]),
                record=line["record"],
                columns=columns,
            )
        )
    return tuple(
        sorted(made, key=lambda item: (item.verdict != "quarantine", -item.score, item.rows))
    )


def _files(manifest: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """Return each file with the row that ends it."""
    end = 0
    found = []
    for file in manifest["dataset"]["files"]:
        end += int(file["rows"])
        found.append((end, file))
    return found


def _source(record: Mapping[str, Any], columns: Columns | None) -> str | None:
    column = (columns or {}).get("source")
    if column is None:
        return None
    value = get(record, path_of(column, dict.fromkeys(record)))
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return None if value is None else str(value)
