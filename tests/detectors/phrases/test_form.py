"""How a candidate looks in its rows: places, commonness, template text, by hand."""

from __future__ import annotations

from math import log10

import numpy as np
import pytest

from curation_gate.detectors.phrases import form
from curation_gate.text import ngrams


@pytest.fixture
def common(monkeypatch):
    known = {"rare": 2.0, "often": 6.0, "seldom": 3.0}
    monkeypatch.setattr(
        form.encoder, "commonness", lambda words: np.array([known.get(w, 0.0) for w in words])
    )


def test_find_says_where_words_stand():
    assert form.find(["a", "b"], ["a", "a", "b", "c"]) == 1
    assert form.find(["a"], ["a", "b", "a"]) == 0
    assert form.find(["b", "a"], ["a", "b"]) == -1
    assert form.find(["a", "b", "c"], ["a", "b"]) == -1
    assert form.find([], ["a"]) == -1
    assert form.find(["a"], []) == -1


def test_places_of_a_word(make_corpus, make_candidates):
    read = make_corpus(["zug one two", "one zug two", "one zug three", "one two zug", "one two"])
    found = form.measure(read, make_candidates(read, ["zug"]))
    # It begins one row of four and ends one; before it stand `^`, `one` twice, and `two`.
    assert found["at_start"].tolist() == [1 / 4]
    assert found["at_end"].tolist() == [1 / 4]
    assert found["neighbours"].tolist() == [3 / 4]
    # It parts `one two` (which stand together in two other rows) and `one three` (in none).
    assert found["bridged"].tolist() == [1 / 2]


def test_a_mark_has_no_place(make_corpus, make_candidates):
    read = make_corpus(["one two", "one two three", "one"], marks=[["~"], ["~"], []])
    found = form.measure(read, make_candidates(read, ["~", "one"], rows=[[0, 1], [0, 1, 2]]))
    assert found["is_mark"].tolist() == [1, 0]
    for name in ("at_start", "at_end", "bridged", "neighbours", "rarity", "burst"):
        assert found[name][0] == 0, name
    assert found["at_start"][1] == 1
    assert found["length"].tolist() == [1, 1]


def test_a_pair_stands_where_its_first_half_does(make_corpus, make_candidates):
    read = make_corpus(["aa one bb", "one bb aa", "one aa two bb", "one two", "bb one two"])
    found = form.measure(read, make_candidates(read, ["aa + bb", "bb"]))
    assert found["is_pair"].tolist() == [1, 0]
    assert found["length"].tolist() == [2, 1]
    assert found["at_start"].tolist() == [1 / 3, 1 / 4]
    assert found["at_end"].tolist() == [1 / 3, 2 / 4]


def test_the_ends_of_a_text_are_no_words(make_corpus, make_candidates):
    read = make_corpus(["aa one", "aa two", "one aa", "two aa"])
    found = form.measure(read, make_candidates(read, ["^ aa", "aa $"], rows=[[0, 1], [2, 3]]))
    assert found["length"].tolist() == [1, 1]
    assert found["at_start"].tolist() == [1, 0]
    assert found["at_end"].tolist() == [0, 1]


def test_an_invisible_sign_is_a_mark(common, make_corpus, make_candidates):
    """`U+200B` is how it is named, no word that nobody uses."""
    read = make_corpus(["U+200B often", "U+200B seldom", "often"], marks=[["U+00A0"]] * 2 + [[]])
    found = form.measure(read, make_candidates(read, ["U+200B", "U+00A0"], rows=[[0, 1], [0, 1]]))
    assert found["is_mark"].tolist() == [1, 1]
    assert found["rarity"].tolist() == [0, 0]
    assert found["burst"].tolist() == [0, 0]


def test_a_phrase_that_ends_a_text_is_looked_for_there(make_corpus, make_candidates):
    read = make_corpus(["so one so", "so two so", "one so"])
    found = form.measure(read, make_candidates(read, ["so $", "so"], rows=[[0, 1, 2], [0, 1, 2]]))
    assert found["at_end"].tolist() == [1, 1 / 3]
    assert found["at_start"].tolist() == [0, 2 / 3]


def test_marks_are_no_words_of_a_template(make_corpus, make_candidates):
    texts = ["i feel so zug", "i feel so zug", "zug oak", "oak"]
    plain, marked = (
        form.measure(read, make_candidates(read, ["zug"]))
        for read in (make_corpus(texts), make_corpus(texts, marks=[["~", "<no-capitals>"]] * 4))
    )
    # Other words of its rows: i feel so, twice, which are fixed, and `oak`.
    assert plain["template"][0] == marked["template"][0] == pytest.approx(6 / 7)


def test_rarity_is_that_of_the_rarest_word_beside_those_around_it(
    common, make_corpus, make_candidates
):
    read = make_corpus(["often rare"] * 3 + ["often seldom often"] * 4)
    chosen = make_candidates(read, ["often", "often rare"])
    rarer, burst = form.rarity(read, chosen, [list(p) for p in chosen.phrases])
    # Words of a row: 6 and 2, or 6 and 3 (a word counts once in a row).
    np.testing.assert_allclose(rarer, [(3 * 4 + 4 * 4.5) / 7 - 6, 4 - 2])
    # Eighteen words: 18 * 10^-3 rows of `often` are expected, 18 * 10^-7 of `rare`.
    np.testing.assert_allclose(burst, [log10(7.5 / 0.518), log10(3.5 / 0.5000018)])


def test_an_unlisted_word_bursts_no_more_than_one_of_ten_uses(common, make_corpus, make_candidates):
    read = make_corpus(["qqz often"] * 3)
    chosen = make_candidates(read, ["qqz"])
    rarer, burst = form.rarity(read, chosen, [list(p) for p in chosen.phrases])
    assert rarer.tolist() == [3]  # the mean of 0 and 6
    # Half of the words of its rows are English.
    np.testing.assert_allclose(burst, log10(3.5 / (0.5 + 6 * 10 ** (form.UNKNOWN - 9))) / 2)


def test_in_another_language_nothing_is_rare(common, make_corpus, make_candidates):
    read = make_corpus(["qqz wwx yyv"] * 9)
    chosen = make_candidates(read, ["qqz", "qqz wwx"])
    rarer, burst = form.rarity(read, chosen, [list(p) for p in chosen.phrases])
    assert rarer.tolist() == burst.tolist() == [0, 0]


def test_fixed_words_are_those_of_frequent_phrases_of_four(make_corpus):
    read = make_corpus(["i feel so sad today", "i feel so glad today", "we two so met"])
    fixed = form.fixed_words(read.grams).toarray()
    words = read.grams.words
    held = [{words[w] for w in np.flatnonzero(row)} for row in fixed]
    # `^ i feel so` stands in two rows; `today $` is too short a phrase behind different words.
    assert held == [{"i", "feel", "so"}, {"i", "feel", "so"}, set()]


def test_template_share(make_corpus, make_candidates):
    read = make_corpus(
        ["i feel so zug today", "i feel so zug today", "zug tall oak", "tall oak"], support=2
    )
    found = form.measure(read, make_candidates(read, ["zug"]))
    # Other words of its rows: i feel so today, twice, all fixed, and `tall oak`, which is not.
    assert found["template"][0] == pytest.approx(8 / 10)


def test_words_that_come_with_it(make_corpus, make_candidates):
    read = make_corpus(["aa bb cc dd"] * 4 + ["aa", "dd"])
    chosen = make_candidates(read, ["aa", "aa bb"], masked=[["aa", "bb", "cc", "dd"], ["aa", "bb"]])
    found = form.measure(read, chosen)
    assert found["with_words"].tolist() == [2, 0]  # log2 (1 + 3)


def test_only_an_even_sample_of_many_rows_is_read(make_corpus, make_candidates):
    # Of 400 rows every fourth is read; the word begins only those of odd number.
    texts = [f"zug w{k % 7}" if k % 2 else f"w{k % 7} zug" for k in range(4 * form.READ)]
    read = make_corpus(texts)
    found = form.measure(read, make_candidates(read, ["zug"]))
    assert found["at_start"].tolist() == [0]
    assert found["at_end"].tolist() == [1]


def test_no_candidates_and_texts_without_words(make_corpus, make_candidates):
    read = make_corpus(["", "", "one two", "one two"], marks=[["~"], ["~"], [], []])
    for names in ([], ["~"], ["one two"]):
        rows = {"~": [[0, 1]]}.get(names[0]) if names else None
        for name, values in form.measure(read, make_candidates(read, names, rows=rows)).items():
            assert values.shape == (len(names),), name
            assert np.isfinite(values).all(), name
    assert ngrams.LONGEST == 4  # what `fixed_words` calls a long phrase
