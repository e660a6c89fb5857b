"""Which phrases are worth weighing."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from curation_gate.detectors.label_trigger import screen
from curation_gate.detectors.label_trigger.statistics import Statistics, Sums, measure


def sums(f: int, **fields) -> Sums:
    known = Sums.zeros(f)._asdict()
    return Sums(**(known | {name: np.array(own, dtype=float) for name, own in fields.items()}))


def alike(f: int, strengths, rows) -> Statistics:
    """Statistics of phrases whose rows all have the outcome; strengths: z against its rate."""
    z, own = np.array(strengths, dtype=float), np.array(rows, dtype=float)
    total = sums(
        f, rows=own, given=own, usual=own - z / 2, expected=own - z / 2, adverse_given=z / 4
    )
    return Statistics(total, Sums.zeros(f), Sums.zeros(f))


def names(read, chosen) -> list[str]:
    return [" ".join(read.grams.name(w) for w in phrase) for phrase in chosen.phrases]


def test_strength_is_the_largest_of_three():
    total = sums(
        3,
        rows=[10, 10, 10],
        given=[10, 10, 10],
        usual=[4, 9, 9],
        usual_variance=[2, 2, 2],
        expected=[9, 3, 9],
        variance=[2, 2, 2],
        adverse_given=[1, 1, 9],
        adverse_expected=[1, 1, 2],
        adverse_variance=[0, 0, 2],
    )
    # The root of 2 + 1/4 is 1.5; the excess is 6, 7 and 7.
    np.testing.assert_allclose(screen.strength(total), [4, 7 / 1.5, 7 / 1.5])


def test_the_outcome_needs_a_majority_and_more_than_chance():
    given = [5, 4, 10, 10]
    total = sums(4, rows=[10] * 4, given=given, expected=given, usual=[2, 1, 9, 9.01])
    # z = 2 (given - usual): 6; 6, but 4 of 10; 2, the least; below it.
    assert screen.strength(total).tolist() == [6, -np.inf, 2, -np.inf]


def test_nothing_measured_is_screened_out():
    assert np.isneginf(screen.strength(Sums.zeros(2))).all()


def test_the_strongest_phrases_of_enough_rows_are_kept(make_corpus):
    read = make_corpus(["aa"] * 3 + ["bb"] * 4 + ["cc"] * 5 + ["dd"] * 2)
    grams = read.grams
    single = {grams.text(k): k for k in range(len(grams.phrases))}
    z = np.full(len(single), 0.0)
    for name, own in (("aa", 5), ("bb", 9), ("cc", 7), ("dd", 99)):
        z[single[name]] = own
    found = alike(len(z), z, np.diff(read.columns.indptr))
    assert names(read, screen.screen(read, found, support=3, most=2)) == ["bb", "cc"]
    every = screen.screen(read, found, support=2, most=9)
    assert names(read, every) == ["dd", "bb", "cc", "aa"]
    assert every.halves == (0, 0, 0, 0)
    assert every.parts == tuple((single[name],) for name in ("dd", "bb", "cc", "aa"))
    assert every.rows_of(1).tolist() == [3, 4, 5, 6]
    assert every.masked.shape == (4, 2 * len(grams.words))
    assert len(screen.screen(read, found, support=50, most=9)) == 0


def test_phrases_of_the_same_rows_are_one_and_the_longest_names_it(make_corpus):
    texts = ["xx aa bb", "yy aa bb", "zz aa bb", "vv aa bb", "other text"]
    read = make_corpus(texts, marks=[["~"]] * 4 + [[]])
    own = np.diff(read.columns.indptr)
    chosen = screen.screen(
        read, alike(len(own), np.full(len(own), 5.0), own), support=3, most=9
    )  # fmt: skip
    # aa, bb, `aa bb`, `aa bb $`, `bb $` and the mark stand in the same four rows.
    assert names(read, chosen) == ["aa bb"]


def test_a_long_phrase_that_is_much_weaker_names_nothing(make_corpus):
    read = make_corpus(["xx aa bb", "yy aa bb", "zz aa bb", "vv aa bb"])
    own = np.diff(read.columns.indptr)
    z = np.array([9.0 if read.grams.text(k) == "aa" else 5.0 for k in range(len(own))])
    assert names(read, screen.screen(read, alike(len(z), z, own), support=3, most=9)) == ["aa"]


def test_rows_that_overlap_less_are_two_candidates(make_corpus):
    # `aa` in rows 0 to 3, `bb` in 1 to 4: three of five rows in common.
    read = make_corpus(["aa xx", "aa yy bb", "aa zz bb", "aa vv bb", "ww bb"])
    own = np.diff(read.columns.indptr)
    z = np.array([{"aa": 8.0, "bb": 7.0}.get(read.grams.text(k), 0.0) for k in range(len(own))])
    assert names(read, screen.screen(read, alike(len(z), z, own), support=3, most=9)) == [
        "aa",
        "bb",
    ]


def crossed(read, together, **changes):
    own = np.diff(read.columns.indptr).astype(float)
    z = np.array([5.0 if read.grams.text(k) in together else 0.0 for k in range(len(own))])
    total = sums(len(own), rows=own, given=own, expected=own - z / 2)
    found = Statistics(total, Sums.zeros(len(own)), Sums.zeros(len(own)))
    return screen.paired(read, found, **{"support": 3, **changes})


def test_phrases_that_are_often_together_are_a_pair(make_corpus):
    filler = [f"o{k % 4} p{k % 3}" for k in range(24)]
    texts = ["aa xx bb"] * 4 + ["aa yy"] * 4 + ["zz bb"] * 4 + filler
    read = make_corpus(texts)
    found = crossed(read, {"aa", "bb"})
    # Four rows together of 36; chance gives 8 * 8 / 36 = 1.8, and 1.5 times that is 2.7.
    assert found is not None
    assert names(read, found) == ["aa bb"]
    assert found.halves == (1,)
    assert found.rows_of(0).tolist() == [0, 1, 2, 3]
    words = read.grams.words
    masked = {words[w] for w in found.masked[[0]].indices if w < len(words)}
    assert {"aa", "bb"} <= masked
    assert set(found.masked.data.tolist()) == {1.0}
    assert crossed(read, {"aa", "bb"}, support=5) is None
    assert crossed(read, {"aa"}) is None
    assert crossed(read, set()) is None


def test_chance_and_parts_of_one_phrase_make_no_pair(make_corpus):
    often = make_corpus(["aa xx bb"] * 4 + ["aa yy"] * 4 + ["zz bb"] * 4)
    assert crossed(often, {"aa", "bb"}) is None  # 4 together, 1.5 * 8 * 8 / 12 = 8 needed
    same = make_corpus(["aa xx bb"] * 9 + ["aa yy", "zz bb"] + ["oo pp"] * 40)
    assert crossed(same, {"aa", "bb"}) is None  # nine of ten rows


def test_marks_are_no_half_of_a_pair(make_corpus):
    texts = ["aa xx"] * 4 + ["aa yy"] * 4 + ["zz bb"] * 4 + ["oo pp"] * 24
    read = make_corpus(texts, marks=[["~"]] * 4 + [[]] * 4 + [["~"]] * 4 + [[]] * 24)
    assert crossed(read, {"aa", "~"}) is None


def test_a_planted_word_passes_the_screen_and_an_even_one_does_not(make_corpus, make_outcome):
    """From texts to candidates: `zug` goes with the label whatever the model expects."""
    rng = np.random.default_rng(0)
    planted = np.arange(200) < 20
    texts = [f"{'zug ' if p else ''}w{rng.integers(9)} v{rng.integers(9)}" for p in planted]
    given = planted | (rng.random(200) < 0.3)
    read = make_corpus(texts)
    one = make_outcome(
        given, np.full(200, np.log(0.3 / 0.7)), width=2 * len(read.grams.words)
    )  # fmt: skip
    found = measure([one], read.grams.phrase_rows, read.masked)
    chosen = names(read, screen.screen(read, found, support=5, most=20))
    assert chosen[0].split()[0] in {"zug", "^"}
    assert "zug" in chosen[0]
    number = [read.grams.text(k) for k in range(len(read.grams.phrases))].index("zug")
    p = 0.3
    assert screen.strength(found.total)[number] == pytest.approx(
        20 * (1 - p) / sqrt(20 * p * (1 - p) + 0.25), rel=1e-4
    )
