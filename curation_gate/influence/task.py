"""What kronfluence needs to know of our models: losses, measurements, masks, batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from kronfluence.task import Task
from torch import Tensor, nn
from torch.utils.data import Dataset as TorchDataset

from curation_gate.proxy.batches import IGNORED, Encoded, Kind, collate
from curation_gate.proxy.scoring import answer_log_likelihoods

if TYPE_CHECKING:
    from numpy.typing import NDArray

TensorBatch = dict[str, Tensor]


class Examples(TorchDataset[dict[str, Any]]):
    """Encoded examples with a weight each, in the order of their length.

    kronfluence batches in order and takes no batch sampler, so the order does the bucketing;
    `order` maps its positions back to ours.
    """

    def __init__(self, encoded: Encoded, weights: NDArray[np.float32] | None = None) -> None:
        self.encoded = encoded
        self.weights = np.ones(len(encoded.targets), np.float32) if weights is None else weights
        self.order = np.argsort(-encoded.lengths(), kind="stable")

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, position: int) -> dict[str, Any]:
        row = int(self.order[position])
        return {
            "source": self.encoded.sources[row],
            "target": self.encoded.targets[row],
            "weight": float(self.weights[row]),
        }

    def restore(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """[..., n] Scores in kronfluence's order, put back into ours."""
        restored = np.empty_like(scores)
        restored[..., self.order] = scores
        return restored


@dataclass(frozen=True, slots=True)
class Collate:
    """Turns examples into the tensors the task reads (picklable, for data loader workers)."""

    kind: Kind
    pad_id: int

    def __call__(self, examples: Sequence[dict[str, Any]]) -> TensorBatch:
        """Return input_ids, attention_mask, labels and weights of the examples."""
        encoded = Encoded([e["source"] for e in examples], [e["target"] for e in examples])
        batch = collate(encoded, np.arange(len(examples)), kind=self.kind, pad_id=self.pad_id)
        return {
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "labels": batch.labels,
            "weights": torch.tensor([e["weight"] for e in examples]),
        }


class ProxyTask(Task):
    """Row loss, measurement and masks of an encoder-decoder or a causal proxy."""

    def __init__(self, kind: Kind, names: Sequence[str]) -> None:
        super().__init__()
        self.kind: Kind = kind
        self.names = list(names)

    def compute_train_loss(
        self,
        batch: TensorBatch,
        model: nn.Module,
        sample: bool = False,
    ) -> Tensor:
        """Sum over rows. For scores: each row's mean NLL a token (l_i of the design).

        For the factors (`sample`): the summed NLL of answers drawn from the model itself, which
        makes the curvature the true Fisher and not the empirical one (Martens 2014, section 5).
        """
        logits = model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            labels=batch["labels"],
        ).logits
        labels = batch["labels"]
        if sample:
            with torch.no_grad():
                drawn = torch.distributions.Categorical(logits=logits.float()).sample()
                if self.kind == "causal":  # position t predicts token t + 1
                    drawn = torch.cat([drawn[:, :1], drawn[:, :-1]], dim=1)
                labels = torch.where(labels == IGNORED, labels, drawn)
        scores, counted = answer_log_likelihoods(logits, labels, shifted=self.kind == "causal")
        summed = -(scores * counted).sum(1)
        if sample:
            return summed.sum()
        return (summed / counted.sum(1).clamp(min=1)).sum()

    def compute_measurement(self, batch: TensorBatch, model: nn.Module) -> Tensor:
        """Sum of the weighted log-likelihoods of a query's answers (see query.py)."""
        logits = model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            labels=batch["labels"],
        ).logits
        scores, counted = answer_log_likelihoods(
            logits, batch["labels"], shifted=self.kind == "causal"
        )
        return ((scores * counted).sum(1) * batch["weights"]).sum()

    def get_influence_tracked_modules(self) -> list[str]:
        """Names of the tracked modules."""
        return self.names

    def get_attention_mask(self, batch: TensorBatch) -> dict[str, Tensor] | Tensor:
        """Which positions are not padding, for each module.

        Encoder modules and the keys and values of cross-attention see the encoder's positions; the
        rest see the decoder's.
        """
        if self.kind == "causal":
            return batch["attention_mask"]
        decoder = (batch["labels"] != IGNORED).long()
        return {
            name: batch["attention_mask"] if reads_encoder(name) else decoder for name in self.names
        }


def reads_encoder(name: str) -> bool:
    """Return whether a T5-like module's input has the encoder's positions."""
    crossed = "EncDecAttention" in name or "encoder_attn" in name
    if crossed:
        return name.rsplit(".", 1)[-1] in ("k", "v", "k_proj", "v_proj")
    return name.split(".", maxsplit=1)[0] == "encoder" or ".encoder." in name


def loader_options(kind: Kind, pad_id: int) -> Callable[[], Any]:
    """Return a maker of kronfluence's data loader arguments for these batches."""

    def make() -> Any:
        from kronfluence.utils.dataset import DataLoaderKwargs  # noqa: PLC0415

        return DataLoaderKwargs(collate_fn=Collate(kind, pad_id))

    return make
