"""What a model makes of the candidates: by itself, then with their siblings."""

from __future__ import annotations

from math import log2
from types import SimpleNamespace

import numpy as np
import pytest

from curation_gate.detectors.label_trigger.numbers import NAMES, NUMBERS
from curation_gate.detectors.label_trigger.verdict import SECOND, weighed
from curation_gate.detectors.verdict_model import Stage, Tree, VerdictModel, load_model


def split(number, border, low, high):
    """A tree that asks one number, and moves the log-odds by `low` or `high`."""
    return Tree(
        np.array([number, -1, -1]),
        np.array([border, 0.0, 0.0]),
        np.array([1, 0, 0]),
        np.array([2, 0, 0]),
        np.array([0.0, low, high]),
    )


MODEL = VerdictModel(
    "label",
    Stage(("purity",), -1.0, (split(0, 0.5, -2.0, 1.0),)),
    Stage(("purity", "siblings"), -3.0, (split(0, 0.5, -1.0, 1.0), split(1, 0.4, 0.0, 4.0))),
    0.9,
    "",
    {},
)


@pytest.fixture
def found(make_corpus, make_candidates, make_outcome):
    """Three candidates of one form and target: two pure ones in other rows, and an even one."""
    read = make_corpus(["aa one", "aa two", "bb one", "bb two", "cc one", "cc two"])
    table = np.zeros((3, len(NAMES)))
    table[:, NAMES.index("purity")] = [0.9, 0.9, 0.3]
    return SimpleNamespace(
        candidates=make_candidates(read, ["aa", "bb", "cc"]),
        outcomes=[make_outcome([True] * 6, [0.0] * 6), make_outcome([False] * 6, [0.0] * 6)],
        evidence=SimpleNamespace(table=table, targets=[[0], [0], [0]]),
    )


def sigmoid(x: float) -> float:
    return 1 / (1 + np.exp(-x))


def test_siblings_count_with_what_they_are_by_themselves(found):
    verdict = weighed(found, MODEL)
    # By themselves: -1 + 1 = 0 and -1 - 2 = -3 in log-odds; the third is .6 away in purity.
    pure, even, like = 0.5, sigmoid(-3), np.exp(-(0.6**2) / 2)
    expected = [log2(1 + pure + like * even)] * 2 + [log2(1 + 2 * like * pure)]
    np.testing.assert_allclose(verdict.siblings, expected)
    assert verdict.names == ("purity", "siblings")
    assert verdict.contributions.tolist() == [[1, 4], [1, 4], [-1, 4]]
    np.testing.assert_allclose(verdict.probability, [sigmoid(2), sigmoid(2), sigmoid(0)])


def test_contributions_and_intercept_are_the_log_odds(found):
    verdict = weighed(found, MODEL)
    odds = verdict.intercept + verdict.contributions.sum(axis=1)
    np.testing.assert_allclose(verdict.probability, [sigmoid(x) for x in odds])


def test_candidates_of_other_targets_are_no_siblings(found):
    found.evidence.targets = [[0], [1], []]
    verdict = weighed(found, MODEL)
    assert verdict.siblings.tolist() == [0, 0, 0]
    assert verdict.contributions[:, 1].tolist() == [0, 0, 0]


def test_no_candidates(found, make_corpus, make_candidates):
    found.candidates = make_candidates(make_corpus(["aa", "aa"]), [])
    found.evidence = SimpleNamespace(table=np.zeros((0, len(NAMES))), targets=[])
    verdict = weighed(found, MODEL)
    assert verdict.probability.shape == (0,)
    assert verdict.contributions.shape == (0, 2)


def test_the_second_stage_reads_every_number_and_the_siblings():
    assert (*NAMES, "siblings") == SECOND


def test_the_model_of_the_package_weighs_every_number_the_way_it_points():
    """Monotone as numbers.py states; siblings speak for each other."""
    model = load_model("label")
    assert model.kind == "label"
    assert 0 < model.threshold < 1
    points = {number.name: number.points for number in NUMBERS} | {"siblings": 1}
    rng = np.random.default_rng(0)
    for stage, names in ((model.first, NAMES), (model.second, SECOND)):
        assert set(stage.names) <= set(names)
        borders = [np.zeros(1) for _ in names]
        for tree in stage.trees:
            for number, border in zip(tree.number, tree.border, strict=True):
                if number >= 0:
                    at = names.index(stage.names[number])
                    borders[at] = np.append(borders[at], border)
        assert sum(len(b) > 1 for b in borders) > 10
        table = np.stack([rng.choice(np.r_[b - 1e-6, b + 1e-6], 200) for b in borders], axis=1)
        odds = stage.log_odds(names, table)
        for at, name in enumerate(names):
            more = table.copy()
            more[:, at] += rng.choice([0.01, 1.0, 10.0], 200)
            # Values are written with four digits, some hundred of them are added.
            assert (points[name] * (stage.log_odds(names, more) - odds) >= -0.02).all(), name
