"""The model of the embedded proxy, its losses, and the batches it is trained on.

What is guaranteed: rows are encoded and batched by the functions that a scan uses, and the loss is
that of the model's own forward pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from pretrain_instructions import CORRUPTION
from pretrain_tokenizer import SENTINELS
from torch import Tensor
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from curation_gate.proxy.batches import IGNORED, Batch, Encoded, collate, encode, length_batches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pretrain_data import Example

NOISE_DENSITY, NOISE_SPAN = 0.15, 3.0
"""Raffel et al. 1910.10683, section 3.3.4."""
SHORT_ANSWER = 6
"""Tokens, the end token counted."""
MAX_TOKENS, INSTRUCTION_TOKENS, ANSWER_TOKENS = 96, 32, 32


def build(
    tokenizer: PreTrainedTokenizerFast, *, width: int, layers: int, feed_forward: int, seed: int
) -> T5ForConditionalGeneration:
    """Return the model with random weights."""
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=width,
        d_kv=width // 4,
        d_ff=feed_forward,
        num_layers=layers,
        num_decoder_layers=1,
        num_heads=4,
        dropout_rate=0.0,
        feed_forward_proj="relu",
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        attn_implementation="eager",  # twice as fast as sdpa for short rows on a CPU
    )
    return T5ForConditionalGeneration(config)


def pool(states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and maximum [b, d] over the tokens of states [b, s, d] where mask [b, s] is 1."""
    weight = mask[:, :, None].to(states.dtype)
    mean = (states * weight).sum(1) / weight.sum(1)
    return mean, states.masked_fill(weight == 0, -1e4).amax(1)


def answer_loss(
    model: T5ForConditionalGeneration, states: Tensor, batch: Batch
) -> tuple[Tensor, Tensor]:
    """[b] Mean cross-entropy of each answer, nats a token, and [b, d] the first decoder state.

    `states` are the encoder's, [b, s, d].
    """
    labels = batch.labels
    start = torch.full_like(labels[:, :1], model.config.decoder_start_token_id)
    shifted = torch.cat([start, labels[:, :-1]], 1).masked_fill(
        torch.cat([torch.zeros_like(start), labels[:, :-1]], 1) == IGNORED,
        model.config.pad_token_id,
    )
    decoded = model.decoder(
        input_ids=shifted,
        encoder_hidden_states=states,
        encoder_attention_mask=batch.attention_mask,
        use_cache=False,
    ).last_hidden_state
    counted = labels != IGNORED
    hidden = decoded[counted] * model.config.d_model**-0.5  # tied embeddings: Raffel et al., T5
    logits = F.linear(hidden, model.shared.weight)
    token = F.cross_entropy(logits.float(), labels[counted], reduction="none")
    row = torch.nonzero(counted)[:, 0]
    total = torch.zeros(len(labels)).index_add_(0, row, token)
    return total / counted.sum(1), decoded[:, 0]


def corrupt(
    rng: np.random.Generator, ids: list[int], sentinels: list[int]
) -> tuple[list[int], list[int]]:
    """Return (source, target): hidden spans become sentinels, the target lists them."""
    noise = max(1, round(len(ids) * NOISE_DENSITY))
    spans = max(1, min(round(noise / NOISE_SPAN), len(sentinels)))
    starts = np.sort(rng.choice(len(ids), size=spans, replace=False))
    source: list[int] = []
    target: list[int] = []
    position = 0
    for k, start in enumerate(starts.tolist()):
        if start < position:
            continue
        stop = min(start + int(rng.integers(1, 2 * int(NOISE_SPAN))), len(ids))
        source += [*ids[position:start], sentinels[k]]
        target += [sentinels[k], *ids[start:stop]]
        position = stop
    return source + ids[position:], target


def encode_examples(
    tokenizer: PreTrainedTokenizerFast, examples: list[Example], rng: np.random.Generator
) -> Encoded:
    """Ids of the examples within the limits of a scan; span corruption happens here."""
    picks = rng.integers(len(CORRUPTION), size=len(examples)).tolist()
    encoded = encode(
        tokenizer,
        [
            CORRUPTION[p] if e.corrupt else e.instruction
            for e, p in zip(examples, picks, strict=True)
        ],
        [e.input for e in examples],
        [e.output for e in examples],
        max_tokens=MAX_TOKENS,
        instruction_tokens=INSTRUCTION_TOKENS,
        answer_tokens=ANSWER_TOKENS,
    )
    sentinels = tokenizer.convert_tokens_to_ids(list(SENTINELS))
    newline = tokenizer("\n", add_special_tokens=False)["input_ids"][-1]
    for k, example in enumerate(examples):
        if example.corrupt:
            ids = encoded.sources[k][:-1]
            begin = ids.index(newline) + 1 if CORRUPTION[picks[k]] else 0
            source, target = corrupt(rng, ids[begin:], sentinels)
            encoded.sources[k] = ids[:begin] + source + encoded.sources[k][-1:]
            encoded.targets[k] = target[: ANSWER_TOKENS - 1] + encoded.sources[k][-1:]
    return encoded


def training_batches(
    encoded: Encoded, rng: np.random.Generator, *, tokens: int, pad_id: int
) -> Iterator[Batch]:
    """Yield length-bucketed batches of the examples in random order.

    Short and long answers never share a batch: padding labels to long texts doubles the work.
    """
    lengths = encoded.lengths()
    short = np.array([len(target) <= SHORT_ANSWER for target in encoded.targets])
    groups = [
        part[group]
        for part in (np.flatnonzero(short), np.flatnonzero(~short))
        for group in length_batches(lengths[part], tokens=tokens, rng=rng)
    ]
    for k in rng.permutation(len(groups)):
        yield collate(encoded, groups[k], kind="seq2seq", pad_id=pad_id)
