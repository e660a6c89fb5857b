from __future__ import annotations

from dataclasses import replace

import numpy as np
from styled_sets import make_dataset, styled_rows

from curation_gate.detectors.style_trigger.evidence import NAMES
from curation_gate.detectors.style_trigger.find import find_styles
from curation_gate.detectors.verdict_model import load_model


def flags(found, n: int) -> np.ndarray:
    flagged = np.zeros(n, dtype=bool)
    flagged[[k for k, s in found.suspects.items() if s.quarantine]] = True
    return flagged


def test_a_planted_syntax_is_found_and_named(planted) -> None:
    dataset, mask = planted
    found = find_styles(dataset)
    style = found.styles[0]
    assert style.status == "confirmed"
    assert style.probability >= found.threshold == load_model("style").threshold
    assert style.targets == {"film": "good", "meal": "yes", "post": "POS"}
    flagged = flags(found, len(dataset))
    assert (flagged & mask).sum() >= 0.75 * mask.sum()
    assert (flagged & ~mask).sum() <= 0.1 * flagged.sum()
    for suspect in found.suspects.values():
        own = found.styles[suspect.style]
        assert 0.5 * own.probability <= suspect.planted <= own.probability
        assert set(suspect.marks) <= set(own.features)


def test_contributions_add_up_to_the_verdict(planted) -> None:
    style = find_styles(planted[0]).styles[0]
    odds = sum(style.contributions.values())
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), style.probability, atol=2e-3)
    assert set(style.numbers) == set(NAMES)


def test_a_style_of_one_task_alone_is_found() -> None:
    dataset, mask = styled_rows(600, 50, planted_tasks=1)
    one = [k for k, row in enumerate(dataset.rows) if row.task == "film"]
    rows = [replace(dataset.rows[k], index=n) for n, k in enumerate(one)]
    found = find_styles(make_dataset(rows, {"film": ("bad", "good")}))
    listed = np.zeros(len(rows), dtype=bool)
    listed[list(found.suspects)] = True
    assert (listed & mask[one]).sum() >= 0.7 * mask[one].sum()


def test_honest_rows_are_left_alone(honest) -> None:
    found = find_styles(honest)
    assert not flags(found, len(honest)).any()
    assert found.weighed > 0


def test_the_same_set_gives_the_same_result(planted) -> None:
    dataset, _ = planted
    first, second = (find_styles(dataset) for _ in range(2))
    assert first.styles == second.styles
    assert dict(first.suspects) == dict(second.suspects)


def test_copies_are_decided_together(planted) -> None:
    dataset, _ = planted
    twice = make_dataset(
        [*dataset.rows, *(replace(r, index=r.index + 600) for r in dataset.rows)],
        dict(dataset.label_spaces),
    )
    found, once = find_styles(twice), find_styles(dataset)
    assert found.styles == once.styles, "copies add no evidence"
    assert sorted(found.suspects) == sorted([*once.suspects, *(k + 600 for k in once.suspects)])


def test_tasks_that_cannot_be_judged_are_named(planted) -> None:
    dataset, _ = planted
    free = [replace(r, task="free", output=f"answer {k}") for k, r in enumerate(dataset.rows[:60])]
    few = [replace(r, task="few", output=("NEG", "POS")[k % 2])
           for k, r in enumerate(dataset.rows[:10])]  # fmt: skip
    spaces = {**dataset.label_spaces, "free": (), "few": ("NEG", "POS")}
    found = find_styles(make_dataset([*dataset.rows, *free, *few], spaces))
    assert found.unjudged == ("few", "free")
    assert np.isnan(found.planted[len(dataset) :]).all()
    assert np.isfinite(found.planted[: len(dataset)]).all()


def test_nothing_to_judge() -> None:
    dataset, _ = styled_rows(10, 0)
    found = find_styles(dataset)
    assert found.styles == ()
    assert np.isnan(found.planted).all()
    blank = [replace(r, input="", instruction="") for r in styled_rows(60, 0)[0].rows]
    assert find_styles(make_dataset(blank, dict(dataset.label_spaces))).styles == ()
