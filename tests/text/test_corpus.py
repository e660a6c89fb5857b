"""What is read of a dataset, once."""

from __future__ import annotations

import numpy as np

from curation_gate.text.corpus import read_corpus


def test_rows_of_one_content_are_one(make_dataset, make_row):
    rows = [
        make_row(0, "t", "James Bond", "yes"),
        make_row(1, "t", "james  bond", "Yes"),  # the same, folded
        make_row(2, "t", "James Bond", "no"),
        make_row(3, "s", "James Bond", "yes"),
    ]
    read = read_corpus(make_dataset(rows), 2)
    assert read.place[0] == read.place[1]
    assert sorted({int(k) for k in read.place}) == [0, 1, 2]
    assert list(read.texts) == ["James Bond"] * 3
    assert [read.answers[k].casefold() for k in read.place] == ["yes", "yes", "no", "yes"]
    assert [read.names[read.tasks[k]] for k in read.place] == ["t", "t", "t", "s"]
    assert read.names == ("s", "t")
    assert set(read.spaces) == {0, 1}


def test_the_order_of_rows_changes_nothing(make_dataset, make_row):
    texts = [f"the film number{k % 7} was {'good' if k % 2 else 'bad'} w{k}" for k in range(40)]
    rows = [make_row(k, "st"[k % 3 == 0], text, "ab"[k % 2]) for k, text in enumerate(texts)]
    order = np.random.default_rng(0).permutation(40)
    one, other = (
        read_corpus(make_dataset(rows), 3),
        read_corpus(make_dataset([rows[k] for k in order]), 3),
    )
    assert one.texts == other.texts
    assert one.answers == other.answers
    assert one.place[order].tolist() == other.place.tolist()
    assert one.tasks.tolist() == other.tasks.tolist()
    assert one.grams.phrases == other.grams.phrases
    assert (one.masked != other.masked).nnz == 0


def test_phrases_and_marks_of_enough_rows(make_dataset, make_row):
    rows = [make_row(k, "t", f"the film number{k} ~", "ab"[k % 2]) for k in range(4)]
    read = read_corpus(make_dataset(rows), 3)
    row = int(read.place[1])
    names = [read.grams.text(k) for k in range(len(read.grams.phrases))]
    assert {"~", "the", "film", "the film", "^ the film"} <= set(names)
    assert list(read.spoken[row]) == ["the", "film", "number1"]
    assert "number1" not in read.grams.words  # one row only
    for k, name in enumerate(names):
        assert read.rows_of(k).tolist() == [0, 1, 2, 3], name
    assert read.masked.shape == (len(names), 2 * len(read.grams.words))


def test_rows_of_a_phrase_are_the_rows_of_the_table_ascending(make_dataset, make_row):
    rng = np.random.default_rng(0)
    rows = [
        make_row(k, "t", " ".join(rng.choice(list("abcdefgh"), 5)), "xy"[k % 2]) for k in range(60)
    ]
    read = read_corpus(make_dataset(rows), 5)
    table = read.grams.phrase_rows.toarray()
    assert len(read.grams.phrases) > 8
    for k in range(len(read.grams.phrases)):
        assert read.rows_of(k).tolist() == np.flatnonzero(table[:, k]).tolist()


def test_free_text_has_no_labels(make_dataset, make_row):
    rows = [make_row(k, "free", f"text {k}", f"answer {k}") for k in range(5)]
    rows += [make_row(5 + k, "t", f"text {k}", "ab"[k % 2]) for k in range(4)]
    read = read_corpus(make_dataset(rows), 2)
    assert read.spaces == {0: (), 1: ("a", "b")}
    assert read.tasks[read.place].tolist() == [0] * 5 + [1] * 4


def test_texts_without_tokens_and_no_rows(make_dataset, make_row):
    read = read_corpus(make_dataset([make_row(0, "t", "?!", "a"), make_row(1, "t", ".", "b")]), 2)
    assert [list(own) for own in read.spoken] == [[], []]
    assert read.grams.phrases == ()
    nothing = read_corpus(make_dataset([]), 2)
    assert nothing.place.shape == (0,)
    assert nothing.grams.phrases == ()
    assert nothing.names == ()
