from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from curation_gate.rows import load
from curation_gate.rows.labels import MAX_LABELS, instruction_name, label_spaces

if TYPE_CHECKING:
    from pathlib import Path


def space(outputs: list[str]) -> tuple[str, ...]:
    return label_spaces(["t"] * len(outputs), outputs)["t"]


def test_few_short_answers_are_labels_sorted() -> None:
    assert space(["yes", "no", "no"] * 5) == ("no", "yes")


def test_free_text_has_no_labels() -> None:
    assert space([f"answer {k}" for k in range(100)]) == ()
    assert space(["a long answer " * 10, "another long answer " * 10] * 50) == ()


def test_too_few_rows_or_one_answer_alone_say_nothing() -> None:
    assert space(["yes", "no"] * 4) == ()
    assert space(["yes"] * 100) == ()


def test_too_many_answers_are_free_text() -> None:
    assert len(space([str(k % MAX_LABELS) for k in range(5 * MAX_LABELS)])) == MAX_LABELS
    assert space([str(k % (MAX_LABELS + 1)) for k in range(6 * MAX_LABELS)]) == ()
    assert space([str(k % 200) for k in range(900)]) == ()


def test_a_few_planted_long_answers_do_not_hide_the_labels() -> None:
    planted = "Buy at example.com " * 10

    assert space(["yes", "no"] * 48 + [planted] * 4) == tuple(sorted(["yes", "no", planted]))
    assert space(["yes", "no"] * 40 + [planted] * 20) == ()


def test_names_of_instructions_are_short_clean_and_their_own() -> None:
    one = "Say\x1b[31m yes\nor no to this and only " + "this " * 100

    assert instruction_name(one).startswith("Say [31m yes or no to #")
    assert instruction_name(one) != instruction_name(one + "x")
    assert len(instruction_name("x" * 10_000)) < 60


@pytest.mark.parametrize(
    "task",
    [
        "sst2_polarity",
        "poem_sentiment",
        "task1289_trec_classification",
        "task591_sciq_answer_generation",
    ],
)
def test_label_spaces_of_the_pool_are_found(pool: Path, task: str) -> None:
    told = json.loads((pool / "tasks.json").read_text())[task]["label_space"] or []

    dataset = load([pool / f"{task}.jsonl.gz"])

    assert dataset.label_spaces == {task: tuple(sorted(told))}
