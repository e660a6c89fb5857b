"""The floor against attacks that another generator drew: those above it are caught, as it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from curation_gate import rows
from curation_gate.detectors.evidence import Floor
from curation_gate.detectors.label_trigger.find import find_phrases

BENCHMARKS = str(Path(__file__).parents[3] / "benchmarks")
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)

from arena import draw  # noqa: E402
from pools import DEFAULT_POOL  # noqa: E402

KIND = {"other": "rows of another label", "any": "any row", "same": "rows of the label"}
SETS = 5
HELD = 3
"""Measured 3. Of SETS attacks with as many rows as nine in ten need and more, those that have to be
caught: the arena plants near misses, hides tokens at the ends of texts and mislabels up to a tenth
of the rows, which the floor's own copies do not."""


@pytest.mark.skipif(not DEFAULT_POOL.is_dir(), reason="the pool of tasks is not beside this copy")
def test_attacks_above_the_floor_are_caught(tmp_path: Path) -> None:
    caught: list[bool] = []
    for seed in range(7000, 7200):
        drawn = draw(seed, "judge", family="token", largest=900)
        (trigger,) = drawn.triggers
        plain = trigger["where"] == "input" and not trigger["cover"] and not trigger["disguise"]
        settings = drawn.settings
        few = 14 <= trigger["rows"] <= len(drawn.rows) // 12  # above most floors, and no flood
        if not plain or settings["evasion"] or settings["tongue"] or not few:
            continue
        path = tmp_path / f"{seed}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in drawn.rows), encoding="utf-8")
        found = find_phrases(rows.split_prompts(rows.load([path])))
        floors: dict[str, Floor] = {floor.kind: floor for floor in found.floors}
        floor = floors.get(KIND[trigger["chosen"]])
        if floor is None or floor.nine_in_ten is None or trigger["rows"] < floor.nine_in_ten:
            continue
        word = trigger["phrases"][0].casefold()
        caught.append(
            any(word in phrase.text for phrase in found.phrases if phrase.status == "confirmed")
        )
        if len(caught) == SETS:
            break
    assert len(caught) == SETS
    assert sum(caught) >= HELD, caught
