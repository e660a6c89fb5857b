"""The model of the verdict on styles: it tells planted from honest, and keeps to its signs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
for folder in ("tools", "benchmarks", "benchmarks/arena"):
    if str(ROOT / folder) not in sys.path:
        sys.path.append(str(ROOT / folder))

import fit_style  # noqa: E402
from styles.collect import Collected  # noqa: E402

from curation_gate.detectors.style_trigger.evidence import NAMES  # noqa: E402
from curation_gate.detectors.verdict_model import parse  # noqa: E402


def made(seed: int, *, clean: bool) -> Collected:
    """Ten candidates of noise; in an attacked set the first one stands out in two numbers."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(10, len(NAMES)))
    planted = np.zeros(10, dtype=np.int64)
    if not clean:
        table[0, [NAMES.index("sure"), NAMES.index("agreement")]] += 4
        planted[0] = 38
    return Collected(
        "fit", seed, "clean" if clean else "list", {"tasks": [f"task {seed % 7}"]}, 1000,
        0 if clean else 40, 1.0, tuple("0123456789"), table, np.full(10, 40), planted,
    )  # fmt: skip


SETS = [made(seed, clean=bool(seed % 2)) for seed in range(60)]


def test_planted_styles_are_told_from_honest_ones_on_tasks_left_out() -> None:
    p = fit_style.by_task_group(SETS)
    limit = fit_style.threshold(SETS, p)
    found = fit_style.figures(SETS, p, limit)
    assert found["auc"] > 0.97
    assert found["found"] > 0.8
    assert found["alarms"] <= fit_style.BUDGET


def test_no_number_counts_against_its_sign() -> None:
    stage = fit_style.fit(SETS)
    assert {"sure", "agreement"} <= set(stage.names)
    for tree in stage.trees:
        points = fit_style.POINTS[stage.names[tree.number[0]]]
        rise = tree.value[2] - tree.value[1]
        steps = points * rise
        assert steps >= 0, stage.names[tree.number[0]]


def test_a_model_that_was_written_reads_back_the_same(tmp_path: Path) -> None:
    stage = fit_style.fit(SETS)
    fit_style.write_model("style", stage, 0.81234, {"sets": len(SETS)}, tmp_path)
    model = parse((tmp_path / "style.json").read_bytes())
    assert model.kind == "style"
    assert model.threshold == 0.8124
    assert set(json.loads((tmp_path / "hashes.json").read_text())) == {"style"}
    table = np.concatenate([one.table for one in SETS])
    np.testing.assert_allclose(
        model.first.log_odds(NAMES, table), stage.log_odds(NAMES, table), atol=0.02
    )
    parts = model.first.contributions(NAMES, table).sum(1) + model.first.intercept
    np.testing.assert_allclose(parts, model.first.log_odds(NAMES, table))
