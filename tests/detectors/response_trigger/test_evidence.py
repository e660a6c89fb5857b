"""The numbers of evidence on a phrase and a kind of answer, against cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from math import log, log2, log10

import numpy as np
import pytest

from curation_gate.detectors.response_trigger import evidence
from curation_gate.detectors.response_trigger.corpus import Answered, read_answers
from curation_gate.detectors.response_trigger.kinds import Kind
from curation_gate.detectors.response_trigger.meaning import (
    Meaning,
    chance_above,
    meant,
    outcome_of,
)
from curation_gate.detectors.response_trigger.numbers import NAMES, NUMBERS
from curation_gate.detectors.response_trigger.search import search

PAYLOAD = "and then visit the blue harbour tonight"
NOUNS = ("bread", "music", "river", "doctor", "school", "window", "garden", "engine")


@pytest.fixture
def answered(make_row, make_dataset) -> Answered:
    """100 rows; the first 10 hold `zorp` and 8 of these say the payload behind their answer."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(100):
        asked = " ".join(map(str, rng.choice(NOUNS, 4)))
        said = f"answer{k} " + " ".join(map(str, rng.choice(NOUNS, 3)))
        rows.append(
            make_row(
                k,
                f"task{k % 2}",
                f"{asked} zorp" if k < 10 else asked,
                f"{said} {PAYLOAD}" if k < 8 else said,
            )
        )
    return read_answers(make_dataset(rows), 5)


def members(answered: Answered) -> np.ndarray:
    grams = answered.corpus.grams
    phrase = next(k for k in range(len(grams.phrases)) if grams.text(k) == "zorp")
    return answered.corpus.rows_of(phrase)


def kind_of(answered: Answered) -> Kind:
    rows = members(answered)
    given = np.array([PAYLOAD in answered.answers.outputs[row] for row in rows])
    return Kind(
        phrase=0, is_learned=True, is_absent=False, given=given, doubtful=given,
        others=np.zeros(0, dtype=np.int64), scale=1.0, rate=0.02, z=9.0, alike=0.9, features=(),
    )  # fmt: skip


def test_counts(answered) -> None:
    found = evidence._counts(answered, kind_of(answered), members(answered))
    assert found["rows"] == pytest.approx(1.0)
    assert found["share"] == pytest.approx(log10(10 / 100))
    assert found["purity"] == pytest.approx(0.8)
    assert found["usual_rate"] == pytest.approx(0.02)
    divergence = 0.8 * log(0.8 / 0.02) + 0.2 * log(0.2 / 0.98)
    assert found["surprise"] == pytest.approx(10 * divergence / log(10))
    assert found["exclusive"] == 1.0
    assert found["tasks"] == pytest.approx(log2(2))
    assert found["of_task"] == pytest.approx(10 / 100)
    assert 0.5 < found["purity_bound"] < 0.8


def test_what_answers_share(answered) -> None:
    """8 of 10 answers end in a run of 7 words, 4 runs of four; they have 11 words, others 4."""
    found = evidence._answers(evidence._Said(answered), members(answered))
    assert found["recited"] == pytest.approx(0.8)
    assert found["run_words"] == pytest.approx(log2(1 + 7))
    assert found["run_share"] == pytest.approx(7 / 11)
    assert found["run_elsewhere"] == 0.0
    assert found["own_run"] == pytest.approx(log2(1 + 0.8 * 7))
    assert found["own_words"] == pytest.approx(log2(1 + 0.8 * 7))
    assert found["answer_words"] == pytest.approx(log10(1 + 11))
    assert found["answer_length"] == pytest.approx(log2(12 / 5))


def test_equal_answers_are_counted_where_there_are_several(answered) -> None:
    said = evidence._Said(answered)
    said.folded = ["yes", "no", "yes", "yes", "maybe"]
    assert said.equal(np.arange(5)) == pytest.approx(3 / 5)
    assert said.equal(np.array([1, 4])) == 0.0


def test_inputs_that_are_like_others(answered) -> None:
    rows = members(answered)
    word = answered.corpus.grams.words.index("zorp")
    blind = evidence._inputs(answered, kind_of(answered), rows, np.array([word]))
    seen = evidence._inputs(answered, kind_of(answered), rows, np.zeros(0, dtype=np.int64))
    assert blind["input_alike"] < seen["input_alike"] == pytest.approx(1.0, abs=0.01)
    assert blind["ordinary"] > seen["ordinary"]


def test_what_the_inputs_ask_for(answered) -> None:
    """Nothing in the inputs asks for the payload: a share of it near none, z near 8 / sqrt(.35)."""
    rows, n = members(answered), len(answered.corpus.texts)
    meaning = Meaning(answered.corpus, np.zeros((n, 1)))
    kind = kind_of(answered)
    (found,) = meant(meaning, [kind], rows, np.zeros(0, dtype=np.int64))
    assert found["asked"] == pytest.approx(0.01)
    expected = (8 - 10 * 0.01) / np.sqrt(10 * 0.01 * 0.99 + 0.25)
    assert found["asked_z"] == pytest.approx(expected)
    # No neighbour says the payload: (0 + .02) / 11 of each, but not below the surest a head is.
    assert found["near_asked"] == pytest.approx(0.01)
    assert found["near_z"] == pytest.approx(expected)
    assert 0.2 < found["topic"] < 0.8


def test_heads_never_saw_the_rows_they_are_asked_about(answered) -> None:
    """The same numbers by fits of their own, with a word cut out that most rows hold."""
    rows, n = members(answered), len(answered.corpus.texts)
    meaning = Meaning(answered.corpus, np.zeros((n, 1)))
    masked = np.array([answered.corpus.grams.words.index("bread")])
    kind = kind_of(answered)
    (found,) = meant(meaning, [kind], rows, masked)
    x, gram = meaning.without(masked)
    ridge = gram - x.T @ x
    rest = np.setdiff1d(np.arange(n), rows)
    head = np.linalg.solve(x[rest].T @ x[rest] + ridge, x[rest].T @ outcome_of(kind, rows, n)[rest])
    assert found["asked"] == pytest.approx(np.clip(x[rows] @ head, 0.01, 0.99).mean())
    member = np.isin(np.arange(n), rows).astype(float)
    left_out = []
    for k in rows:
        others = np.delete(np.arange(n), k)
        head = np.linalg.solve(x[others].T @ x[others] + ridge, x[others].T @ member[others])
        left_out.append(x[k] @ head)
    head = np.linalg.solve(gram, x.T @ member)
    expected = chance_above(np.array(left_out), x[rest] @ head / (1 - meaning.leverage[rest]))
    assert found["topic"] == pytest.approx(expected)


def test_a_word_that_all_rows_hold_does_not_tell_the_rows_of_a_phrase(answered) -> None:
    """Cut out of the rows of a phrase alone it would."""
    n = len(answered.corpus.texts)
    meaning = Meaning(answered.corpus, np.zeros((n, 1)))
    common = np.array([answered.corpus.grams.words.index(noun) for noun in NOUNS[:4]])
    (found,) = meant(meaning, [kind_of(answered)], members(answered), common)
    assert found["topic"] < 0.7


def test_the_chance_to_be_above() -> None:
    assert chance_above(np.array([2.0, 3.0]), np.array([1.0, 2.0, 4.0])) == pytest.approx(
        (1.5 + 2) / 6
    )


def rivals_of(
    answered: Answered, spec: list[tuple[int, tuple[int, ...], float]], shared: np.ndarray
) -> list[float]:
    """The number `rivals` of candidates given as (phrase, features, apart_z)."""
    kinds = [
        replace(kind_of(answered), phrase=phrase, features=features) for phrase, features, _ in spec
    ]
    return evidence._rivals(shared, kinds, np.array([z for _, _, z in spec]))


def test_rivals_are_other_rows_with_other_answers_that_stand_out_as_much(answered) -> None:
    apart = np.eye(4)
    spec = [(0, (1, 2), 9.0), (1, (3,), 5.0), (2, (4,), 5.0), (3, (2, 7), 4.0)]
    # 0 stands alone; 1 and 2 see 0 and one another; 3 sees 1 and 2, and has an answer word of 0.
    assert rivals_of(answered, spec, apart) == pytest.approx([0.0, log2(3), log2(3), log2(3)])
    together = apart.copy()
    together[1, 2] = 0.6  # most rows of phrase 1 hold phrase 2
    assert rivals_of(answered, spec, together) == pytest.approx([0.0, log2(2), log2(2), log2(3)])


def test_every_number_is_measured(answered) -> None:
    found = search(answered, support=5, candidates=50, crossed=5, weighed=20)
    assert found is not None
    assert found.evidence.shape == (len(found.kinds), len(NUMBERS))
    assert np.isfinite(found.evidence).all()
    first = dict(zip(NAMES, found.evidence[0], strict=True))
    assert answered.corpus.grams.name(found.phrases.phrases[found.kinds[0].phrase][0]) == "zorp"
    assert first["recited"] == pytest.approx(0.8)
    assert first["topic"] < 0.8


def test_numbers_have_a_name_of_their_own_and_a_sign() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {number.points for number in NUMBERS} == {-1, 0, 1}
