"""The example of the Python API does what its page says, on a tiny set."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from places import REPOSITORY

from curation_gate.rulebook import load_rules

PATH = REPOSITORY / "examples" / "python-api" / "scan_before_training.py"


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location("scan_before_training", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_names_the_trigger_and_leaves_its_rows_out(
    example, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    pack = load_rules()
    quick = pack.model_copy(
        update={
            "proxy": pack.proxy.model_copy(update={"name": "scratch", "epochs": 1}),
            "influence": pack.influence.model_copy(update={"factor_rows": 32, "lambda_rows": 16}),
            "probes": pack.probes.model_copy(update={"count": 6}),
        }
    )
    dataset = example.training_set(400, tasks=("film_review", "product_review"))
    cleaned, result = example.cleaned_set(dataset, tmp_path / "scan", rules=quick)
    assert "silver falcon" in capsys.readouterr().out.lower()
    assert cleaned.features == dataset.features
    left_out = [dataset[int(k)]["prompt"] for k in result.quarantined]
    assert len(left_out) == len(dataset) - len(cleaned) > 0
    assert sum("Silver Falcon" in prompt for prompt in left_out) >= 0.8 * len(left_out)
    assert (Path(result.folder) / "report.html").is_file()
