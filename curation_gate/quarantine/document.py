"""The manifest of a scan as a document: what was scanned, with what, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from curation_gate import __version__
from curation_gate.probes.flips import described, sentence
from curation_gate.probes.record import text_of
from curation_gate.quarantine.manifest import SCHEMA_VERSION
from curation_gate.rows.spelling import spelling_notes
from curation_gate.rows.unread import unread_answers

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import RuleResult, Verdicts
    from curation_gate.influence.measure import Contrast, Influence
    from curation_gate.probes.flips import Flips
    from curation_gate.probes.record import ProbeSet
    from curation_gate.proxy.finetune import Outcome
    from curation_gate.proxy.model import Proxy
    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset
    from curation_gate.rulebook import RulePack


BROKEN = "The cleaned set does not hold every expectation: see expectations.html."
"""The note of a scan whose cleaned set breaks what was promised of it."""


class ModelStages(Protocol):
    """What the stages that need a model leave behind (judging.Measured)."""

    @property
    def proxy(self) -> Proxy:
        """The fine-tuned proxy."""

    @property
    def proxy_hash(self) -> str:
        """Hash of its weights before fine-tuning."""

    @property
    def outcome(self) -> Outcome:
        """What fine-tuning did."""

    @property
    def probes(self) -> ProbeSet:
        """The probes that were asked."""

    @property
    def influence(self) -> Influence:
        """Influence of every row on them."""

    @property
    def flips(self) -> tuple[Flips, ...]:
        """What each found phrase, and each control, does to the proxy's answers."""

    @property
    def reference(self) -> ReferenceScores:
        """What a model that never saw the rows expects."""


def describe(
    dataset: Dataset,
    pack: RulePack,
    seed: int,
    measured: ModelStages,
    verdicts: Verdicts,
    results: Sequence[RuleResult],
) -> dict[str, Any]:
    """Return the manifest without what depends on time and place (timings, memory, device)."""
    titles = {rule.id: rule.title for rule in pack.rules}
    number = {name: verdicts.verdict.count(name) for name in ("keep", "review", "quarantine")}
    tasks: dict[str, dict[str, Any]] = {
        task: {"rows": 0, "labels": list(dataset.label_spaces[task])} for task in dataset.tasks
    }
    for row in dataset.rows:
        tasks[row.task]["rows"] += 1
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "curation-gate", "version": __version__},
        "rules": {"pack": pack.name, "hash": pack.hash},
        "proxy": {
            "name": measured.proxy.name,
            "hash": measured.proxy_hash,
            "parameters": measured.proxy.parameters,
            "epochs": measured.outcome.best_epoch,
            "held_out_loss": _rounded(measured.outcome.held_out_losses),
        },
        "seed": seed,
        "dataset": {
            "fingerprint": dataset.fingerprint,
            "rows": len(dataset),
            "files": [
                {
                    "name": file.path.name,
                    "format": file.format,
                    "schema": file.schema,
                    "columns": dict(file.columns),
                    "sha256": file.sha256,
                    "rows": file.rows,
                }
                for file in dataset.files
            ],
            "tasks": tasks,
        },
        "counts": {"rows": len(dataset), **number},
        "verdict": "findings" if number["quarantine"] + number["review"] else "clean",
        "rule_counts": {
            result.rule: {
                "title": titles[result.rule],
                "severity": result.severity,
                "rows": len(result.reasons),
            }
            for result in results
        },
        "phrases": _phrases(results, measured.flips, measured.influence.contrasts),
        "probes": {
            "count": len(measured.probes),
            "origin": measured.probes.origin,
            "transform": pack.probes.transform,
            "targets": measured.probes.targets(),
            "margin": round(measured.influence.margin, 4),
            "margin_negated": round(measured.influence.margin_negated, 4),
            "contrasts": {
                c.about: {
                    "margin": round(c.margin, 4),
                    "margin_negated": round(c.margin_negated, 4),
                }
                for c in measured.influence.contrasts
            },
        },
        "reference": {
            "agreement": {
                task: round(share, 4)
                for task, share in sorted(measured.reference.accuracy.items())
                if np.isfinite(share)
            },
        },
        "floor": _floor(dataset, results),
        "notes": [
            *unread_answers(dataset),
            *spelling_notes(dataset),
            *_notes(results, len(dataset)),
        ],
    }


def _phrases(
    results: Sequence[RuleResult], flips: Sequence[Flips], contrasts: Sequence[Contrast]
) -> list[dict[str, Any]]:
    """Return every phrase a rule names, with what it does to the proxy where that was asked."""
    known = {flip.phrase: flip for flip in flips if flip.control_of is None}
    moved = {c.about: c.moved for c in contrasts}
    phrases = []
    for phrase in (dict(p) for result in results for p in result.phrases):
        flip = known.get(str(phrase["phrase"]))
        if flip is not None:
            controls = [f for f in flips if f.control_of == flip.phrase]
            most = [
                {
                    "text": text_of(m.probe),
                    "target": m.probe.target,
                    "with": round(m.present, 4),
                    "without": round(m.absent, 4),
                }
                for m in moved.get(flip.phrase, ())
            ]
            rates = {**described(flip, controls), "most_moved": most}
            phrase |= {"asked": sentence(flip, controls), "flips": rates}
        phrases.append(phrase)
    return phrases


def _rounded(losses: Sequence[float]) -> list[float | None]:
    return [round(x, 4) if np.isfinite(x) else None for x in losses]


def _floor(dataset: Dataset, results: Sequence[RuleResult]) -> dict[str, int | None]:
    """Return for each task the fewest planted rows that a rule of the pack would see."""
    known: dict[str, list[int]] = {task: [] for task in dataset.tasks}
    for result in results:
        for task, rows in result.floor.items():
            if rows is not None:
                known[task].append(rows)
    return {task: min(rows, default=None) for task, rows in known.items()}


def _notes(results: Sequence[RuleResult], n: int) -> list[str]:
    """Sentences a reader should know."""
    notes = []
    for result in results:
        unjudged = int(np.isnan(result.scores).sum())
        if unjudged:
            notes.append(
                f"{result.rule} could not judge {unjudged} of {n} rows: their task and label have "
                "too few rows to compare with."
            )
        notes.extend(result.notes)
    if not any(result.floor for result in results):
        notes.append(
            "No rule of this pack names trigger phrases, so no detection floor is known: a clean "
            "result means that no row stood out, not that nothing was planted."
        )
    return notes
