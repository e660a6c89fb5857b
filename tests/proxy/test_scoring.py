"""Losses and label scores against transformers' own, one row at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from models import polarity_rows, tiny_gpt2, tiny_t5

from curation_gate.proxy.scoring import label_scores, row_losses


@pytest.mark.parametrize("build", [tiny_t5, tiny_gpt2])
def test_row_losses_are_those_of_single_rows(build):
    rows = polarity_rows(20)
    proxy = build(rows)
    encoded = proxy.encode_rows(rows)
    batched = row_losses(proxy, encoded, tokens=200)
    for k in (0, 5, 19):
        source, target = encoded.sources[k], encoded.targets[k]
        if proxy.kind == "seq2seq":
            loss = proxy.model(input_ids=torch.tensor([source]), labels=torch.tensor([target])).loss
        else:
            labels = torch.tensor([[-100] * len(source) + target])
            loss = proxy.model(input_ids=torch.tensor([source + target]), labels=labels).loss
        assert batched[k] == pytest.approx(loss.item(), abs=1e-4)


@pytest.mark.parametrize("build", [tiny_t5, tiny_gpt2])
def test_label_scores_are_answer_length_times_minus_loss(build):
    rows = polarity_rows(12)
    proxy = build(rows)
    encoded = proxy.encode_rows(rows)
    labels = ["positive", "negative", "was kind and long"]
    answers = proxy.encode([""] * 3, [""] * 3, labels).targets
    scores = label_scores(proxy, encoded.sources, answers, tokens=150)
    assert scores.shape == (12, 3)
    for k, label in enumerate(labels):
        own = proxy.encode([r.instruction for r in rows], [r.input for r in rows], [label] * 12)
        expected = -row_losses(proxy, own) * len(answers[k])
        np.testing.assert_allclose(scores[:, k], expected, rtol=1e-3, atol=1e-3)
