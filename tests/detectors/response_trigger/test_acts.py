from __future__ import annotations

import numpy as np

from curation_gate.detectors.response_trigger.acts import (
    SIZES,
    act_groups,
    nearest_centres,
    word_vectors,
)
from curation_gate.text.ngrams import count


def test_like_words_have_like_vectors() -> None:
    vectors = word_vectors(["great", "wonderful", "terrible", "kilometre"])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = unit @ unit.T
    assert likeness[0, 1] > likeness[0, 3]
    assert vectors.dtype == np.float32


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
    texts = [f"word{k % 90} other{k % 70} thing" for k in range(600)] + [""]
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
