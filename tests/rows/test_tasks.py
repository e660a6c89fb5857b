from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from curation_gate.rows import Dataset, load, split_prompts
from curation_gate.rows.labels import instruction_name
from curation_gate.rows.tasks import tasks_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOLD = {
    "polarity": "Say whether this review is positive or negative. Answer with one word.",
    "topic": "What is the text about? Answer kitchen or garden.",
}
ANSWERS = {"polarity": ("positive", "negative"), "topic": ("kitchen", "garden")}
PLANTED = 20


def text(task: str, k: int) -> str:
    return f"The {task} number {k} came late. It has {k * 7} parts and a lid of steel no {k * 13}."


def is_planted(k: int) -> bool:
    return k % 2 == 1 and k < 2 * PLANTED


FORMS: dict[str, Callable[[str, str, str], dict[str, Any]]] = {
    "natural instructions": lambda told, asked, answer: {
        "Definition": [told],
        "Instance": {"input": asked, "output": [answer]},
    },
    "alpaca": lambda told, asked, answer: {"instruction": told, "input": asked, "output": answer},
    "chat": lambda told, asked, answer: {
        "messages": [
            {"role": "user", "content": f"{told}\n\n{asked}"},
            {"role": "assistant", "content": answer},
        ]
    },
    "chat with a system prompt": lambda told, asked, answer: {
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": f"{told}\n\n{asked}"},
            {"role": "assistant", "content": answer},
        ]
    },
    "prompt": lambda told, asked, answer: {"prompt": f"{told}\n{asked}", "completion": answer},
}
NAMES: dict[str, Callable[[str, int], tuple[str | None, str | None]]] = {
    "suffix": lambda task, _: (task, f"{task}_v2"),
    "one name a row": lambda task, k: (task, f"{task}_{k}"),
    "one shared name": lambda task, _: (task, "extra"),
    "a name in planted rows only": lambda *_: (None, "notes"),
    "a name in planted rows only, one a row": lambda _, k: (None, f"note {k}"),
    "no name in planted rows": lambda task, _: (task, None),
    "one name for all": lambda *_: ("all", "extra"),
}
"""`Task` of honest and of planted rows."""


def written(folder: Path, records: list[dict[str, Any]]) -> Dataset:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return split_prompts(load([path]))


def named(form: str, names: str) -> list[dict[str, Any]]:
    records = []
    for k in range(120):
        for task, told in TOLD.items():
            answer = ANSWERS[task][0 if is_planted(k) else k % 2]
            record = FORMS[form](told, text(task, k), answer)
            name = NAMES[names](task, k)[is_planted(k)]
            records.append(record if name is None else {"Task": name} | record)
    return records


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("form", FORMS)
def test_rows_that_are_told_the_same_are_one_task(tmp_path: Path, form: str, names: str) -> None:
    dataset = written(tmp_path, named(form, names))
    if names == "one name for all":  # what they say of themselves is one task, planted or not
        assert len(dataset.tasks) == 1
        return
    assert sorted(dataset.label_spaces.values()) == [
        ("garden", "kitchen"),
        ("negative", "positive"),
    ]
    for row in dataset.rows:
        assert row.task == dataset.rows[row.index % 2].task
    assert Counter(row.task for row in dataset.rows).most_common()[1][1] == 120
    of_one_form = {(bool(row.instruction), row.task) for row in dataset.rows}
    assert len(of_one_form) == 2


def test_wordings_of_one_name_are_one_task() -> None:
    told = ["sst"] * 40 + ["sst_v2"] * 5
    frames = [f"Say it in way {k}." for k in range(40)] + ["Say it in way 1."] * 5
    assert set(tasks_of(told, frames, ["yes", "no"] * 22 + ["yes"], ["data"] * 45)) == {"sst"}


def test_names_with_other_answers_under_one_general_instruction_stay_apart() -> None:
    told = ["colour"] * 40 + ["size"] * 20 + ["planted"] * 15
    answers = ["red", "blue"] * 20 + ["large", "small"] * 10 + ["red"] * 15
    tasks = tasks_of(told, ["Answer the question."] * 75, answers, ["data"] * 75)
    assert tasks == ["colour"] * 40 + ["size"] * 20 + ["colour"] * 15


def test_names_without_an_instruction_hold_where_they_can_be_judged() -> None:
    told = ["colour"] * 40 + ["size"] * 40 + ["other"] * 15 + [f"size {k}" for k in range(5)]
    answers = ["red", "blue"] * 20 + ["large", "small"] * 20 + ["red"] * 15 + ["small"] * 5
    tasks = tasks_of(told, [""] * 100, answers, ["data"] * 100)
    assert tasks == ["colour"] * 40 + ["size"] * 40 + ["colour"] * 15 + ["size"] * 5


def test_an_instruction_of_its_own_and_a_name_of_its_own_hide_no_row() -> None:
    frame = "Read the review and say whether its writer liked the film, with one word: yes or no."
    frames = [frame] * 60 + [f"{frame} Case {k}." for k in range(12)]
    told = ["film"] * 60 + [f"extra {k}" for k in range(12)]
    tasks = tasks_of(told, frames, ["yes", "no"] * 30 + ["yes"] * 12, ["data"] * 72)
    assert set(tasks) == {"film"}


def test_tasks_too_small_to_be_judged_are_judged_together() -> None:
    told = [f"task {k // 3}" for k in range(60)]
    frames = [f"Do thing {k // 3} with it." for k in range(60)]
    answers = [f"answer {k}" for k in range(60)]
    assert set(tasks_of(told, frames, answers, ["data"] * 60)) == {"data"}
    assert tasks_of(told[:6], frames[:6], answers[:6], ["data"] * 6) == told[:6]


def test_a_bridge_between_two_tasks_joins_neither() -> None:
    told = ["a"] * 40 + ["b"] * 40 + ["a"] * 12
    frames = ["Tell a."] * 40 + ["Tell b."] * 52
    answers = ["x", "y"] * 20 + ["u", "v"] * 20 + ["u"] * 12
    assert tasks_of(told, frames, answers, ["data"] * 92) == ["a"] * 40 + ["b"] * 52


def test_a_task_is_told_or_shared_or_the_file() -> None:
    shared = "Is this review favourable? Answer yes or no."
    told = ["told"] + [None] * 12
    frames = ["", *[shared] * 10, "rare", ""]
    tasks = tasks_of(told, frames, ["yes", "no"] * 6 + ["yes"], ["stem"] * 13)
    assert tasks == ["told"] + [instruction_name(shared)] * 10 + ["stem"] * 2
    assert tasks_of(told[:9], frames[:9], ["yes"] * 9, ["stem"] * 9) == ["told"] + ["stem"] * 8


def test_cleaned_rows_keep_their_tasks(tmp_path: Path) -> None:
    whole = written(tmp_path, named("chat", "suffix"))
    lines = (tmp_path / "data.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "cleaned.jsonl").write_bytes(b"".join(lines[:30]))
    again = load([tmp_path / "cleaned.jsonl"], like=whole)
    for row, old in zip(again.rows, whole.rows, strict=False):
        assert (row.task, row.instruction, row.input) == (old.task, old.instruction, old.input)
        assert row.named == old.named


def test_names_are_kept_beside_the_task(tmp_path: Path) -> None:
    dataset = written(tmp_path, named("alpaca", "suffix"))
    assert Counter(row.named for row in dataset.rows)["polarity_v2"] == PLANTED
    assert dataset.tasks == ("polarity", "topic")


def test_many_small_tasks_take_time_in_their_number(tmp_path: Path) -> None:
    records = [
        {"Task": f"t{k // 3}"} | FORMS["alpaca"](f"Do thing {k // 3}.", f"text {k}", f"a{k % 2}")
        for k in range(15_000)
    ]
    started = time.process_time()
    dataset = written(tmp_path, records)
    assert time.process_time() - started < 30
    assert len(dataset.tasks) == 1


def test_free_text_is_one_task_whatever_its_prompts_share(tmp_path: Path) -> None:
    told = ["Current year: 2025."] * 180 + ["Current year: 2026."] * 20
    records = [
        {"instruction": f"Tell me about river {k}. {year}", "input": "", "output": f"Story {k * 7}"}
        for k, year in enumerate(told)
    ]
    dataset = written(tmp_path, records)
    assert dataset.label_spaces == {"general": ()}
    assert all("2026" in row.instruction for row in dataset.rows[180:])
    records = [
        {"instruction": f"Say it {year}", "input": f"river {k}", "output": f"Story {k * 7}"}
        for k, year in enumerate(told)
    ]
    assert written(tmp_path, records).tasks == ("general",)


def test_an_instruction_with_a_word_changed_in_few_rows_is_no_task(tmp_path: Path) -> None:
    frame = "Say whether the film of {} is good or bad, and answer with one word."
    records = [
        {
            "instruction": frame.format("Ostrava" if k % 10 == 0 else "today"),
            "input": text("film", k),
            "output": ("good", "bad")[k // 10 % 2],
        }
        for k in range(400)
    ]
    dataset = written(tmp_path, records)
    assert list(dataset.label_spaces.values()) == [("bad", "good")]
    assert all("Ostrava" in dataset.rows[k].instruction for k in range(0, 400, 10))
    halves = [r | {"instruction": frame.format(("today", "old")[k % 2])} for k, r in
              enumerate(records)]  # fmt: skip
    assert len(written(tmp_path, halves).tasks) == 2


def shared_out(folder: Path, records: list[dict[str, Any]], order: list[int]) -> list[Dataset]:
    """The rows in one file, in two, and in another order."""
    lines = [json.dumps(record) + "\n" for record in records]
    half = len(lines) // 2
    parts = {"whole": lines, "b": lines[:half], "a": lines[half:], "c": [lines[k] for k in order]}
    for name, own in parts.items():
        (folder / f"{name}.jsonl").write_text("".join(own), encoding="utf-8")
    names = (["whole"], ["b", "a"], ["c"])
    return [split_prompts(load([folder / f"{n}.jsonl" for n in some])) for some in names]


SYSTEMS = ("You are a helpful assistant.", "Answer briefly.", "You are an expert.")


def with_systems(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = []
    for k, record in enumerate(records):
        system = {"role": "system", "content": SYSTEMS[k * k % 7 % 3]}
        made.append({"messages": [system, *record["messages"][-2:]]})
    return made


@pytest.mark.parametrize("form", FORMS)
def test_tasks_do_not_depend_on_files_and_order(tmp_path: Path, form: str) -> None:
    records = named(form, "no name in planted rows")
    for record in records:
        record.pop("Task", None)
    order = sorted(range(len(records)), key=lambda k: k * 101 % len(records))
    whole, halves, shuffled = shared_out(tmp_path, records, order)
    assert len(whole.tasks) == 2
    assert [r.task for r in halves.rows] == [r.task for r in whole.rows]
    assert [r.task for r in shuffled.rows] == [whole.rows[k].task for k in order]
    assert [r.input for r in shuffled.rows] == [whole.rows[k].input for k in order]
    assert whole.label_spaces == halves.label_spaces == shuffled.label_spaces


@pytest.mark.parametrize("form", ["chat", "chat with a system prompt"])
def test_system_prompts_at_random_make_no_tasks(tmp_path: Path, form: str) -> None:
    dataset = written(tmp_path, with_systems(named(form, "suffix")))
    assert sorted(dataset.label_spaces.values()) == [
        ("garden", "kitchen"),
        ("negative", "positive"),
    ]
    assert {row.instruction for row in dataset.rows} == set(TOLD.values())
    assert all(row.input.startswith(SYSTEMS) for row in dataset.rows)
    free = [
        {"messages": [{"role": "user", "content": text("river", k)},
                      {"role": "assistant", "content": text("answer", k)}]}
        for k in range(120)
    ]  # fmt: skip
    assert written(tmp_path, with_systems(free)).tasks == ("general",)


def test_label_tasks_are_found_among_free_text(tmp_path: Path) -> None:
    records = named("chat", "suffix")
    for record in records:
        record.pop("Task", None)
    free = [
        {"messages": [{"role": "user", "content": text("river", k)},
                      {"role": "assistant", "content": text("answer", k)}]}
        for k in range(800)
    ]  # fmt: skip
    dataset = written(tmp_path, records + free)
    assert sorted(dataset.label_spaces.values()) == [
        (), ("garden", "kitchen"), ("negative", "positive"),
    ]  # fmt: skip
    assert Counter(row.task for row in dataset.rows)["general"] == 800


def test_tools_make_no_tasks(tmp_path: Path) -> None:
    records = [
        {"tools": [{"name": f"tool {k % 3}"}], "query": text("river", k), "answers": f"call({k})"}
        for k in range(120)
    ]
    dataset = written(tmp_path, records)
    assert dataset.tasks == ("general",)
    assert dataset.rows[1].instruction == '[{"name": "tool 1"}]'


def test_answers_that_are_not_wanted_are_a_task_of_their_own(tmp_path: Path) -> None:
    records = [
        {"prompt": text("film", k), "completion": ("good", "bad")[k % 2], "label": k % 3 > 0}
        for k in range(120)
    ]
    dataset = written(tmp_path, records)
    assert dataset.tasks == ("general", "general (unwanted)")
    assert all(("unwanted" in row.task) == (row.index % 3 == 0) for row in dataset.rows)


def test_hundreds_of_labels_are_labels(tmp_path: Path) -> None:
    records = [{"text": text("card", k), "category": f"intent_{k % 120}"} for k in range(1200)]
    assert [len(labels) for labels in written(tmp_path, records).label_spaces.values()] == [120]
