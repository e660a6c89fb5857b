"""Fine-tuning the proxy on the scanned rows, with checkpoints and an early stop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from curation_gate.atomic import atomic_path
from curation_gate.errors import InconclusiveError
from curation_gate.progress import Progress, Silent, Task
from curation_gate.proxy.batches import Batch, Encoded, collate, length_batches

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from curation_gate.proxy.model import Proxy

MINIMUM_HELD_OUT = 8
"""Fewer rows than this say nothing about when to stop: then nothing is held out."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fine-tune. The defaults are for a T5 of random weights (see proxy/model.py)."""

    epochs: int = 4
    batch_tokens: int = 4096
    """Padded tokens a batch."""
    batch_rows: int = 64
    """Rows a batch at the most; the paper's 8 is in rules/paper.yaml."""
    learning_rate: float = 1e-3
    """AdamW, all weights but the embeddings."""
    embedding_learning_rate: float = 1e-2
    """T5's embeddings start at standard deviation 1 and need their own rate."""
    weight_decay: float = 0.0
    warm_up: float = 0.06
    """Share of the steps with a rising rate; then it falls linearly to zero."""
    clip: float = 1.0
    """Largest norm of a step's gradient."""
    held_out: float = 0.02
    """Share of the rows kept for the early stop, at most 500; they are never trained on."""
    patience: int = 1
    """Epochs without a better held-out loss before training stops."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What fine-tuning did."""

    epochs: int
    """Epochs that were run (the best one's weights are kept)."""
    best_epoch: int
    held_out_losses: tuple[float, ...]
    """nats/token after each epoch; the first entry is before training."""
    rows_per_second: float


def finetune(
    proxy: Proxy,
    encoded: Encoded,
    settings: Settings = Settings(),
    *,
    checkpoint: Path | None = None,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Outcome:
    """Train proxy.model in place on the rows and return what happened.

    The model ends in eval mode with the weights of the epoch of the lowest held-out loss. With
    `checkpoint`, the state after each epoch is written there and found again by a later call with
    the same arguments (the caller's path must name rows, model and settings); it is removed at the
    end. fp32 on a CPU, bfloat16 autocast on a GPU. Raises InconclusiveError where the
    loss is not finite.
    """
    rng = np.random.default_rng(settings.seed)
    trained, held = _split(len(encoded.targets), settings, rng)
    lengths = encoded.lengths()
    model, device = proxy.model, proxy.device
    optimizer = _optimizer(proxy, settings)
    plan = [_epoch_batches(trained, lengths, settings, epoch) for epoch in range(settings.epochs)]
    steps = sum(len(p) for p in plan)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _rate(step, steps, settings.warm_up)
    )
    losses = [_mean_loss(proxy, encoded, held)]
    state: dict[str, Any] = {"epoch": 0, "best_epoch": 0, "losses": losses, "best": _weights(model)}
    if checkpoint is not None and checkpoint.exists():
        state = _restore(checkpoint, model, optimizer, schedule, state)
    seen, started = 0, time.perf_counter()
    with (
        progress.stage("fine-tuning the proxy", settings.epochs * len(trained)) as bar,
        _training(model),
    ):
        bar.advance(state["epoch"] * len(trained))
        for epoch in range(state["epoch"], settings.epochs):
            if epoch - state["best_epoch"] > settings.patience:
                break
            for group in plan[epoch]:
                batch = collate(encoded, group, kind=proxy.kind, pad_id=proxy.pad_id).to(device)
                _step(proxy, batch, optimizer, settings.clip)
                schedule.step()
                seen += len(group)
                bar.advance(len(group))
            loss = _mean_loss(proxy, encoded, held)
            model.train()
            _record(state, epoch + 1, loss, model, held_out=len(held) > 0, bar=bar)
            if checkpoint is not None and epoch + 1 < settings.epochs:
                _save(checkpoint, state, model, optimizer, schedule)
    model.load_state_dict(state["best"])
    model.eval()
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    elapsed = max(time.perf_counter() - started, 1e-9)
    return Outcome(state["epoch"], state["best_epoch"], tuple(state["losses"]), seen / elapsed)


def held_out_rows(n: int, settings: Settings) -> frozenset[int]:
    """Return the rows of n that `finetune` with these settings does not train on."""
    held = _split(n, settings, np.random.default_rng(settings.seed))[1]
    return frozenset(held.tolist())


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 where the device is a GPU, nothing otherwise."""
    return torch.autocast("cuda", dtype=torch.bfloat16) if device.type == "cuda" else nullcontext()


@contextmanager
def _training(model: torch.nn.Module) -> Iterator[None]:
    model.train()
    try:
        yield
    finally:
        model.eval()


def _split(
    n: int, settings: Settings, rng: np.random.Generator
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return indices to train on and indices held out, both sorted."""
    size = min(500, round(n * settings.held_out))
    if size < MINIMUM_HELD_OUT:
        size = 0
    order = rng.permutation(n)
    return np.sort(order[size:]), np.sort(order[:size])


def _epoch_batches(
    trained: np.ndarray[Any, Any],
    lengths: np.ndarray[Any, Any],
    settings: Settings,
    epoch: int,
) -> list[np.ndarray[Any, Any]]:
    """Row indices of each batch of an epoch: a function of seed and epoch alone, so that a resumed
    run sees the same batches."""  # noqa: D205, D209
    rng = np.random.default_rng([settings.seed, epoch])
    groups = length_batches(
        lengths[trained], tokens=settings.batch_tokens, rows=settings.batch_rows, rng=rng
    )
    return [trained[g] for g in groups]


def _optimizer(proxy: Proxy, settings: Settings) -> torch.optim.Optimizer:
    embedding = proxy.model.get_input_embeddings().weight
    rest = [p for p in proxy.model.parameters() if p is not embedding and p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": rest, "lr": settings.learning_rate},
            {"params": [embedding], "lr": settings.embedding_learning_rate},
        ],
        weight_decay=settings.weight_decay,
    )


def _rate(step: int, steps: int, warm_up: float) -> float:
    rising = max(1, round(steps * warm_up))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


def _step(proxy: Proxy, batch: Batch, optimizer: torch.optim.Optimizer, clip: float) -> None:
    with autocast(proxy.device):
        loss = proxy.model(
            input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=batch.labels
        ).loss
    if not torch.isfinite(loss):
        raise InconclusiveError(
            "fine-tuning diverged: the loss is not a number",
            hint="lower proxy.learning_rate in the rule pack",
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(proxy.model.parameters(), clip)
    optimizer.step()


@torch.no_grad()
def _mean_loss(proxy: Proxy, encoded: Encoded, rows: np.ndarray[Any, Any]) -> float:
    """Mean loss of the given rows, nats/token; NaN without rows. Leaves the model in eval mode."""
    proxy.model.eval()
    total, tokens = 0.0, 0
    lengths = encoded.lengths()
    for group in length_batches(lengths[rows], tokens=16384):
        batch = collate(encoded, rows[group], kind=proxy.kind, pad_id=proxy.pad_id)
        batch = batch.to(proxy.device)
        counted = int((batch.labels != -100).sum())
        with autocast(proxy.device):
            loss = proxy.model(
                input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=batch.labels
            ).loss
        total += float(loss) * counted
        tokens += counted
    return total / tokens if tokens else float("nan")


def _weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: t.detach().cpu().clone() for name, t in model.state_dict().items()}


def _record(
    state: dict[str, Any],
    epoch: int,
    loss: float,
    model: torch.nn.Module,
    *,
    held_out: bool,
    bar: Task,
) -> None:
    """Note an epoch's held-out loss and keep the weights where it is the best so far."""
    if not held_out or loss < min(state["losses"]):
        state["best"], state["best_epoch"] = _weights(model), epoch
    state["losses"].append(loss)
    state["epoch"] = epoch
    if held_out:
        bar.note(f"held-out loss {loss:.3f}")


def _save(
    path: Path,
    state: dict[str, Any],
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
) -> None:
    whole = {
        "state": state,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
    }
    with atomic_path(path) as temporary:
        torch.save(whole, temporary)


def _restore(
    path: Path,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    fresh: dict[str, Any],
) -> dict[str, Any]:
    """Return the state of an interrupted run, or `fresh` where the file holds none."""
    try:
        whole = torch.load(path, weights_only=True, map_location="cpu")
        model.load_state_dict(whole["model"])
        optimizer.load_state_dict(whole["optimizer"])
        schedule.load_state_dict(whole["schedule"])
        state: dict[str, Any] = whole["state"]
    except Exception:  # noqa: BLE001 - any damage means: begin anew
        model.load_state_dict(fresh["best"])
        return fresh
    return state
