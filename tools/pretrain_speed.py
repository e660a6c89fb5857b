"""Rows per second of a proxy in float32: fine-tuning, encoding, and scoring two labels.

    python tools/pretrain_speed.py [--model FOLDER] [--threads 2]

Rows of random tokens; seconds are the process's own, so that other work on the machine counts less.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from pretrain_model import answer_loss

from curation_gate.proxy.batches import Batch
from curation_gate.proxy.embedded import FOLDER, load_embedded

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 128


def rows_per_second(work: Callable[[], object], threads: int, *, least: float = 3.0) -> float:
    """Rows per second of `work`, which handles ROWS rows a call: `threads` over CPU seconds."""
    work()
    calls, begin, wall = 0, time.process_time(), time.monotonic()
    while time.monotonic() - wall < least:
        work()
        calls += 1
    return ROWS * calls * threads / (time.process_time() - begin)


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=64)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    load_embedded(options.model)  # the imports
    begin = time.monotonic()
    model, tokenizer = load_embedded(options.model)
    print(f"load {time.monotonic() - begin:.2f} s")
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(40, len(tokenizer), (ROWS, options.tokens), generator=generator)
    labels = torch.randint(40, len(tokenizer), (ROWS, 3), generator=generator)
    batch = Batch(np.arange(ROWS), ids, torch.ones_like(ids), labels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)

    def encode() -> torch.Tensor:
        return model.encoder(input_ids=ids, attention_mask=batch.attention_mask).last_hidden_state

    def step() -> None:
        answer_loss(model, encode(), batch)[0].mean().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def score() -> None:
        states = encode()
        for _ in range(2):
            answer_loss(model, states, batch)

    figures = {"fine-tuning": rows_per_second(step, options.threads)}
    with torch.inference_mode():
        figures["encoding"] = rows_per_second(encode, options.threads)
        figures["scoring two labels"] = rows_per_second(score, options.threads)
    for name, value in figures.items():
        print(f"{name} {value:.0f} rows/s, {options.tokens} tokens, {options.threads} threads")


if __name__ == "__main__":
    main()
