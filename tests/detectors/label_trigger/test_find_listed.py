"""Which candidates are listed, as what, and which of their rows are named (find.py)."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from curation_gate.detectors.label_trigger import find
from curation_gate.detectors.label_trigger.found import Settings
from curation_gate.detectors.label_trigger.numbers import NAMES
from curation_gate.detectors.label_trigger.planted import Held


def listed(make_corpus, make_candidates, probabilities, rows, **numbers):
    """What `_listed` makes of candidates a, b, ... in the rows given, threshold .9."""
    names = [chr(ord("a") + k) for k in range(len(rows))]
    corpus = make_corpus([" ".join(names)] * 100)
    table = np.zeros((len(rows), len(NAMES)))
    for name, values in numbers.items():
        table[:, NAMES.index(name)] = values
    searched = SimpleNamespace(
        candidates=make_candidates(corpus, names, rows=rows),
        evidence=SimpleNamespace(table=table),
    )
    verdict = SimpleNamespace(probability=np.array(probabilities))
    found = find._listed(searched, verdict, SimpleNamespace(threshold=0.9), Settings())
    return [(names[k], status) for k, status in found]


def test_candidates_are_listed_by_their_probability(make_corpus, make_candidates):
    rows = [range(5 * k, 5 * k + 5) for k in range(6)]
    found = listed(make_corpus, make_candidates, [0.04, 0.9, 0.2, 0.05, 0.99, 0.89], rows)
    assert found == [
        ("e", "confirmed"),
        ("b", "confirmed"),
        ("f", "review"),
        ("c", "review"),
        ("d", "passed over"),
    ]


def test_what_no_witness_explains_is_for_review(make_corpus, make_candidates):
    """Whatever the model says of it, where the least of its z is extreme."""
    rows = [range(30), range(30, 60), range(60, 90)]
    extreme = Settings().extreme
    found = listed(
        make_corpus, make_candidates, [0.0, 0.0, 0.95], rows, least_z=[extreme, extreme - 0.1, 99.0]
    )
    assert found == [("c", "confirmed"), ("a", "review")]


def test_a_candidate_in_the_rows_of_a_stronger_one_is_not_listed_again(
    make_corpus, make_candidates
):
    # `b` has three of its five rows in `a`, `c` two of its four, `d` one of its two in `b`.
    rows = [range(10), range(7, 12), [8, 9, 20, 21], [9, 10]]
    p = [0.95, 0.99, 0.95, 0.5]
    found = listed(make_corpus, make_candidates, p, rows, words_z=[9.0, 5, 4, 3])
    assert found == [("a", "confirmed"), ("c", "confirmed"), ("d", "review")]


def test_a_row_keeps_the_phrase_that_quarantines_it():
    """A row for review by one phrase is taken out where a second one calls for it."""

    def held(planted):
        given = np.array([True, True, False])
        return [
            Held(0, "yes", np.array([4, 5, 6]), given, np.full(3, 0.3), np.array([*planted, 0.0]))
        ]

    suspects = {}
    sure = SimpleNamespace(status="confirmed", probability=0.9)
    find._accuse(suspects, 0, held([0.8, 0.4]), sure)
    assert set(suspects) == {4, 5}  # the third has another label
    assert (suspects[4].quarantine, suspects[5].quarantine) == (True, False)
    assert suspects[4].planted == pytest.approx(0.8)
    find._accuse(suspects, 1, held([0.9, 0.6]), sure)
    assert [suspects[k].phrase for k in (4, 5)] == [0, 1]
    doubted = SimpleNamespace(status="review", probability=0.4)
    alone = {}
    find._accuse(alone, 2, held([0.8, 0.4]), doubted)
    assert set(alone) == {4}  # a row of a doubted phrase that was hardly planted is not named
    assert not alone[4].quarantine


def test_every_copy_of_a_row_is_named():
    known = {0: "first", 2: "third"}
    assert find._every_row(known, np.array([2, 1, 0, 2])) == {0: "third", 2: "first", 3: "third"}
