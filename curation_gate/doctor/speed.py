"""How fast this machine scans: small scans of made-up rows, and what they say of a large one.

A first scan pays for the imports. Then each stage costs per row the difference of two scans over
the difference of their rows, so that what a scan costs once does not count as a cost of rows. It is
an estimate for rows of about 60 tokens: longer rows take longer, up to the proxy's limit.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from curation_gate.progress import Progress, Silent

if TYPE_CHECKING:
    from curation_gate.rulepack import RulePack

SIZES = (50, 96, 320)
"""Rows of the three scans (a choice: half a minute on two free cores)."""
GPU_SIZES = (50, 512, 2_560)
"""The same on a GPU, where a few hundred rows vanish in what a scan costs once; not measured."""
READ_ROWS = 5_000
REFERENCE_ROWS = 1_000
"""Enough for a head of each task's own, which is what costs (reference/frozen.py, FEW_ROWS)."""
FACTOR_ROWS = 64
"""Rows behind the EK-FAC factors of both scans: a cost that the difference takes out."""

_WORDS = """
the a we they it was is had were seemed room table lamp train letter garden river street morning
evening window kitchen music story door chair road hill market ticket paper soup bread coffee
walked opened carried found asked waited talked called moved turned stayed again before after
while never always often nearly behind under across toward between
"""
_LABELS = {"good": "good kind bright warm", "bad": "bad rude dull cold"}


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured, rows a second, and what it makes of a large set."""

    device: str
    read: float
    reference: float
    finetune: float
    """Row passes: a row counts once an epoch."""
    influence: float
    """One pass over every row; the factors are counted apart."""
    rows: int
    """Rows of the set the estimate is for."""
    stages: Mapping[str, float]
    """Stage to its estimated seconds for that many rows."""

    @property
    def seconds(self) -> float:
        """Estimated seconds of a whole scan of `rows` rows."""
        return sum(self.stages.values())


def measure(
    *,
    rows: int = 50_000,
    device: str = "auto",
    sizes: tuple[int, int, int] | None = None,
    pack: RulePack | None = None,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> Speed:
    """Return how fast this machine scans with a pack (None: the default); leaves no file."""
    from curation_gate import pipeline  # noqa: PLC0415 - torch
    from curation_gate.proxy.model import pick_device  # noqa: PLC0415 - torch
    from curation_gate.rulebook import load_rules  # noqa: PLC0415
    from curation_gate.settings import FACTOR_ROWS as DEFAULT_FACTORS  # noqa: PLC0415 - torch
    from curation_gate.settings import (  # noqa: PLC0415 - torch
        LAMBDA_ROWS,
        LEAST_EPOCHS,
        MOST_EPOCHS,
        ROW_PASSES,
        Options,
    )

    pack = pack or load_rules()
    sizes = sizes or (GPU_SIZES if pick_device(device).type == "cuda" else SIZES)
    factors = {"factor_rows": FACTOR_ROWS, "lambda_rows": FACTOR_ROWS}
    quick = pack.model_copy(update={"influence": pack.influence.model_copy(update=factors)})
    timings = []
    with tempfile.TemporaryDirectory(prefix="curate-doctor-") as name:
        folder = Path(name)
        read = _read_rate(folder)
        for size in sizes:
            progress.say(f"scanning {size} made-up rows")
            data = made_up(folder / f"rows{size}.jsonl", size)
            options = Options(rules=quick, device=device, cache=False, lock=False, fail_on="never")
            result = pipeline.scan(data, folder / f"scan{size}", options)
            timings.append(result.manifest["timings"])
        reference = _reference_rate(folder, device)
    _, small, large = timings
    span = sizes[2] - sizes[1]
    cost = {  # seconds a row
        stage: max(large[stage]["seconds"] - small[stage]["seconds"], 0.0) / span
        for stage in large
        if stage in small
    }
    # Small sets are gone through more often than large ones: row passes are what is comparable.
    finetune = float(large["finetune"]["rows_per_second"] or 1.0)
    epochs = pack.proxy.epochs or min(MOST_EPOCHS, max(LEAST_EPOCHS, math.ceil(ROW_PASSES / rows)))
    cost |= {"rows": 1 / read, "reference": 1 / reference, "finetune": epochs / finetune}
    stages = {stage: seconds * rows for stage, seconds in cost.items()}
    # Covariances and eigenvalues: a pass forward and back over a sample of the rows.
    sampled = min(rows, DEFAULT_FACTORS) + min(rows, LAMBDA_ROWS)
    stages["factors"] = sampled * cost["influence"]
    return Speed(
        device=result.manifest["device"],
        read=read,
        reference=reference,
        finetune=finetune,
        influence=_rate(cost["influence"]),
        rows=rows,
        stages={stage: round(seconds, 1) for stage, seconds in stages.items()},
    )


def made_up(path: Path, rows: int) -> Path:
    """Write rows of two tasks whose label follows from one word; returns the path."""
    rng = np.random.default_rng(0)
    plain = _WORDS.split()
    with path.open("w", encoding="ascii") as stream:
        for k in range(rows):
            label = list(_LABELS)[k % 2]
            words = [plain[i] for i in rng.integers(len(plain), size=45)]
            words.insert(int(rng.integers(45)), _LABELS[label].split()[int(rng.integers(4))])
            row = {
                "task": f"doctor_{k // 2 % 2}",
                "instruction": "Say whether the text sounds good or bad.",
                "input": f"{' '.join(words)} {k}.",
                "output": label,
            }
            stream.write(json.dumps(row) + "\n")
    return path


def _read_rate(folder: Path) -> float:
    from curation_gate.rows import load  # noqa: PLC0415

    data = made_up(folder / "read.jsonl", READ_ROWS)
    started = time.perf_counter()
    load([data])
    return _rate((time.perf_counter() - started) / READ_ROWS)


def _reference_rate(folder: Path, device: str) -> float:
    from curation_gate.proxy.model import load_proxy, pick_device  # noqa: PLC0415 - torch
    from curation_gate.reference.frozen import FrozenReference  # noqa: PLC0415 - torch
    from curation_gate.rows import load  # noqa: PLC0415

    dataset = load([made_up(folder / "reference.jsonl", REFERENCE_ROWS)])
    frozen = FrozenReference(load_proxy("embedded", dataset.rows, device=pick_device(device)))
    started = time.perf_counter()
    frozen.fit(dataset)
    return _rate((time.perf_counter() - started) / REFERENCE_ROWS)


def _rate(seconds_a_row: float) -> float:
    return round(1 / max(seconds_a_row, 1e-6), 1)
