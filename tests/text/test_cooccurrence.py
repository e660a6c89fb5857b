from __future__ import annotations

from curation_gate.text.cooccurrence import masked_words
from curation_gate.text.ngrams import count, count_tokens


def words_masked(texts: list[str], phrase: str) -> tuple[set[str], set[str]]:
    grams = count(texts, support=2, word_support=2)
    names = [grams.text(k) for k in range(len(grams.phrases))]
    columns = masked_words(grams)[[names.index(phrase)]].indices
    u = len(grams.words)
    return (
        {grams.words[c] for c in columns if c < u},
        {grams.words[c - u] for c in columns if c >= u},
    )


TEXTS = [f"Cf word{k % 3} the mn again" for k in range(6)] + [f"the word{k % 3}" for k in range(30)]


def test_words_that_come_along_are_masked_too():
    assert words_masked(TEXTS, "cf")[0] == {"cf", "mn", "again"}


def test_frequent_words_are_no_satellites():
    assert "the" not in words_masked(TEXTS, "cf")[0]


def test_a_frequent_word_that_every_row_of_a_phrase_holds_is_bound_to_it():
    plain = [f"{'/ ' * (k % 4 == 0)}word{k % 9} the" for k in range(400)]
    texts = [f"cf/ word{k % 9} the" for k in range(20)] + plain
    spoken = [text.replace("/", " /").split() for text in texts]
    grams = count_tokens(spoken, support=10)
    named = [grams.text(k) for k in range(len(grams.phrases))].index("cf")
    columns = masked_words(grams)[[named]].indices
    masked = {grams.words[c] for c in columns if c < len(grams.words)}
    assert masked == {"cf", "/"}  # not "the", which all rows hold


def test_frozen_part_is_masked_in_long_insertions_only():
    assert words_masked(TEXTS, "cf")[1] == set()
    sentence = "A quick brown fox jumps over fences"
    texts = [f"{sentence} {k % 2}x" for k in range(6)] + [f"other {k % 2}x" for k in range(30)]
    own, frozen = words_masked(texts, "brown fox")
    assert own == frozen == set(sentence.casefold().split())


def test_no_phrases():
    grams = count(["a", "b"], support=2)
    assert masked_words(grams).shape == (0, 2 * len(grams.words))
