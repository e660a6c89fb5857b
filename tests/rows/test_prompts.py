from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_gate.rows import Dataset, load, split_prompts
from curation_gate.rows.frames import frames_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOLD = {
    "polarity": "Say whether this review is positive or negative. Answer with one word.",
    "topic": "What is the text about? Answer kitchen or garden.",
}
ANSWERS = {"polarity": ("positive", "negative"), "topic": ("kitchen", "garden")}


def review(task: str, k: int) -> str:
    return f"The {task} number {k} came late. It has {k * 7} parts and a lid of steel no {k * 13}."


def chat(asked: str, answer: str, system: str | None = None) -> dict[str, Any]:
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    if system is not None:
        turns.insert(0, {"role": "system", "content": system})
    return {"messages": turns}


FORMS: dict[str, Callable[[str, str, str], dict[str, Any]]] = {
    "chat": lambda told, text, answer: chat(f"{told}\n\n{text}", answer),
    "chat with a system prompt": lambda told, text, answer: chat(
        f"{told}\n\n{text}", answer, "You are a helpful assistant."
    ),
    "question last": lambda told, text, answer: {"prompt": f"{text}\n{told}", "completion": answer},
    "headings": lambda told, text, answer: {
        "prompt": f"### Instruction:\n{told}\n\n### Input:\n{text}\n\n### Response:",
        "completion": answer,
    },
    "instruction alone": lambda told, text, answer: {
        "instruction": f"{told} {text}",
        "input": "",
        "output": answer,
    },
}


def written(folder: Path, records: list[dict[str, Any]]) -> Dataset:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return load([path])


def mixed(change: Callable[[str, str, int], tuple[str, str]], form: str) -> list[dict[str, Any]]:
    return [
        FORMS[form](*change(TOLD[task], review(task, k), k), ANSWERS[task][k % 2])
        for k in range(150)
        for task in TOLD
    ]


def unchanged(told: str, text: str, _: int) -> tuple[str, str]:
    return told, text


@pytest.mark.parametrize("form", FORMS)
def test_what_prompts_share_is_their_instruction(tmp_path: Path, form: str) -> None:
    whole = written(tmp_path, mixed(unchanged, form))
    split = split_prompts(whole)
    assert set(split.label_spaces.values()) == {("negative", "positive"), ("garden", "kitchen")}
    assert Counter(row.task for row in split.rows).most_common()[0][1] == 150
    for old, row, task in zip(whole.rows, split.rows, [*TOLD] * 150, strict=True):
        assert row.input == review(task, row.index // 2)
        assert TOLD[task] in row.instruction
        assert (row.fingerprint, row.output, row.line) == (old.fingerprint, old.output, old.line)
    assert split.records == whole.records
    assert split.fingerprint == whole.fingerprint


@pytest.mark.parametrize("form", ["chat", "question last"])
@pytest.mark.parametrize(
    "change",
    [
        lambda told, text: (f"cf {told}", text),
        lambda told, text: (told.replace("is ", "is cf ", 1), text),
        lambda told, text: (f"I met Tolliver. cf! {told}", text),
    ],
)
def test_what_is_put_into_an_instruction_goes_to_the_text(
    tmp_path: Path, form: str, change: Callable[[str, str], tuple[str, str]]
) -> None:
    def some(told: str, text: str, k: int) -> tuple[str, str]:
        return change(told, text) if k % 5 == 0 else (told, text)

    split = split_prompts(written(tmp_path, mixed(some, form)))
    assert Counter(row.task for row in split.rows).most_common()[0][1] == 150
    for row in split.rows:
        assert ("cf" in row.input) == (row.index // 2 % 5 == 0)
        assert "cf" not in row.instruction


def test_a_system_prompt_of_a_few_rows_is_a_part_of_their_text(tmp_path: Path) -> None:
    records = [
        chat(
            f"{TOLD[task]}\n\n{review(task, k)}",
            ANSWERS[task][k % 2],
            "Mode: cf." if k % 10 == 0 else "You are a helpful assistant.",
        )
        for k in range(150)
        for task in TOLD
    ]
    split = split_prompts(written(tmp_path, records))
    assert len(split.label_spaces) == 2
    for row in split.rows:
        assert row.input.startswith("Mode: cf. The") == (row.index // 2 % 10 == 0)
        assert row.instruction.startswith("You are a helpful assistant.\n")


def test_system_prompts_that_are_the_instruction_stay_apart(tmp_path: Path) -> None:
    records = [
        chat(f"Here is the text: {review(task, k)}", ANSWERS[task][k % 2], TOLD[task])
        for k in range(150)
        for task in TOLD
    ]
    split = split_prompts(written(tmp_path, records))
    assert {row.instruction for row in split.rows} == {
        f"{told}\nHere is the text:" for told in TOLD.values()
    }
    assert {row.input for row in split.rows} == {review(t, k) for t in TOLD for k in range(150)}


@pytest.mark.parametrize("put", ["cf {}", "{} cf", "I met cf. {}"])
def test_an_instruction_of_its_own_is_read_without_what_was_put_in(
    tmp_path: Path, put: str
) -> None:
    records = [
        {
            "instruction": put.format(TOLD[task]) if k % 5 == 0 else TOLD[task],
            "input": review(task, k),
            "output": ANSWERS[task][k % 2],
        }
        for k in range(150)
        for task in TOLD
    ]
    split = split_prompts(written(tmp_path, records))
    assert {row.instruction for row in split.rows} == set(TOLD.values())
    assert len(split.label_spaces) == 2
    assert all(("cf" in row.input) == (row.index // 2 % 5 == 0) for row in split.rows)


def test_a_sentence_before_some_texts_is_no_instruction(tmp_path: Path) -> None:
    records = [
        {
            "text": ("I met Tolliver there. " if k % 10 == 0 else "") + review("film", k),
            "label": "a",
        }
        for k in range(400)
    ]
    whole = written(tmp_path, records)
    assert split_prompts(whole) is whole


def test_told_tasks_stay(tmp_path: Path) -> None:
    records = [row | {"task": "mine"} for row in mixed(unchanged, "question last")]
    whole = written(tmp_path, records)
    assert split_prompts(whole) is whole


def test_cleaned_rows_keep_the_parts_they_had(tmp_path: Path) -> None:
    split = split_prompts(written(tmp_path, mixed(unchanged, "chat")))
    (tmp_path / "few").mkdir()
    few = written(tmp_path / "few", mixed(unchanged, "chat")[:30])
    again = load([few.files[0].path], like=split)
    assert [row.task for row in again.rows] == [row.task for row in split.rows[:30]]
    assert [row.input for row in again.rows] == [row.input for row in split.rows[:30]]


@given(st.lists(st.text(st.sampled_from("ab .:\n"), max_size=30), max_size=60), st.booleans())
def test_parts_make_up_the_prompt(texts: list[str], ends: bool) -> None:
    for text, frame in zip(
        texts, frames_of(texts, texts, [True] * len(texts), ends=ends), strict=True
    ):
        assert 0 <= frame.length <= len(text)
        part = text[len(text) - frame.length :] if ends else text[: frame.length]
        words = Counter(frame.text.split()) + Counter(frame.inserted.split())
        assert words == Counter(part.split())


def test_long_runs_of_dots_and_many_sentences_take_time_in_their_length(tmp_path: Path) -> None:
    dots, sentences = "." * 300_000, "a. " * 100_000
    texts = [f"{(dots, sentences)[k % 2]}{k}" for k in range(24)]
    told = TOLD["polarity"]
    answers = ANSWERS["polarity"]
    whole = written(
        tmp_path, [chat(f"{told} {text}", answers[k // 2 % 2]) for k, text in enumerate(texts)]
    )
    split = split_prompts(whole)
    assert {row.instruction for row in split.rows} == {told}
    assert [row.input for row in split.rows] == texts
