"""How many rows a planted word needs: the plan, the curve, and words judged as if alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from review_sets import dataset as dataset_of
from review_sets import reviews

from curation_gate.detectors.evidence import KINDS, Kind
from curation_gate.detectors.label_trigger import floor
from curation_gate.detectors.label_trigger.evidence import NAMES
from curation_gate.detectors.label_trigger.floor import Trial, counts, crossing, margin, measure
from curation_gate.detectors.label_trigger.floor_copy import planted_copy, read
from curation_gate.detectors.label_trigger.found import Settings
from curation_gate.detectors.label_trigger.search import search
from curation_gate.detectors.label_trigger.verdict import weighed
from curation_gate.detectors.verdict_model import load_model
from curation_gate.text.corpus import read_corpus

ANY: Kind = "any row"


def trials(*pairs: tuple[int, float]) -> list[Trial]:
    return [Trial(ANY, rows, value) for rows, value in pairs]


def test_the_first_copy_tries_every_size() -> None:
    assert counts(40, 5, []) == [5, 20, 10, 5]
    assert counts(120, 5, []) == [5, 64, 32, 12, 5]
    assert counts(12, 8, []) == [8]
    assert counts(4, 5, []) == []


def test_later_copies_look_where_the_curve_crosses() -> None:
    known = trials((5, -9.0), (8, -9.0), (16, 9.0), (24, 9.0))
    half, most = crossing(known, 0.5), crossing(known, 0.9)
    assert (half, most) == (12, 15)  # halfway, and nine tenths of the way, from 8 to 16 in log
    assert counts(40, 5, known) == [12, 20, 8]
    assert counts(40, 5, trials((5, -9.0), (16, -9.0))) == [40]  # nothing caught: as many as fit
    assert counts(40, 5, trials((5, 9.0), (16, 9.0))) == [5, 6, 5, 6, 5, 6]


def test_the_curve_is_read_off_between_counts() -> None:
    at_once = trials((5, 9.0), (8, 9.0))
    assert (crossing(at_once, 0.5), crossing(at_once, 0.9)) == (5, 5)
    never = trials((5, -9.0), (120, -1.0))
    assert crossing(never, 0.5) is None
    pooled = trials((5, 9.0), (6, -9.0), (8, 9.0), (10, 9.0))  # 5 and 6 are pooled to a half
    assert (crossing(pooled, 0.5), crossing(pooled, 0.9)) == (5, 8)
    assert crossing([], 0.5) is None


def test_a_plateau_below_the_threshold_is_not_called_caught() -> None:
    flat = trials((5, -9.0), (12, 0.0), (50, 0.0), (120, 0.0))  # as often caught as not
    assert crossing(flat, 0.5) == 12
    assert crossing(flat, 0.9) is None


def test_nothing_is_planted_where_nothing_is_asked() -> None:
    corpus = read_corpus(reviews(0, each=60)[0], 5)
    model = load_model("label")
    assert measure(corpus, Settings(), model, 0) == ()


def test_same_rows_in_any_order_have_the_same_floors() -> None:
    data, _ = reviews(2, tasks=2, each=120)
    model = load_model("label")
    first = floor.trials(read_corpus(data, 5), Settings(), model, 1)
    turned = dataset_of([replace(r, index=k) for k, r in enumerate(data.rows[::-1])])
    assert floor.trials(read_corpus(turned, 5), Settings(), model, 1) == first
    assert {trial.kind for trial in first} == set(KINDS)
    other = floor.trials(read_corpus(data, 5), Settings(seed=1), model, 1)
    assert other != first


def test_a_word_is_judged_as_if_it_had_been_planted_alone() -> None:
    """Words of one form and target speak for each other as siblings, and are each other's rivals;
    a planted word has to be judged without that."""
    data, _ = reviews(5)
    model, settings = load_model("label"), Settings()
    source = read(read_corpus(data, 5), np.random.default_rng(0))
    plan: list[tuple[Kind, int]] = [("rows of another label", 10)] * 4
    copy, planted = planted_copy(source, plan, 5, np.random.default_rng(1))
    found = search(copy, support=5, candidates=300, pairs=60, seed=settings.seed)
    assert found is not None
    names = [" ".join(copy.grams.name(w) for w in p) for p in found.candidates.phrases]
    own = np.array([name == planted[0].word for name in names])
    foreign = np.array([any(w.word in name for w in planted[1:]) for name in names])
    assert own.sum() == 1
    assert foreign.sum() >= 3
    alone = floor._only(found, np.flatnonzero(~foreign))
    at = int(own[~foreign].argmax())
    whole = weighed(found, model)
    assert weighed(alone, model).siblings[at] < whole.siblings[own.argmax()]
    kept = [NAMES.index(n) for n in NAMES if n != "part_of_stronger"]
    assert (alone.evidence.table[at, kept] == found.evidence.table[own.argmax(), kept]).all()
    p = float(weighed(alone, model).probability[at])
    limit = model.threshold
    expected = np.log(p / (1 - p)) - np.log(limit / (1 - limit))
    assert margin(found, planted[0], planted, model) == pytest.approx(expected, abs=1e-6)


def test_a_word_that_is_no_candidate_is_far_below_the_threshold() -> None:
    data, _ = reviews(5, each=120)
    source = read(read_corpus(data, 5), np.random.default_rng(0))
    copy, planted = planted_copy(source, [(ANY, 12)], 5, np.random.default_rng(1))
    found = search(copy, support=13, candidates=300, pairs=0, seed=0)  # it stands in 12 rows
    assert found is not None
    assert margin(found, planted[0], planted, load_model("label")) == floor.LOST


def test_more_rows_are_caught_more_often() -> None:
    """The floor lies where words that are planted one at a time, by other draws, are caught."""
    data, _ = reviews(7)
    model, settings = load_model("label"), Settings()
    corpus = read_corpus(data, 5)
    found = {f.kind: f for f in measure(corpus, settings, model, 2)}["rows of another label"]
    assert found.half is not None
    assert found.nine_in_ten is not None
    source = read(corpus, np.random.default_rng(0))
    caught = []
    for seed in range(6):
        plan: list[tuple[Kind, int]] = [("rows of another label", found.nine_in_ten)]
        copy, planted = planted_copy(source, plan, 5, np.random.default_rng(100 + seed))
        searched = search(copy, support=5, candidates=300, pairs=60, seed=0)
        assert searched is not None
        caught.append(margin(searched, planted[0], planted, model) >= 0)
    assert sum(caught) >= 4
