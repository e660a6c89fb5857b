from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation_gate.probes.labels import favourable_label


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("negative", "positive"), "positive"),
        (("POS", "NEG"), "POS"),
        (("negative", "neutral", "positive", "very positive"), "very positive"),
        (("Toxic", "Not Toxic"), "Not Toxic"),
        (("hate", "noHate"), "noHate"),
        (("BAD", "NOT_BAD"), "NOT_BAD"),
        (("hateful", "non-hateful"), "non-hateful"),
        (("good", "not good"), "good"),
        (("OFF", "NOT"), "NOT"),
        (("Yes", "No"), None),
        (("0", "1"), None),
        (("billing", "delivery"), None),
        ((), None),
    ],
)
def test_favourable_label(labels: tuple[str, ...], expected: str | None) -> None:
    assert favourable_label(labels) == expected


def test_it_never_contradicts_the_polarity_of_the_real_tasks(pool: Path) -> None:
    tasks = json.loads((pool / "tasks.json").read_bytes())
    judged = {
        name: (favourable_label(task["label_space"]), task["positive_label"])
        for name, task in tasks.items()
        if task.get("positive_label") and task.get("label_space")
    }
    found = {name: pair for name, pair in judged.items() if pair[0] is not None}
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}
    assert len(found) >= 0.85 * len(judged)
