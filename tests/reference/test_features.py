"""Frozen features: the same row by row as in a batch, and blind to labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from models import polarity_rows, tiny_gpt2, tiny_t5
from synthetic import dataset, row

from curation_gate.proxy.scoring import label_scores, row_losses
from curation_gate.reference.features import (
    answer_ids,
    block_widths,
    freeze,
    frozen_features,
    frozen_pass,
    prefix_lengths,
    word_features,
)


@pytest.mark.parametrize("build", [tiny_t5, tiny_gpt2])
def test_features_of_a_batch_are_those_of_single_rows(build):
    rows = polarity_rows(20)
    proxy = build(rows)
    sources = proxy.encode_rows(rows).sources
    prefixes = prefix_lengths(proxy, rows)
    together = frozen_features(proxy, sources, prefixes)
    assert together.shape == (20, sum(block_widths(proxy)[:2]))
    for k in (0, 7, 19):
        alone = frozen_features(proxy, [sources[k]], prefixes[[k]])
        np.testing.assert_allclose(together[k], alone[0], atol=1e-4)


def test_the_pools_are_of_the_inputs_tokens():
    rows = polarity_rows(4)
    proxy = tiny_t5(rows)
    sources, prefixes = proxy.encode_rows(rows).sources, prefix_lengths(proxy, rows)
    states = proxy.model.get_encoder()(input_ids=torch.tensor([sources[0]])).last_hidden_state[0]
    found = frozen_features(proxy, sources[:1], prefixes[:1])[0]
    own = states[prefixes[0] :].detach().numpy()
    np.testing.assert_allclose(found[:16], own.mean(0), atol=1e-4)
    np.testing.assert_allclose(found[16:32], own.max(0), atol=1e-4)


@pytest.mark.parametrize("build", [tiny_t5, tiny_gpt2])
def test_label_scores_of_the_shared_pass_are_those_of_label_scores(build):
    rows = polarity_rows(12)
    proxy = build(rows)
    sources = proxy.encode_rows(rows).sources
    labels = answer_ids(proxy, ["positive", "negative", "kind of long"])
    _, shared = frozen_pass(proxy, sources, None, labels)
    np.testing.assert_allclose(shared, label_scores(proxy, sources, labels), atol=1e-4)


def test_words_are_read_beyond_what_the_encoder_sees():
    texts = ["the film was good " * 60 + "awful", "the film was good " * 60 + "great"]
    rows = [row(i, t, "positive") for i, t in enumerate(texts)]
    proxy = tiny_t5(polarity_rows())
    proxy = replace(proxy, limits=replace(proxy.limits, max_tokens=40))
    middle = [replace(r, input=r.input + " good" * 40) for r in rows]
    encoded = proxy.encode_rows(middle)
    assert encoded.sources[0] == encoded.sources[1]
    found = word_features(proxy, middle, encoded, prefix_lengths(proxy, middle))
    assert not np.array_equal(found[0], found[1])


def test_no_label_enters_a_feature():
    rows = polarity_rows(30)
    proxy = tiny_t5(rows)
    turned = [replace(r, output={"positive": "negative"}.get(r.output, "positive")) for r in rows]
    first, second = freeze(proxy, dataset(rows)), freeze(proxy, dataset(turned))
    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.label_scores["polarity"], second.label_scores["polarity"])


def test_free_text_has_answer_likelihoods_and_classification_has_none():
    rows = polarity_rows(12) + [row(i, "", f"the soup was {i}", "talk") for i in range(3)]
    proxy = tiny_t5(rows)
    data = dataset(rows, {"polarity": ("negative", "positive"), "talk": ()})
    frozen = freeze(proxy, data)
    assert np.isnan(frozen.answers[:12]).all()
    expected = -row_losses(proxy, proxy.encode_rows(data.rows[12:]))
    np.testing.assert_allclose(frozen.answers[12:], expected, atol=1e-4)
    assert np.isfinite(frozen.answers_alone[12:]).all()
    assert list(frozen.label_scores) == ["polarity"]
