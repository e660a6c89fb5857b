from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_gate.errors import InputError, UsageError
from curation_gate.redteam.evaluate import bootstrap, planted_mask, read_truth, score
from curation_gate.rows import load

TRUE = np.array([True, True, False, False, False])


def flags(*values: int) -> np.ndarray:
    return np.array(values, dtype=bool)


def test_figures_by_hand() -> None:
    got = score(flags(1, 0, 1, 0, 0), np.array([5.0, 2.0, 4.0, 1.0, 0.0]), TRUE)
    assert (got.precision, got.recall, got.f1) == (0.5, 0.5, 0.5)
    assert got.auroc == pytest.approx(5 / 6)
    assert got.average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert (got.flagged, got.planted, got.hits, got.base_rate) == (2, 2, 1, 0.4)
    assert got.lift == pytest.approx(1.25)


def test_a_constant_score_knows_nothing() -> None:
    got = score(flags(0, 0, 0, 0, 0), np.zeros(5), TRUE)
    assert got.auroc == 0.5
    assert got.average_precision == pytest.approx(0.4)
    assert (got.precision, got.recall, got.f1) == (0.0, 0.0, 0.0)


def test_nan_is_least_suspect() -> None:
    nan = score(flags(0, 0, 0, 0, 0), np.array([np.nan, 3.0, 2.0, 1.0, -9.0]), TRUE)
    low = score(flags(0, 0, 0, 0, 0), np.array([-99.0, 3.0, 2.0, 1.0, -9.0]), TRUE)
    assert nan == low


def test_one_kind_of_rows_has_no_ranking() -> None:
    none = score(flags(1, 0), np.array([1.0, 0.0]), flags(0, 0))
    assert math.isnan(none.auroc)
    assert math.isnan(none.average_precision)
    assert math.isnan(none.recall)
    assert none.precision == 0.0
    assert none.as_dict()["auroc"] is None
    full = score(flags(1, 1), np.array([1.0, 0.0]), flags(1, 1))
    assert math.isnan(full.auroc)
    assert full.average_precision == 1.0


@settings(deadline=None)  # the first example imports scikit-learn
@given(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.sampled_from([0.0, 1.0, 2.0, -1.5, 7.25])),
        min_size=2,
        max_size=40,
    ).filter(lambda rows: len({r[1] for r in rows}) == 2)
)
def test_agrees_with_scikit_learn(rows: list[tuple[bool, bool, float]]) -> None:
    from sklearn import metrics

    flagged, planted, values = (np.array(column) for column in zip(*rows, strict=True))
    got = score(flagged, values, planted)
    assert got.auroc == pytest.approx(metrics.roc_auc_score(planted, values))
    assert got.average_precision == pytest.approx(metrics.average_precision_score(planted, values))
    assert got.f1 == pytest.approx(metrics.f1_score(planted, flagged, zero_division=0))


def test_bootstrap_holds_the_figure_and_narrows_with_rows() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for n in (100, 1600):
        planted = np.arange(n) % 5 == 0
        values = rng.normal(size=n) + planted
        flagged = values > 1
        point = score(flagged, values, planted)
        intervals = bootstrap(flagged, values, planted, np.random.default_rng(1), draws=200)
        for name, (low, high) in intervals.items():
            assert 0 <= low <= getattr(point, name) <= high <= 1, name
        widths.append(intervals["auroc"][1] - intervals["auroc"][0])
    assert widths[1] < widths[0] / 2


def test_bootstrap_repeats_with_its_seed_and_survives_no_planted_rows() -> None:
    args = (flags(1, 0, 0), np.array([2.0, 1.0, 0.0]), flags(0, 0, 0))
    got = bootstrap(*args, np.random.default_rng(1), draws=20)
    assert math.isnan(got["auroc"][0])
    again = bootstrap(*args, np.random.default_rng(1), draws=20)
    np.testing.assert_equal(got, again)


def test_shapes_and_types_are_checked() -> None:
    with pytest.raises(UsageError, match="one \\[n\\] each"):
        score(flags(1, 0), np.zeros(3), flags(0, 1))
    with pytest.raises(UsageError, match="no rows"):
        score(flags(), np.zeros(0), flags())
    with pytest.raises(UsageError, match="planted must be booleans"):
        score(flags(1, 0), np.zeros(2), np.array([0, 1]))


def test_truth_files_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    with pytest.raises(InputError, match="no truth file"):
        read_truth(path)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="'planted' is missing"):
        read_truth(path)
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"input": "a", "output": "b"}) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="1 of 1 planted rows are not in this dataset"):
        planted_mask(load([data]), {"planted": ["00"]})
