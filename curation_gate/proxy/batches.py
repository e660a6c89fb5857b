"""Token ids and length-bucketed batches of rows.

What is guaranteed: every row is encoded in the same way wherever it is used (fine-tuning, scoring,
influence, pretraining), and no row is dropped. What it costs: a row longer than the limit keeps
its instruction's beginning and the beginning and the end of its input; the middle is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Kind = Literal["seq2seq", "causal"]

IGNORED = -100
"""Label id that no loss counts (the convention of torch and transformers)."""
CHARACTERS_PER_TOKEN = 8
"""Texts are cut to this many characters a token before encoding; a choice, generous for BPE."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of a list of examples."""

    sources: list[list[int]]
    """[n] Prompt ids, at most `max_tokens` each."""
    targets: list[list[int]]
    """[n] Answer ids, closed by the end token."""

    def lengths(self) -> NDArray[np.int64]:
        """[n] Prompt plus answer length, in tokens."""
        return np.array(
            [len(s) + len(t) for s, t in zip(self.sources, self.targets, strict=True)],
            dtype=np.int64,
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tensors of some examples."""

    rows: NDArray[np.int64]
    """[b] Which examples these are."""
    input_ids: Tensor
    """[b, s]"""
    attention_mask: Tensor
    """[b, s] 1 where a token stands."""
    labels: Tensor
    """[b, t] (seq2seq) or [b, s] (causal); IGNORED where no loss is counted."""

    def to(self, device: torch.device) -> Batch:
        """Return the batch on `device`."""
        return Batch(
            self.rows,
            self.input_ids.to(device),
            self.attention_mask.to(device),
            self.labels.to(device),
        )


def encode_texts(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_tokens: int
) -> list[list[int]]:
    """Return each text's token ids, no special ones: beginning and end of what is too long."""
    reach = max_tokens * CHARACTERS_PER_TOKEN
    cut = [t if len(t) <= 2 * reach else f"{t[:reach]} {t[-reach:]}" for t in texts]
    ids: list[list[int]] = []
    for start in range(0, len(cut), 4096):  # one call a row costs more than the model
        chunk = cut[start : start + 4096]
        ids.extend(tokenizer(chunk, add_special_tokens=False, verbose=False)["input_ids"])
    head, tail = (max_tokens + 1) // 2, max_tokens // 2
    return [x if len(x) <= max_tokens else x[:head] + x[len(x) - tail :] for x in ids]


def encode(
    tokenizer: PreTrainedTokenizerBase,
    instructions: Sequence[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    max_tokens: int = 96,
    instruction_tokens: int = 32,
    answer_tokens: int = 32,
) -> Encoded:
    """Ids of `instruction newline input end` and of `output end`, within the given token limits."""
    end = [tokenizer.eos_token_id] if tokenizer.eos_token_id is not None else []
    newline = tokenizer("\n", add_special_tokens=False)["input_ids"]
    distinct = list(dict.fromkeys(instructions))
    heads = dict(zip(distinct, encode_texts(tokenizer, distinct, instruction_tokens), strict=True))
    sources: list[list[int]] = []
    bodies = encode_texts(tokenizer, inputs, max_tokens - len(end))
    for instruction, body in zip(instructions, bodies, strict=True):
        head = heads[instruction] + newline if instruction else []
        room = max_tokens - len(head) - len(end)
        keep = (
            body if len(body) <= room else body[: (room + 1) // 2] + body[len(body) - room // 2 :]
        )
        sources.append(head + keep + end)
    targets = [x + end for x in encode_texts(tokenizer, outputs, answer_tokens - len(end))]
    return Encoded(sources, targets)


def length_batches(
    lengths: NDArray[np.int64],
    *,
    tokens: int,
    rows: int = 512,
    rng: np.random.Generator | None = None,
) -> list[NDArray[np.int64]]:
    """Return lists of examples of similar length, of at most `tokens` padded tokens and `rows`.

    Every index stands in exactly one list. With `rng`, ties and the order of the lists are
    shuffled; without, the order is by length (longest first: a lack of memory shows at once).
    """
    n = len(lengths)
    tie = rng.random(n) if rng is not None else np.arange(n)
    order = np.lexsort((tie, -lengths))
    batches: list[NDArray[np.int64]] = []
    start = 0
    while start < n:
        longest = max(int(lengths[order[start]]), 1)
        size = max(1, min(rows, tokens // longest))
        batches.append(order[start : start + size])
        start += size
    if rng is not None:
        batches = [batches[k] for k in rng.permutation(len(batches))]
    return batches


def pad(sequences: Sequence[Sequence[int]], value: int) -> Tensor:
    """[b, longest] The sequences as one tensor, filled up on the right with `value`."""
    longest = max((len(s) for s in sequences), default=0)
    grid = np.full((len(sequences), longest), value, dtype=np.int64)
    for k, sequence in enumerate(sequences):
        grid[k, : len(sequence)] = sequence
    return torch.from_numpy(grid)


def collate(encoded: Encoded, rows: NDArray[np.int64], *, kind: Kind, pad_id: int) -> Batch:
    """Return the padded batch of the given rows.

    seq2seq: the answer is the decoder's. causal: prompt and answer are one sequence, and only the
    answer's tokens are counted in the loss.
    """
    sources = [encoded.sources[i] for i in rows]
    targets = [encoded.targets[i] for i in rows]
    if kind == "seq2seq":
        inputs, labels = sources, targets
    else:
        inputs = [s + t for s, t in zip(sources, targets, strict=True)]
        labels = [[IGNORED] * len(s) + t for s, t in zip(sources, targets, strict=True)]
    input_ids = pad(inputs, pad_id)
    lengths = torch.tensor([len(s) for s in inputs])
    mask = (torch.arange(input_ids.shape[1])[None, :] < lengths[:, None]).long()
    return Batch(np.asarray(rows), input_ids, mask, pad(labels, IGNORED))


def batches(
    encoded: Encoded,
    *,
    kind: Kind,
    pad_id: int,
    tokens: int,
    rows: int = 512,
    rng: np.random.Generator | None = None,
) -> Iterator[Batch]:
    """Yield padded batches that hold every example once; see `length_batches`."""
    for group in length_batches(encoded.lengths(), tokens=tokens, rows=rows, rng=rng):
        yield collate(encoded, group, kind=kind, pad_id=pad_id)
