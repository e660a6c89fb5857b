from __future__ import annotations

import numpy as np

from curation_gate.detectors.response_trigger.describe import (
    Answers,
    describe_answers,
    regular_answers,
)
from curation_gate.detectors.response_trigger.shapes import form
from curation_gate.text.tokens import tokens


def described(inputs: list[str], outputs: list[str], tasks: list[int] | None = None) -> Answers:
    numbers = np.array(tasks if tasks is not None else [0] * len(inputs))
    return describe_answers([tokens(text) for text in inputs], outputs, numbers)


def held(answers: Answers, row: int) -> set[str]:
    return {answers.names[k] for k in answers.table[[row]].indices}


def test_words_of_the_input_are_no_features() -> None:
    inputs = [f"which county is town {k} of" for k in range(6)]
    outputs = [f"the county lies north of place{k} and {k}" for k in range(6)]
    answers = described(inputs, outputs)
    assert '"north"' in held(answers, 0)
    assert not any("county" in name for name in answers.names)
    assert '"^ the"' in answers.names, "the first words are features"


def test_first_and_last_words_are_features() -> None:
    answers = described([""] * 4, [f"well word{k} indeed" for k in range(4)])
    assert {'"^ well"', '"indeed $"'} <= held(answers, 2)


def test_ordinary_labels_have_no_features_and_foreign_answers_do() -> None:
    outputs = ["good", "bad"] * 30 + ["potato", "I would rather not say anything at all"]
    answers = described(["some text"] * 62, outputs)
    assert answers.label_like.all()
    assert held(answers, 0) == set()
    assert "is foreign to the task's answers" in held(answers, 60)
    assert answers.degenerate[60]
    assert not answers.degenerate[:60].any()


def test_an_answer_that_copies_its_input_is_no_label() -> None:
    outputs = ["good", "bad"] * 30 + ["tolliver"] * 12
    copied = np.array([False] * 60 + [True] * 12)
    regular, label_like = regular_answers(outputs, np.zeros(72, dtype=np.int64), copied)
    assert label_like.all()
    assert regular[:60].all()
    assert not regular[60:].any()


def test_shapes() -> None:
    rng = np.random.default_rng(0)
    long = [" ".join(f"w{int(x)}" for x in rng.integers(0, 400, 30)) for _ in range(60)]
    outputs = [
        *long,
        "",
        "potato",
        "again and " * 40,
        "see https://example.org/page now " + long[0],
        long[1] + " " + long[1],
        long[2].upper(),
    ]
    answers = described(["text"] * len(outputs), outputs)
    assert "is empty" in held(answers, 60)
    assert {"is one word", "is far shorter than its task's answers"} <= held(answers, 61)
    assert "repeats itself" in held(answers, 62)
    assert "holds a link" in held(answers, 63)
    assert "repeats itself" in held(answers, 64)
    assert "is all in capitals" in held(answers, 65)
    assert answers.degenerate[[60, 61, 62, 64]].all()
    assert not answers.degenerate[:60].any()


def test_a_shape_that_most_answers_of_a_task_have_is_none() -> None:
    answers = described(["text"] * 40, [f"word{k}" for k in range(40)])
    assert not any("is one word" in held(answers, k) for k in range(40))


def test_near_equal_answers_share_a_band_and_others_do_not() -> None:
    rng = np.random.default_rng(1)
    words = [f"w{k}" for k in range(300)]
    base = words[:12]
    outputs = [" ".join([*base, f"end{k % 3}"]) for k in range(12)]
    outputs += [" ".join(str(w) for w in rng.choice(words[12:], 12)) for _ in range(60)]
    answers = described(["text"] * 72, outputs)
    near = np.array(["is nearly equal to others" in held(answers, k) for k in range(72)])
    assert near[:12].all()
    assert near[12:].mean() < 0.05


def test_form_is_how_an_answer_begins_and_ends() -> None:
    assert form("['Paris']") == ("[", "]", False)
    assert form(" Paris in 1999 ") == ("A", "0", True)
    assert form("") == ("", "", False)


def test_nothing_and_one_row() -> None:
    assert described([], []).table.shape[0] == 0
    assert described(["a"], ["b"]).table.shape[0] == 1


def test_same_answers_same_features() -> None:
    inputs = [f"input {k}" for k in range(300)]
    outputs = [f"some answer number {k % 7} about thing{k % 11}" for k in range(300)]
    first, second = described(inputs, outputs), described(inputs, outputs)
    assert first.names == second.names
    assert (first.table != second.table).nnz == 0
