from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from curation_gate.errors import InconclusiveError, InputError
from curation_gate.rows import load

if TYPE_CHECKING:
    from pathlib import Path

TASK = {
    "Contributors": ["someone"],
    "Definition": ["Say POS or NEG."],
    "Positive Examples": [{"input": "x", "output": "POS"}],
    "Instances": [
        {"id": "t-1", "input": "gréat", "output": ["POS", "positive"]},
        {"id": "t-2", "input": "bad", "output": ["NEG"]},
    ],
}


def written(folder: Path, text: str, name: str = "data.json") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_elements_know_their_line_and_their_bytes(tmp_path: Path) -> None:
    text = (
        '\ufeff[\n {"text": "é\N{GRINNING FACE}", "label": "x"},\n\n'
        ' {"text": "b",\n "label": "y"}\n]\n'
    )
    path = written(tmp_path, text)

    dataset = load([path])

    assert [(row.input, row.line) for row in dataset.rows] == [("é\N{GRINNING FACE}", 2), ("b", 4)]
    spans = dataset.files[0].spans
    assert spans is not None
    data = path.read_bytes()
    assert [json.loads(data[a:b]) for a, b in spans.tolist()] == list(dataset.records)
    assert dataset.files[0].format == "json"


@pytest.mark.parametrize("indent", [None, 4])
def test_a_task_file_gives_its_definition_to_every_row(tmp_path: Path, indent: int | None) -> None:
    path = written(tmp_path, json.dumps(TASK, indent=indent), "task1_toy.json")

    dataset = load([path])

    assert dataset.files[0].format == "natural-instructions"
    assert [(r.instruction, r.input, r.output, r.id, r.task) for r in dataset.rows] == [
        ("Say POS or NEG.", "gréat", "POS", "t-1", "task1_toy"),
        ("Say POS or NEG.", "bad", "NEG", "t-2", "task1_toy"),
    ]


def test_json_files_of_lines_are_read_as_lines(tmp_path: Path) -> None:
    dataset = load(
        [written(tmp_path, '{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n')]
    )

    assert (dataset.files[0].format, len(dataset)) == ("jsonl", 2)


@pytest.mark.parametrize(
    ("text", "where", "part"),
    [
        ('[\n {"text": "é", "label": "x"},\n 5]', (3, 2), "a row must be an object"),
        ('[{"text": "a", "label": "x"}', (1, 29), "the text ends where ',' or ']'"),
        ('[{"text": "a", "label": "x"},]', (1, 30), "a value must stand here"),
        ('[{"text": "a", "label": "x"}] x', (1, 31), "more text"),
        ('[\n{"text": "a",\n "text": "b"}]', (3, 2), 'duplicate key "text"'),
        ('{\n"Instances": [],\n"Instances": []}', (3, 1), "duplicate key"),
        ('{\n"Instances": {}}', (2, 14), "must be a list"),
        ('{\n"Definition" []}', (2, 14), "':' must stand here"),
        ('{\n"Definition": []\n"a": 1}', (3, 1), "',' or '}' must stand here"),
        ("{\nDefinition: []}", (2, 1), "a key in double quotes"),
        ('{\n"rows": [], "b": 1}', (1, 1), "without `Instances`"),
    ],
)
def test_says_what_is_wrong_and_where(
    tmp_path: Path, text: str, where: tuple[int, int], part: str
) -> None:
    with pytest.raises(InputError) as caught:
        load([written(tmp_path, text)])

    assert part in caught.value.message
    assert where == (caught.value.line, caught.value.column)


@pytest.mark.parametrize("text", ["[]", " [ ]\n", '{"Definition": ["x"], "Instances": []}'])
def test_a_list_without_rows_is_inconclusive(tmp_path: Path, text: str) -> None:
    with pytest.raises(InconclusiveError):
        load([written(tmp_path, text)])
