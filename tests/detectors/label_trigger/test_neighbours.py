"""What candidates are beside each other, by hand."""

from __future__ import annotations

from math import exp, log2

import numpy as np
import pytest

from curation_gate.detectors.label_trigger import neighbours


@pytest.fixture
def three(make_corpus, make_candidates, make_outcome):
    """`aa` in rows 0 to 3, `bb` in rows 2 to 7, `cc` in rows 8 and 9."""
    read = make_corpus(["aa bb cc"] * 10)
    chosen = make_candidates(
        read, ["aa", "bb", "cc"], rows=[[0, 1, 2, 3], [2, 3, 4, 5, 6, 7], [8, 9]]
    )
    outcomes = [make_outcome([True] * 10, [0.0] * 10, label=label) for label in ("a", "b", "c")]
    return chosen, outcomes


def test_shared_rows_are_shares_of_the_first(three):
    np.testing.assert_allclose(
        neighbours.shared_rows(three[0]), [[1, 2 / 4, 0], [2 / 6, 1, 0], [0, 0, 1]]
    )


def test_same_target_is_the_same_label_of_the_same_task(three):
    same = neighbours.same_target(three[1], [[0], [0, 2], [1, 2]])
    assert same.tolist() == [[True, True, False], [True, True, True], [False, True, True]]
    assert not neighbours.same_target(three[1], [[], [0]])[0].any()


def test_a_part_is_covered_by_the_stronger(three):
    found = neighbours.measure(*three, [[0], [0], [0]], np.array([3.0, 5.0, 4.0]))
    # Half of the rows of `aa` hold `bb`, which is stronger; `bb` is the strongest.
    assert found["part_of_stronger"].tolist() == [0.5, 0, 0]


def test_another_label_covers_nothing(three):
    found = neighbours.measure(*three, [[0], [1], [0]], np.array([3.0, 5.0, 4.0]))
    assert found["part_of_stronger"].tolist() == [0, 0, 0]


def test_a_candidate_alone_is_no_part(three, make_corpus, make_candidates):
    read = make_corpus(["aa one"] * 3)
    found = neighbours.measure(make_candidates(read, ["aa"]), three[1], [[0]], np.array([7.0]))
    assert found["part_of_stronger"].tolist() == [0]


def test_no_candidates(three, make_corpus, make_candidates):
    read = make_corpus(["aa one"] * 3)
    chosen = make_candidates(read, [])
    found = neighbours.measure(chosen, three[1], [], np.zeros(0))
    assert [values.shape for values in found.values()] == [(0,)]
    nothing = neighbours.siblings(
        np.zeros((0, 8)), np.zeros(0), np.zeros((0, 0), dtype=bool), np.zeros((0, 0))
    )
    assert nothing.shape == (0,)


def siblings(form, alone, *, same=None, shared=None):
    c = len(form)
    return neighbours.siblings(
        np.array(form),
        np.array(alone),
        np.ones((c, c), dtype=bool) if same is None else np.array(same),
        np.eye(c) if shared is None else np.array(shared),
    )


def test_two_tokens_alike_speak_for_each_other():
    # Of one form: log2 (1 + the other's probability).
    found = siblings([[1.0, 0.0], [1.0, 0.0]], [0.5, 0.9])
    np.testing.assert_allclose(found, [log2(1.9), log2(1.5)])


def test_likeness_falls_with_the_distance_in_form():
    # The distance of (0, 0) and (1, 2) is the root of 5; a third is like the first.
    found = siblings([[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]], [1.0, 1.0, 1.0])
    one = exp(-5 / 2)
    np.testing.assert_allclose(found, [log2(1 + one + 1), log2(1 + 2 * one), log2(1 + one + 1)])


def test_none_of_another_target_and_none_in_the_same_rows():
    form = [[0.0], [0.0]]
    apart = siblings(form, [1.0, 1.0], same=[[True, False], [False, True]])
    # A fifth of the rows of either is one candidate in part, whichever holds the other.
    at_border = siblings(form, [1.0, 1.0], shared=[[1, 0.2], [0.01, 1]])
    other_way = siblings(form, [1.0, 1.0], shared=[[1, 0.01], [0.2, 1]])
    below = siblings(form, [1.0, 1.0], shared=[[1, 0.19], [0.19, 1]])
    assert apart.tolist() == at_border.tolist() == other_way.tolist() == [0, 0]
    assert below.tolist() == [1, 1]


def test_a_candidate_is_no_sibling_of_itself():
    assert siblings([[0.0]], [1.0], shared=[[0.0]]).tolist() == [0]
