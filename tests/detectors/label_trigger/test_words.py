from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from curation_gate.detectors.label_trigger.words import fit_outcomes


def fitted(labels, seed=0, n=120, u=6):
    rng = np.random.default_rng(seed)
    table = csr_matrix((rng.random((n, u)) < 0.4).astype(float))
    frozen = rng.normal(size=(n, 2))
    spaces = {0: tuple(sorted(set(labels)))}
    zeros = np.zeros((u, 2))
    return table, fit_outcomes(
        table, frozen, zeros, np.zeros(n, dtype=np.int64), labels, spaces, rng
    )


def test_masked_log_odds_are_those_of_the_row_without_the_word():
    """With no frozen part, logit - weight of a word = logit of the same row without the word."""
    labels = ["a" if k % 3 else "b" for k in range(120)]
    table, outcomes = fitted(labels)
    one = outcomes[0]
    dense = table.toarray()
    for row in range(0, 120, 17):
        for word in np.flatnonzero(dense[row]):
            others = one.rows[(one.fold == one.fold[row]) & (dense[:, word] == 0)]
            # Intercept and frozen part cancel in differences between rows of one fold.
            masked = one.logits[row] - one.weights[one.fold[row], word]
            words = one.weights[one.fold[row], :6]
            rest = one.logits[row] - dense[row] @ words
            assert (
                abs(masked - (rest + np.delete(dense[row], word) @ np.delete(words, word))) < 1e-9
            )
            assert len(others)


def test_a_binary_task_has_two_mirrored_outcomes():
    _, (one, other) = fitted(["a" if k % 3 else "b" for k in range(120)])
    assert (one.label, other.label) == ("a", "b")
    np.testing.assert_array_equal(one.logits, -other.logits)
    np.testing.assert_array_equal(one.given, ~other.given)
    np.testing.assert_array_equal(one.frozen_evidence, -other.frozen_evidence)
    assert one.separation == other.separation


def test_each_label_of_a_larger_space_has_its_own_model():
    _, outcomes = fitted(["abc"[k % 3] for k in range(120)])
    assert [o.label for o in outcomes] == ["a", "b", "c"]
    assert all(abs(o.rate - 1 / 3) < 1e-9 for o in outcomes)


def test_labels_with_too_few_rows_have_none():
    _, outcomes = fitted(["rare" if k < 2 else "ab"[k % 2] for k in range(120)])
    assert [o.label for o in outcomes] == ["a", "b"]
    assert fitted(["same"] * 120)[1] == []


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
