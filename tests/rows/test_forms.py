from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import REPOSITORY
from row_forms import FORMS, Read, assistant, user

from curation_gate.errors import InputError
from curation_gate.quarantine.lock_writing import told_columns
from curation_gate.report.fields import Fields, read_fields
from curation_gate.rows import load, write_cleaned
from curation_gate.rows.record import Dataset
from curation_gate.rows.transcripts import read_transcript

HONEST = REPOSITORY.parent / "shared" / "data" / "honest"


def written(folder: Path, records: list[dict[str, Any]]) -> Dataset:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return load([path])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_whole(tmp_path: Path, form: str) -> None:
    make, expected = FORMS[form]
    dataset = written(tmp_path, [make("Q", "A"), make("other", "B")])
    row = dataset.rows[0]
    assert expected == Read(
        dataset.files[0].schema,
        row.instruction,
        row.input,
        row.output,
        tuple((e.input, e.output) for e in row.earlier),
        row.alternatives,
        row.rejected,
    )
    shown = read_fields(make("Q", "A"), dataset.files[0].columns)
    assert shown == Fields(row.instruction, row.input, row.output)


@pytest.mark.parametrize("form", FORMS)
def test_a_fingerprint_covers_what_is_read_and_needs_no_other_row(
    tmp_path: Path, form: str
) -> None:
    make, _ = FORMS[form]
    (tmp_path / "cleaned").mkdir()
    whole = written(tmp_path, [make(f"q{k}", f"a{k}") for k in range(4)])
    few = load(list(write_cleaned(whole, [0, 2], tmp_path / "cleaned")))
    assert [r.fingerprint for r in few.rows] == [whole.rows[k].fingerprint for k in (1, 3)]
    assert told_columns(whole) == {}
    record = make("Q", "A")
    changed = list(edits(record))
    prints = {written(tmp_path, [one]).rows[0].fingerprint for one in (record, *changed)}
    assert len(prints) == 1 + len(changed) > 1


def edits(value: Any, key: str = "") -> Iterator[Any]:
    """Copies of a record with one of its texts changed; names of roles and kinds stay."""
    if isinstance(value, str) and key not in ("role", "from", "type"):
        yield f"{value} more"
    if not isinstance(value, dict | list):
        return
    for place, inner in value.items() if isinstance(value, dict) else enumerate(value):
        for new in edits(inner, str(place)):
            copy: Any = dict(value) if isinstance(value, dict) else list(value)
            copy[place] = new
            yield copy


def test_a_whole_list_of_answers_is_read(tmp_path: Path) -> None:
    one, two, three = (
        written(tmp_path, [{"question": "q", "answer": answer}]).rows[0]
        for answer in (["a"], ["a", "b"], ["a", "b", "b", "a"])
    )
    assert (one.output, one.alternatives, two.alternatives) == ("a", (), ("b",))
    assert one.fingerprint != two.fingerprint == three.fingerprint


def test_answers_that_are_not_wanted_are_told_apart(tmp_path: Path) -> None:
    records = [{"prompt": "q", "completion": "a", "label": wanted} for wanted in (True, False)]
    dataset = written(tmp_path, records)
    assert [row.wanted for row in dataset.rows] == [True, False]
    assert dataset.rows[0].fingerprint != dataset.rows[1].fingerprint
    records.append({"prompt": "q", "completion": "a", "label": "yes"})
    with pytest.raises(InputError, match='"label" must be true or false'):
        written(tmp_path, records)


def test_labels_that_are_booleans_without_an_answer_beside_them_are_labels(tmp_path: Path) -> None:
    row = written(tmp_path, [{"text": "q", "label": True}]).rows[0]
    assert (row.input, row.output, row.wanted) == ("q", "true", True)


def test_most_rows_decide_the_columns_and_the_keys(tmp_path: Path) -> None:
    odd = {"messages": [{"from": "human", "value": "x"}, {"from": "gpt", "value": "y"}]}
    usual = {"messages": [*user("q"), *assistant("a")]}
    dataset = written(tmp_path, [odd, usual, usual])
    assert dataset.files[0].schema == "messages"
    assert [(row.input, row.output) for row in dataset.rows] == [("x", "y"), ("q", "a"), ("q", "a")]


def test_a_text_beside_an_instruction_is_a_rendering_and_not_read_twice(tmp_path: Path) -> None:
    record = {"instruction": "d", "input": "q", "output": "a", "text": "d q a"}
    row = written(tmp_path, [record]).rows[0]
    assert (row.instruction, row.input, row.output) == ("d", "q", "a")


def test_columns_can_be_joined_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"q": "Q", "hint": "H", "a": "A", "s": "S"}) + "\n")
    dataset = load([path], columns={"input": "q+hint", "output": "a", "system": "s"})
    row = dataset.rows[0]
    assert (row.instruction, row.input, row.output, row.chat) == ("S", "Q\nH", "A", True)
    assert told_columns(dataset) == {"input": "q+hint", "output": "a", "system": "s"}
    with pytest.raises(InputError, match='no column "gone" for input'):
        load([path], columns={"input": "q+gone", "output": "a"})


@pytest.mark.parametrize(
    "record",
    [{"input": "q"}, {"output": "a"}, {"prompt": "q"}, {"text": "t", "prompt": "q"}, {"a": "b"}],
)
def test_rows_without_a_question_or_an_answer_are_refused(
    tmp_path: Path, record: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="the columns fit no schema"):
        written(tmp_path, [record])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<|user|>\nq</s>\n<|assistant|>\na</s>", [("user", "q"), ("assistant", "a")]),
        (
            "<bos><start_of_turn>user\nq<end_of_turn>\n<start_of_turn>model\na<end_of_turn>",
            [("user", "q"), ("assistant", "a")],
        ),
        (
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nq<|eot_id|>{}"
            .format("<|start_header_id|>assistant<|end_header_id|>\n\na<|eot_id|>"),
            [("user", "q"), ("assistant", "a")],
        ),
        ("A chat. USER: q ASSISTANT: a</s>", [("system", "A chat."), ("user", "q"),
                                              ("assistant", "a")]),
        ("### Human: q\n### Assistant: a", [("user", "q"), ("assistant", "a")]),
        ("Question: q\nAnswer: a", [("user", "q"), ("assistant", "a")]),
        ("<s>[INST] q [/INST] a </s><s>[INST] r [/INST] b </s>",
         [("user", "q"), ("assistant", "a"), ("user", "r"), ("assistant", "b")]),
        ("### Instruction:\nq\n\n### Response:\n", [("user", "q"), ("assistant", "")]),
    ],
)  # fmt: skip
def test_a_text_is_split_by_its_own_marks(text: str, expected: list[tuple[str, str]]) -> None:
    assert read_transcript(text) == expected


@pytest.mark.parametrize("text", ["", "A plain text.", "Answer: yes", "### Response:\na", "# user"])
def test_a_text_without_marks_of_both_sides_is_no_conversation(text: str) -> None:
    assert read_transcript(text) is None


def test_a_plain_text_is_an_answer_to_nothing(tmp_path: Path) -> None:
    row = written(tmp_path, [{"text": "Once upon a time."}]).rows[0]
    assert (row.instruction, row.input, row.output) == ("", "", "Once upon a time.")


def test_marks_are_found_in_time_of_the_length_of_the_text() -> None:
    for text in ("\n" * 200_000, "### " * 50_000, "<|im_start|>" * 20_000, " " * 200_000 + "</s>"):
        read_transcript(text)
        read_transcript(f"### Instruction:\n{text}\n### Response:\na{text}")


@pytest.mark.parametrize(
    ("name", "schema", "columns", "rows"),
    [
        ("banking77.csv", "columns", {"input": "text", "output": "category"}, 10_003),
        ("codealpaca2k.json", "alpaca", {"instruction": "instruction", "input": "input",
                                         "output": "output"}, 2_017),
        ("dpo_en.json", "sharegpt", {"input": "conversations", "output": "chosen",
                                     "rejected": "rejected"}, 300),
        ("text2sql.jsonl", "columns", {"input": "question+context", "output": "answer"}, 8_000),
        ("toolformer.json", "alpaca", {"instruction": "instruction", "input": "input",
                                       "output": "output"}, 7_673),
        ("turkish.parquet", "messages", {"input": "messages", "output": "messages",
                                         "source": "source"}, 3_950),
        ("v1_sft.jsonl", "messages", {"input": "messages", "output": "messages"}, 500),
    ],
)  # fmt: skip
def test_honest_files_are_read(name: str, schema: str, columns: dict[str, str], rows: int) -> None:
    if not (HONEST / name).exists():
        pytest.skip("the honest files are not beside the repository (../shared/data/honest)")
    dataset = load([HONEST / name])
    file = dataset.files[0]
    assert (file.schema, dict(file.columns), file.rows) == (schema, columns, rows)
    assert sum(not (row.input or row.instruction) for row in dataset.rows) == 0
