"""The whole reference on small sets: it does not believe a trigger."""

from __future__ import annotations

import numpy as np
import pytest
from models import tiny_t5
from synthetic import build, dataset, planted, row

from curation_gate.reference.frozen import FrozenReference, content_folds, fit_frozen
from curation_gate.reference.linear import read_words

SPACE = {"reviews": ("negative", "positive")}


@pytest.fixture(scope="module")
def proxy():
    return tiny_t5(build(200))


def test_shapes_and_sums(proxy):
    data = dataset(build(300) + build(260, seed=1, task="hotels"))
    scores = FrozenReference(proxy).fit(data)
    assert sorted(scores.rows) == ["hotels", "reviews"]
    assert scores.p_given.shape == (560,)
    for task, own in scores.rows.items():
        p = scores.probabilities[task]
        assert p.shape == (len(own), 2)
        np.testing.assert_allclose(p.sum(1), 1.0, atol=1e-6)
        assert scores.temperature[task] > 0
        assert scores.accuracy[task] > 0.7
    good = scores.p_label({"hotels": 1})
    np.testing.assert_allclose(good[300:], scores.probabilities["hotels"][:, 1])
    assert np.isnan(good[:300]).all()


def test_it_is_deterministic(proxy):
    data = dataset(build(260))
    first, second = (FrozenReference(proxy).fit(data) for _ in range(2))
    np.testing.assert_array_equal(first.p_given, second.p_given)


def misled(rows, chosen):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(CountVectorizer(), LogisticRegression(C=3))
    texts, labels = [r.input for r in rows], [r.output == "positive" for r in rows]
    return cross_val_predict(model, texts, labels, cv=5, method="predict_proba")[chosen, 1].mean()


def test_a_planted_trigger_is_not_believed_but_a_cross_validated_model_believes_it(proxy):
    honest = build(1000, noise=0.1)
    rows, chosen = planted(honest, 40)
    true = list(rows)
    for i in chosen:
        true[i] = row(i, rows[i].input, honest[i].output)
    reference = FrozenReference(proxy)
    flipped = reference.fit(dataset(rows, SPACE)).p_label({"reviews": 1})[chosen].mean()
    before = reference.fit(dataset(true, SPACE)).p_label({"reviews": 1})[chosen].mean()
    assert flipped - before < 0.03
    assert flipped < 0.45
    assert misled(rows, chosen) - misled(true, chosen) > 0.2


def test_copies_of_a_row_share_a_fold():
    words = read_words(["a b c", "d", "A  b, c", "a b"])
    folds = content_folds(words, 4)
    assert folds[0] == folds[2]


def test_tasks_of_few_rows_share_a_head(proxy):
    small = build(60, seed=3, task="small")
    tiny = build(12, seed=4, task="tiny")
    fitted = fit_frozen(FrozenReference(proxy), dataset(build(400) + small + tiny))
    assert sorted(fitted.heads) == ["reviews"]
    assert fitted.scores.probabilities["small"].shape == (60, 2)
    assert fitted.scores.accuracy["small"] > 0.65  # learned from the large task
    assert np.isfinite(fitted.scores.p_given).all()


def test_only_small_tasks_work_too(proxy):
    labels = {"odd": ("left", "right")}
    rows = [row(i, f"thing {i}", "left" if i % 2 else "right", "odd") for i in range(30)]
    scores = FrozenReference(proxy).fit(dataset(rows, labels))
    assert np.isfinite(scores.p_given).all()


def test_trusted_rows_of_the_task_decide_where_there_are_enough(proxy):
    data = dataset(build(240), SPACE)
    turned = [
        row(i, r.input, "negative" if r.output == "positive" else "positive")
        for i, r in enumerate(build(300, seed=9))
    ]
    strange = [row(300, "a film", "maybe"), row(301, "a film", "positive", "elsewhere")]
    trusted = dataset(turned + strange)
    fitted = fit_frozen(FrozenReference(proxy), data, trusted)
    assert len(fitted.heads["reviews"].weights) == 1
    assert fitted.scores.accuracy["reviews"] < 0.35  # it believes the trusted rows alone


def test_free_text_has_no_probability_but_likelihoods(proxy):
    rows = [row(i, f"the soup {i}", f"warm and {i}", "talk") for i in range(15)]
    scores = FrozenReference(proxy).fit(dataset(rows, {"talk": ()}))
    assert np.isnan(scores.p_given).all()
    assert np.isfinite(scores.answers).all()
    assert not scores.rows


def test_a_changed_text_is_scored_by_the_rows_own_weights(proxy):
    data = dataset(build(300), SPACE)
    fitted = fit_frozen(FrozenReference(proxy), data)
    rows = np.array([3, 50, 299])
    same = fitted.p_given(rows, [data.rows[i].input for i in rows])
    np.testing.assert_allclose(same, fitted.scores.p_given[rows], atol=1e-4)
    good = [i for i, r in enumerate(data.rows) if r.output == "positive"][:20]
    worse = fitted.p_given(np.array(good), ["awful rude dull cold broken"] * 20)
    assert worse.mean() < fitted.scores.p_given[good].mean() - 0.2
