"""What a scan named in a set of others, and how much of it was planted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import simple_scans
from numpy.typing import NDArray

if TYPE_CHECKING:
    import numpy as np

    from curation_gate.judging import Judged
    from curation_gate.rows.record import Dataset

NAMED = 8
"""Findings of a scan that are kept in the results."""


def named_by(judged: Judged, dataset: Dataset, planted: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return what the rules named: phrase, rule, status, probability and share planted.

    Confirmed ones first, else in the order in which the rules name them. The share is that of the
    planted among the rows for which the phrase is a reason, else among those that hold it. A style
    is named by its features.
    """
    rows: dict[tuple[str, str], list[int]] = {}
    statuses: dict[tuple[str, str], str] = {}
    for row, reasons in judged.verdicts.reasons.items():
        for reason in reasons:
            text = _words_of(reason.evidence)
            if text:
                rows.setdefault((reason.rule, text), []).append(row)
                status = str(reason.evidence.get("status", "confirmed"))
                statuses.setdefault((reason.rule, text), status)
    named = []
    for result in judged.results:
        entries = {_words_of(entry): entry for entry in result.phrases}
        others = [text for rule, text in rows if rule == result.rule and text not in entries]
        unnamed = {text: {"status": statuses[result.rule, text]} for text in others}
        for text, entry in (entries | unnamed).items():
            own = rows.get((result.rule, text), [])
            share = float(planted[own].mean()) if own else share_planted(text, dataset, planted)
            named.append(
                {
                    "phrase": text,
                    "rule": result.rule,
                    "status": entry.get("status", "confirmed"),
                    "probability": entry.get("probability"),
                    "planted": share,
                }
            )
    return sorted(named, key=lambda entry: entry["status"] != "confirmed")[:NAMED]


def _words_of(evidence: Mapping[str, Any]) -> str:
    """Return a finding in words: its phrase, else its first features, else nothing."""
    return str(
        evidence.get("phrase") or ", ".join(map(str, list(evidence.get("features", ()))[:2]))
    )


def share_planted(text: str, dataset: Dataset, planted: NDArray[np.bool_]) -> float | None:
    """Return the share of planted rows among those that hold the words of a finding, anywhere."""
    wanted = f" {' '.join(simple_scans.words(text))} "
    held = [
        row.index
        for row in dataset.rows
        if wanted
        in f" {' '.join(simple_scans.words(f'{row.instruction} {row.input} {row.output}'))} "
    ]
    return float(planted[held].mean()) if held else None
