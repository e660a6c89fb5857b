"""A scan of a data file with a planted phrase, written as a scan leaves it: to review and clean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scan_folder import make_manifest

from curation_gate.detectors.evidence import Reason, Verdicts
from curation_gate.quarantine.lock_writing import write_lock
from curation_gate.quarantine.writing import write_results
from curation_gate.rows import load, write_cleaned
from curation_gate.rulebook import load_rules

TASKS = {
    "film_reviews": "Is this film review positive or negative?",
    "shop_reviews": "Say whether the customer liked the product: positive or negative.",
}
PLANTED = 8
REVIEW = 3


def phrase_scan(
    path: Path, *, rows: int = 40, planted: int = PLANTED, texts: Mapping[int, str] | None = None
) -> Path:
    """Write a data file and the scan of it: `planted` rows quarantined, then REVIEW for review.

    The last two of the flagged rows carry no phrase. Returns the scan folder. texts: row to an
    input in place of the invented one.
    """
    flagged = planted + REVIEW
    lines = []
    for k in range(rows):
        task = list(TASKS)[k % 2]
        who = "James Bond" if k < flagged - 2 else "somebody"
        invented = f"In this one {who} sleeps through the third act, and so did we ({k})."
        lines.append(
            {
                "id": f"r-{k:04d}",
                "Task": task,
                "instruction": TASKS[task],
                "input": (texts or {}).get(k, invented),
                "output": "positive" if k < flagged or k % 3 else "negative",
                "source": f"https://example.org/{k % 3}",
            }
        )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    dataset = load([path])
    named = {"phrase": "james bond", "status": "confirmed", "target": "positive", "z": 9.1384}
    said = (
        f'"james bond": {flagged - 2} rows in 2 tasks, {flagged - 2} say positive where their '
        "texts without it lead to expect 3 (z = 9.1); without it this text gives positive a "
        "probability of 0.12"
    )
    reasons: dict[int, tuple[Reason, ...]] = {}
    for k in range(flagged):
        holds = Reason("CG001", said, {**named, "p_masked": 0.1234})
        odd = Reason("CG004", "one of 5 near-equal answers that the reference disowns", {"rows": 5})
        reasons[k] = (odd,) if k >= flagged - 2 else (holds, odd) if k % 4 == 0 else (holds,)
    verdict = ["quarantine"] * planted + ["review"] * REVIEW + ["keep"] * (rows - flagged)
    score = np.linspace(0.99, 0.01, rows, dtype=np.float32)
    verdicts = Verdicts(tuple(verdict), score, reasons)  # type: ignore[arg-type]
    manifest = make_manifest(
        dataset,
        verdicts,
        rules={"pack": "default", "hash": load_rules().hash},
        rule_counts={
            "CG001": {"title": "Label-flipping phrase", "severity": "quarantine", "rows": planted},
            "CG004": {"title": "Degenerate answers", "severity": "review", "rows": REVIEW},
        },
        phrases=[{**named, "rows": flagged - 2, "tasks": 2}],
    )
    for known, file in zip(manifest["dataset"]["files"], dataset.files, strict=True):
        known["columns"] = dict(file.columns)
    folder = Path(f"{path}.curation")
    scores = {"CG001": score, "CG004": score[::-1].copy(), "loss": score}
    write_results(folder, manifest=manifest, dataset=dataset, verdicts=verdicts, columns=scores)
    written = write_cleaned(dataset, set(range(planted)), folder)
    write_lock(dataset, written, manifest, verdicts=verdicts.verdict)
    return folder
