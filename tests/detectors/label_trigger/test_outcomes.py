from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from curation_gate.detectors.label_trigger.outcomes import (
    FOLDS,
    FROZEN_SCALE,
    LEAST_ROWS,
    RARE,
    fit_outcomes,
)


def fitted(labels, seed=0, u=6, *, tasks=None, neutral=None, spaces=None):
    rng = np.random.default_rng(seed)
    n = len(labels)
    table = csr_matrix((rng.random((n, u)) < 0.4).astype(float))
    frozen = rng.normal(size=(n, 2))
    number = np.zeros(n, dtype=np.int64) if tasks is None else np.asarray(tasks)
    own = spaces or {0: tuple(sorted(set(labels)))}
    words = np.zeros((u, 2)) if neutral is None else neutral
    return table, frozen, fit_outcomes(table, frozen, words, number, labels, own, rng)


def test_masked_log_odds_are_those_of_the_same_row_without_the_word():
    """Log-odds less a word's weight are what the same model says of the row without it."""
    labels = ["a" if k % 3 else "b" for k in range(120)]
    table, frozen, outcomes = fitted(labels)
    one, dense = outcomes[0], table.toarray()
    scores = FROZEN_SCALE * (frozen - frozen.mean(axis=0)) / (frozen.std(axis=0) + 1e-6)
    for k in range(FOLDS):
        rows = np.flatnonzero(one.fold == k)
        # The frozen coefficients are what is left of the log-odds, and are two for all rows.
        left = one.logits[rows] - one.blank[k] - dense[rows] @ one.weights[k, :6]
        frozen_part, residual, *_ = np.linalg.lstsq(scores[rows], left, rcond=None)
        assert residual.sum() < 1e-12
        row = next(r for r in rows if dense[r, 0])
        without = dense[row].copy()
        without[0] = 0
        told = one.blank[k] + without @ one.weights[k, :6] + scores[row] @ frozen_part
        assert one.logits[row] - one.weights[k, 0] == pytest.approx(told)


def test_masking_a_neutral_word_takes_its_frozen_part_out():
    labels = ["a" if k % 3 else "b" for k in range(120)]
    neutral = np.zeros((6, 2))
    neutral[1] = 0.3, -0.1
    _, frozen, outcomes = fitted(labels, neutral=neutral)
    one = outcomes[0]
    assert one.weights.shape == (FOLDS, 12)
    scale = FROZEN_SCALE / (frozen.std(axis=0) + 1e-6)
    other = np.delete(np.arange(6, 12), 1)
    assert not one.weights[:, other].any()
    # Its two scores times the frozen coefficients of the fold, found from a unit of each.
    unit = np.zeros((6, 2))
    unit[0, 0] = unit[1, 1] = 1.0
    coefficients = fitted(labels, neutral=unit)[2][0].weights[:, 6:8] / scale
    np.testing.assert_allclose(one.weights[:, 7], coefficients @ (scale * [0.3, -0.1]))


def test_each_fold_was_judged_by_a_model_that_did_not_see_it():
    """Labels of chance: what is learnt of a row's own fold would show as agreement."""
    rng = np.random.default_rng(5)
    n, u = 400, 150
    labels = np.where(rng.random(n) < 0.5, "yes", "no").tolist()
    table = csr_matrix((rng.random((n, u)) < 0.3).astype(float))
    outcomes = fit_outcomes(
        table, np.zeros((n, 2)), np.zeros((u, 2)), np.zeros(n, np.int64), labels,
        {0: ("no", "yes")}, rng,
    )  # fmt: skip
    agrees = (outcomes[1].logits > 0) == outcomes[1].given
    assert abs(agrees.mean() - 0.5) < 0.08
    counts = [np.bincount(outcomes[1].fold[outcomes[1].given == side]) for side in (True, False)]
    assert all(own.max() - own.min() <= 1 for own in counts)


def test_a_binary_task_has_two_mirrored_outcomes():
    one, other = fitted(["a" if k % 3 else "b" for k in range(120)])[2]
    assert (one.label, other.label) == ("a", "b")
    np.testing.assert_array_equal(one.logits, -other.logits)
    np.testing.assert_array_equal(one.weights, -other.weights)
    np.testing.assert_array_equal(one.blank, -other.blank)
    np.testing.assert_array_equal(one.given, ~other.given)
    np.testing.assert_array_equal(one.frozen_evidence, -other.frozen_evidence)
    assert one.separation == other.separation
    assert one.rate == pytest.approx(80 / 120)


def test_each_label_of_a_larger_space_has_its_own_model():
    outcomes = fitted(["abc"[k % 3] for k in range(120)])[2]
    assert [o.label for o in outcomes] == ["a", "b", "c"]
    assert all(o.rate == pytest.approx(1 / 3) for o in outcomes)
    assert not any(o.is_rare for o in outcomes)


def test_answers_of_few_rows_are_one_outcome_without_a_model():
    labels = ["r" if k < 2 else "s" if k < 4 else "ab"[k % 2] for k in range(120)]
    outcomes = fitted(labels)[2]
    assert [o.label for o in outcomes] == ["a", "b", RARE]
    rare = outcomes[2]
    assert rare.is_rare
    assert np.flatnonzero(rare.given).tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(rare.logits, np.log(4 / 116))
    np.testing.assert_allclose(rare.blank, np.log(4 / 116))
    assert not rare.weights.any()
    assert rare.weights.shape == outcomes[0].weights.shape
    # With a third answer about, the two large ones are no mirror images.
    assert not np.allclose(outcomes[0].logits, -outcomes[1].logits)


def test_a_label_needs_rows_with_and_without_it():
    few = ["b"] * (LEAST_ROWS - 1) + ["a"] * 100
    assert fitted(few)[2] == []
    enough = fitted(["b"] * LEAST_ROWS + ["a"] * 100)[2]
    assert [o.label for o in enough] == ["a", "b"]
    assert fitted(["same"] * 40)[2] == []
    assert fitted([str(k) for k in range(40)])[2] == []


def test_tasks_are_apart_and_free_text_is_left_out():
    labels = [("ab", "xy")[k % 2][k // 2 % 2] for k in range(80)] + ["free"] * 3
    tasks = [k % 2 for k in range(80)] + [2, 2, -1]
    outcomes = fitted(labels, tasks=tasks, spaces={0: ("a", "b"), 1: ("x", "y"), 2: ()})[2]
    assert [(o.task, o.label) for o in outcomes] == [(0, "a"), (0, "b"), (1, "x"), (1, "y")]
    assert outcomes[0].rows.tolist() == list(range(0, 80, 2))
    assert outcomes[2].rows.tolist() == list(range(1, 80, 2))


def test_texts_without_words_have_a_model_of_their_scores():
    labels = ["ab"[k % 2] for k in range(40)]
    outcomes = fitted(labels, u=0)[2]
    assert outcomes[0].weights.shape == (FOLDS, 0)
    assert np.isfinite(outcomes[0].logits).all()


def test_frozen_evidence_has_the_moments_of_a_likelihood_ratio():
    """Mean -d^2/2 on rows of the label, +d^2/2 on the others, variance d^2 within each."""
    rng = np.random.default_rng(3)
    n = 4000
    given = rng.random(n) < 0.5
    frozen = np.stack([rng.normal(size=n) + 1.5 * given, rng.normal(size=n)], axis=1)
    labels = np.where(given, "yes", "no").tolist()
    table = csr_matrix((rng.random((n, 3)) < 0.3).astype(float))
    outcomes = fit_outcomes(
        table, frozen, np.zeros((3, 2)), np.zeros(n, np.int64), labels, {0: ("no", "yes")}, rng
    )
    yes = next(o for o in outcomes if o.label == "yes")
    d = yes.separation
    assert abs(d - 1.5) < 0.1
    assert abs(yes.frozen_evidence[given].mean() + d**2 / 2) < 0.05
    assert abs(yes.frozen_evidence[~given].mean() - d**2 / 2) < 0.05
    assert abs(yes.frozen_evidence[given].var() - d**2) < 0.25


def test_scores_of_no_spread_say_nothing():
    rng = np.random.default_rng(0)
    labels = ["ab"[k % 2] for k in range(40)]
    table = csr_matrix((rng.random((40, 3)) < 0.3).astype(float))
    outcomes = fit_outcomes(
        table, np.zeros((40, 2)), np.zeros((3, 2)), np.zeros(40, np.int64), labels,
        {0: ("a", "b")}, rng,
    )  # fmt: skip
    assert outcomes[0].separation == 0
    assert not outcomes[0].frozen_evidence.any()
