from __future__ import annotations

import numpy as np

from curation_gate.text.word_meanings import MEANING, neutral_weights, word_weights


def test_polarity_words_have_weight_and_unknown_words_have_none():
    weights = word_weights(["excellent", "terrible", "zzqxv"])
    assert weights[0, 0] > MEANING
    assert weights[1, 0] < -MEANING
    assert (weights[2] == 0).all()


def test_names_have_little_weight():
    weights = word_weights(["james", "bond", "oskar", "table", "lantern", "cf"])
    assert np.abs(weights).max() < MEANING


def test_neutral_weights_leave_out_words_with_a_meaning():
    weights = np.array([[0.1, -0.2], [2.0, 0.0], [0.0, -1.0]])
    assert neutral_weights(weights).tolist() == [[0.1, -0.2], [0, 0], [0, 0]]
