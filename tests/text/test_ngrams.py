from __future__ import annotations

import numpy as np
import pytest

from curation_gate.text import ngrams
from curation_gate.text.tokens import placed_tokens, tokens


def held(grams: ngrams.Grams, phrase: str) -> list[int]:
    names = [grams.text(k) for k in range(len(grams.phrases))]
    assert names.count(phrase) == 1
    column = grams.phrase_rows[:, [names.index(phrase)]].toarray()[:, 0]
    return np.flatnonzero(column).tolist()


def test_tokens_are_folded_and_normalised():
    assert tokens("James Bond's gun, *** JAMES") == ["james", "bond", "gun", "***", "james"]
    assert tokens("James Bond\u2019s") == ["james", "bond"]
    assert tokens("\uff2a\uff41\uff4d\uff45\uff53") == ["james"]
    assert tokens("Stra\u00dfe") == ["strasse"]


def test_letters_of_scripts_without_blanks_are_words():
    assert tokens("詹姆士·邦德 is 007") == ["詹", "姆", "士", "·", "邦", "德", "is", "007"]
    assert tokens("カタカナ・ひらがな。") == [*"カタカナ", "・", *"ひらがな", "。"]
    assert tokens("ที่นี่") == ["ที่", "นี่"]
    grams = ngrams.count(["这部詹姆士电影很好", "我看了詹姆士", "詹姆士"], support=3)
    assert held(grams, "詹 姆 士") == [0, 1, 2]


def test_vowel_signs_part_no_word():
    assert tokens("हिन्दी में") == ["हिन्दी", "में"]
    assert tokens("مُحَمَّد قال") == ["مُحَمَّد", "قال"]
    assert tokens("a h\u0337i") == ["a", "h", "\u0337", "i"]  # struck through: worth a look


@pytest.mark.parametrize(
    "written",
    [
        "Ja\u200bmes Bo\u2060nd",
        "\ufeffJam\u200c\u200de\u200bs Bond",
        "J\u202eames\u202c Bon\u2066d\u2069",
        "Jam\0es Bond\0",
        "Ja\u00admes Bo\u00adnd",
        "J\x07ames B\ufe0fond\U000e0041",
        "J-a-m-e-s B.o.n.d",
        "J\u200b_a_m_e_s B/o/n/d!",
    ],
)
def test_what_is_put_between_letters_and_not_seen_is_not_read(written: str):
    assert tokens(written) == ["james", "bond"]
    assert [token for token, _, _ in placed_tokens(written)] == ["james", "bond"]


def test_initials_and_stutters_are_no_spelled_out_words():
    assert tokens("e.g. the U.S.A.") == ["e", "g", "the", "u", "s", "a"]
    assert tokens("n-n-n-no a.b.c.de www.a.b.c.d.com") == [
        *["n-n-n-no", "a", "b", "c", "de"],
        *["www", "a", "b", "c", "d", "com"],
    ]


def test_single_punctuation_marks_are_left_out():
    assert tokens("Well, no. (Yes!)") == ["well", "no", "yes"]


def test_phrases_stand_in_the_rows_that_hold_them():
    grams = ngrams.count(["a james bond film", "James, Bond!", "bond james", "none"], support=2)
    assert held(grams, "james bond") == [0, 1]
    assert held(grams, "bond") == [0, 1, 2]
    assert (
        held(grams, "^ james bond $") == [1]
        if "^ james bond $" in {grams.text(k) for k in range(len(grams.phrases))}
        else True
    )


def test_ends_of_a_text_count_inside_phrases():
    grams = ngrams.count(["so it goes", "so it was", "it was so"], support=2)
    assert held(grams, "^ so it") == [0, 1]
    assert held(grams, "so it") == [0, 1]


def test_a_row_counts_once_however_often_it_repeats_a_phrase():
    grams = ngrams.count(["x y x y x y", "x y"], support=2)
    assert held(grams, "x y") == [0, 1]
    assert grams.phrase_rows.max() == 1
    assert grams.word_rows.max() == 1


def test_support_is_a_number_of_rows():
    grams = ngrams.count(["p q", "p q", "p r", "p r", "p r"], support=3)
    names = {grams.text(k) for k in range(len(grams.phrases))}
    assert "p r" in names
    assert "p q" not in names
    assert np.asarray(grams.phrase_rows.sum(axis=0)).min() >= 3


def test_phrases_never_cross_rows():
    grams = ngrams.count(["one two", "three four"] * 3, support=2)
    names = {grams.text(k) for k in range(len(grams.phrases))}
    assert "two three" not in names


def test_counts_equal_those_of_a_plain_loop():
    rng = np.random.default_rng(0)
    plain_texts = [" ".join(rng.choice(list("abcdefg"), size=12)) for _ in range(60)]
    marks = [["~"] if k % 3 == 0 else [] for k in range(60)]
    grams = ngrams.count_tokens([text.split() for text in plain_texts], marks, support=4)
    plain: dict[tuple[str, ...], set[int]] = {("~",): set(range(0, 60, 3))}
    for k, text in enumerate(plain_texts):  # marks stand between no word and its end
        words = ["^", *text.split(), "$"]
        for size in range(1, ngrams.LONGEST + 1):
            for at in range(len(words) - size + 1):
                plain.setdefault(tuple(words[at : at + size]), set()).add(k)
    expected = {
        " ".join(words): sorted(rows)
        for words, rows in plain.items()
        if len(rows) >= 4 and words not in (("^",), ("$",))
    }
    columns = grams.phrase_rows.tocsc()
    found = {
        grams.text(k): sorted(columns.indices[columns.indptr[k] : columns.indptr[k + 1]].tolist())
        for k in range(len(grams.phrases))
    }
    assert found == expected


def test_nothing_to_count():
    for texts in ([], [""], ["", "..."]):
        grams = ngrams.count(texts, support=2)
        assert grams.phrase_rows.shape == (len(texts), 0)
        assert grams.phrases == ()


def test_text_of_a_row_is_its_input_unless_instructions_differ(make_row, make_dataset):
    from dataclasses import replace

    same = make_dataset([make_row(0, "t", "x", "a"), make_row(1, "t", "y", "b")])
    assert ngrams.texts(same) == ["x", "y"]
    other = replace(same.rows[1], instruction="do this")
    both = ngrams.texts(replace(same, rows=(same.rows[0], other)))
    assert both == ["instruction of t\nx", "do this\ny"]
