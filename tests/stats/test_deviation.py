"""How far a count is from what was expected, against sums done by hand and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from curation_gate.stats.deviation import deviation, divergence


def test_deviation_is_in_standard_deviations_of_half_a_row_and_more() -> None:
    z = deviation(np.array([10.0, 2.0]), np.array([4.0, 2.0]), np.array([3.75, 0.0]))
    assert z == pytest.approx([3.0, 0.0])


def test_divergence_is_that_of_two_outcomes() -> None:
    for share, rate in ((0.8, 0.02), (1.0, 0.5), (0.3, 0.29)):
        known = entropy([share, 1 - share], [rate, 1 - rate])
        assert float(divergence(share, rate)) == pytest.approx(known, abs=1e-9)


def test_a_share_that_is_not_above_the_rate_says_nothing() -> None:
    assert divergence(np.array([0.1, 0.2]), np.array([0.2, 0.2])).tolist() == [0.0, 0.0]
