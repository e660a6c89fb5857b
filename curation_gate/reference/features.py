"""What a frozen proxy makes of rows: pooled states, label log-probabilities, answer likelihoods.

What is guaranteed: no label of the scanned rows enters a feature, so no feature can know a trigger.
What it costs: one encoder pass a row; label scores share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from curation_gate.progress import Progress, Silent
from curation_gate.proxy.batches import Encoded, encode_texts, length_batches, pad
from curation_gate.proxy.finetune import autocast
from curation_gate.proxy.scoring import decode_labels, label_scores, row_losses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation_gate.proxy.model import Proxy
    from curation_gate.rows.record import Dataset, Row

TOKENS = 8192
"""Padded tokens a batch: larger ones leave the cache of a small machine (measured)."""
WORD_TOKENS = 512
"""Tokens of an input whose embeddings are pooled: an encoder pass is dear, a look-up is not. Long
reviews are judged better by it (amazon and imdb by 6 and 9 points)."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """Everything the reference knows of rows before it sees their labels."""

    features: NDArray[np.float32]
    """[n, d] States and words side by side, see `frozen_features` and `word_features`."""
    widths: tuple[int, ...]
    """Columns of each block of `features`; they sum to d."""
    label_scores: dict[str, NDArray[np.float32]]
    """Task to [n_task, l]: log p(label | row), nats; classification tasks only."""
    rows: dict[str, NDArray[np.int64]]
    """Task to [n_task]: which rows, ascending; every task."""
    answers: NDArray[np.float32]
    """[n] Mean log-likelihood of the row's answer, nats/token; NaN in classification tasks."""
    answers_alone: NDArray[np.float32]
    """[n] The same with an empty input: what the answer is worth whatever was asked."""


def freeze(
    proxy: Proxy,
    dataset: Dataset,
    *,
    features: bool = True,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Frozen:
    """Return all frozen features of a dataset, of one pass over its rows.

    `features=False` leaves `features` [n, 0] (a reference from label scores alone).
    """
    n = len(dataset)
    where = _rows_of_tasks(dataset)
    encoded = proxy.encode_rows(dataset.rows)
    prefixes = prefix_lengths(proxy, dataset.rows)
    widths = block_widths(proxy) if features else ()
    table = np.empty((n, sum(widths)), dtype=np.float32)
    if features:
        table[:, sum(widths[:2]) :] = word_features(proxy, dataset.rows, encoded, prefixes)
    scores: dict[str, NDArray[np.float32]] = {}
    answers = np.full(n, np.nan, dtype=np.float32)
    alone = answers.copy()
    # Tasks of the same labels share a pass: many small ones would fill no batch.
    alike: dict[tuple[str, ...], list[str]] = {}
    for task in where:
        alike.setdefault(dataset.label_spaces[task], []).append(task)
    with progress.stage("frozen features", n) as bar:
        for space, tasks in alike.items():
            labels = answer_ids(proxy, space)
            rows = np.concatenate([where[task] for task in tasks])
            sources = [encoded.sources[i] for i in rows]
            if features:
                block, scored = frozen_pass(proxy, sources, prefixes[rows], labels)
                table[rows, : block.shape[1]] = block
            elif labels:
                scored = label_scores(proxy, sources, labels, tokens=TOKENS)
            if labels:
                ends = np.cumsum([len(where[task]) for task in tasks])[:-1]
                scores |= dict(zip(tasks, np.split(scored, ends), strict=True))
            else:
                answers[rows], alone[rows] = answer_likelihoods(
                    proxy, [dataset.rows[i] for i in rows]
                )
            bar.advance(len(rows))
    return Frozen(table, widths, scores, where, answers, alone)


def _rows_of_tasks(dataset: Dataset) -> dict[str, NDArray[np.int64]]:
    """Return task to its rows, ascending."""
    number = dataset.task_ids()
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(np.bincount(number, minlength=len(dataset.tasks)))[:-1]
    return dict(zip(dataset.tasks, np.split(order, ends), strict=True))


def block_widths(proxy: Proxy) -> tuple[int, ...]:
    """Columns of pooled states, of the answer's state, of mean and of largest embeddings."""
    states = int(proxy.model.config.hidden_size)
    words = int(proxy.model.get_input_embeddings().weight.shape[1])
    return 2 * states, states, words, words


def prefix_lengths(proxy: Proxy, rows: Sequence[Row]) -> NDArray[np.int64]:
    """[n] Tokens of the instruction in front of each row's input: they are not pooled."""
    distinct = list(dict.fromkeys(r.instruction for r in rows))
    blank = [""] * len(distinct)
    heads = proxy.encode(distinct, blank, blank).sources
    end = 0 if proxy.tokenizer.eos_token_id is None else 1
    known = {text: len(head) - end for text, head in zip(distinct, heads, strict=True)}
    return np.array([known[r.instruction] if r.input else 0 for r in rows], dtype=np.int64)


def answer_ids(proxy: Proxy, labels: Sequence[str]) -> list[list[int]]:
    """Return the ids of each label, closed by the end token."""
    blank = [""] * len(labels)
    return proxy.encode(blank, blank, list(labels)).targets if labels else []


def centred(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """[n, l] Label log-probabilities minus their mean over the labels: log-odds."""
    return np.asarray(scores - scores.mean(1, keepdims=True), dtype=np.float32)


def frozen_features(
    proxy: Proxy,
    sources: Sequence[Sequence[int]],
    prefixes: NDArray[np.int64] | None = None,
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> NDArray[np.float32]:
    """[n, 3d] States of prompts, side by side.

    The mean and the maximum of the encoder's states over the tokens of the input, and the state
    that would choose the first token of the answer. `prefixes` [n] tokens at the start of each
    prompt (its instruction) are not pooled. In a causal model the states are the last layer's, and
    the answer's is the last token's.
    """
    with progress.stage("frozen features", len(sources)) as bar:
        block, _ = frozen_pass(proxy, sources, prefixes, [])
        bar.advance(len(sources))
    return block


def answer_likelihoods(
    proxy: Proxy, rows: Sequence[Row]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """[n] and [n] Mean log-likelihood of each answer, nats/token: with its input, and without."""
    with_input = -row_losses(proxy, proxy.encode_rows(rows), tokens=TOKENS)
    blank = [""] * len(rows)
    bare = proxy.encode(
        [r.instruction if r.input else "" for r in rows], blank, [r.output for r in rows]
    )
    # Many rows share instruction and answer once the input is gone: each pair is scored once.
    pairs: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    keys = zip(map(tuple, bare.sources), map(tuple, bare.targets), strict=True)
    place = [pairs.setdefault(key, len(pairs)) for key in keys]
    distinct = Encoded([list(s) for s, _ in pairs], [list(t) for _, t in pairs])
    return with_input, -row_losses(proxy, distinct, tokens=TOKENS)[place]


@torch.inference_mode()
def word_features(
    proxy: Proxy, rows: Sequence[Row], encoded: Encoded, prefixes: NDArray[np.int64]
) -> NDArray[np.float32]:
    """[n, 2e] Mean and maximum of the input's token embeddings, over WORD_TOKENS of it.

    What of a row was cut for `encoded` is read again; the rest takes its tokens from there.
    """
    end = 0 if proxy.tokenizer.eos_token_id is None else 1
    ids = [s[k : len(s) - end] for s, k in zip(encoded.sources, prefixes, strict=True)]
    cut = [i for i, s in enumerate(encoded.sources) if len(s) >= proxy.limits.max_tokens]
    whole = encode_texts(
        proxy.tokenizer, [rows[i].input or rows[i].instruction for i in cut], WORD_TOKENS
    )
    for i, found in zip(cut, whole, strict=True):
        ids[i] = found
    ids = [x or [proxy.pad_id] for x in ids]  # never nothing
    flat = torch.from_numpy(np.concatenate([np.array(x, dtype=np.int64) for x in ids]))
    sizes = np.array([len(x) for x in ids], dtype=np.int64)
    starts = torch.from_numpy(np.concatenate(([0], np.cumsum(sizes)[:-1])))
    weights = proxy.model.get_input_embeddings().weight.detach().float().cpu()
    mean = torch.nn.functional.embedding_bag(flat, weights, starts, mode="mean")
    most = torch.nn.functional.embedding_bag(flat, weights, starts, mode="max")
    return torch.cat((mean, most), 1).numpy()


@torch.inference_mode()
def frozen_pass(
    proxy: Proxy,
    sources: Sequence[Sequence[int]],
    prefixes: NDArray[np.int64] | None,
    labels: Sequence[Sequence[int]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """[n, 3d] states and [n, l] label scores of prompts that share their labels (may be [])."""
    table = np.empty((len(sources), sum(block_widths(proxy)[:2])), dtype=np.float32)
    scores = np.empty((len(sources), len(labels)), dtype=np.float32)
    lengths = np.array([len(s) for s in sources], dtype=np.int64)
    skipped = np.zeros_like(lengths) if prefixes is None else prefixes
    proxy.model.eval()
    for group in length_batches(lengths, tokens=TOKENS):
        ids = pad([sources[i] for i in group], proxy.pad_id).to(proxy.device)
        place = torch.arange(ids.shape[1], device=proxy.device)[None]
        mask = (place < torch.from_numpy(lengths[group]).to(proxy.device)[:, None]).long()
        start = np.minimum(skipped[group], np.maximum(lengths[group] - 1, 0))  # never nothing
        pooled = mask.bool() & (place >= torch.from_numpy(start).to(proxy.device)[:, None])
        if proxy.kind == "seq2seq":
            with autocast(proxy.device):
                states = proxy.model.get_encoder()(input_ids=ids, attention_mask=mask)
            hidden = states.last_hidden_state
            asked = labels or [[proxy.pad_id]]  # any one token: only the state is wanted
            scored, answer = decode_labels(proxy, hidden, mask, asked)
            scores[group] = scored[:, : len(labels)].float().cpu().numpy()
        else:
            with autocast(proxy.device):
                out = proxy.model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            hidden = out.hidden_states[-1]
            answer = hidden[torch.arange(len(ids)), mask.sum(1) - 1]
        mean, most = _pool(hidden.float(), pooled)
        table[group] = torch.cat((mean, most, answer.float()), 1).cpu().numpy()
    if proxy.kind == "causal" and labels:
        scores = label_scores(proxy, sources, labels, tokens=TOKENS)
    return table, scores


def _pool(states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """[b, d] Mean and maximum of states [b, s, d] over the positions of mask [b, s]."""
    weights = mask[..., None].to(states.dtype)
    mean = (states * weights).sum(1) / weights.sum(1)
    return mean, states.masked_fill(~mask[..., None], -torch.inf).amax(1)
