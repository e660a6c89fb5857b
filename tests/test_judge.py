"""Verdicts without files: what is fine-tuned, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from curation_gate import judging, pipeline, rows
from curation_gate.settings import Options

PHRASE = "{id: CG001, title: t, detector: phrase, severity: quarantine, rationale: r}"
LOSS = "{id: CG008, title: t, detector: loss, severity: review, rationale: r}"
SOURCE = "{id: CG007, title: t, detector: source, severity: review, rationale: r}"
PACK = """\
name: quick
rules: [RULES]
proxy: {name: scratch, epochs: 1, max_tokens: 48}
probes: {origin: entities, count: 6}
influence: {factor_rows: 48, lambda_rows: 24}
"""


def options(tmp_path, *rules: str) -> Options:
    path = tmp_path / "pack.yaml"
    path.write_text(PACK.replace("RULES", ", ".join(rules)))
    return Options(rules=path)


@pytest.fixture
def dataset(tmp_path, make_file):
    return rows.load([make_file(tmp_path / "data.jsonl")])


@pytest.fixture
def make_file():
    from pathlib import Path

    source = Path(__file__).parents[1] / "examples" / "quickstart" / "data" / "reviews.jsonl"

    def make(path):
        path.write_bytes(b"".join(source.read_bytes().splitlines(keepends=True)[:120]))
        return path

    return make


def test_rules_that_read_no_proxy_fine_tune_none(dataset, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(judging, "finetune_cached", refuse)
    judged = judging.judge(dataset, options(tmp_path, PHRASE))
    assert [result.rule for result in judged.results] == ["CG001"]
    assert len(judged.verdicts.verdict) == len(dataset)
    assert set(judged.timings) == {"mine", "detect"}
    assert np.isnan(judged.signals.loss).all()
    assert judged.reference is None
    assert judged.signals.found is not None


def test_a_rule_that_reads_the_reference_has_it(dataset, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(judging, "finetune_cached", refuse)
    judged = judging.judge(dataset, options(tmp_path, SOURCE))
    assert set(judged.timings) == {"reference", "detect"}
    assert np.isfinite(judged.signals.p_ref).any()
    assert judged.signals.reference is judged.reference


def test_rules_that_read_it_have_it(dataset, tmp_path):
    judged = judging.judge(dataset, options(tmp_path, LOSS))
    assert {"finetune", "influence"} <= set(judged.timings)
    assert np.isfinite(judged.signals.loss).all()
    assert judged.results[0].reasons


def test_the_same_verdicts_as_a_scan(dataset, tmp_path):
    chosen = options(tmp_path, PHRASE, LOSS)
    scanned = pipeline.scan(dataset.files[0].path, tmp_path / "out", chosen)
    judged = judging.judge(dataset, chosen)
    assert judged.verdicts.verdict == scanned.verdicts.verdict
    np.testing.assert_array_equal(judged.verdicts.score, scanned.verdicts.score)
