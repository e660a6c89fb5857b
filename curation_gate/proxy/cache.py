"""A fine-tuned proxy is kept under a hash of all it depends on, and found again by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from curation_gate.atomic import atomic_path, library_errors
from curation_gate.progress import Progress, Silent
from curation_gate.proxy.finetune import Outcome, Settings, finetune

if TYPE_CHECKING:
    from curation_gate.proxy.batches import Encoded
    from curation_gate.proxy.model import Proxy


def finetune_cached(
    proxy: Proxy,
    encoded: Encoded,
    settings: Settings,
    *,
    cache: Path,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Outcome:
    """Fine-tune proxy.model in place, or load the weights an equal call left in `cache`.

    Equal means: the same first weights, the same token ids in the same order, the same settings.
    An interrupted call resumes after its last whole epoch.
    """
    key = _key(proxy, encoded, settings)
    weights, record = cache / f"proxy-{key}.safetensors", cache / f"proxy-{key}.json"
    found = _load(proxy, weights, record)
    if found is not None:
        progress.say("fine-tuned proxy: found in the cache")
        return found
    outcome = finetune(
        proxy, encoded, settings, checkpoint=cache / f"proxy-{key}.checkpoint", progress=progress
    )
    shared = {name: t.detach().cpu().clone() for name, t in proxy.model.state_dict().items()}
    with atomic_path(weights) as temporary, library_errors(weights):
        save_file(shared, temporary)
    with atomic_path(record) as temporary:
        temporary.write_text(json.dumps(asdict(outcome)))
    return outcome


def _load(proxy: Proxy, weights: Path, record: Path) -> Outcome | None:
    if not (weights.exists() and record.exists()):
        return None
    try:
        tensors = load_file(weights)
        fields = json.loads(record.read_text())
        outcome = Outcome(
            fields["epochs"],
            fields["best_epoch"],
            tuple(fields["held_out_losses"]),
            fields["rows_per_second"],
        )
        proxy.model.load_state_dict(tensors)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError):
        return None  # damaged: train again
    proxy.model.eval()
    return outcome


def _key(proxy: Proxy, encoded: Encoded, settings: Settings) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{proxy.weights_hash()} {proxy.device.type} {asdict(settings)}".encode())
    for sequences in (encoded.sources, encoded.targets):
        digest.update(np.array([len(s) for s in sequences], dtype=np.int64).tobytes())
        digest.update(np.array([t for s in sequences for t in s], dtype=np.int64).tobytes())
    return digest.hexdigest()
