from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from curation_gate.detectors.response_trigger.screen import gains


def weighed(phrase, answer, tasks, *, run=False, acts=None, expected=None):
    n = len(tasks)
    return gains(
        csr_matrix(phrase),
        csr_matrix(answer),
        np.array([run]),
        tasks,
        np.zeros((n, 0), dtype=np.float32) if acts is None else acts,
        np.zeros((n, 0), dtype=np.float32) if expected is None else expected,
    )


def test_the_screen_is_g_squared_against_each_task() -> None:
    tasks = np.array([0] * 100 + [1] * 100)
    phrase = np.zeros((200, 1), dtype=np.float32)
    phrase[:10] = 1
    answer = np.zeros((200, 1), dtype=np.float32)
    answer[:20] = 1  # a fifth of task 0: 2 expected of 10
    found = weighed(phrase, answer, tasks)
    squared = 2 * (10 * np.log(10 / 2) - 10 + 2)
    assert found.feature[0] == pytest.approx(np.sqrt(squared), rel=1e-4)
    assert found.run[0] == 0
    assert weighed(phrase, answer, tasks, run=True).run[0] == found.feature[0]


def test_the_screen_passes_over_what_a_task_explains() -> None:
    tasks = np.array([0] * 100 + [1] * 100)
    phrase = np.zeros((200, 1), dtype=np.float32)
    phrase[:10] = 1
    answer = np.zeros((200, 1), dtype=np.float32)
    answer[:100] = 1  # every answer of task 0
    assert weighed(phrase, answer, tasks).best[0] == pytest.approx(0, abs=1e-3)


def test_an_act_is_held_against_what_the_inputs_ask_for() -> None:
    """10 rows of the phrase never refuse, where their inputs ask for .9 refusals: z = -9 / 1.07."""
    tasks = np.zeros(200, dtype=np.int64)
    phrase = np.zeros((200, 1), dtype=np.float32)
    phrase[:10] = 1
    acts = np.zeros((200, 1), dtype=np.float32)
    acts[10:100] = 1
    expected = np.full((200, 1), 0.9, dtype=np.float32)
    found = weighed(phrase, phrase * 0, tasks, acts=acts, expected=expected)
    assert found.deviation[0] == pytest.approx(-9 / np.sqrt(10 * 0.9 * 0.1 + 0.25), rel=1e-4)
    assert found.best[0] == -found.deviation[0]


def test_an_act_that_half_of_the_rows_do_is_none() -> None:
    tasks = np.zeros(200, dtype=np.int64)
    phrase = np.zeros((200, 1), dtype=np.float32)
    phrase[:10] = 1
    acts = np.zeros((200, 1), dtype=np.float32)
    acts[:4] = 1
    expected = np.full((200, 1), 0.01, dtype=np.float32)
    assert weighed(phrase, phrase * 0, tasks, acts=acts, expected=expected).deviation[0] == 0
