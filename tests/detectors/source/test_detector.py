from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models import make_row

from curation_gate.detectors.label_trigger.found import Found
from curation_gate.detectors.source import detector as source
from curation_gate.detectors.source.compare import compare, groups
from curation_gate.reference.record import ReferenceScores
from curation_gate.rows.record import DataFile, Dataset

LABELS = ("negative", "positive")


@dataclass
class FakeRule:
    id: str = "CG007"
    severity: str = "review"
    parameters: dict[str, Any] = field(
        default_factory=lambda: {"alpha": 0.05, "draws": 100, "support": 8, "ratio": 2.0}
    )


@dataclass
class FakeSignals:
    dataset: Dataset
    reference: ReferenceScores | None
    candidates: dict[str, Found] = field(default_factory=dict)


def scene(
    seed: int, *, sources: int = 12, each: int = 50, flipped: int = 0, noisy: float = 0.0,
    balance: bool = False,
):  # fmt: skip
    """Return a dataset whose source s0 has `flipped` rows of the wrong label, and its reference."""
    rng = np.random.default_rng(seed)
    rows, table = [], []
    for s in range(sources):
        share = rng.uniform(0.1, 0.9) if balance else 0.5
        for k in range(each):
            truth = int(rng.random() < share)
            margin = rng.normal(2.0, 1.5) * (1 if truth else -1)
            p = 1 / (1 + np.exp(-margin))
            label = truth
            if s == 0 and k < flipped and truth == 0:
                label = 1
            elif s == 0 and rng.random() < noisy:
                label = 1 - truth
            row = make_row(len(rows), f"text {s} {k}", LABELS[label])
            rows.append(replace(row, source=f"user{s}"))
            table.append((1 - p, p))
    return finish(rows, np.array(table))


def finish(rows, table):
    file = DataFile(Path("a.jsonl"), "jsonl", "alpaca", {}, len(rows), "0")
    task = rows[0].task
    dataset = Dataset((file,), tuple(rows), tuple({} for _ in rows), {task: LABELS}, "00")
    every = np.arange(len(rows))
    given_ = np.array([LABELS.index(r.output) for r in rows])
    nothing = np.full(len(rows), np.nan, dtype=np.float32)
    reference = ReferenceScores(
        table[every, given_],
        {task: table},
        {task: every},
        {task: 1.0},
        {task: 0.9},
        nothing,
        nothing,
    )
    return dataset, reference


def named(result) -> set[str]:
    return {reason.evidence["source"] for reason in result.reasons.values()}


def test_a_source_that_plants_is_named_with_its_counts():
    dataset, reference = scene(0, flipped=50)
    result = source.detect(FakeSignals(dataset, reference), FakeRule())
    assert named(result) == {"user0"}
    row, reason = next(iter(result.reasons.items()))
    assert reason.message.startswith('source "user0": ')
    assert f"{len(result.reasons)} of 50 rows carry a label the reference gives" in reason.message
    assert ", all of them positive" in reason.message or "of them positive" in reason.message
    assert reason.evidence["disowned"] == len(result.reasons)
    assert reason.evidence["expected"] < reason.evidence["disowned"] / 2
    assert json.loads(json.dumps(reason.evidence)) == reason.evidence
    assert all(dataset.rows[k].source == "user0" for k in result.reasons)
    assert result.scores[row] > 0
    assert np.count_nonzero(result.scores) == len(result.reasons)


def test_a_careless_source_is_named_too():
    dataset, reference = scene(1, each=100, noisy=0.4)
    assert named(source.detect(FakeSignals(dataset, reference), FakeRule())) == {"user0"}


def test_honest_sources_raise_at_most_the_error_rate():
    alarms = sum(
        bool(source.detect(FakeSignals(*scene(seed)), FakeRule()).reasons)
        for seed in range(100, 140)
    )
    assert alarms <= 4


def test_honest_sources_of_unequal_label_balance_are_not_named():
    alarms = sum(
        bool(source.detect(FakeSignals(*scene(seed, balance=True)), FakeRule()).reasons)
        for seed in range(200, 240)
    )
    assert alarms <= 4


def test_rows_without_a_source_are_what_a_single_source_is_compared_with():
    dataset, reference = scene(2, flipped=50)
    rows = [r if r.source == "user0" else replace(r, source=None) for r in dataset.rows]
    alone = replace(dataset, rows=tuple(rows))
    assert named(source.detect(FakeSignals(alone, reference), FakeRule())) == {"user0"}


def test_a_task_name_that_parts_rows_of_one_task_is_a_source():
    dataset, reference = scene(3, flipped=50)
    task = dataset.rows[0].task
    rows = [
        replace(r, source=None, named="extra" if r.source == "user0" else task)
        for r in dataset.rows
    ]
    named_apart = replace(dataset, rows=tuple(rows))
    result = source.detect(FakeSignals(named_apart, reference), FakeRule())
    assert named(result) == {"extra"}
    assert {reason.evidence["kind"] for reason in result.reasons.values()} == {"task name"}


def test_files_are_sources_where_there_are_several():
    dataset, reference = scene(3, flipped=50)
    rows = [replace(r, file=int(r.source != "user0"), source=None) for r in dataset.rows]
    files = tuple(replace(dataset.files[0], path=Path(f"part{k}.jsonl")) for k in range(2))
    split = replace(dataset, rows=tuple(rows), files=files)
    result = source.detect(FakeSignals(split, reference), FakeRule())
    assert named(result) == {"part0.jsonl"}
    assert next(iter(result.reasons.values())).message.startswith('file "part0.jsonl": ')


def test_addresses_are_grouped_by_site():
    dataset, _ = scene(4, sources=2, each=4)
    rows = [replace(r, source=f"https://{r.source}.example/{r.index}") for r in dataset.rows]
    kinds = {(g.kind, len(g.rows)) for g in groups(replace(dataset, rows=tuple(rows)))}
    assert kinds == {("source", 1), ("site", 4)}
    odd = replace(dataset, rows=(replace(rows[0], source="http://[bad"), *rows[1:]))
    assert ("source", 1) in {(g.kind, len(g.rows)) for g in groups(odd)}


@pytest.mark.parametrize("what", ["one source", "free text"])
def test_nothing_to_compare_is_said(what):
    dataset, reference = scene(5, sources=1)
    if what == "free text":
        reference = replace(reference, rows={}, probabilities={})
    result = source.detect(FakeSignals(dataset, reference), FakeRule())
    assert not result.reasons
    assert "compared no sources" in result.notes[0]
    assert not result.scores.any()


@given(seed=st.integers(0, 10_000), sources=st.integers(1, 9), each=st.integers(1, 25))
@settings(max_examples=40, deadline=None)
def test_any_sources_give_sane_numbers(seed, sources, each):
    rng = np.random.default_rng(seed)
    dataset, reference = scene(
        seed, sources=sources, each=each, flipped=int(rng.integers(each + 1))
    )
    found = compare(dataset, reference, support=3, alpha=0.05, draws=20, rng=rng)
    for one in found.sources:
        rows = set(one.group.rows.tolist())
        assert set(one.judged.tolist()) <= rows
        assert set(one.disowned.tolist()) <= set(one.judged.tolist())
        assert 0 <= one.expected <= len(one.judged)
        assert np.isfinite(one.z)
    assert [c.z for c in found.sources] == sorted((c.z for c in found.sources), reverse=True)


def test_the_order_of_rows_does_not_change_the_statistic():
    dataset, reference = scene(6, flipped=30)
    order = np.random.default_rng(0).permutation(len(dataset))
    rows = [replace(dataset.rows[k], index=i) for i, k in enumerate(order.tolist())]
    mixed = finish(rows, reference.probabilities["polarity"][order])
    options = {"support": 8, "alpha": 0.05, "draws": 20}
    first = compare(dataset, reference, **options, rng=np.random.default_rng(0))
    second = compare(*mixed, **options, rng=np.random.default_rng(0))
    assert [(c.group.name, round(c.z, 6)) for c in first.sources] == [
        (c.group.name, round(c.z, 6)) for c in second.sources
    ]
