"""The AUROC against that of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from curation_gate.stats.auroc import chance_above


@pytest.mark.parametrize("weighed", [False, True])
def test_it_is_the_area_under_the_curve(weighed: bool) -> None:
    rng = np.random.default_rng(0)
    own = rng.integers(3, 12, 40).astype(float)  # with ties
    others = rng.integers(0, 9, 70).astype(float)
    weight = rng.random(70) if weighed else None
    known = roc_auc_score(
        np.repeat([1, 0], (40, 70)),
        np.concatenate((own, others)),
        sample_weight=None if weight is None else np.concatenate((np.ones(40), weight)),
    )
    assert chance_above(own, others, weight) == pytest.approx(float(known))
