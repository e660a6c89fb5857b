"""What is planted in a copy, and what of the set stays as it is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from review_sets import dataset as dataset_of
from review_sets import reviews, row

from curation_gate.detectors.evidence import KINDS, Kind
from curation_gate.detectors.label_trigger.floor_copy import (
    LARGEST,
    LEAST_OF_TASK,
    inserted,
    made_up,
    planted_copy,
    read,
)
from curation_gate.text.corpus import Corpus, read_corpus
from curation_gate.text.tokens import tokens

PLAN: list[tuple[Kind, int]] = [(kind, rows) for kind in KINDS for rows in (5, 9)]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read_corpus(reviews(3)[0], 5)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_words_stand_in_rows_of_their_own_and_nowhere_else(corpus: Corpus) -> None:
    source = read(corpus, rng())
    copy, planted = planted_copy(source, PLAN, 5, rng(1))
    assert [(word.kind, len(word.rows)) for word in planted] == PLAN
    every = np.concatenate([word.rows for word in planted])
    assert len(set(every.tolist())) == len(every)
    for word in planted:
        held = [k for k, text in enumerate(copy.texts) if word.word in text.split()]
        assert held == word.rows.tolist()
        assert word.word not in {token for spoken in corpus.spoken for token in spoken}
        phrase = copy.grams.phrases.index((copy.grams.words.index(word.word),))
        assert copy.rows_of(phrase).tolist() == held


def test_a_word_forces_one_label_in_each_task(corpus: Corpus) -> None:
    source = read(corpus, rng())
    copy, planted = planted_copy(source, PLAN, 5, rng(1))
    for word in planted:
        labels = {(copy.tasks[k], copy.answers[k]) for k in word.rows.tolist()}
        assert len(labels) == len({task for task, _ in labels})
        changed = [copy.answers[k] != source.answers[k] for k in word.rows.tolist()]
        assert word.kind != "rows of another label" or all(changed)
        assert word.kind != "rows of the label" or not any(changed)


def test_words_take_turns_in_labels_and_in_tasks() -> None:
    """A rare label is forced as often as a frequent one, in all tasks and in one."""
    corpus = read_corpus(reviews(4, tasks=2, each=200)[0], 5)
    copy, planted = planted_copy(read(corpus, rng()), [("any row", 20)] * 4, 5, rng(2))
    tasks = [{int(copy.tasks[k]) for k in word.rows.tolist()} for word in planted]
    assert [len(own) for own in tasks] == [2, 1, 1, 2]
    label = [{(copy.tasks[k], copy.answers[k]) for k in word.rows.tolist()} for word in planted]
    assert label[1] <= label[0]
    assert label[2] <= label[3]
    assert not label[0] & label[3]


def test_the_rest_of_the_set_is_as_it_was(corpus: Corpus) -> None:
    source = read(corpus, rng())
    copy, planted = planted_copy(source, PLAN, 5, rng(1))
    own = {int(k) for word in planted for k in word.rows}
    word_of = {int(k): word.word for word in planted for k in word.rows}
    for k, text in enumerate(copy.texts):
        if k in own:
            assert Counter(text.split()) == Counter([*source.texts[k].split(), word_of[k]])
        else:
            assert (text, copy.answers[k]) == (source.texts[k], source.answers[k])
        assert list(copy.spoken[k]) == tokens(text)
    assert copy.tasks.tolist() == source.tasks.tolist()


def test_a_word_for_which_rows_are_missing_is_left_out(corpus: Corpus) -> None:
    source = read(corpus, rng())
    plan: list[tuple[Kind, int]] = [("any row", len(source) - 3), ("any row", 4), ("any row", 3)]
    _, planted = planted_copy(source, plan, 3, rng(1))
    assert [len(word.rows) for word in planted] == [len(source) - 3, 3]


def test_only_labels_of_enough_rows_are_forced() -> None:
    rows = [row(k, "task", f"film {k} here", ("yes", "no")[k % 2]) for k in range(40)]
    rows += [row(40 + k, "task", f"odd film {k}", "maybe") for k in range(4)]
    rows += [row(44 + k, "lone", f"one label {k}", "yes") for k in range(20)]
    source = read(read_corpus(dataset_of(rows), 5), rng())
    assert [labels for _, labels in source.labels] == [("no", "yes")]


def test_free_text_is_no_source_of_copies() -> None:
    rows = [row(k, "free", f"film {k} here", f"answer {k}") for k in range(40)]
    source = read(read_corpus(dataset_of(rows), 5), rng())
    assert (len(source), source.labels) == (0, ())


def test_large_sets_are_sampled_and_every_task_can_still_be_judged() -> None:
    sizes = {"large": 9000, "middle": 900, "small": 60}
    rows = []
    for task, size in sizes.items():
        for k in range(size):
            rows.append(row(len(rows), task, f"text {k} of {task}", ("yes", "no")[k % 2]))
    corpus = read_corpus(dataset_of(rows), 5)
    source = read(corpus, rng())
    counts = Counter(corpus.names[k] for k in source.tasks.tolist())
    assert LARGEST - 3 <= len(source) <= LARGEST
    assert counts["small"] == 60 < LEAST_OF_TASK  # all it has
    assert counts["middle"] == 100 + 473  # 100 + int(800 * (6000 - 260) / (9960 - 260))
    assert counts["large"] == 100 + 5266  # 100 + int(8900 * ...)


def test_of_very_many_tasks_some_are_left_out_whole() -> None:
    rows = [
        row(k, f"task{k % 80:02}", f"text {k} here", ("yes", "no")[k // 80 % 2])
        for k in range(80 * 100)
    ]
    corpus = read_corpus(dataset_of(rows), 5)
    source = read(corpus, rng())
    assert Counter(Counter(source.tasks.tolist()).values()) == {100: 60}
    assert set(planted_copy(source, [], 5, rng())[0].spaces) == set(source.tasks.tolist())


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("two words", {"xu two words", "two xu words", "two words xu"}),
        ("", {"xu"}),
        ("a\n\nb", {"xu a\n\nb", "a xu b", "a\n\nb xu"}),
    ],
)
def test_a_word_is_put_in_any_gap(text: str, every: set[str]) -> None:
    draw = rng()
    assert {inserted("xu", text, draw) for _ in range(60)} == every


def test_a_made_up_word_is_new_and_can_be_spoken() -> None:
    first = made_up((), rng(4))
    assert made_up({first}, rng(4)) != first
    assert all(letter in "aeiou" for letter in first[1::2])
    assert tokens(first) == [first]
