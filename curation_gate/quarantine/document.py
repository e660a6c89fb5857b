"""The manifest of a scan as a document: what was scanned, with what, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from curation_gate import __version__
from curation_gate.detectors.evidence import KINDS
from curation_gate.probes.flips import described, sentence
from curation_gate.probes.record import text_of
from curation_gate.quarantine.manifest import SCHEMA_VERSION
from curation_gate.rows.spelling import spelling_notes
from curation_gate.rows.unread import unread_answers

if TYPE_CHECKING:
    from curation_gate.detectors.evidence import Floor, RuleResult, Verdicts
    from curation_gate.model_stages import Asked as Put
    from curation_gate.model_stages import Tuned
    from curation_gate.reference.record import ReferenceScores
    from curation_gate.rows.record import Dataset
    from curation_gate.rulebook import RulePack


BROKEN = "The cleaned set does not hold every expectation: see expectations.html."
"""The note of a scan whose cleaned set breaks what was promised of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a scan was asked to look at."""

    evidence: str
    """text, auto or all."""
    left_out: Mapping[str, tuple[str, ...]]
    """Id of each enabled rule that was not run to what it reads and the evidence does not have."""
    seed: int


def describe(
    dataset: Dataset,
    pack: RulePack,
    asked: Asked,
    reference: ReferenceScores | None,
    tuned: Tuned | None,
    verdicts: Verdicts,
    results: Sequence[RuleResult],
) -> dict[str, Any]:
    """Return the manifest without what depends on time and place (timings, memory, device).

    What was not asked (the reference, the proxy and its probes) has no key.
    """
    put = None if tuned is None else tuned.asked
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
        "evidence": {
            "asked": asked.evidence,
            "not_run": {rule: list(needs) for rule, needs in asked.left_out.items()},
        },
        **({} if tuned is None else {"proxy": _proxy(tuned)}),
        **({} if put is None else {"probes": _probes(put, pack.probes.transform)}),
        **({} if reference is None else {"reference": _reference(reference)}),
        "seed": asked.seed,
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
        "models": {result.rule: result.model for result in results if result.model is not None},
        "phrases": _phrases(results, put),
        "floor": _floor(results),
        "notes": [
            *unread_answers(dataset),
            *spelling_notes(dataset),
            *_left_out(asked),
            *_notes(results, len(dataset)),
        ],
    }


def _proxy(tuned: Tuned) -> dict[str, Any]:
    return {
        "name": tuned.proxy.name,
        "hash": tuned.proxy_hash,
        "parameters": tuned.proxy.parameters,
        "epochs": tuned.outcome.best_epoch,
        "held_out_loss": _rounded(tuned.outcome.held_out_losses),
    }


def _probes(put: Put, transform: str) -> dict[str, Any]:
    return {
        "count": len(put.probes),
        "origin": put.probes.origin,
        "transform": transform,
        "targets": put.probes.targets(),
        "margin": round(put.influence.margin, 4),
        "margin_negated": round(put.influence.margin_negated, 4),
        "contrasts": {
            c.about: {"margin": round(c.margin, 4), "margin_negated": round(c.margin_negated, 4)}
            for c in put.influence.contrasts
        },
    }


def _reference(reference: ReferenceScores) -> dict[str, Any]:
    shares = sorted(reference.accuracy.items())
    return {"agreement": {task: round(share, 4) for task, share in shares if np.isfinite(share)}}


def _left_out(asked: Asked) -> list[str]:
    """Say what the asked evidence does not have, and who would have read it."""
    if asked.evidence != "text":
        return []
    note = "Only the text of the rows was read (--evidence text): no proxy was fine-tuned on them"
    if not asked.left_out:
        return [f"{note}."]
    rules = "; ".join(
        f"{rule}, which reads the {' and the '.join(needs)}"
        for rule, needs in asked.left_out.items()
    )
    return [f"{note}. Not run: {rules}. Scan with --evidence auto to run all rules."]


def _phrases(results: Sequence[RuleResult], put: Put | None) -> list[dict[str, Any]]:
    """Return every phrase a rule names, with what it does to the proxy where that was asked."""
    flips = () if put is None else put.flips
    contrasts = () if put is None else put.influence.contrasts
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


def _floor(results: Sequence[RuleResult]) -> dict[str, dict[str, int | None]]:
    """Return for each kind of attack what it needs to be seen, by the rule that needs least."""
    least: dict[str, Floor] = {}
    for floor in (floor for result in results for floor in result.floors):
        known = least.get(floor.kind)
        if known is None or _order(floor) < _order(known):
            least[floor.kind] = floor
    return {
        kind: {
            "half": least[kind].half,
            "nine_in_ten": least[kind].nine_in_ten,
            "tried": least[kind].tried,
        }
        for kind in KINDS
        if kind in least
    }


def _order(floor: Floor) -> tuple[float, float, int]:
    rows = (floor.half, floor.nine_in_ten)
    half, most = (float("inf") if count is None else count for count in rows)
    return half, most, -floor.tried


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
    if not any(result.floors for result in results):
        notes.append(
            "No detection floor was measured (no rule of this pack measures one, or no task has a "
            "fixed set of labels): a clean result means that no row stood out, not that nothing "
            "was planted."
        )
    return notes
