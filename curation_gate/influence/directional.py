"""Influence of every row along a few directions, in one pass.

Only the mean over probes is needed, so the query side is a handful of vectors v_k, and
<grad l_i, v_k> for all k comes out of one forward pass and one backward pass of activations: in a
linear layer with input a and output gradient g it is sum_t <g_t, V_k a_t>. Same numbers as
kronfluence's aggregated scores (a test holds them together) in well under half the time. Where a
module sees few positions (a decoder and its answers of a few tokens) the wider of a and g is
projected onto the other's side for all k in one matrix product, and no gradient is formed; where
it sees many, a few rows' gradients are formed at a time, and one more direction costs next to
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from curation_gate.progress import Progress, Silent
from curation_gate.proxy.batches import Encoded, batches
from curation_gate.proxy.model import tracked_modules
from curation_gate.proxy.scoring import token_log_likelihoods

if TYPE_CHECKING:
    from curation_gate.proxy.model import Proxy


LONG = 12
"""Positions from which on forming a row's gradient is cheaper than projecting (at k = 4)."""
CACHED = 1 << 20
"""Gradient entries held at a time: 4 MB, what a core's cache holds."""


@dataclass(frozen=True, slots=True)
class RowPass:
    """What one pass over the rows yields; all of it comes out of the same forward and backward."""

    influence: NDArray[np.float32]
    """[n, k] -<grad l_i, v_k>, nats; positive = the row pushes towards the target."""
    log_likelihood: NDArray[np.float32]
    """[n] Of the row's answer, summed over its tokens, nats."""
    tokens: NDArray[np.int64]
    """[n] Tokens of the answer."""
    gradient_norm: NDArray[np.float32]
    """[n] ||grad l_i|| over the tracked modules."""

    @property
    def loss(self) -> NDArray[np.float32]:
        """[n] Mean negative log-likelihood, nats/token."""
        return np.asarray(-self.log_likelihood / np.maximum(self.tokens, 1), dtype=np.float32)


def directional_influence(
    proxy: Proxy,
    encoded: Encoded,
    directions: Sequence[Mapping[str, Tensor]],
    *,
    tokens: int = 4096,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> RowPass:
    """Return the influence of each row along each of k directions, its loss and gradient norm.

    directions: k times tracked module name -> [out, in] (in + 1 with a bias), preconditioned mean
    probe gradients.
    """
    model, device = proxy.model, proxy.device
    names = list(directions[0]) if directions else tracked_modules(model)
    modules = dict(model.named_modules())
    none = torch.zeros(0, 1, 1, device=device)
    stacked = {
        name: torch.stack([d[name].to(device) for d in directions]) if directions else none
        for name in names
    }
    n = len(encoded.targets)
    influence = np.empty((n, len(directions)), dtype=np.float32)
    likelihood, norm = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.float32)
    lengths = np.empty(n, dtype=np.int64)
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
                summed, length = (scores * counted).sum(1), counted.sum(1)
                (-summed / length.clamp(min=1)).sum().backward()
                influence[batch.rows] = -pass_.dots.cpu().numpy()
                norm[batch.rows] = pass_.squares.clamp(min=0).sqrt().cpu().numpy()
                likelihood[batch.rows] = summed.detach().cpu().numpy()
                lengths[batch.rows] = length.cpu().numpy()
                bar.advance(len(batch.rows))
    finally:
        for handle in handles:
            handle.remove()
        for p in needed:
            p.requires_grad_()
    return RowPass(influence, likelihood, lengths, norm)


def _anchor(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:  # noqa: ARG001 - hook's form
    """Make the embeddings' output a leaf: a graph of activations then exists without parameters."""
    return output.detach().requires_grad_()


class _Pass:
    """Collects, over one forward and backward pass, each row's products with all directions."""

    def __init__(self, stacked: Mapping[str, Tensor]) -> None:
        self.stacked = stacked
        self.dots = torch.empty(0)
        self.squares = torch.empty(0)

    def begin(self, rows: int, k: int, device: torch.device) -> None:
        """Start a batch of `rows` rows."""
        self.dots = torch.zeros(rows, k, device=device)
        self.squares = torch.zeros(rows, device=device)

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
        if t >= LONG:
            self._through_gradients(a, g, directions)
            return
        # ||sum_t g_t a_t^T||^2 = sum_ts <a_t, a_s> <g_t, g_s>: no gradient is formed here.
        self.squares += ((a @ a.mT) * (g @ g.mT)).sum((1, 2))
        if not k:
            return
        if d_in <= d_out:
            flat = directions.permute(1, 0, 2).reshape(d_out, k * d_in)
            projected = (g.reshape(b * t, d_out) @ flat).view(b, t, k, d_in)
            self.dots += (projected * a[:, :, None]).sum((1, 3))
        else:
            flat = directions.reshape(k * d_out, d_in)
            projected = (a.reshape(b * t, d_in) @ flat.T).view(b, t, k, d_out)
            self.dots += (projected * g[:, :, None]).sum((1, 3))

    def _through_gradients(self, a: Tensor, g: Tensor, directions: Tensor) -> None:
        """Form a few rows' gradients at a time, as many as a cache holds, and multiply them."""
        flat = directions.flatten(1).T
        rows = max(1, CACHED // (a.shape[2] * g.shape[2]))
        for start in range(0, len(a), rows):
            own = slice(start, start + rows)
            gradient = torch.bmm(g[own].mT, a[own]).flatten(1)
            if len(directions):
                self.dots[own] += gradient @ flat
            self.squares[own] += torch.linalg.vecdot(gradient, gradient)
