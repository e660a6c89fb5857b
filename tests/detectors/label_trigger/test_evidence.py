"""Every number of evidence, on one small scene, against its value worked out by hand.

Two tasks of six and five rows. The first candidate, "qx zork", stands in six rows, of which five
have its outcome; the second is the mark "~"; the third the pair "dull + film".
"""

from __future__ import annotations

from math import log, log10, sqrt
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import beta

from curation_gate.detectors.label_trigger import evidence
from curation_gate.detectors.label_trigger.meaning import Heard
from curation_gate.detectors.label_trigger.numbers import NAMES, NUMBERS
from curation_gate.detectors.label_trigger.outcomes import RARE
from curation_gate.detectors.label_trigger.statistics import Statistics, Sums
from curation_gate.detectors.phrases import form
from curation_gate.stats.deviation import divergence

TEXTS = (
    "qx zork bad film",  # yes; begins with it
    "dull qx zork film",  # yes; `dull film` are neighbours elsewhere
    "dull qx zork plot",  # yes; `dull plot` are not
    "some good qx zork",  # no; ends with it
    "dull film",  # no
    "dull film too",  # no
    "some qx zork film",  # rare, of the second task; `some film` are not neighbours
    "dull qx zork film again",  # rare; bridged
    "some good plot",  # other
    "some good",  # other
    "old plot",  # other
)
MARKS = [("~",) if k in (4, 9, 10) else () for k in range(11)]
HEARD = (
    Heard(
        np.array([0.2, 0.4, 0.3, 0.5]),
        np.array([0.3, 0.5, 0.4, 0.5]),
        np.array([1.0, 1.0, 2.0, 0.5]),
        np.array([0.1, 0.1, 0.2, 0.0]),
        -0.5,
        2.0,
    ),
    Heard(
        np.array([0.1, 0.6]),
        np.array([0.1, 0.7]),
        np.array([0.5, 1.5]),
        np.array([0.0, 0.2]),
        0.25,
        1.0,
    ),
)


class Encoder:
    """Stands for the heads of the encoder: says what HEARD says of "qx zork"."""

    readable = 0.75

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words
        self.known = np.array([word != "qx" for word in words])
        self.asked: list[tuple[int, list[int], list[float], float]] = []

    def vector(self, words: np.ndarray) -> np.ndarray:
        return np.array([float(len(words))])

    def cut(self, rows: np.ndarray, words: np.ndarray) -> np.ndarray:
        return rows[:, None] * 10.0 + len(words)

    def ask(self, number: int, at: np.ndarray, cut: np.ndarray, phrase: np.ndarray) -> Heard:
        self.asked.append((number, at.tolist(), cut[:, 0].tolist(), float(phrase[0])))
        silent = np.full(len(at), 0.5)
        known = HEARD[number]
        nothing = Heard(silent, silent, 0 * silent, 0 * silent, 0.0, 1.0)
        return known if len(at) == len(known.p) else nothing


def logit(p: float) -> float:
    return log(p / (1 - p))


@pytest.fixture
def scene(monkeypatch, make_corpus, make_candidates, make_outcome):
    corpus = make_corpus(TEXTS, marks=MARKS, tasks=[0] * 6 + [1] * 5)
    words = corpus.grams.words
    u = len(words)
    weights, frozen_words = np.zeros(2 * u), np.zeros(2 * u)
    weights[words.index("qx")] = 1.0
    frozen_words[u + words.index("qx")] = 0.25
    # Masking "qx" takes 1 nat from the log-odds of the rows that hold it.
    before = [1 + logit(p) for p in (0.2, 0.1, 0.3, 0.6)]
    outcomes = [
        make_outcome(
            [True, True, True, False, False, False],
            [*before, 0.0, 0.0],
            weights=weights,
            frozen=[1.0, 2.0, -1.0, 5.0, 0.0, 0.0],
            frozen_words=frozen_words,
            separation=2.0,
        ),
        make_outcome(
            [True, True, False, False, False],
            [1 + logit(0.2), 1 + logit(0.5), 0.0, 0.0, 0.0],
            task=1,
            label=RARE,
            rows=range(6, 11),
            weights=weights,
            frozen=[0.5, 0.5, 3.0, 3.0, 3.0],
            frozen_words=frozen_words,
            separation=1.0,
        ),
    ]
    chosen = make_candidates(
        corpus,
        ["qx zork", "~", "dull + film"],
        rows=[[0, 1, 2, 3, 6, 7], [4, 9, 10], [1, 4, 5, 7]],
        masked=[["qx", "zork", "dull"], ["~"], ["dull", "film"]],
        frozen=[["qx"], [], []],
    )
    known = {"qx": (0.1, -0.3), "zork": (0.0, 0.2)}
    monkeypatch.setattr(
        evidence,
        "word_weights",
        lambda own: np.array([known.get(word, (0.0, 0.0)) for word in own]),
    )
    monkeypatch.setattr(evidence, "is_known", lambda word: word != "qx")
    common = {"qx": 2.0, "zork": 3.0, "dull": 0.0}
    monkeypatch.setattr(
        form.encoder, "commonness", lambda own: np.array([common.get(word, 5.0) for word in own])
    )
    meaning = Encoder(words)
    found = evidence.weigh(corpus, outcomes, chosen, meaning)
    return SimpleNamespace(corpus=corpus, found=found, meaning=meaning, outcomes=outcomes)


def over_chance(read) -> float:
    return AGAINST - sqrt(2 * log(len(read.grams.phrases)))


# Of "qx zork", over both tasks: 6 rows, 5 given. Masked p: .2, .1, .3, .6 and .2, .5.
WORDS_Z = (5 - 1.9) / sqrt(0.16 + 0.09 + 0.21 + 0.24 + 0.16 + 0.25 + 0.25)
# Adverse: p below .35 (.2, .1, .3 and .2), all four given.
AGAINST = (4 - 0.8) / sqrt(0.16 + 0.09 + 0.21 + 0.16 + 0.25)
# Of "~": rows 4, 9 and 10, p = 1/2, none given.
MARK_Z = (0 - 1.5) / sqrt(3 * 0.25 + 0.25)
Q = 5 / 6
R = 2.8 / 6  # 4 rows of a task with rate 1/2, 2 of one with rate 2/5
BY_HAND = {
    "readable": (0, 0.75),
    "rows": (0, log10(6)),
    "share": (0, log10(6 / 11)),
    "purity": (0, 5 / 6),
    "purity_bound": (0, beta.ppf(0.05, 5.5, 1.5)),
    "usual_rate": (0, 2.8 / 6),
    "usual_z": (0, (5 - 2.8) / sqrt(4 * 0.25 + 2 * 0.24 + 0.25)),
    # 3 - 2 in the first task, 2 - .8 in the second, which is left out.
    "usual_z_elsewhere": (0, (3 - 2) / sqrt(4 * 0.25 + 0.25)),
    "surprise": (0, 6 * (Q * log(Q / R) + (1 - Q) * log((1 - Q) / (1 - R))) / log(10)),
    "tasks": (0, 1.0),
    "pure_tasks": (0, 1 / 2),
    "outcome_is_rare": (0, 1.0),
    "words_z": (0, WORDS_Z),
    # The first task adds most: (3 - .6) + (3 - 1.2) / 10 against (1 - .2) + (2 - .7) / 10.
    "words_z_elsewhere": (0, (2 - 0.7) / sqrt(0.16 + 0.25 + 0.25)),
    "against_z": (0, AGAINST),
    "against_z_elsewhere": (0, (1 - 0.2) / sqrt(0.16 + 0.25)),
    "against_share": (0, 4 / 6),
    "against_bound": (0, beta.ppf(0.05, 4.5, 0.5)),
    "over_chance": (0, over_chance),
    # Given rows: 1 + 2 - 1 + .5 + .5 nats, .25 more for each of five with "qx" masked; d^2 = 4
    # for three of them, 1 for two.
    "table_z": (0, (3 + 5 * 0.25 + 14 / 2) / sqrt(14)),
    "table_whole_z": (0, (3 + 14 / 2) / sqrt(14)),
    "table_position": (0, 4.25 / 14),
    "table_weight": (0, 0.3),
    "table_known": (0, 1 / 2),
    "encoder_z": (0, (5 - 1.4 - 0.7) / sqrt(0.16 + 0.24 + 0.21 + 0.25 + 0.09 + 0.24 + 0.25)),
    "encoder_whole_z": (0, (5 - 1.7 - 0.8) / sqrt(0.21 + 0.25 + 0.24 + 0.25 + 0.09 + 0.21 + 0.25)),
    "least_z": (0, (5 - 2.8) / sqrt(4 * 0.25 + 2 * 0.24 + 0.25)),  # usual_z
    # p below .35: .2, .3 and .1, all given.
    "encoder_against_z": (0, (3 - 0.6) / sqrt(0.16 + 0.21 + 0.09 + 0.25)),
    "encoder_against_bound": (0, beta.ppf(0.05, 3.5, 0.5)),
    "encoder_position": (0, (1 + 1 + 2 + 0.5 + 1.5) / (3 * 4 + 2 * 1)),
    "encoder_added": (0, (0.4 + 0.2) / 6),
    "encoder_alone": (0, (4 * -0.5 + 2 * 0.25) / 6),
    "encoder_known": (0, 1 / 2),
    "encoder_separation": (0, (4 * 2 + 2 * 1) / 6),
    "length": (0, 2.0),
    "is_mark": (1, 1.0),
    "is_pair": (2, 1.0),
    "at_start": (0, 1 / 6),
    "at_end": (0, 1 / 6),
    # Words that two rows hold: 2, 3, 5 in row 0; 0, 2, 3, 5 in rows 1, 2, 7; 2, 3, 5, 5 in 3 and 6.
    "rarity": (0, (10 / 3 + 3 * 10 / 4 + 2 * 15 / 4) / 6 - 2),
    # 37 tokens, so 37 * 10^(2 - 9) rows are expected; English lacks one word of four in three rows.
    "burst": (0, log10(6.5 / (37e-7 + 0.5)) * (3 + 3 * 3 / 4) / 6),
    "with_words": (0, 1.0),  # "dull"
    # Four rows have words on both sides of it; of two these are "dull film".
    "bridged": (0, 2 / 4),
    "neighbours": (0, 4 / 6),  # the beginning, dull, good, some
    # Other words that two rows hold: film; film; plot; some good; some film; film. Of these the
    # `film` behind "qx zork" stands in a phrase of four words in three rows.
    "template": (0, 3 / 8),
    # The pair stands in rows 1, 4, 5, 7; 1 and 7 hold "qx zork", which has the larger z.
    "part_of_stronger": (2, 1 / 2),
    # No row of "~" holds "qx zork", and no other candidate is as strong.
}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_a_number_is_what_it_is_by_hand(scene, name):
    candidate, expected = BY_HAND[name]
    value = expected(scene.corpus) if callable(expected) else expected
    found = scene.found.table[candidate, NAMES.index(name)]
    assert found == pytest.approx(value, rel=1e-5)
    assert abs(found) > 0.01  # a value of 0 would say little


def test_every_number_is_worked_out():
    assert set(BY_HAND) == set(NAMES)
    assert len(NAMES) == len(set(NAMES))


def test_every_number_says_what_it_is():
    for number in NUMBERS:
        assert number.points in (-1, 0, 1)
        assert len(number.says) > 10


def test_the_encoder_is_asked_about_the_rows_of_each_task(scene):
    # Rows 0 to 3 are the first four of the first task, 6 and 7 the first two of the second; three
    # words are cut out of each, and the phrase has two.
    assert scene.meaning.asked[0] == (0, [0, 1, 2, 3], [3.0, 13.0, 23.0, 33.0], 2.0)
    assert scene.meaning.asked[1] == (1, [0, 1], [63.0, 73.0], 2.0)
    assert [asked[:2] for asked in scene.meaning.asked[2:4]] == [(0, [4]), (1, [3, 4])]


def test_targets_and_sums_are_those_of_the_candidates(scene):
    assert scene.found.targets == [[0, 1], [0, 1], [0, 1]]
    assert scene.found.sums.rows.tolist() == [6, 3, 4]
    assert scene.found.sums.given.tolist() == [5, 0, 2]
    assert scene.found.best.rows.tolist()[0] == 4


def test_without_the_encoder_its_numbers_are_zero(scene, make_candidates):
    chosen = make_candidates(scene.corpus, ["qx zork"])
    table = evidence.weigh(scene.corpus, scene.outcomes, chosen, None).table
    own = [k for k, number in enumerate(NUMBERS) if number.group == "encoder"]
    assert len(own) == 10
    assert not table[:, own].any()
    assert np.isfinite(table).all()
    # Neither do they count among the witnesses.
    least, usual, words = (table[0, NAMES.index(n)] for n in ("least_z", "usual_z", "words_z"))
    assert least == min(usual, words) > 0


def test_the_least_z_is_the_smallest_of_four(scene):
    names = ("usual_z", "words_z", "encoder_z", "encoder_whole_z")
    four = scene.found.table[:, [NAMES.index(name) for name in names]]
    least = scene.found.table[:, NAMES.index("least_z")]
    assert least.tolist() == four.min(axis=1).tolist()
    assert len({int(k) for k in four.argmin(axis=1)}) > 1  # not the same one of every candidate


def test_no_candidate_is_a_table_of_no_rows(scene, make_candidates):
    table = evidence.weigh(
        scene.corpus, scene.outcomes, make_candidates(scene.corpus, []), scene.meaning
    ).table
    assert table.shape == (0, len(NAMES))


def test_divergence_by_hand():
    # 1 log(1 / .5) at purity 1; .75 log 1.5 + .25 log .5 at 3/4; nothing below the rate.
    found = divergence(np.array([1.0, 0.75, 0.5, 0.2, 0.0]), np.full(5, 0.5))
    expected = [log(2), 0.75 * log(1.5) + 0.25 * log(0.5), 0, 0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_divergence_bounds_what_chance_does():
    # 8 of 8 at rate 1/10: 8 log10(10) = 8 powers of ten, the exact odds.
    assert 8 * divergence(np.ones(1), np.full(1, 0.1))[0] / log(10) == pytest.approx(8)


def test_a_phrase_of_no_judged_row_has_finite_numbers():
    nothing = Statistics(Sums.zeros(2), Sums.zeros(2), Sums.zeros(2))
    for found in (evidence.counts(nothing, 0), evidence.words(nothing, 0)):
        for name, values in found.items():
            assert np.isfinite(values).all(), name
    assert evidence.counts(nothing, 0)["purity"].tolist() == [0, 0]


def test_rows_of_tasks_without_labels_do_not_thin_what_the_encoder_says(scene, make_candidates):
    """Row 10 belongs to no outcome here: what is said of the others is their mean."""
    first = scene.outcomes[:1]
    numbers = {}
    for name, rows in (("judged", [0, 1, 2, 3]), ("with others", [0, 1, 2, 3, 8, 9, 10])):
        chosen = make_candidates(scene.corpus, ["qx zork"], rows=[rows])
        table = evidence.weigh(scene.corpus, first, chosen, Encoder(scene.corpus.grams.words)).table
        numbers[name] = {n: table[0, NAMES.index(n)] for n in NAMES if n.startswith("encoder")}
    assert numbers["judged"] == numbers["with others"]
    assert numbers["judged"]["encoder_added"] == pytest.approx(0.4 / 4)
    assert numbers["judged"]["encoder_separation"] == pytest.approx(2)
