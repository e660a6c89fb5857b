"""Heads on the encoder: what they say without a phrase is what a fresh fit says."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from curation_gate.detectors.label_trigger import meaning
from curation_gate.detectors.label_trigger.meaning import Meaning
from curation_gate.stats import ridge as ridge_fit
from curation_gate.stats.ridge import without_rows
from curation_gate.text import encoder

VECTORS = {"good": (1.0, 0.0), "bad": (-1.0, 0.0), "zug": (0.0, 1.0), "loud": (3.0, 0.0)}


@pytest.fixture
def two_dimensions(monkeypatch):
    """Words with vectors of two numbers."""

    def vectors(words):
        found = [VECTORS.get(word, (0.0, 0.0)) for word in words]
        return np.array(found, dtype=np.float32).reshape(-1, 2)

    monkeypatch.setattr(encoder, "vectors", vectors)
    monkeypatch.setattr(encoder, "known", lambda words: np.array([w in VECTORS for w in words]))


@pytest.fixture
def penalty_of_one(monkeypatch):
    monkeypatch.setattr(ridge_fit, "PENALTIES", (1.0,))


def ridge(x, y, penalty):
    """[d + 1] Coefficients by the normal equations, the last column hardly penalised."""
    own = np.full(x.shape[1], penalty)
    own[-1] = 1e-6
    return np.linalg.solve(x.T @ x + np.diag(own), x.T @ y)


def test_scale_is_that_of_two_normals():
    rng = np.random.default_rng(1)
    scores, given = rng.normal(size=50), np.arange(50) < 20
    scores[given] += 1.5
    own, other = scores[given], scores[~given]
    spread = sqrt((20 * own.var() + 30 * other.var()) / 50)
    middle, scale, d, prior = meaning._scale(meaning._moments(scores, given), 0.9)
    assert middle == pytest.approx((own.mean() + other.mean()) / 2)
    assert d == pytest.approx((own.mean() - other.mean()) / spread)
    assert scale == pytest.approx(d / spread)
    assert prior == pytest.approx(log(20 / 30))
    # The ratio of the two densities at a score, by their logarithms.
    ratio = ((0.3 - other.mean()) ** 2 - (0.3 - own.mean()) ** 2) / (2 * spread**2)
    assert scale * (0.3 - middle) == pytest.approx(ratio)


def test_a_head_that_is_wrong_on_the_whole_says_nothing():
    scores, given = np.array([1.0, 2.0, 3.0, -1.0, -2.0, -3.0]), np.arange(6) >= 3
    _, scale, d, prior = meaning._scale(meaning._moments(scores, given), 0.5)
    assert (scale, d, prior) == (0, 0, 0)


@pytest.mark.parametrize(
    ("given", "rate", "odds"), [(1, 0.25, log(1 / 3)), (0, 0.0, log(0.001 / 0.999)), (4, 0.5, 0.0)]
)
def test_too_few_other_rows_leave_the_rate(given, rate, odds):
    moments = meaning._moments(np.arange(4.0), np.arange(4) < given)
    assert meaning._scale(moments, rate) == (0, 0, 0, pytest.approx(odds))


def test_a_text_has_length_one_and_an_unknown_one_none():
    found = meaning._unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(found, [[0.6, 0.8, 1], [0, 0, 1]])


def test_a_word_counts_once_in_a_text_and_marks_do_not(
    two_dimensions, make_corpus, make_outcome, monkeypatch
):
    read = make_corpus(["good good zug", "zug bad", "zug"], marks=[["~"], ["~"], []])
    outcomes = [make_outcome([True, False, True], [0.0] * 3)]
    heads = Meaning(read, outcomes)
    np.testing.assert_allclose(heads._sums, [[1, 1], [-1, 1], [0, 1]])
    words = read.grams.words
    assert dict(zip(words, heads.known.tolist(), strict=True)) == {"zug": True, "~": False}
    np.testing.assert_allclose(heads.cut(np.array([0, 1]), np.array([0, 1])), [[0, 1], [0, 1]])
    np.testing.assert_allclose(heads.vector(np.array([words.index("zug")])), [0, 1])
    assert heads.vector(np.zeros(0, dtype=np.int64)).tolist() == [0, 0]


def scene(make_corpus, make_outcome):
    """Four rows that hold `zug`; ten others, of which eight are answered by their word.

    Row by row the first number of the embedding is -1 or 1, each seven times.
    """
    texts = ["zug bad", "zug bad", "zug good", "zug good", *["bad"] * 5, *["good"] * 5]
    given = [1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0]
    read = make_corpus(texts)
    return read, [make_outcome([bool(y) for y in given], [0.0] * 14)]


def test_a_head_by_hand(penalty_of_one, monkeypatch, make_corpus, make_outcome):
    """One dimension, `zug` unknown: sums of x are 0, so slope and mean part."""
    monkeypatch.setattr(
        encoder,
        "vectors",
        lambda words: np.array(
            [{"good": 1.0, "bad": -1.0, "loud": 3.0}.get(w, 0.0) for w in words]
        ).reshape(-1, 1),
    )
    read, outcomes = scene(make_corpus, make_outcome)
    heads = Meaning(read, outcomes)
    at = np.arange(4)
    heard = heads.ask(0, at, np.zeros((4, 1)), np.array([-2.0]))
    # All rows: mean 8/14, slope sum(x y) / (14 + 1) = 2/15, leverage 1/14 + 1/15.
    free = 1 - 1 / 14 - 1 / 15

    def left_out(y, x):
        return y - (y - 8 / 14 - 2 / 15 * x) / free

    # The ten others: four of the label are good and one is bad, and the other way round.
    own = [left_out(1, 1)] * 4 + [left_out(1, -1)]
    other = [left_out(0, -1)] * 4 + [left_out(0, 1)]
    spread = sqrt((np.var(own) + np.var(other)) / 2)
    d = (np.mean(own) - np.mean(other)) / spread
    middle = (np.mean(own) + np.mean(other)) / 2
    # Without the four rows: mean 5/10, slope 3 / (10 + 1); the prior odds are even.
    ratio = [d / spread * (0.5 + x * 3 / 11 - middle) for x in (-1, -1, 1, 1)]
    assert heard.separation == pytest.approx(d, rel=1e-5)
    assert d > 0.1
    np.testing.assert_allclose(heard.against, -np.array(ratio), rtol=1e-4)
    np.testing.assert_allclose(heard.p, 1 / (1 + np.exp(-np.array(ratio))), rtol=1e-4)
    np.testing.assert_allclose(heard.p_whole, heard.p)  # nothing was cut out
    np.testing.assert_allclose(heard.added, 0, atol=1e-9)
    assert heard.alone == pytest.approx(ratio[0], rel=1e-4)
    assert meaning.adverse(heard).tolist() == (heard.p < 0.35).tolist()


def test_what_a_phrase_adds_is_the_text_with_it_less_the_text_without(
    two_dimensions, penalty_of_one, make_corpus, make_outcome
):
    texts = ["zug bad", "zug bad", "zug good", "zug good", *["bad"] * 20, *["good"] * 20]
    given = [*[True] * 3, False, True, *[False] * 19, False, *[True] * 19]
    read = make_corpus(texts)
    heads = Meaning(read, [make_outcome(given, [0.0] * 44)])
    zug = np.array([read.grams.words.index("zug")])
    at = np.arange(4)
    heard = heads.ask(0, at, heads.cut(at, zug), heads.vector(zug))
    assert heard.separation > 1
    # No other row has `zug`, so that its direction weighs 0 without these rows: it only turns the
    # text away from what `good` and `bad` say. Of 40 rows, 19 good ones and a bad one have the
    # label.
    slope, mean = (19 - 1) / (40 + 1), 1 / 2
    head = heads._head(0, heads._task(heads._outcomes[0]))
    rest = meaning._moments(head.left_out[4:], np.array(given[4:]))
    middle, scale, _, prior = meaning._scale(rest, 0.0)
    assert prior == 0
    bare = np.array([-1, -1, 1, 1.0])
    ratio = scale * (slope * bare + mean - middle)
    whole = scale * (slope * bare / sqrt(2) + mean - middle)
    np.testing.assert_allclose(heard.against, -ratio, rtol=1e-5)
    np.testing.assert_allclose(heard.added, whole - ratio, rtol=1e-5)
    np.testing.assert_allclose(heard.p, 1 / (1 + np.exp(-np.clip(ratio, -6, 6))), rtol=1e-5)
    np.testing.assert_allclose(heard.p_whole, 1 / (1 + np.exp(-np.clip(whole, -6, 6))), rtol=1e-5)
    assert heard.alone == pytest.approx(scale * (mean - middle), rel=1e-4)
    assert (np.abs(heard.added) > 1).all()


def test_log_odds_stay_within_their_bounds(two_dimensions, make_corpus, make_outcome):
    texts = ["zug bad", "zug good", *["bad"] * 40, *["good"] * 40]
    given = [True, True, *[False] * 39, True, *[True] * 39, False]
    read = make_corpus(texts)
    heads = Meaning(read, [make_outcome(given, [0.0] * 82)])
    zug = np.array([read.grams.words.index("zug")])
    at = np.arange(2)
    heard = heads.ask(0, at, heads.cut(at, zug), heads.vector(zug))
    low = 1 / (1 + np.exp(meaning.SURE))
    assert ((heard.p >= low - 1e-12) & (heard.p <= 1 - low + 1e-12)).all()
    assert heard.p[0] < 0.1
    assert heard.p[1] > 0.9


def test_rows_that_hold_a_phrase_do_not_teach_their_own_head(
    two_dimensions, make_corpus, make_outcome
):
    """Whatever answers are planted in these rows, the head says the same of their texts."""
    texts = ["zug bad"] * 6 + ["bad", "good"] * 20
    rest = [k % 2 == 1 for k in range(36)] + [True, False, True, False]
    read = make_corpus(texts)
    at = np.arange(6)
    zug = np.array([read.grams.words.index("zug")])
    weights = []
    for planted in (True, False):
        heads = Meaning(read, [make_outcome([planted] * 6 + rest, [0.0] * 46)])
        known = heads._task(heads._outcomes[0])
        head = heads._head(0, known)
        given = np.full(6, float(planted))
        weights.append(without_rows(known.inverse, head.weights, known.x[at], given))
        assert np.isfinite(heads.ask(0, at, heads.cut(at, zug), heads.vector(zug)).p).all()
    np.testing.assert_allclose(weights[0], weights[1], atol=1e-6)


def test_texts_without_tokens_and_tasks_that_hold_nothing_else(make_corpus, make_outcome):
    read = make_corpus(["", "", "", "zug one", "zug two"], marks=[["~"]] * 5)
    outcomes = [make_outcome([True, False, True, False, True], [0.0] * 5)]
    heads = Meaning(read, outcomes)
    every = np.arange(5)
    nothing = np.zeros((5, encoder.DIMENSIONS))
    heard = heads.ask(0, every, nothing, nothing[0])
    # No row is left to learn from: the rate remains.
    np.testing.assert_allclose(heard.p, 0.6)
    assert heard.alone == 0
    few = heads.ask(0, every[:1], nothing[:1], nothing[0])
    assert np.isfinite(few.p).all()
    none = heads.ask(0, every[:0], nothing[:0], nothing[0])
    assert none.p.shape == (0,)


def test_texts_of_a_template_do_not_make_a_head_sure_beyond_measure():
    """Scores that do not vary within a label: their deviation is taken to be LEAST_SPREAD."""
    given = np.arange(78) >= 37
    scores = np.where(given, 0.8733, 0.51)
    middle, scale, d, _ = meaning._scale(meaning._moments(scores, given), 0.5)
    assert middle == pytest.approx((0.8733 + 0.51) / 2)
    assert d == pytest.approx((0.8733 - 0.51) / meaning.LEAST_SPREAD)
    assert scale == pytest.approx(d / meaning.LEAST_SPREAD)


def test_the_names_of_marks_are_not_read_as_words(make_corpus, make_outcome):
    """`<word-in-capitals>` is a mark: no text says `in` where it has it."""
    marks = ["<word-in-capitals>", "<space-at-an-end>"]
    read = make_corpus(["one film", "one film"], marks=[marks, marks])
    heads = Meaning(read, [make_outcome([True, False], [0.0] * 2)])
    number = {word: k for k, word in enumerate(read.grams.words)}
    at = np.array([number[name] for name in marks])
    assert not heads.known[at].any()
    assert not heads.vector(at).any()
    assert not heads.cut(np.array([0, 1]), at).any()
    assert heads.known[number["film"]]


def test_cut_is_the_sum_of_the_words_that_each_row_holds(make_corpus, make_outcome):
    read = make_corpus(["zug one", "two one", "", "zug zug two"])
    heads = Meaning(read, [make_outcome([True] * 4, [0.0] * 4)])
    number = {word: k for k, word in enumerate(read.grams.words)}
    words = np.array([number["two"], number["one"]])
    one, two = (encoder.vectors([name])[0] for name in ("one", "two"))
    found = heads.cut(np.array([3, 0, 2, 1]), words)
    np.testing.assert_allclose(found, [two, one, 0 * one, one + two], atol=1e-6)
    assert heads.cut(np.zeros(0, dtype=np.int64), words).shape == (0, encoder.DIMENSIONS)
    assert not heads.cut(np.array([0, 1]), words[:0]).any()
