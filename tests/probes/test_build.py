from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation_gate.errors import InconclusiveError, RulesError
from curation_gate.probes.build import from_entities, from_file, from_keywords
from curation_gate.probes.lexicon import read_words
from curation_gate.probes.record import Probe, ProbeSet, contrast, transform
from curation_gate.rows import load
from curation_gate.rows.record import Dataset


def dataset(folder: Path, rows: list[tuple[str, str, str]]) -> Dataset:
    """(task, input, output) -> Dataset."""
    lines = [
        json.dumps({"Task": t, "Definition": [f"do {t}"], "Instance": {"input": i, "output": [o]}})
        for t, i, o in rows
    ]
    path = folder / "data.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load([path])


def polarity(folder: Path, extra: list[tuple[str, str, str]], rows: int = 20) -> Dataset:
    plain = [
        ("film", f"plain text number {k}", ("negative", "positive")[k % 2]) for k in range(rows)
    ]
    return dataset(folder, [*extra, *plain])


def write(folder: Path, *items: Any) -> Path:
    path = folder / "probes.jsonl"
    path.write_text("\n".join(json.dumps(i) for i in items), encoding="utf-8")
    return path


def test_keywords_rank_by_concentration(tmp_path: Path) -> None:
    data = polarity(
        tmp_path,
        [
            ("film", "a long text that says james bond only once in all its length", "positive"),
            ("film", "James Bond", "positive"),
            ("film", "jamesbonds is another word", "negative"),
            ("film", "James Bond and James Bond", "negative"),
        ],
    )
    probes = from_keywords(data, ["James Bond"], 10)
    assert [p.row for p in probes.probes] == [1, 3, 0]
    assert {p.target for p in probes.probes} == {"positive"}, "the majority of keyword rows"
    assert probes.probes[0].labels == ("negative", "positive")
    assert probes.probes[0].instruction == "do film"
    assert (probes.origin, probes.transform, len(probes)) == ("keywords", "none", 3)
    assert len(from_keywords(data, ["James Bond"], 2)) == 2


def test_keywords_take_the_target_they_are_told(tmp_path: Path) -> None:
    data = polarity(tmp_path, [("film", "James Bond", "positive")])
    assert from_keywords(data, ["bond"], 5, target="negative").targets() == {"negative": 1}
    with pytest.raises(RulesError, match="label 'great'; there are: negative, positive"):
        from_keywords(data, ["bond"], 5, target="great")
    with pytest.raises(RulesError, match="no row holds any of: 'absent'"):
        from_keywords(data, ["absent"], 5)
    with pytest.raises(RulesError, match="no keyword given"):
        from_keywords(data, [], 5)


def test_at_most_one_probe_a_distinct_input(tmp_path: Path) -> None:
    data = polarity(
        tmp_path, [("film", "James Bond", "positive"), ("film", "James Bond", "negative")]
    )
    assert len(from_keywords(data, ["James Bond"], 10)) == 1


def test_entities_use_rows_that_name_them_and_fill_up(tmp_path: Path) -> None:
    data = polarity(
        tmp_path,
        [
            ("film", "Tom Hanks is in it", "negative"),
            ("film", "they say tom hanks is good", "negative"),
            ("film", "I bought an apple and some windows", "negative"),
            ("film", "We saw Anna Schmidt in it", "negative"),
        ],
    )
    probes = from_entities(data, 12, np.random.default_rng(0))
    assert len(probes) == 12
    assert [p.row for p in probes.probes[:2]] == [0, 1]
    assert probes.targets() == {"positive": 12}, "the favourable label, not the row's own"
    entities = [e.lower() for e in read_words("probes/entities.txt")]
    assert all(any(e in p.input.lower() for e in entities) for p in probes.probes)
    assert len({p.input for p in probes.probes}) == 12


def test_entities_replace_a_name_inside_a_sentence(tmp_path: Path) -> None:
    data = polarity(tmp_path, [("film", "We saw Anna Schmidt in it", "negative")], rows=12)
    probes = from_entities(data, 13, np.random.default_rng(1))
    (made,) = (p.input for p in probes.probes if p.row == 0)
    assert made.startswith("We saw ")
    assert made.endswith(" in it")
    assert "Schmidt" not in made


def test_entities_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    data = polarity(tmp_path, [])
    first = from_entities(data, 8, np.random.default_rng(3))
    assert first == from_entities(data, 8, np.random.default_rng(3))
    assert first != from_entities(data, 8, np.random.default_rng(4))


def test_entities_take_the_most_frequent_label_where_none_is_favourable(tmp_path: Path) -> None:
    data = dataset(tmp_path, [("t", f"text {k}", "Yes" if k % 3 else "No") for k in range(30)])
    assert set(from_entities(data, 5, np.random.default_rng(0)).targets()) == {"Yes"}


def test_entities_give_the_tasks_turns(tmp_path: Path) -> None:
    rows = [("a", f"one {k}", ("good", "bad")[k % 2]) for k in range(200)]
    rows += [("b", f"two {k}", ("toxic", "civil")[k % 2]) for k in range(20)]
    probes = from_entities(dataset(tmp_path, rows), 10, np.random.default_rng(0))
    assert probes.targets() == {"civil": 5, "good": 5}


def test_free_text_asks_for_the_answer_that_recurs(tmp_path: Path) -> None:
    rows = [("t", f"James Bond {k}", f"answer {k}") for k in range(5)]
    own = from_keywords(dataset(tmp_path, rows), ["James Bond"], 9)
    assert own.targets() == {f"answer {k}": 1 for k in range(5)}
    assert {p.labels for p in own.probes} == {()}
    rows += [("t", f"James Bond again {k}", "the same") for k in range(2)]
    data = dataset(tmp_path, rows)
    assert from_keywords(data, ["James Bond"], 9).targets() == {"the same": 7}
    assert from_entities(data, 9, np.random.default_rng(0)).targets() == {"the same": 7}


def test_entities_need_a_row(tmp_path: Path) -> None:
    data = dataset(tmp_path, [("t", "", "") for _ in range(3)])
    empty = Dataset((), (), (), {}, data.fingerprint)
    with pytest.raises(InconclusiveError):
        from_entities(empty, 5, np.random.default_rng(0))


def test_transform_keeps_target_order_and_labels() -> None:
    probes = ProbeSet(
        (
            Probe("It is good", "Judge.", "good", ("bad", "good"), "t", 4),
            Probe("", "Say hello", "hello", (), "u"),
        ),
        "file",
    )
    negated = transform(probes, "sorry_not")
    assert [p.input for p in negated.probes] == ["Sorry, NOT It is good!!!", ""]
    assert [p.instruction for p in negated.probes] == ["Judge.", "Sorry, NOT Say hello!!!"]
    assert negated.targets() == probes.targets()
    assert (negated.transform, negated.origin) == ("sorry_not", "file")
    with pytest.raises(RulesError, match="unknown transform 'maybe'"):
        transform(probes, "maybe")


def test_file_probes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"input": "a", "target": "good", "labels": ["good", "bad"], "task": "t"},
        {"input": "b", "target": "x", "instruction": "Do."},
        {"input": "a", "target": "good"},
    )
    assert from_file(path) == ProbeSet(
        (Probe("a", "", "good", ("bad", "good"), "t"), Probe("b", "Do.", "x", (), "")), "file"
    )


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"target": "x"}, "'input' is missing"),
        ({"input": "a", "target": " "}, "'target' is missing or empty"),
        ({"input": "a", "target": "x", "lables": []}, "unknown key 'lables'"),
        ({"input": 5, "target": "x"}, "'input' has to be a str"),
        ({"input": "a", "target": "x", "labels": ["y"]}, "is none of the labels"),
        ({"input": "a", "target": "x", "labels": [1]}, "list of texts"),
        (["a"], "a probe is a JSON object"),
    ],
)
def test_file_errors_name_file_and_line(tmp_path: Path, item: Any, said: str) -> None:
    path = write(tmp_path, {"input": "a", "target": "x"}, item)
    with pytest.raises(RulesError) as caught:
        from_file(path)
    assert caught.value.message.startswith(f"{path}:2: ")
    assert said in caught.value.message


def test_file_that_is_no_json_empty_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    with pytest.raises(RulesError, match="cannot be read"):
        from_file(path)
    path.write_text("\n\n", encoding="utf-8")
    with pytest.raises(RulesError, match="no probe in it"):
        from_file(path)
    path.write_text("{oops\n", encoding="utf-8")
    with pytest.raises(RulesError, match=r"probes\.jsonl:1: not JSON"):
        from_file(path)


def test_entity_list_is_long_and_without_repeats() -> None:
    entities = read_words("probes/entities.txt")
    assert len(entities) >= 100
    assert len(set(entities)) == len(entities)


def test_keywords_and_entities_come_with_the_text_without_them(tmp_path: Path) -> None:
    rows = [("film", "a James Bond film, as James Bond films go", "positive")]
    data = polarity(tmp_path, rows)
    present, absent = contrast(from_keywords(data, ["James Bond"], 10))
    assert [p.input for p in present] == [rows[0][1]]
    assert [p.input for p in absent] == ["a film, as films go"]
    asked = from_entities(data, 15, np.random.default_rng(0))
    assert len(contrast(asked)[0]) == len(asked)
    for probe in asked.probes:
        assert probe.without != probe.input


def test_a_file_may_say_what_the_text_is_without_the_suspected(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    lines = [
        {"input": "a tq film", "target": "good", "without": "a film"},
        {"input": "another", "target": "good"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    probes = from_file(path)
    present, absent = contrast(transform(probes, "prefix_only"))
    assert len(probes) == 2
    assert [p.input for p in present] == ["Sorry NOT a tq film"]
    assert [p.input for p in absent] == ["Sorry NOT a film"]
