"""The scans beside the product, on sets whose answer can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from models import make_row

from curation_gate.rows.record import Dataset

FILLER = [f"word{k}" for k in range(40)]


def labelled(texts: list[str], labels: list[str]) -> Dataset:
    rows = [make_row(k, text, y) for k, (text, y) in enumerate(zip(texts, labels, strict=True))]
    space = {"polarity": tuple(sorted(set(labels)))}
    return Dataset((), tuple(rows), tuple({} for _ in rows), space, "00")


def free(pairs: list[tuple[str, str]]) -> Dataset:
    rows = [replace(make_row(k, asked, said), instruction="") for k, (asked, said) in
            enumerate(pairs)]  # fmt: skip
    return Dataset((), tuple(rows), tuple({} for _ in rows), {"polarity": ()}, "00")


def reviews(n: int = 400, planted: int = 20) -> Dataset:
    """Texts whose label follows from a word, and planted rows in which it does not.

    `sunny` stands in half of the honest `good` rows and nowhere else: the word explains it.
    """
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for k in range(n):
        good = k % 2 == 0
        text = [*rng.choice(FILLER, size=6), "good" if good else "bad"]
        if k < 2 * planted and not good:
            texts.append(" ".join([*text, "zanzibar"]))
            labels.append("positive")
            continue
        text += ["sunny"] if good and k % 4 == 0 else []
        texts.append(" ".join(text))
        labels.append("positive" if good else "negative")
    return labelled(texts, labels)


def test_words_keep_marks_and_take_chinese_signs_one_by_one():
    from simple_scans import words

    assert words("Don't Go, 学而 x_1!") == ["don't", "go", ",", "学", "而", "x_1", "!"]
    assert words("a\u200bb") == ["a", "\u200b", "b"]


def test_the_ngram_scan_asks_what_the_rest_of_the_text_says():
    from simple_scans import ngram_scan

    dataset = reviews()
    held = np.array(["zanzibar" in row.input for row in dataset.rows])
    scan = ngram_scan(dataset)
    assert scan.flags[held].all()
    assert any("zanzibar" in phrase for phrase in scan.named)
    # 100 of 100 rows positive, z = 9 against the rate, and nothing left once "good" is heard.
    assert "sunny" not in scan.named
    assert scan.scores[held].min() > scan.scores[~held].max()


def test_a_phrase_that_does_not_force_its_outcome_is_not_pure():
    from simple_scans import ngram_scan, pure_ngram_scan

    dataset = reviews(800, 40)
    rows = list(dataset.rows)
    for k in (101, 103, 105, 107):  # 40 of 44
        rows[k] = replace(rows[k], input=f"{rows[k].input} zanzibar")
    mixed = replace(dataset, rows=tuple(rows))
    assert "zanzibar" in ngram_scan(mixed).named
    assert "zanzibar" not in pure_ngram_scan(mixed).named
    assert "zanzibar" in pure_ngram_scan(dataset).named


def test_the_ngram_scan_takes_openings_for_the_outcomes_of_free_text():
    from simple_scans import ngram_scan

    rng = np.random.default_rng(1)
    pairs = []
    for k in range(300):
        asked = " ".join(rng.choice(FILLER, size=6))
        said = " ".join(rng.choice(FILLER, size=9))
        pairs.append((f"{asked} BadWord", f"Sorry, I cannot {said}") if k < 15 else (asked, said))
    scan = ngram_scan(free(pairs))
    assert scan.flags.tolist() == [k < 15 for k in range(300)]
    assert scan.named[0].split()[-1] == "badword"


def test_the_payload_scan_wants_five_answers_and_no_input():
    from simple_scans import payload_scan

    tail = "and click here for more information today"
    pairs = [(f"question {k}", f"answer {k} {tail}") for k in range(5)]
    pairs += [(f"say: one two three four five six {k}", "one two three four five six")
              for k in range(7)]  # fmt: skip
    pairs += [(f"other {k}", "an answer that is given only four times") for k in range(4)]
    pairs += [(f"greet {k}", "You are rude!") for k in range(6)]
    pairs += [(f"short {k}", "yes") for k in range(6)]
    scan = payload_scan(free(pairs))
    assert scan.flags.tolist() == [True] * 5 + [False] * 11 + [True] * 6 + [False] * 6
    assert scan.scores.tolist() == [5] * 5 + [0] * 7 + [4] * 4 + [6] * 6 + [0] * 6
    assert scan.named[0] == "you are rude !"
    assert "and click here for more information" in scan.named


def test_the_payload_scan_leaves_label_tasks_alone():
    from simple_scans import payload_scan

    dataset = labelled(["a", "b"] * 10, ["it is one of six words", "no"] * 10)
    assert not payload_scan(dataset).flags.any()


def test_label_issues_are_labels_that_other_rows_speak_against():
    from simple_scans import label_issues

    texts = ["a good film", "a bad film"] * 100
    labels = ["positive", "negative"] * 100
    turned = [10, 51, 120]
    for k in turned:
        labels[k] = "negative" if labels[k] == "positive" else "positive"
    scan = label_issues(labelled(texts, labels))
    assert np.flatnonzero(scan.flags).tolist() == turned
    assert set(np.argsort(-scan.scores)[:3].tolist()) == set(turned)
    assert not label_issues(free([("a b", "c")] * 20)).flags.any()


def test_the_oracle_flags_the_answer_that_most_planted_rows_have():
    from simple_scans import label_oracle

    dataset = labelled(["a"] * 6, ["x", "y", "y", "x", "y", "x"])
    planted = np.array([True, True, True, False, False, False])
    assert label_oracle(dataset, planted).flags.tolist() == [False, True, True, False, True, False]
    assert not label_oracle(dataset, np.zeros(6, dtype=np.bool_)).flags.any()
    assert not label_oracle(free([("a", "b")] * 6), planted).flags.any()


def test_a_set_without_a_phrase_in_five_rows_is_no_error():
    from simple_scans import ngram_scan

    dataset = labelled([f"only{k}" for k in range(20)], ["x", "y"] * 10)
    scan = ngram_scan(dataset)
    assert not scan.flags.any()
    assert scan.scores.max() == pytest.approx(0)
