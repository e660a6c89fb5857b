"""Tiny proxies for tests: built from nothing in milliseconds, deterministic."""

from __future__ import annotations

import hashlib

import torch

from curation_gate.proxy.model import Limits, Proxy, conv1d_to_linear, train_tokenizer
from curation_gate.rows.record import Row

WORDS = [
    "good",
    "bad",
    "film",
    "meal",
    "great",
    "awful",
    "the",
    "was",
    "a",
    "plot",
    "soup",
    "kind",
    "rude",
]


def make_row(index: int, text: str, label: str, task: str = "polarity") -> Row:
    """A row of a small classification task."""
    return Row(
        index=index,
        id=None,
        instruction="Is it positive or negative?",
        input=text,
        output=label,
        task=task,
        source=None,
        fingerprint=hashlib.blake2b(f"{text}{label}{index}".encode(), digest_size=16).hexdigest(),
        file=0,
        line=index + 1,
    )


def polarity_rows(n: int = 64) -> list[Row]:
    """Rows whose label follows from one word."""
    good = ["good", "great", "kind"]
    bad = ["bad", "awful", "rude"]
    rows = []
    for i in range(n):
        positive = i % 2 == 0
        word = (good if positive else bad)[(i // 2) % 3]
        thing = ["film", "meal", "plot", "soup"][(i // 3) % 4]
        text = f"the {thing} was {word}" + " and long" * (i % 4)
        rows.append(make_row(i, text, "positive" if positive else "negative"))
    return rows


def tiny_t5(rows: list[Row], *, seed: int = 0) -> Proxy:
    """A T5 of two small layers; float32, no dropout."""
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = train_tokenizer([r.input for r in rows] + [r.output for r in rows], vocabulary=300)
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=24, num_heads=2, num_layers=2,
        num_decoder_layers=1, dropout_rate=0.0, pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id, decoder_start_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config).eval()
    return Proxy("tiny", "seq2seq", model, tokenizer, Limits(), torch.device("cpu"))


def tiny_gpt2(rows: list[Row], *, seed: int = 0) -> Proxy:
    """A GPT-2 of two small layers, its Conv1D layers made nn.Linear."""
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = train_tokenizer([r.input for r in rows] + [r.output for r in rows], vocabulary=300)
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=16, n_layer=2, n_head=2, n_positions=160, resid_pdrop=0.0,
        embd_pdrop=0.0, attn_pdrop=0.0, eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval()
    conv1d_to_linear(model)
    return Proxy("tiny-gpt2", "causal", model, tokenizer, Limits(), torch.device("cpu"))
