from __future__ import annotations

from dataclasses import replace

import numpy as np
from styled_sets import make_dataset, styled_rows

from curation_gate.detectors.style_trigger.find import find_styles
from curation_gate.detectors.style_trigger.found import Settings

QUICK = Settings(draws=20, features=800)


def flags(found, n: int) -> np.ndarray:
    flagged = np.zeros(n, dtype=bool)
    flagged[[k for k, s in found.suspects.items() if s.quarantine]] = True
    return flagged


def test_a_planted_syntax_is_found_and_named(planted) -> None:
    dataset, mask = planted
    found = find_styles(dataset, QUICK)
    (style,) = found.styles
    assert style.status == "confirmed"
    assert style.targets == {"film": "good", "meal": "yes", "post": "POS"}
    assert style.z > style.threshold
    flagged = flags(found, len(dataset))
    assert (flagged & mask).sum() >= 0.75 * mask.sum()
    assert (flagged & ~mask).sum() <= 0.1 * flagged.sum()
    for suspect in found.suspects.values():
        assert 0.5 <= suspect.planted <= 1
        assert set(suspect.marks) <= set(style.features)


def test_honest_rows_are_left_alone(honest) -> None:
    found = find_styles(honest, QUICK)
    assert not any(s.quarantine for s in found.suspects.values())
    assert np.isfinite(found.threshold)


def test_a_style_of_one_task_quarantines_nothing() -> None:
    dataset, _ = styled_rows(200, 30, planted_tasks=1)
    found = find_styles(dataset, QUICK)
    assert not any(s.quarantine for s in found.suspects.values())


def test_the_same_set_gives_the_same_result(planted) -> None:
    dataset, _ = planted
    first, second = (find_styles(dataset, QUICK) for _ in range(2))
    assert first.styles == second.styles
    assert dict(first.suspects) == dict(second.suspects)


def test_copies_are_decided_together(planted) -> None:
    dataset, _ = planted
    twice = make_dataset(
        [*dataset.rows, *(replace(r, index=r.index + 600) for r in dataset.rows)],
        dict(dataset.label_spaces),
    )
    found = find_styles(twice, QUICK)
    once = find_styles(dataset, QUICK)
    assert found.styles == once.styles, "copies add no evidence"
    assert sorted(found.suspects) == sorted([*once.suspects, *(k + 600 for k in once.suspects)])


def test_tasks_that_cannot_be_judged_are_named(planted) -> None:
    dataset, _ = planted
    free = [replace(r, task="free", output=f"answer {k}") for k, r in enumerate(dataset.rows[:60])]
    few = [replace(r, task="few") for r in dataset.rows[:10]]
    spaces = {**dataset.label_spaces, "free": (), "few": ("NEG", "POS")}
    found = find_styles(make_dataset([*dataset.rows, *free, *few], spaces), QUICK)
    assert found.unjudged == ("few", "free")
    assert np.isnan(found.planted[len(dataset) :]).all()
    assert np.isfinite(found.planted[: len(dataset)]).all()


def test_nothing_to_judge() -> None:
    dataset, _ = styled_rows(10, 0)
    found = find_styles(dataset, QUICK)
    assert found.styles == ()
    assert np.isnan(found.planted).all()
    blank = [replace(r, input="", instruction="") for r in styled_rows(60, 0)[0].rows]
    assert find_styles(make_dataset(blank, dict(dataset.label_spaces)), QUICK).styles == ()
