"""What a proxy thinks of rows: their loss, and the log-probability of every label of their task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers.modeling_outputs import BaseModelOutput

from curation_gate.progress import Progress, Silent
from curation_gate.proxy.batches import IGNORED, Batch, Encoded, batches, length_batches, pad
from curation_gate.proxy.finetune import autocast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation_gate.proxy.model import Proxy


def token_log_likelihoods(proxy: Proxy, batch: Batch) -> tuple[Tensor, Tensor]:
    """[b, t] log-likelihood of each answer token (0 where none), and [b, t] which count (bool)."""
    with autocast(proxy.device):
        logits = proxy.model(
            input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=batch.labels
        ).logits
    return answer_log_likelihoods(logits, batch.labels, shifted=proxy.kind == "causal")


def answer_log_likelihoods(
    logits: Tensor, labels: Tensor, *, shifted: bool
) -> tuple[Tensor, Tensor]:
    """Per-token log-likelihoods from logits [b, t, v] and labels [b, t].

    `shifted`: position t predicts token t + 1 (causal models); T5 shifts its inputs itself.
    """
    if shifted:
        logits, labels = logits[:, :-1], labels[:, 1:]
    counted = labels != IGNORED
    # One row a token: with the vocabulary as the second axis of three it takes ten times as long.
    nll = F.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return -nll.view_as(labels), counted


@torch.inference_mode()
def row_losses(
    proxy: Proxy,
    encoded: Encoded,
    *,
    tokens: int = 16384,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> NDArray[np.float32]:
    """[n] Mean negative log-likelihood of each row's answer, nats/token, dropout off."""
    likelihood, length = row_likelihoods(proxy, encoded, tokens=tokens, progress=progress)
    return np.asarray(-likelihood / np.maximum(length, 1), dtype=np.float32)


@torch.inference_mode()
def row_likelihoods(
    proxy: Proxy,
    encoded: Encoded,
    *,
    tokens: int = 4096,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """[n] log-likelihood of each row's answer, summed over its tokens, nats; [n] those tokens.

    Dropout off; `tokens`: padded tokens a batch.
    """
    likelihood = np.empty(len(encoded.targets), dtype=np.float32)
    lengths = np.empty(len(likelihood), dtype=np.int64)
    proxy.model.eval()
    with progress.stage("row losses", len(likelihood)) as bar:
        for batch in batches(encoded, kind=proxy.kind, pad_id=proxy.pad_id, tokens=tokens):
            scores, counted = token_log_likelihoods(proxy, batch.to(proxy.device))
            likelihood[batch.rows] = (scores * counted).sum(1).cpu().numpy()
            lengths[batch.rows] = counted.sum(1).cpu().numpy()
            bar.advance(len(batch.rows))
    return likelihood, lengths


@torch.inference_mode()
def label_scores(
    proxy: Proxy,
    sources: Sequence[Sequence[int]],
    labels: Sequence[Sequence[int]],
    *,
    tokens: int = 16384,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> NDArray[np.float32]:
    """[n, l] log p(label | prompt), summed over the label's tokens, nats.

    sources: prompt ids of n rows that share one label space; labels: ids of its l labels, each
    closed by the end token. An encoder-decoder encodes each prompt once for all labels.
    """
    scores = np.empty((len(sources), len(labels)), dtype=np.float32)
    lengths = np.array([len(s) for s in sources], dtype=np.int64)
    proxy.model.eval()
    with progress.stage("label scores", len(sources)) as bar:
        for group in length_batches(lengths, tokens=tokens):
            prompts = [list(sources[i]) for i in group]
            block = (
                _seq2seq_block(proxy, prompts, labels)
                if proxy.kind == "seq2seq"
                else _causal_block(proxy, prompts, labels)
            )
            scores[group] = block.cpu().numpy()
            bar.advance(len(group))
    return scores


def _seq2seq_block(
    proxy: Proxy, prompts: list[list[int]], labels: Sequence[Sequence[int]]
) -> Tensor:
    ids = pad(prompts, proxy.pad_id).to(proxy.device)
    lengths = torch.tensor([len(p) for p in prompts], device=proxy.device)
    mask = (torch.arange(ids.shape[1], device=proxy.device)[None] < lengths[:, None]).long()
    with autocast(proxy.device):
        states = proxy.model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    return decode_labels(proxy, states, mask, labels)[0]


def decode_labels(
    proxy: Proxy, states: Tensor, mask: Tensor, labels: Sequence[Sequence[int]]
) -> tuple[Tensor, Tensor]:
    """[b, l] log p(label | prompt) in nats, and [b, d] the state that chooses the first token.

    states: [b, s, d] of the encoder; mask: [b, s]; labels: token ids of each, the end token
    included. All labels share the first decoder step, and with it the keys and values of the
    prompt: a label costs its other tokens alone.
    """
    answers = [torch.tensor([list(x)], device=proxy.device) for x in labels]
    encoded = BaseModelOutput(last_hidden_state=states)
    shape = states.shape[0], -1
    with autocast(proxy.device):
        first = proxy.model(
            encoder_outputs=encoded,
            attention_mask=mask,
            decoder_input_ids=_shifted(proxy, answers[0])[:, :1].expand(shape),
            use_cache=True,
            output_hidden_states=True,
        )
        starts = torch.stack([a[0, 0] for a in answers])
        block = F.log_softmax(first.logits[:, 0].float(), dim=1)[:, starts]
        for k, answer in enumerate(answers):
            if answer.shape[1] == 1:
                continue
            rest = proxy.model(
                encoder_outputs=encoded,
                attention_mask=mask,
                decoder_input_ids=_shifted(proxy, answer)[:, 1:].expand(shape),
                past_key_values=first.past_key_values,
                use_cache=True,
            )
            wanted = answer[:, 1:].expand(shape)
            block[:, k] += answer_log_likelihoods(rest.logits, wanted, shifted=False)[0].sum(1)
            first.past_key_values.crop(1 - answer.shape[1])  # back to the shared step
    return block, first.decoder_hidden_states[-1][:, 0]


def _shifted(proxy: Proxy, answer: Tensor) -> Tensor:
    shifted: Tensor = proxy.model.prepare_decoder_input_ids_from_labels(answer)
    return shifted


def _causal_block(
    proxy: Proxy, prompts: list[list[int]], labels: Sequence[Sequence[int]]
) -> Tensor:
    block = torch.empty(len(prompts), len(labels), device=proxy.device)
    for k, label in enumerate(labels):
        whole = [p + list(label) for p in prompts]
        wanted = [[IGNORED] * len(p) + list(label) for p in prompts]
        ids, answer = pad(whole, proxy.pad_id), pad(wanted, IGNORED)
        lengths = torch.tensor([len(w) for w in whole])
        mask = (torch.arange(ids.shape[1])[None] < lengths[:, None]).long()
        batch = Batch(np.arange(len(prompts)), ids, mask, answer).to(proxy.device)
        scores, counted = token_log_likelihoods(proxy, batch)
        block[:, k] = (scores * counted).sum(1)
    return block
