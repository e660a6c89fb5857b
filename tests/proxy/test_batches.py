"""Encoding and batching: no row lost, no limit broken, padding where it belongs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from models import polarity_rows, tiny_gpt2, tiny_t5

from curation_gate.proxy.batches import IGNORED, collate, length_batches


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=200),
    st.integers(1, 2000),
    st.integers(1, 64),
    st.booleans(),
)
def test_every_example_is_in_exactly_one_batch_within_its_limits(lengths, tokens, rows, shuffled):
    rng = np.random.default_rng(0) if shuffled else None
    groups = length_batches(np.array(lengths), tokens=tokens, rows=rows, rng=rng)
    assert sorted(i for g in groups for i in g) == list(range(len(lengths)))
    for group in groups:
        assert len(group) <= rows
        longest = max(lengths[i] for i in group)
        assert len(group) == 1 or len(group) * longest <= tokens


def test_a_long_row_keeps_its_instruction_its_beginning_and_its_end():
    rows = polarity_rows(8)
    proxy = tiny_t5(rows)
    text = "great " + "soup " * 5000 + "awful"
    encoded = proxy.encode(["Is it positive or negative?"], [text], ["positive"])
    source = encoded.sources[0]
    assert len(source) == proxy.limits.max_tokens
    assert source[-1] == proxy.tokenizer.eos_token_id
    decoded = proxy.tokenizer.decode(source[:-1])
    assert "positive" in decoded
    assert "great" in decoded
    assert decoded.rstrip().endswith("awful")


def test_a_row_without_instruction_or_input_is_still_encoded():
    proxy = tiny_t5(polarity_rows(8))
    encoded = proxy.encode(["", "Say more."], ["the meal", ""], ["", "was kind"])
    assert all(encoded.sources)
    assert encoded.targets[0] == [proxy.tokenizer.eos_token_id]


def test_padding_is_masked_and_never_counted():
    rows = polarity_rows(4)
    for proxy in (tiny_t5(rows), tiny_gpt2(rows)):
        encoded = proxy.encode_rows(rows)
        batch = collate(encoded, np.arange(4), kind=proxy.kind, pad_id=proxy.pad_id)
        for k in range(4):
            source, target = encoded.sources[k], encoded.targets[k]
            whole = source if proxy.kind == "seq2seq" else source + target
            assert int(batch.attention_mask[k].sum()) == len(whole)
            assert batch.input_ids[k, : len(whole)].tolist() == whole
            assert [t for t in batch.labels[k].tolist() if t != IGNORED] == target
