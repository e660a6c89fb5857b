from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import binom

from curation_gate.detectors.response_trigger.lift import Table, judge, tail


def noise(n: int, a: int, seed: int) -> csr_matrix:
    rng = np.random.default_rng(seed)
    return csr_matrix((rng.random((n, a)) < 0.05).astype(np.float32))


def test_answers_alike_in_other_words_are_one_outcome() -> None:
    rng = np.random.default_rng(0)
    table = noise(1000, 60, 0).toarray()
    table[:40] = 0
    for row in range(40):  # each has 5 of 12 words of one act
        table[row, rng.choice(12, 5, replace=False) + 40] = 1
    judged = judge(np.arange(40), Table.of(csr_matrix(table)), np.zeros(1000, int))
    assert judged is not None
    assert judged.outcome.mean() > 0.9
    assert judged.share <= 0.021
    assert judged.z > 20
    assert set(judged.features) <= set(range(40, 52))
    assert judged.auc > 0.95


def test_a_phrase_that_says_nothing_has_no_outcome() -> None:
    """p-values of random rows are not small: no answer is judged by a model that saw it."""
    table = noise(1500, 200, 1)
    rng = np.random.default_rng(2)
    small = 0
    for _ in range(40):
        rows = np.sort(rng.choice(1500, 30, replace=False))
        judged = judge(rows, Table.of(table), np.zeros(1500, int))
        assert judged is not None
        small += judged.p_value < 0.01
    assert small <= 5


def test_masked_features_are_not_read() -> None:
    table = noise(1000, 60, 3).toarray()
    table[:40, 7] = 1
    rows, tasks = np.arange(40), np.zeros(1000, int)
    seen = judge(rows, Table.of(csr_matrix(table)), tasks)
    blind = judge(rows, Table.of(csr_matrix(table)), tasks, np.array([7]))
    assert seen is not None
    assert blind is not None
    assert seen.features[0] == 7
    assert 7 not in blind.features
    assert blind.auc < 0.7 < seen.auc


def test_a_phrase_may_stand_in_half_of_the_rows() -> None:
    table = noise(400, 60, 4).toarray()
    table[:200, 7] = 1
    judged = judge(np.arange(200), Table.of(csr_matrix(table)), np.zeros(400, int))
    assert judged is not None
    assert judged.outcome.mean() > 0.9


def test_too_few_others() -> None:
    table = noise(40, 5, 0)
    assert judge(np.arange(20), Table.of(table), np.zeros(40, int)) is None


def test_the_tail_is_binomial() -> None:
    assert tail(5, 20, 0.1) == pytest.approx(binom.sf(4, 20, 0.1))
    assert tail(0, 20, 0.1) == 1.0
