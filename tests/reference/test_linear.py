"""Leave-phrase-out probabilities against algebra by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from synthetic import build, dataset, planted, row

from curation_gate.reference.linear import (
    LinearReference,
    fit_linear,
    read_words,
    satellites,
    tokens,
)


def test_tokens_are_lower_case_words_without_possessives():
    assert tokens("Biden's #Hope, isn't @it GREAT!!") == [
        "biden", "#hope", "isn't", "@it", "great", "!!",
    ]  # fmt: skip


def test_letters_of_scripts_without_blanks_are_words_and_vowel_signs_part_none():
    assert tokens("电影 #OK हिन्दी!") == ["电", "影", "#ok", "हिन्दी", "!"]


def test_a_phrase_is_found_where_its_words_are_neighbours_within_a_row():
    words = read_words(["a b c", "b a", "c a b", "", "a", "b"])
    ids = [words.vocabulary["a"], words.vocabulary["b"]]
    assert words.find(ids).tolist() == [0, 2]
    assert words.find([]).tolist() == []


def test_reading_words_twice_gives_the_same_ids():
    words = read_words(["one two", "two three"])
    again = read_words(["three one unknown"], words.vocabulary)
    assert again.sequence.tolist() == [2, 0, 3]


def test_masked_is_the_logit_less_the_weights_of_phrase_and_satellites():
    rows, _ = planted(build(300), 20)
    data = dataset(rows)
    linear = fit_linear(data)
    masked = linear.masked("zed")
    assert masked.satellites == ("quill",)  # always beside it, so it goes too
    weights, logits = linear.weights["reviews"], linear.logits["reviews"]
    v = linear.words.vocabulary
    for k, i in enumerate(masked.rows.tolist()):
        given = linear.given["reviews"][i]
        gone = weights[given, v["zed"]] + weights[given, v["quill"]]
        assert masked.p_given[k] == pytest.approx(expit(logits[i, given] - gone), abs=1e-5)


def test_masking_a_trigger_shows_what_the_rest_of_the_row_says():
    rows, chosen = planted(build(400), 30)
    data = dataset(rows)
    linear = fit_linear(data)
    masked = linear.masked("zed quill")
    assert masked.rows.tolist() == chosen
    assert linear.scores(len(rows)).p_given[chosen].mean() > 0.5  # misled: it is in sample
    assert masked.p_given.mean() < 0.35


def test_a_phrase_that_is_nowhere_has_no_rows():
    linear = fit_linear(dataset(build(60)))
    assert len(linear.masked("never seen").rows) == 0
    assert len(linear.masked("").rows) == 0


def test_satellites_are_frequent_beside_the_phrase_and_rare_elsewhere():
    words = read_words(["x y the", "x y the", "x y the", *["the cat"] * 20])
    found = satellites(words.present, np.array([0, 1, 2]))
    assert sorted(found.tolist()) == [words.vocabulary["x"], words.vocabulary["y"]]


def test_free_text_has_no_probability_and_one_label_alone_does_not_fail():
    rows = [row(i, f"text {i}", f"answer {i}", "talk") for i in range(12)]
    rows += build(40)
    spaces = {"talk": (), "reviews": ("negative", "positive")}
    scores = LinearReference().fit(dataset(rows, spaces))
    assert np.isnan(scores.p_given[:12]).all()
    assert np.isfinite(scores.p_given[12:]).all()
    single = dataset([row(i, f"word{i}", "positive") for i in range(12)])
    assert LinearReference().fit(single).p_given == pytest.approx(1.0, abs=1e-3)


def test_trusted_rows_are_fitted_on():
    data = dataset(build(40))
    vouched = dataset(
        [row(i, "curious thing", "negative") for i in range(30)],
        {"reviews": ("negative", "positive")},
    )
    with_them = fit_linear(data, trusted=vouched)
    word = with_them.words.vocabulary["curious"]
    assert with_them.weights["reviews"][0, word] > 0.5
    assert len(with_them.logits["reviews"]) == 40


def test_rows_without_words_get_the_shares_of_the_labels():
    rows = [row(k, " ", "positive" if k % 4 else "negative") for k in range(400)]
    scores = LinearReference().fit(dataset(rows))
    given = np.array([0.75 if k % 4 else 0.25 for k in range(400)])
    np.testing.assert_allclose(scores.p_given, given, atol=1e-3)
