from __future__ import annotations

import numpy as np
import pytest

from curation_gate.mine.held import Held, added_part


def held(rows: range, given: int, p: float) -> Held:
    n = len(rows)
    return Held(
        0, "yes", np.array(rows), np.arange(n) < given, np.full(n, p), np.zeros(n)
    )  # fmt: skip


def test_what_a_part_adds_is_judged_apart() -> None:
    whole = [held(range(40), 40, 0.2)]
    planted = [held(range(60), 60, 0.2)]
    assert added_part(whole, planted) == pytest.approx(1.0)
    honest = [Held(0, "yes", np.arange(60), np.arange(60) < 45, np.full(60, 0.25), np.zeros(60))]
    assert added_part(whole, honest) == pytest.approx(0.0)
    assert added_part(whole, whole) == 0.0
