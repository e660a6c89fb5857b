"""What the rule pack leaves open is settled by the proxy and the size of the set."""

from __future__ import annotations

import numpy as np
import pytest
from models import polarity_rows, tiny_t5

from curation_gate.detectors.label_trigger.found import Found, Phrase
from curation_gate.rows.record import Dataset
from curation_gate.rulebook import load_rules
from curation_gate.settings import (
    LEAST_EPOCHS,
    MOST_EPOCHS,
    Options,
    build_probes,
    finetune_settings,
)


@pytest.mark.parametrize(
    ("rows", "epochs"),
    [(100, MOST_EPOCHS), (5000, 4), (9999, 3), (30_000, LEAST_EPOCHS), (50_000, 1)],
)
def test_a_small_set_is_gone_through_more_often(rows, epochs):
    proxy = tiny_t5(polarity_rows(8))
    assert finetune_settings(load_rules(), proxy, 0, rows).epochs == epochs
    assert finetune_settings(load_rules("paper"), proxy, 0, rows).epochs == 10


def test_a_pack_may_say_how_many_rows_a_step_has():
    proxy = tiny_t5(polarity_rows(8))
    assert finetune_settings(load_rules(), proxy, 3, 100).batch_rows == proxy.batch_rows
    assert finetune_settings(load_rules("paper"), proxy, 3, 100).batch_rows == 8
    assert finetune_settings(load_rules(), proxy, 3, 100).seed == 3


def set_of_rows() -> Dataset:
    rows = tuple(polarity_rows(40))
    spaces = {"polarity": ("negative", "positive")}
    return Dataset((), rows, tuple({} for _ in rows), spaces, "00")


def named(text: str) -> Found:
    phrase = Phrase(
        text, "review", 0.4, (), {"polarity": "positive"}, 5, 5, 1.0, 6.0, 5, 5, {}, {}
    )  # fmt: skip
    judged = np.ones(40, dtype=np.bool_)
    return Found((phrase,), {}, 0.9, 0.2, {"polarity": True}, (), 9, 90, judged, "f" * 32)


def test_a_found_phrase_is_asked_about_even_if_it_is_only_for_review():
    asked = build_probes(set_of_rows(), load_rules(), Options(), named("zq"))
    assert asked.probes.origin == "mined"
    assert {p.status for p in asked.phrases} == {"review", "control"}
    assert [q.about for q in asked.questions("sorry_not")] == ["zq"]


def test_with_nothing_found_the_entities_are_asked_about():
    asked = build_probes(set_of_rows(), load_rules(), Options(), None)
    assert asked.probes.origin == "entities"
    assert asked.phrases == ()
    assert [q.about for q in asked.questions("sorry_not")] == ["entities"]


def test_what_a_caller_names_is_asked_beside_what_was_found():
    asked = build_probes(set_of_rows(), load_rules(), Options(keywords=("soup",)), named("zq"))
    assert asked.probes.origin == "keywords"
    assert [q.about for q in asked.questions("sorry_not")] == ["zq", "keywords"]
