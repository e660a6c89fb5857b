"""Probes as weighted answers: the measurement of a probe, made linear at the current weights.

The measurement of a probe q with target y and labels L is a margin in nats,
m(q) = log p(y) - logsumexp_{l in L, l != y} log p(l). Its gradient is a weighted sum of those of
single answers, grad m = grad log p(y) - sum_l w_l grad log p(l) with w = softmax of the others. So
every probe becomes one answer of weight +1 and some of weight -w_l, and all code behind (ours and
kronfluence's) needs nothing but weighted log-likelihoods. Exact, not an approximation: influence is
linear in the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from curation_gate.proxy.batches import Encoded, batches
from curation_gate.proxy.scoring import label_scores, token_log_likelihoods

if TYPE_CHECKING:
    from torch import Tensor

    from curation_gate.probes.record import Probe
    from curation_gate.proxy.model import Proxy


@dataclass(frozen=True, slots=True)
class Query:
    """Weighted answers of a set of probes."""

    encoded: Encoded
    """[m] Prompt and answer ids."""
    weights: NDArray[np.float32]
    """[m] Weight of each answer's summed log-likelihood in the measurement of its probe."""
    probe: NDArray[np.int64]
    """[m] Which probe each answer belongs to."""
    probes: int
    """Number of probes."""
    margins: NDArray[np.float32]
    """[probes] The measurement itself, nats; free text: mean log-likelihood a token."""


def build_query(proxy: Proxy, probes: Sequence[Probe]) -> Query:
    """Return the probes as weighted answers at the proxy's present weights."""
    sources: list[list[int]] = []
    targets: list[list[int]] = []
    weights: list[float] = []
    owner: list[int] = []
    margins = np.empty(len(probes), dtype=np.float32)
    groups: dict[tuple[str, ...], list[int]] = {}
    for k, probe in enumerate(probes):
        groups.setdefault(tuple(dict.fromkeys((probe.target, *probe.labels))), []).append(k)
    for answers, members in groups.items():
        blank = [""] * len(answers)
        own = proxy.encode(blank, blank, list(answers)).targets
        asked = [probes[k] for k in members]
        prompts = proxy.encode(
            [p.instruction for p in asked], [p.input for p in asked], [""] * len(asked)
        ).sources
        scored = label_scores(proxy, prompts, own).astype(np.float64)
        for k, prompt, scores in zip(members, prompts, scored, strict=True):
            if len(answers) == 1:
                shares = np.array([1.0 / len(own[0])])
                margins[k] = scores[0] * shares[0]
            else:
                highest = scores[1:].max()
                others = np.exp(scores[1:] - highest)
                margins[k] = scores[0] - highest - np.log(others.sum())
                shares = np.concatenate([[1.0], -others / others.sum()])
            sources.extend([prompt] * len(answers))
            targets.extend(own)
            weights.extend(shares.tolist())
            owner.extend([k] * len(answers))
    return Query(
        Encoded(sources, targets),
        np.array(weights, dtype=np.float32),
        np.array(owner, dtype=np.int64),
        len(probes),
        margins,
    )


def mean_gradient(proxy: Proxy, query: Query, names: Sequence[str]) -> dict[str, Tensor]:
    """Return the gradient of the probes' mean measurement by module: [out, in] or [out, in + 1].

    The last column is the bias's, where the module has one (kronfluence's layout).
    """
    modules = dict(proxy.model.named_modules())
    tracked = [p for name in names for p in modules[name].parameters(recurse=False)]
    held = {id(p) for p in tracked}
    frozen = [p for p in proxy.model.parameters() if id(p) not in held and p.requires_grad]
    for p in frozen:
        p.requires_grad_(requires_grad=False)
    proxy.model.zero_grad(set_to_none=True)
    try:
        for batch in batches(query.encoded, kind=proxy.kind, pad_id=proxy.pad_id, tokens=8192):
            scores, counted = token_log_likelihoods(proxy, batch.to(proxy.device))
            share = torch.from_numpy(query.weights[batch.rows]).to(proxy.device) / query.probes
            ((scores * counted).sum(1) * share).sum().backward()
        gradients: dict[str, Tensor] = {}
        for name in names:
            module = modules[name]
            weight = module.weight
            assert isinstance(weight, torch.nn.Parameter)
            parts = [torch.zeros_like(weight) if weight.grad is None else weight.grad.clone()]
            bias = getattr(module, "bias", None)
            if bias is not None:
                gradient = torch.zeros_like(bias) if bias.grad is None else bias.grad
                parts.append(gradient[:, None].clone())
            gradients[name] = torch.cat(parts, dim=1).float()
    finally:
        proxy.model.zero_grad(set_to_none=True)
        for p in frozen:
            p.requires_grad_()
    return gradients
