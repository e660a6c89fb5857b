from __future__ import annotations

import numpy as np
import pytest

from curation_gate.detectors.label_trigger.statistics import sigmoid
from curation_gate.stats.calibration import platt

NONE = np.zeros(0, dtype=np.int64)


def drawn(seed: int, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(0.3, 1.5, rows)
    return truth, rng.random(rows) < sigmoid(truth)


@pytest.mark.parametrize(("factor", "shift"), [(1.0, 0.0), (2.0, 0.0), (0.5, 1.0)])
def test_what_is_too_sure_is_made_less_so(factor: float, shift: float) -> None:
    truth, given = drawn(1)
    slope, intercept = platt(factor * truth + shift, given, NONE)
    assert slope == pytest.approx(1 / factor, rel=0.12)
    assert intercept == pytest.approx(-shift / factor, abs=0.15)


def test_rows_to_be_judged_do_not_count() -> None:
    truth, given = drawn(2)
    turned = given.copy()
    turned[:500] = ~turned[:500]
    judged = np.arange(500)
    assert platt(truth, turned, judged) == platt(truth, given, judged)
    assert platt(truth, turned, judged) != platt(truth, given, NONE)


def test_too_few_rows_and_empty_words_leave_the_odds_alone() -> None:
    truth, given = drawn(3, 30)
    assert platt(truth, np.arange(30) < 7, NONE) == (1.0, 0.0)
    assert platt(-truth, given, NONE) == (1.0, 0.0)
