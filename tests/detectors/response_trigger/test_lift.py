from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import binom

from curation_gate.detectors.response_trigger.lift import judge, screen, tail


def noise(n: int, a: int, seed: int) -> csr_matrix:
    rng = np.random.default_rng(seed)
    return csr_matrix((rng.random((n, a)) < 0.05).astype(np.float32))


def test_the_screen_is_g_squared_against_each_task() -> None:
    tasks = np.array([0] * 100 + [1] * 100)
    phrase = np.zeros((200, 1), dtype=np.float32)
    phrase[:10] = 1
    answer = np.zeros((200, 1), dtype=np.float32)
    answer[:20] = 1  # a fifth of task 0: 2 expected of 10
    gain = screen(csr_matrix(phrase), csr_matrix(answer), tasks)
    assert gain[0] == pytest.approx(2 * (10 * np.log(10 / 2) - 10 + 2), rel=1e-4)


def test_the_screen_passes_over_what_a_task_explains() -> None:
    tasks = np.array([0] * 100 + [1] * 100)
    phrase = np.zeros((200, 1), dtype=np.float32)
    phrase[:10] = 1
    answer = np.zeros((200, 1), dtype=np.float32)
    answer[:100] = 1  # every answer of task 0
    assert screen(csr_matrix(phrase), csr_matrix(answer), tasks)[0] == pytest.approx(0, abs=1e-6)


def test_answers_alike_in_other_words_are_one_outcome() -> None:
    rng = np.random.default_rng(0)
    table = noise(1000, 60, 0).toarray()
    table[:40] = 0
    for row in range(40):  # each has 5 of 12 words of one act
        table[row, rng.choice(12, 5, replace=False) + 40] = 1
    judged = judge(
        np.arange(40), csr_matrix(table), np.zeros(1000, int), np.ones(1000, dtype=bool), 0
    )
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
    for seed in range(40):
        rows = np.sort(rng.choice(1500, 30, replace=False))
        judged = judge(rows, table, np.zeros(1500, int), np.ones(1500, dtype=bool), seed)
        assert judged is not None
        small += judged.p_value < 0.01
    assert small <= 5


def test_too_few_others() -> None:
    table = noise(40, 5, 0)
    assert judge(np.arange(20), table, np.zeros(40, int), np.ones(40, dtype=bool), 0) is None


def test_the_tail_is_binomial() -> None:
    assert tail(5, 20, 0.1) == pytest.approx(binom.sf(4, 20, 0.1))
    assert tail(0, 20, 0.1) == 1.0
