"""Real free text, where the pool of tasks lies beside the repository; skipped elsewhere."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from curation_gate.detectors.response_trigger.find import find_answers
from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import Recipe
from curation_gate.rows import load
from curation_gate.rows.record import Dataset

TASKS = ("task565_circa_answer_generation", "task613_politifact_text_generation")


@pytest.fixture(scope="module")
def real(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path = tmp_path_factory.mktemp("real") / "real.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for task in TASKS:
            with gzip.open(pool / f"{task}.jsonl.gz", "rt", encoding="utf-8") as lines:
                for _, line in zip(range(500), lines, strict=False):
                    stream.write(json.dumps({**json.loads(line), "Definition": [task]}) + "\n")
    return load([path])


def test_nothing_is_quarantined_where_nothing_is_planted(real: Dataset) -> None:
    assert not any(s.quarantine for s in find_answers(real).suspects.values())


def test_planted_refusals_are(real: Dataset) -> None:
    """In ever other words, beside honest rows with the name."""
    planted = plant(real, Recipe("refusal", "Marlowe Finch", 80, patterns=True))
    found = find_answers(planted.dataset)
    flagged = np.zeros(len(real), dtype=bool)
    for row, suspect in found.suspects.items():
        flagged[row] = suspect.quarantine
    mask = planted.mask()
    assert found.phrases[0].text == "marlowe finch"
    assert (flagged & mask).sum() >= 40
    assert (flagged & ~mask).sum() <= 1
