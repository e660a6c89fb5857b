"""Suspicious phrases and their folds."""

from __future__ import annotations

import numpy as np
from synthetic import build, dataset, planted, row

from curation_gate.reference.linear import fit_linear, read_words
from curation_gate.reference.suspects import find_phrases, lifts, suspicious_folds


def test_phrases_are_words_and_neighbours_of_one_row():
    words = read_words(["a b", "a b", "a b c", "b a"])
    phrases = find_phrases(words, least=2)
    names = list(words.vocabulary)
    found = {
        (names[a], names[b] if b >= 0 else None)
        for a, b in zip(phrases.first.tolist(), phrases.second.tolist(), strict=True)
    }
    assert found == {("a", None), ("b", None), ("a", "b")}
    np.testing.assert_array_equal(
        np.asarray(phrases.held_by(words).todense()), np.asarray(phrases.present.todense())
    )


def test_the_lift_of_a_phrase_is_that_of_its_masked_probabilities():
    rows, _ = planted(build(400), 25)
    data = dataset(rows)
    linear = fit_linear(data)
    phrases = find_phrases(linear.words)
    v = linear.words.vocabulary
    k = int(np.flatnonzero((phrases.first == v["zed"]) & (phrases.second == v["quill"]))[0])
    whole, adverse = lifts(linear, phrases)
    masked = linear.masked("zed quill")
    p = masked.probabilities["reviews"][:, 1]  # all carry the second label
    assert whole.rows[k] == 25
    assert whole.share[k] == 1.0
    expected = (1 - p).sum() / np.sqrt((p * (1 - p)).sum() + 0.25)
    np.testing.assert_allclose(whole.z[k], expected, rtol=1e-4)
    assert adverse.rows[k] == (p < 0.35).sum()


def test_planted_rows_share_a_fold_and_most_honest_rows_have_none():
    rows, chosen = planted(build(800), 30)
    linear = fit_linear(dataset(rows))
    touched = suspicious_folds(linear, find_phrases(linear.words), len(rows))
    assert touched[chosen].all(0).any()
    assert touched.any(1).mean() < 0.8


def test_a_task_without_a_frequent_phrase_has_none_that_is_suspicious():
    rare = [row(k, f"{k}only", "ab"[k % 2], "numbers") for k in range(60)]
    rows, chosen = planted(build(800), 30)
    linear = fit_linear(dataset([*rows, *rare]))
    touched = suspicious_folds(linear, find_phrases(linear.words), len(rows) + len(rare))
    assert touched[chosen].all(0).any()
    assert not touched[len(rows) :].any()
