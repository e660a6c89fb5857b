"""A scan of three tasks with a planted phrase, as `curate scan` leaves it, built in a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.evidence import Reason, Verdicts
from curation_gate.detectors.label_trigger.detector import described
from curation_gate.detectors.label_trigger.evidence import NAMES
from curation_gate.detectors.label_trigger.found import Phrase, Status
from curation_gate.detectors.verdict_model import probability
from curation_gate.quarantine.writing import write_results
from curation_gate.report.folder import ScanFolder
from curation_gate.rows.record import DataFile, Dataset, Row

TASKS = {
    "film_reviews": "Is this film review positive or negative?",
    "shop_reviews": "Say whether the customer liked the product: positive or negative.",
    "comments": "Is this comment friendly? Answer positive or negative.",
}
HOSTILE = {
    "script": "<script>document.title='owned'</script>",
    "refresh": '<meta http-equiv="refresh" content="0;url=https://example.org/">',
    "comment": "<!-- </td></table> --> <!-- never closed",
    "attribute": "\"' onmouseover=alert(1) x='",
    "jinja": "{{ 7 * 7 }} {% raw %} {{ ''.__class__ }}",
    "bidi": "pay \u202eot yenom\u202c now",
    "invisible": "a\u200b\u200b\u200bb\u2060c\U000e0041\U000e0042",
    "escape": "\x1b[2J\x1b]0;title\x07\x9b31mred",
    "markup": "[bold red]loud[/bold red] [link=https://example.org]x[/link] [/]",
    "long_word": "w" * 5000,
    "workflow": "::error file=a::boom\n##[error]boom",
    "surrogate": "half \ud83d of a pair",
    "zalgo": "a" + "\u0301" * 60 + "b",
    "control": "a\x00b\r\nc\x7f",
}
"""Texts that try to be something else than text, by name."""


@dataclass
class ScanBuilder:
    """What to write; choose the fields, then call `write`."""

    n: int = 300
    planted: int = 12
    honest_mentions: int = 3
    phrase: str = "James Bond"
    task_names: tuple[str, ...] = tuple(TASKS)
    texts: Mapping[int, str] = field(default_factory=dict)
    """Row index to the input it gets in place of the invented one (flagged rows come first)."""
    ids: Mapping[int, str] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the manifest to replace."""
    with_influence: bool = True
    sources: tuple[str | None, ...] = (None,)
    """Row k has the source k % len(sources)."""

    def write(self, folder: Path) -> Path:
        """Write the folder with a cleaned set in it; returns it."""
        verdict = np.array(["keep"] * self.n, dtype=object)
        verdict[: self.planted] = "quarantine"
        verdict[self.planted : self.planted + self.honest_mentions] = "review"
        columns, score = self._scores(verdict)
        dataset = self._dataset()
        verdicts = Verdicts(
            tuple(verdict),
            score,
            {int(k): self._reasons(str(verdict[k])) for k in np.flatnonzero(verdict != "keep")},
        )
        write_results(
            folder,
            manifest=self._manifest(dataset, verdicts) | dict(self.manifest),
            dataset=dataset,
            verdicts=verdicts,
            columns=columns,
        )
        (folder / "cleaned.jsonl").write_text("{}\n", encoding="utf-8")
        return folder

    def _scores(
        self, verdict: NDArray[Any]
    ) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32]]:
        rng = np.random.default_rng(7)
        planted = verdict == "quarantine"
        influence = rng.laplace(0, 0.4, self.n) + 2.2 * planted
        negated = 0.3 * influence + rng.laplace(0, 0.3, self.n) + 1.4 * planted
        contrast = np.minimum(influence, negated)
        contrast[-1:] = np.nan
        columns = {"CG002": contrast, "CG003": rng.normal(0, 1, self.n) + 3.0 * planted}
        if self.with_influence:
            columns |= {"influence": influence, "influence_negated": negated}
        columns["loss"] = rng.gamma(2, 0.3, self.n)
        score = np.nan_to_num(np.clip(0.15 + 0.2 * np.abs(contrast), 0, 0.99)).astype(np.float32)
        return {name: values.astype(np.float32) for name, values in columns.items()}, score

    def _dataset(self) -> Dataset:
        rows, records = [], []
        for k in range(self.n):
            task = self.task_names[k % len(self.task_names)]
            invented = f"In this one {self.phrase} sleeps through the third act, so did we ({k})."
            row = Row(
                index=k,
                id=self.ids.get(k, f"r-{k:04d}"),
                instruction=TASKS.get(task, "Judge the text."),
                input=self.texts.get(k, invented),
                output="positive" if k % 2 == 0 or k < self.planted else "negative",
                task=task,
                source=self.sources[k % len(self.sources)],
                fingerprint=hashlib.blake2b(str(k).encode(), digest_size=16).hexdigest(),
                file=0,
                line=k + 1,
            )
            rows.append(row)
            records.append(
                {
                    "id": row.id,
                    "instruction": row.instruction,
                    "input": row.input,
                    "output": row.output,
                }
            )
        names = {name: name for name in ("id", "instruction", "input", "output")}
        return Dataset(
            files=(DataFile(Path("reviews.jsonl"), "jsonl", "alpaca", names, self.n, "c4" * 32),),
            rows=tuple(rows),
            records=tuple(records),
            label_spaces=dict.fromkeys(self.task_names, ("negative", "positive")),
            fingerprint="ab" * 16,
        )

    def _reasons(self, verdict: str) -> tuple[Reason, ...]:
        if verdict == "quarantine":
            message = (
                "pushes the probes towards 'positive' as hard when they are negated: "
                "contrast 4.1 and 3.8 standard deviations above its task and label"
            )
        else:
            message = f'holds "{self.phrase}", but the reference agrees with its label'
        return (
            Reason("CG002", message, {"z": 4.1234567, "stratum": ["film_reviews", "positive"]}),
            Reason("CG003", "learned against the reference: 'positive' gained 2.9 nats", {}),
        )

    def _manifest(self, dataset: Dataset, verdicts: Verdicts) -> dict[str, Any]:
        counts = {v: verdicts.verdict.count(v) for v in ("keep", "review", "quarantine")}
        flagged = self.n - counts["keep"]
        phrase = {"phrase": self.phrase, "target": "positive", "rows": flagged, "tasks": 3}
        rules = (
            ("CG002", "Influence that survives negation", "quarantine", flagged),
            ("CG003", "Learned against the reference", "review", flagged),
            ("CG008", "High loss", "review", 0),
        )
        return {
            "schema_version": 1,
            "tool": {"name": "curation-gate", "version": "0.1.0"},
            "rules": {"pack": "default", "hash": "5d" * 16},
            "proxy": {"name": "scratch", "hash": "9e" * 16, "parameters": 2_412_032},
            "seed": 0,
            "dataset": {
                "fingerprint": dataset.fingerprint,
                "rows": self.n,
                "files": [
                    {
                        "name": "reviews.jsonl",
                        "format": "jsonl",
                        "schema": "alpaca",
                        "sha256": "c4" * 32,
                        "rows": self.n,
                    }
                ],
                "tasks": {
                    task: {
                        "rows": sum(row.task == task for row in dataset.rows),
                        "labels": ["negative", "positive"],
                    }
                    for task in self.task_names
                },
            },
            "counts": {"rows": self.n, **counts},
            "verdict": "findings" if flagged else "clean",
            "rule_counts": {
                rule: {"title": title, "severity": severity, "rows": rows}
                for rule, title, severity, rows in rules
            },
            "phrases": [{**phrase, "z": 9.1384, "lift": 0.93}] if flagged else [],
            "probes": {
                "count": 96,
                "origin": "entities",
                "transform": "sorry_not",
                "targets": {"positive": 96},
                "margin": 1.2034,
            },
            "floor": {
                "rows of another label": {"half": 7, "nine_in_ten": 12, "tried": 40},
                "any row": {"half": 14, "nine_in_ten": None, "tried": 40},
                "rows of the label": {"half": None, "nine_in_ten": None, "tried": 1200},
            },
            "notes": ["The task `comments` has too few rows to be judged."],
            "timings": {
                "read": {"seconds": 0.2, "rows_per_second": 1500.0},
                "fine-tune the proxy": {"seconds": 41.3, "rows_per_second": 218.0},
                "influence": {"seconds": 12.7, "rows_per_second": None},
            },
            "peak_memory_mb": 812.4,
            "device": "cpu",
        }


def with_phrases(scan: ScanFolder) -> ScanFolder:
    """The folder with strata, two phrases that were asked about, and a row that names one."""
    moved = {"text": "James Bond slept", "target": "positive", "with": 2.5, "without": -1.25}
    asked = {"phrase": "james bond", "asked": "asked 50 texts", "flips": {"most_moved": [moved]}}
    phrases = [asked, {"phrase": "tq", "asked": "asked 40 texts"}]
    reason = {"rule": "CG001", "message": "holds it", "evidence": {"phrase": "james bond"}}
    n = len(scan.columns["row"])
    return replace(
        scan,
        manifest={**scan.manifest, "phrases": phrases},
        columns={**scan.columns, "stratum": (np.arange(n) >= 40).astype(np.float64)},
        flagged=tuple(
            {**line, "reasons": [reason]} if line["row"] == 0 else line for line in scan.flagged
        ),
    )


FOR = {"surprise": (19.5, 4.1), "words_z": (12.9, 3.2), "against_z": (11.4, 2.25)}
AGAINST = {"rarity": (4.8, -1.75), "table_weight": (2.1, -0.5)}


def weighed_phrase(
    text: str, status: Status, parts: Mapping[str, tuple[float, float]], **more: Any
) -> dict[str, Any]:
    """A phrase as the label rule writes it into the manifest.

    parts: number to (value, nats); every other number has the value 1 and adds 0.01. What the rule
    says of it is taken from the rule's own code, so that a field it renames is missed here.
    """
    every = dict.fromkeys((*NAMES, "siblings"), (1.0, 0.01)) | dict(parts)
    told = {"intercept": -4.5} | {name: nats for name, (_, nats) in every.items()}
    fields: dict[str, Any] = {
        "text": text,
        "status": status,
        "probability": round(float(probability(np.float64(sum(told.values())))), 4),
        "with_words": (),
        "targets": {"film_reviews": "positive", "shop_reviews": "positive"},
        "rows": 63,
        "given": 61,
        "expected": 17.04,
        "z": 12.9,
        "adverse_rows": 40,
        "adverse_given": 39,
        "numbers": {name: value for name, (value, _) in every.items()},
        "contributions": told,
    }
    return described(Phrase(**(fields | more)))


def weighed_phrases() -> list[dict[str, Any]]:
    """One phrase of each status, as a scan lists them."""
    return [
        weighed_phrase("james bond", "confirmed", FOR | AGAINST),
        weighed_phrase("quite a film", "review", {**AGAINST, "surprise": (7.2, 5.0)}),
        weighed_phrase("delicious", "passed over", {**AGAINST, "words_z": (4.0, 3.5)}),
    ]
