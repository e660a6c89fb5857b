"""The lower bound of a share, against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from curation_gate.stats.bounds import LEVEL, lower_bound


def test_it_is_the_quantile_of_the_posterior() -> None:
    rows, hits = np.meshgrid(np.arange(1, 40), np.arange(40), indexing="ij")
    known = hits <= rows
    expected = beta.ppf(LEVEL, hits[known] + 0.5, rows[known] - hits[known] + 0.5)
    assert lower_bound(hits[known], rows[known]) == pytest.approx(expected)


def test_it_grows_with_what_was_seen_and_stays_below_it() -> None:
    for share in (0.5, 0.9, 1.0):
        rows = np.array([10, 20, 100, 1000])
        bounds = lower_bound(share * rows, rows)
        assert (np.diff(bounds) > 0).all()
        assert (bounds < share).all()


def test_nothing_seen_bounds_nothing() -> None:
    assert lower_bound([0, 5], [0, 5]).tolist() == [0.0, pytest.approx(0.6943, abs=1e-4)]
    assert float(lower_bound(0, 0)) == 0.0
    assert lower_bound(6, 6) > 0.6 > lower_bound(9, 11)
    assert lower_bound(3, 4).shape == ()


def test_it_holds_as_often_as_it_says() -> None:
    """Of shares drawn from the prior, LEVEL lie below the bound of what is seen of them."""
    rng = np.random.default_rng(0)
    shares = rng.beta(0.5, 0.5, 20_000)
    rows = rng.integers(1, 60, 20_000)
    below = shares < lower_bound(rng.binomial(rows, shares), rows)
    assert abs(below.mean() - LEVEL) < 3 * np.sqrt(LEVEL * (1 - LEVEL) / len(shares))
