from __future__ import annotations

import numpy as np

from curation_gate.detectors.label_trigger.held import Held, adds_planted


def held(rows: range, given: int, p: float) -> Held:
    n = len(rows)
    return Held(
        0, "yes", np.array(rows), np.arange(n) < given, np.full(n, p), np.zeros(n)
    )  # fmt: skip


def test_what_a_part_adds_is_judged_apart() -> None:
    whole = [held(range(40), 40, 0.2)]
    assert adds_planted(whole, [held(range(60), 60, 0.2)])
    assert not adds_planted(whole, [held(range(60), 45, 0.25)])  # 5 of the 20 added rows
    assert not adds_planted(whole, whole)


def test_a_few_rows_are_not_enough() -> None:
    whole = [held(range(40), 40, 0.2)]
    assert not adds_planted(whole, [held(range(44), 44, 0.5)])
    assert adds_planted(whole, [held(range(52), 52, 0.5)])
