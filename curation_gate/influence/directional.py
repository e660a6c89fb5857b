"""Influence of every row along a few directions, in one pass.

Only the mean over probes is needed, so the query side is a handful of vectors v_k, and
<grad l_i, v_k> for all k comes out of one forward pass and one backward pass of activations: in a
linear layer with input a and output gradient g it is sum_t <g_t, V_k a_t>. Same numbers as
kronfluence's aggregated scores (a test holds them together) in well under half the time, and no
per-row gradient is ever formed: the wider of a and g is projected onto the other's side for all k
in one matrix product (for answers of a few tokens 30 times faster than forming gradients).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from curation_gate.progress import Progress, Silent
from curation_gate.proxy.batches import Encoded, batches
from curation_gate.proxy.scoring import token_log_likelihoods

if TYPE_CHECKING:
    from curation_gate.proxy.model import Proxy


def directional_influence(
    proxy: Proxy,
    encoded: Encoded,
    directions: Sequence[Mapping[str, Tensor]],
    *,
    tokens: int = 8192,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> NDArray[np.float32]:
    """Return the influence of each row along each direction: [n, k].

    directions: k times tracked module name -> [out, in] (in + 1 with a bias), preconditioned mean
    probe gradients. Influence is -<grad l_i, v_k>, nats; positive = the row pushes towards the
    target.
    """
    model, device = proxy.model, proxy.device
    names = list(directions[0])
    modules = dict(model.named_modules())
    stacked = {name: torch.stack([d[name].to(device) for d in directions]) for name in names}
    n = len(encoded.targets)
    influence = np.empty((n, len(directions)), dtype=np.float32)
    needed = [p for p in model.parameters() if p.requires_grad]
    for p in needed:
        p.requires_grad_(requires_grad=False)
    pass_ = _Pass(stacked)
    handles = [modules[name].register_forward_hook(pass_.watch(name)) for name in names]
    handles += [
        m.register_forward_hook(_anchor) for m in model.modules() if isinstance(m, nn.Embedding)
    ]
    try:
        with progress.stage("influence", n) as bar:
            for batch in batches(encoded, kind=proxy.kind, pad_id=proxy.pad_id, tokens=tokens):
                pass_.begin(len(batch.rows), len(directions), device)
                scores, counted = token_log_likelihoods(proxy, batch.to(device))
                losses = -(scores * counted).sum(1) / counted.sum(1).clamp(min=1)
                losses.sum().backward()
                influence[batch.rows] = -pass_.dots.cpu().numpy()
                bar.advance(len(batch.rows))
    finally:
        for handle in handles:
            handle.remove()
        for p in needed:
            p.requires_grad_()
    return influence


def _anchor(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:  # noqa: ARG001 - hook's form
    """Make the embeddings' output a leaf: a graph of activations then exists without parameters."""
    return output.detach().requires_grad_()


class _Pass:
    """Collects, over one forward and backward pass, each row's products with all directions."""

    def __init__(self, stacked: Mapping[str, Tensor]) -> None:
        self.stacked = stacked
        self.dots = torch.empty(0)

    def begin(self, rows: int, k: int, device: torch.device) -> None:
        """Start a batch of `rows` rows."""
        self.dots = torch.zeros(rows, k, device=device)

    def watch(self, name: str) -> Any:
        """Return the forward hook of a tracked module."""
        directions = self.stacked[name]

        def forward(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            a = inputs[0].detach()
            if getattr(module, "bias", None) is not None:
                a = torch.cat([a, a.new_ones(*a.shape[:-1], 1)], dim=-1)
            output.register_hook(lambda g: self._collect(a.float(), g.detach().float(), directions))

        return forward

    @torch.no_grad()
    def _collect(self, a: Tensor, g: Tensor, directions: Tensor) -> None:
        """Add a module's share; a: [b, t, in], g: [b, t, out], 0 at padded positions."""
        b, t = a.shape[:2]
        k, d_out, d_in = directions.shape
        if d_in <= d_out:
            flat = directions.permute(1, 0, 2).reshape(d_out, k * d_in)
            projected = (g.reshape(b * t, d_out) @ flat).view(b, t, k, d_in)
            self.dots += (projected * a[:, :, None]).sum((1, 3))
        else:
            flat = directions.reshape(k * d_out, d_in)
            projected = (a.reshape(b * t, d_in) @ flat.T).view(b, t, k, d_out)
            self.dots += (projected * g[:, :, None]).sum((1, 3))
