from __future__ import annotations

import numpy as np

from curation_gate.detectors.response_trigger.acts import (
    SIZES,
    act_groups,
    answer_vectors,
    nearest_centres,
)
from curation_gate.text.ngrams import count


def test_like_answers_have_like_vectors() -> None:
    texts = ["a great film", "a wonderful movie", "ten miles of road", "qzxv"]
    grams = count(texts, support=1, word_support=1)
    vectors, known = answer_vectors(grams.words, grams.word_rows)
    likeness = vectors @ vectors.T
    assert known.tolist() == [0, 1, 2], "nothing can be read of the last one"
    assert likeness[0, 1] > likeness[0, 2]


def test_centres_part_what_lies_apart() -> None:
    rng = np.random.default_rng(0)
    corners = np.eye(6, dtype=np.float32)
    where = rng.integers(0, 6, 200)
    vectors = corners[where] + 0.01 * rng.normal(size=(200, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = nearest_centres(vectors, 24)
    for group in np.unique(nearest):
        assert len(set(where[nearest == group])) == 1


def test_every_answer_with_a_word_is_in_one_group_of_each_size() -> None:
    nouns = ["film", "road", "bread", "doctor", "river", "music", "money", "school"]
    texts = [f"a {nouns[k % 8]} and some {nouns[k // 8 % 8]}" for k in range(600)] + [""]
    grams = count(texts, support=2)
    table, names = act_groups(grams.words, grams.word_rows)
    assert table.shape == (601, sum(SIZES))
    assert len(names) == table.shape[1]
    sums = np.asarray(table.sum(axis=1)).ravel()
    assert (sums[:600] == len(SIZES)).all()
    assert sums[600] == 0


def test_too_few_answers_have_no_groups() -> None:
    grams = count(["a b c"] * 10, support=2)
    assert act_groups(grams.words, grams.word_rows)[0].shape == (10, 0)
