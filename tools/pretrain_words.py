"""Word embeddings that know polarity, harm and topic before the transformer is trained.

A deep averaging network without depth (Iyyer et al. 2015): the mean of a row's word embeddings,
read by linear heads. It sees every row in a few seconds an epoch, which the transformer cannot.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from pretrain_instructions import CONCEPTS, SPLITS
from torch import Tensor, nn

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pretrain_data import PoolRow

BATCH = 512
LEAVE_OUT = 0.25
"""Share of a row's tokens left out in each pass, so that no word answers alone; a choice."""


class Labels:
    """Numbers every label of every task, and the concepts that tasks share, for linear heads."""

    def __init__(self) -> None:
        pairs = [(task, label) for task, (_, labels) in CONCEPTS.items() for label in labels]
        concepts = list(dict.fromkeys(c for split in SPLITS.values() for c in split))
        self.index = {pair: i for i, pair in enumerate(pairs)}
        self.tasks = {task: k for k, task in enumerate(CONCEPTS)}
        self.concepts = {concept: i for i, concept in enumerate(concepts)}
        self.of_task = torch.zeros(len(self.tasks), len(pairs), dtype=torch.bool)
        self.of_kind = torch.zeros(len(self.tasks), len(concepts), dtype=torch.bool)
        for (task, _), i in self.index.items():
            self.of_task[self.tasks[task], i] = True
        for task, (kind, _) in CONCEPTS.items():
            for concept in SPLITS[kind]:
                self.of_kind[self.tasks[task], self.concepts[concept]] = True

    def of(self, rows: list[PoolRow]) -> Tensor:
        """[n, 3] task, label and concept number of each row; -1 where nothing is classified."""
        table = np.full((len(rows), 3), -1)
        for k, row in enumerate(rows):
            label = self.index.get((row.task, row.output))
            if label is not None:
                concept = self.concepts[CONCEPTS[row.task][1][row.output]]
                table[k] = self.tasks[row.task], label, concept
        return torch.from_numpy(table)


class Heads(nn.Module):
    """Linear readings of features [b, f]: the task's label, the shared concept, and the topic."""

    def __init__(self, width: int, labels: Labels, topics: int) -> None:
        super().__init__()
        self.labels = labels
        self.label = nn.Linear(width, len(labels.index))
        self.concept = nn.Linear(width, len(labels.concepts))
        self.topic = nn.Linear(width, topics)
        nn.init.zeros_(self.label.weight)
        nn.init.zeros_(self.concept.weight)

    def forward(
        self, features: Tensor, truth: Tensor, topics: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Losses of label, concept and topic, and the share of concepts that are right."""
        known = truth[:, 0] >= 0
        task, label, concept = truth[known].T
        found = features[known]
        logits = self.label(found).masked_fill(~self.labels.of_task[task], -1e4)
        shared = self.concept(found).masked_fill(~self.labels.of_kind[task], -1e4)
        topic = F.mse_loss(self.topic(features), topics)
        hits = (shared.argmax(1) == concept).float().mean()
        if not len(task):
            return topic * 0, topic * 0, topic, hits
        return F.cross_entropy(logits, label), F.cross_entropy(shared, concept), topic, hits


def supervise(
    vectors: NDArray[np.float32],
    documents: list[list[int]],
    truth: Tensor,
    topics: Tensor,
    probability: NDArray[np.float64],
    *,
    passes: float,
    rate: float,
    seed: int,
    report: list[float] | None = None,
    held: NDArray[np.int64] | None = None,
) -> NDArray[np.float32]:
    """[v, d] The vectors after `passes` over the documents, drawn with the given probability."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    bag = nn.EmbeddingBag.from_pretrained(torch.from_numpy(vectors.copy()), freeze=False)
    heads = Heads(vectors.shape[1], Labels(), topics.shape[1])
    optimizer = torch.optim.AdamW(
        [
            {"params": bag.parameters(), "peak": rate, "weight_decay": 0.0},
            {"params": heads.parameters(), "peak": 1e-2, "weight_decay": 1e-2},
        ],
        fused=True,
    )
    starts = np.cumsum([0, *map(len, documents)])
    flat = np.concatenate([np.array(d, dtype=np.int64) for d in documents])
    lengths = np.diff(starts)

    def features(chosen: NDArray[np.int64], leave_out: float) -> Tensor:
        size = lengths[chosen]
        offsets = np.concatenate([[0], np.cumsum(size)[:-1]])
        at = np.repeat(starts[chosen] - offsets, size) + np.arange(size.sum())
        keep = rng.random(len(at)) >= leave_out
        keep[offsets[size > 0]] = True
        owner = np.repeat(np.arange(len(chosen)), size)[keep]
        begins = np.searchsorted(owner, np.arange(len(chosen)))
        return bag(torch.from_numpy(flat[at][keep]), torch.from_numpy(begins))

    steps = int(passes * len(documents) / BATCH)
    for step in range(steps):
        chosen = rng.choice(len(documents), BATCH, p=probability)
        label, concept, topic, _ = heads(features(chosen, LEAVE_OUT), truth[chosen], topics[chosen])
        (label + concept + topic).backward()
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    if report is not None and held is not None:
        with torch.no_grad():
            report += [float(x) for x in heads(features(held, 0.0), truth[held], topics[held])]
    return bag.weight.detach().numpy()
