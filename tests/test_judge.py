"""Verdicts without files: what is fine-tuned, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curation_gate import judging, model_stages, pipeline, rows
from curation_gate.detectors.signals import Measurements, Signals, UndeclaredNeedError
from curation_gate.errors import UsageError
from curation_gate.settings import Options

PHRASE = "{id: CG001, title: t, detector: phrase, severity: quarantine, rationale: r}"
LOSS = "{id: CG008, title: t, detector: loss, severity: review, rationale: r}"
INFLUENCE = (
    "{id: CG002, title: t, detector: invariance, severity: review, parameters: {reading: R3}, "
    "rationale: r}"
)
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

    monkeypatch.setattr(model_stages, "finetune_cached", refuse)
    judged = judging.judge(dataset, options(tmp_path, PHRASE))
    assert [result.rule for result in judged.results] == ["CG001"]
    assert len(judged.verdicts.verdict) == len(dataset)
    assert set(judged.timings) == {"mine", "detect"}
    assert judged.measured.proxy is None
    assert judged.measured.influence is None
    assert judged.reference is None
    assert set(judged.measured.candidates) == {"CG001"}


def test_a_rule_that_reads_the_reference_has_it(dataset, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(model_stages, "finetune_cached", refuse)
    judged = judging.judge(dataset, options(tmp_path, SOURCE))
    assert set(judged.timings) == {"reference", "detect"}
    assert np.isfinite(judged.reference.p_given).any()
    assert judged.measured.candidates == {}


def test_a_rule_that_reads_the_proxy_takes_no_influence(dataset, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(model_stages, "measure_influence", refuse)
    monkeypatch.setattr(model_stages, "build_probes", refuse)
    judged = judging.judge(dataset, options(tmp_path, LOSS))
    assert set(judged.timings) == {"proxy", "finetune", "row losses", "detect"}
    assert np.isfinite(judged.measured.proxy.loss).all()
    assert judged.measured.influence is None
    assert judged.reference is None
    assert judged.results[0].reasons


def test_a_rule_that_reads_influence_has_it(dataset, tmp_path):
    judged = judging.judge(dataset, options(tmp_path, INFLUENCE))
    assert {"probes", "finetune", "flips", "influence"} <= set(judged.timings)
    assert np.isfinite(judged.measured.influence.original).all()
    assert judged.measured.influence.probes == 6
    assert judged.reference is None


def test_two_rules_of_one_detector_search_by_their_own_parameters(dataset, tmp_path, monkeypatch):
    asked = []
    found = judging.find_phrases

    def search(rows, settings, *, progress):
        asked.append(settings.support)
        return found(rows, settings, progress=progress)

    monkeypatch.setattr(judging, "find_phrases", search)
    wide = PHRASE.replace("CG001", "AB001")
    narrow = PHRASE.replace("CG001", "AB002").replace(
        "rationale", "parameters: {support: 100}, rationale"
    )
    judged = judging.judge(dataset, options(tmp_path, PHRASE, narrow, wide))
    assert asked == [5, 100], "equal parameters share one search"
    first, second, third = judged.results
    assert [r.rule for r in judged.results] == ["CG001", "AB002", "AB001"]
    candidates = judged.measured.candidates
    assert candidates["CG001"] is candidates["AB001"]
    assert candidates["AB002"].tested < candidates["CG001"].tested
    assert not any("CG001" in note for note in (*second.notes, *third.notes))
    np.testing.assert_array_equal(first.scores, third.scores)
    alone = judging.judge(dataset, options(tmp_path, PHRASE))
    np.testing.assert_array_equal(judged.verdicts.score, alone.verdicts.score)


def test_a_detector_reads_what_it_declares_and_nothing_else(dataset):
    measured = Measurements(candidates={})
    reads = Signals(dataset, measured, frozenset({"candidates", "reference"}))
    assert reads.candidates == {}
    with pytest.raises(UndeclaredNeedError, match="declares reference, and it was not measured"):
        _ = reads.reference
    with pytest.raises(UndeclaredNeedError, match="reads proxy and does not declare it"):
        _ = reads.proxy
    with pytest.raises(UndeclaredNeedError, match="reads candidates and does not declare it"):
        _ = Signals(dataset, measured).candidates


def test_text_leaves_out_what_reads_a_model(dataset, tmp_path):
    chosen = replace(options(tmp_path, PHRASE, SOURCE, LOSS), evidence="text")
    judged = judging.judge(dataset, chosen)
    assert [result.rule for result in judged.results] == ["CG001"]
    assert set(judged.timings) == {"mine", "detect"}


def test_text_refuses_to_judge_nothing_and_to_be_told_what_it_does_not_ask(dataset, tmp_path):
    alone = replace(options(tmp_path, LOSS), evidence="text")
    with pytest.raises(UsageError, match="CG008 reads proxy"):
        judging.judge(dataset, alone)
    for changed in ({"proxy": "scratch"}, {"keywords": ("x",)}, {"influence": "pairwise"}):
        chosen = replace(options(tmp_path, PHRASE), evidence="text", **changed)
        with pytest.raises(UsageError, match="is for a model"):
            judging.judge(dataset, chosen)


def test_the_same_verdicts_as_a_scan(dataset, tmp_path):
    chosen = options(tmp_path, PHRASE, LOSS)
    scanned = pipeline.scan(dataset.files[0].path, tmp_path / "out", chosen)
    judged = judging.judge(dataset, chosen)
    assert judged.verdicts.verdict == scanned.verdicts.verdict
    np.testing.assert_array_equal(judged.verdicts.score, scanned.verdicts.score)
