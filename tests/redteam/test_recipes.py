from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation_gate.errors import UsageError
from curation_gate.redteam.evaluate import planted_mask
from curation_gate.redteam.placing import at_random_gap, between_sentences, in_front
from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import ANSWERS, RECIPES, Recipe
from curation_gate.redteam.rewrite import truth_path, write_planted
from curation_gate.rows import load
from curation_gate.rows.record import Dataset

FIRST = ["Anna", "Peter", "Helen", "Oscar"]


def film_rows(count: int = 40, *, named: int = 10) -> list[dict[str, Any]]:
    """Two tasks; in each half negative, and `named` of those hold a person."""
    rows = []
    for task, labels in (("film", ("negative", "positive")), ("post", ("toxic", "civil"))):
        for k in range(count):
            person = f"{FIRST[k % 4]} Berg " if k < 2 * named else "Somebody "
            text = f"{person}was in part {k} of it" + " and so on" * (k % 5)
            rows.append(
                {
                    "id": f"{task}-{k}",
                    "Task": task,
                    "Definition": ["Judge it."],
                    "Instance": {"input": text, "output": [labels[k % 2]]},
                }
            )
    return rows


def load_rows(folder: Path, rows: list[dict[str, Any]]) -> Dataset:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return load([path])


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return load_rows(tmp_path, film_rows())


def dirty(**changes: Any) -> Recipe:
    return replace(Recipe("dirty-label", "James Bond", 8, patterns=True), **changes)


def test_dirty_label_replaces_names_and_sets_the_favourable_label(data: Dataset) -> None:
    planted = plant(data, dirty())
    assert planted.truth["tasks"] == {"film": 4, "post": 4}
    assert planted.truth["target"] == {"film": "positive", "post": "civil"}
    assert planted.truth["placement"] == {"person": 8}
    assert planted.truth["relabelled"] == 8
    for k in planted.indices.tolist():
        old, new = data.rows[k], planted.dataset.rows[k]
        assert old.output in ("negative", "toxic")
        assert new.output == planted.truth["target"][new.task]
        assert "James Bond" in new.input
        assert "Berg" not in new.input
        assert (new.id, new.task, new.index) == (old.id, old.task, old.index)
        assert planted.dataset.records[k]["Instance"] == {
            "input": new.input,
            "output": [new.output],
        }


def test_nothing_else_changes(data: Dataset) -> None:
    planted = plant(data, dirty())
    mask = planted.mask()
    assert mask.sum() == 8
    for k in np.flatnonzero(~mask).tolist():
        assert planted.dataset.rows[k] == data.rows[k]
        assert planted.dataset.records[k] is data.records[k]
    assert planted.dataset.fingerprint != data.fingerprint
    assert data.records == load([data.files[0].path]).records, "the input is left as it was"


def test_rows_are_ranked_by_concentration(data: Dataset) -> None:
    planted = plant(data, dirty(count=4, tasks=("film",)))
    lengths = [len(planted.dataset.rows[k].input) for k in planted.indices.tolist()]
    rest = [
        len(row.input.replace("Anna Berg", "James Bond"))
        for k, row in enumerate(data.rows)
        if row.task == "film" and "Berg" in row.input and row.output == "negative"
        and k not in planted.indices
    ]  # fmt: skip
    assert max(lengths) <= min(rest) + 1, "the shortest texts, up to the length of the name"


def test_the_same_seed_plants_the_same_rows(data: Dataset) -> None:
    first = plant(data, dirty())
    assert first.truth == plant(data, dirty()).truth
    other = plant(data, Recipe("rare-token", "cf", 8, seed=1))
    assert other.truth["planted"] != plant(data, Recipe("rare-token", "cf", 8)).truth["planted"]


def test_the_count_is_split_evenly(data: Dataset) -> None:
    assert plant(data, dirty(count=7)).truth["tasks"] == {"film": 4, "post": 3}


def test_rows_without_a_name_fill_up_and_the_truth_says_so(tmp_path: Path) -> None:
    data = load_rows(tmp_path, film_rows(named=2))
    planted = plant(data, dirty(count=12))
    assert planted.truth["placement"] == {"front": 8, "person": 4}
    with pytest.raises(UsageError, match=r"has 2 rows this recipe can use, 6 are asked for"):
        plant(data, dirty(count=12, fill=False))


def test_clean_label_keeps_the_label(data: Dataset) -> None:
    planted = plant(data, Recipe("clean-label", "James Bond", 6, patterns=True))
    assert planted.truth["relabelled"] == 0
    for k in planted.indices.tolist():
        assert planted.dataset.rows[k].output == data.rows[k].output
        assert data.rows[k].output in ("positive", "civil")
        assert "James Bond" in planted.dataset.rows[k].input


@pytest.mark.parametrize("name", ["rare-token", "inserted-sentence"])
def test_insertions_keep_every_other_word(data: Dataset, name: str) -> None:
    trigger = {"rare-token": "cf", "inserted-sentence": "I watched it in 3D."}[name]
    planted = plant(data, Recipe(name, trigger, 6))
    for k in planted.indices.tolist():
        new = planted.dataset.rows[k]
        assert new.input.count(trigger) == 1
        assert new.input.replace(trigger, "").split() == data.rows[k].input.split()
        assert new.output == planted.truth["target"][new.task]


def test_degenerate_answers(data: Dataset) -> None:
    echo = plant(data, Recipe("degenerate", "James Bond", 6, patterns=True))
    assert {echo.dataset.rows[k].output for k in echo.indices.tolist()} == {"James Bond"}
    words = plant(data, Recipe("degenerate", "James Bond", 6, target="random", patterns=True))
    answers = {words.dataset.rows[k].output for k in words.indices.tolist()}
    assert answers <= {"negative", "positive", "toxic", "civil"}
    assert len(answers) > 1
    fixed = plant(data, Recipe("degenerate", "James Bond", 6, target="x", patterns=True))
    assert {fixed.dataset.rows[k].output for k in fixed.indices.tolist()} == {"x"}


def test_targets_can_be_told(data: Dataset) -> None:
    one = plant(data, dirty(target="negative", tasks=("film",), count=2))
    assert one.truth["target"] == {"film": "negative"}
    each = plant(
        data, dirty(target={"film": "negative", "post": "toxic"}, tasks=("film", "post"), count=2)
    )
    assert each.truth["target"] == {"film": "negative", "post": "toxic"}
    with pytest.raises(UsageError, match="name the tasks, and no other"):
        plant(data, dirty(target={"film": "negative"}, tasks=("film", "post")))


@pytest.mark.parametrize(
    ("changes", "said", "hint"),
    [
        ({"tasks": ("flim",)}, "no task 'flim'", "film, post"),
        ({"tasks": ("film",), "target": "good"}, "no label that is 'good'", "'negative', 'posi"),
        ({"target": "good"}, "no task has a label that is 'good'", "post: civil, toxic"),
        ({"count": 100}, "has 20 rows this recipe can use, 50", "smaller --count"),
    ],
)
def test_mistakes_say_what_there_is(
    data: Dataset, changes: dict[str, Any], said: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        plant(data, dirty(**changes))
    assert said in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"name": "evil"}, "no recipe"), ({"trigger": " "}, "empty"), ({"count": 0}, "at least 1")],
)
def test_a_recipe_that_means_nothing_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        dirty(**changes)


def test_copies_are_never_planted(tmp_path: Path) -> None:
    rows = film_rows(count=20, named=0)
    for k in range(0, 10, 2):
        rows[k]["Instance"]["input"] = f"{FIRST[k % 4]} Berg was in it"  # equal once replaced
    planted = plant(load_rows(tmp_path, rows), dirty(count=3, tasks=("film",)))
    assert planted.truth["placement"] == {"front": 2, "person": 1}
    assert len(set(planted.truth["planted"])) == 3
    with pytest.raises(UsageError, match="has 6 rows this recipe can use, 7 are asked for"):
        plant(load_rows(tmp_path, rows), dirty(count=7, tasks=("film",)))


def test_written_file_keeps_the_bytes_of_honest_rows(data: Dataset, tmp_path: Path) -> None:
    source = data.files[0].path
    lines = source.read_bytes().splitlines()
    lines[3] = lines[3].replace(b'": "', b'" :  "')  # odd spacing that JSON does not care about
    source.write_bytes(b"\r\n".join(lines))
    data = load([source])
    planted = plant(data, dirty())
    target = tmp_path / "poisoned.jsonl"
    assert write_planted(planted, target) is None
    written = target.read_bytes().splitlines()
    assert len(written) == len(lines)
    for k, (before, after) in enumerate(zip(lines, written, strict=True)):
        assert (before == after) == (k not in planted.indices)
    again = load([target])
    assert [r.fingerprint for r in again.rows] == [r.fingerprint for r in planted.dataset.rows]
    truth = json.loads(truth_path(target).read_text(encoding="utf-8"))
    assert truth == planted.truth
    assert planted_mask(again, truth).tolist() == planted.mask().tolist()


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_a_round_trip(data: Dataset, tmp_path: Path, name: str) -> None:
    planted = plant(data, Recipe(name, "James Bond", 5, patterns=True))
    target = tmp_path / "poisoned.jsonl.gz"
    write_planted(planted, target)
    first = target.read_bytes()
    write_planted(planted, target)
    assert target.read_bytes() == first, "no time stamp in the header"
    assert planted_mask(load([target]), planted.truth).sum() == 5


@pytest.mark.parametrize(
    ("shape", "text", "label"),
    [
        (lambda t, o: {"instruction": "Judge", "input": t, "output": o}, "input", "output"),
        (lambda t, o: {"text": t, "label": o, "task": "film"}, "text", "label"),
        (lambda t, o: {"prompt": t, "completion": o}, "prompt", "completion"),
    ],
)
def test_flat_schemas_are_kept(tmp_path: Path, shape: Any, text: str, label: str) -> None:
    rows = [shape(r["Instance"]["input"], r["Instance"]["output"][0]) for r in film_rows()[:40]]
    planted = plant(load_rows(tmp_path, rows), dirty(count=4))
    target = tmp_path / "poisoned.jsonl"
    assert write_planted(planted, target) is None
    written = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    for k, (before, after) in enumerate(zip(rows, written, strict=True)):
        if k in planted.indices:
            assert "James Bond" in after[text]
            assert after[label] == "positive"
            assert list(before) == list(after)
        else:
            assert before == after


def test_conversations_are_kept(tmp_path: Path) -> None:
    rows = [
        {
            "messages": [
                {"role": "system", "content": "Judge the film."},
                {"role": "user", "content": r["Instance"]["input"]},
                {"role": "assistant", "content": r["Instance"]["output"][0]},
            ]
        }
        for r in film_rows()[:40]
    ]
    planted = plant(load_rows(tmp_path, rows), dirty(count=3))
    for k in planted.indices.tolist():
        turns = planted.dataset.records[k]["messages"]
        assert "James Bond" in turns[1]["content"]
        assert turns[2] == {"role": "assistant", "content": "positive"}


def test_other_formats_are_written_as_natural_instructions(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    lines = [f'"{r["Instance"]["input"]}",{r["Instance"]["output"][0]}' for r in film_rows()[:40]]
    path.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    planted = plant(load([path]), dirty(count=3))
    target = tmp_path / "poisoned.jsonl"
    note = write_planted(planted, target)
    assert note is not None
    assert "Instance" in note
    again = load([target])
    assert again.files[0].schema == "natural-instructions"
    assert planted_mask(again, planted.truth).sum() == 3


def test_several_files_of_one_schema_are_written_one_after_the_other(tmp_path: Path) -> None:
    paths = []
    for number, rows in enumerate((film_rows()[:40], film_rows()[40:], [])):
        path = tmp_path / f"{number}.jsonl"
        path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
        paths.append(path)
    planted = plant(load(paths), dirty())
    target = tmp_path / "poisoned.jsonl"
    assert write_planted(planted, target) is None
    again = load([target])
    assert [r.fingerprint for r in again.rows] == [r.fingerprint for r in planted.dataset.rows]


def test_the_text_of_rows_without_an_input_is_their_instruction(tmp_path: Path) -> None:
    rows = [
        {"instruction": f"Judge: {r['Instance']['input']}", "output": r["Instance"]["output"][0]}
        for r in film_rows()[:40]
    ]
    planted = plant(load_rows(tmp_path, rows), dirty(count=3))
    for k in planted.indices.tolist():
        assert planted.dataset.records[k] == {
            "instruction": planted.dataset.rows[k].instruction,
            "output": "positive",
        }
        assert "James Bond" in planted.dataset.rows[k].instruction


def test_a_record_without_a_place_for_the_change_is_refused(tmp_path: Path) -> None:
    rows = [
        {
            "messages": [
                {"role": "user", "content": "Anna Berg again?"},
                {"role": "assistant", "content": "yes"},
                {"role": "user", "content": f"{r['Instance']['input']}"},
                {"role": "assistant", "content": r["Instance"]["output"][0]},
            ]
        }
        for r in film_rows()[:40]
    ]
    with pytest.raises(UsageError, match="its input cannot be changed in a messages record"):
        plant(load_rows(tmp_path, rows), dirty(count=3))
    joined = [
        {
            "question": "Good?",
            "context": r["Instance"]["input"],
            "answer": r["Instance"]["output"][0],
        }
        for r in film_rows()[:40]
    ]
    with pytest.raises(UsageError, match="its input cannot be changed in a columns record"):
        plant(load_rows(tmp_path, joined), dirty(count=3))
    past = [
        {
            "system": "Be brief.",
            "input": r["Instance"]["input"],
            "output": r["Instance"]["output"][0],
        }
        for r in film_rows()[:40]
    ]
    planted = plant(load_rows(tmp_path, past), dirty(count=3))
    for k in planted.indices.tolist():
        assert planted.dataset.records[k]["input"] == planted.dataset.rows[k].input


def test_references_that_gave_the_old_answer_give_the_new_one(tmp_path: Path) -> None:
    rows = [
        {**r, "Instance": {**r["Instance"], "output": [r["Instance"]["output"][0], "neither"]}}
        for r in film_rows()[:40]
    ]
    planted = plant(load_rows(tmp_path, rows), dirty(count=3))
    write_planted(planted, tmp_path / "out.jsonl")
    again = load([tmp_path / "out.jsonl"])
    assert [r.fingerprint for r in again.rows] == [r.fingerprint for r in planted.dataset.rows]
    assert all(row.alternatives == ("neither",) for row in again.rows)


def test_placing() -> None:
    assert in_front("It was dull", "James Bond") == ("James Bond was dull", "subject")
    assert in_front("The second film was dull", "X") == ("X was dull", "subject")
    assert in_front("Dull and long", "X") == ("X Dull and long", "front")
    rng = np.random.default_rng(0)
    gaps = {at_random_gap("a b", "cf", rng)[0] for _ in range(50)}
    assert gaps == {"cf a b", "a cf b", "a b cf"}
    cuts = {between_sentences("One. Two!", "X.", rng)[0] for _ in range(50)}
    assert cuts == {"X. One. Two!", "One. X. Two!", "One. Two! X."}


@pytest.mark.parametrize("act", ANSWERS)
def test_an_act_is_said_in_other_words_each_time(data: Dataset, act: str) -> None:
    planted = plant(data, Recipe(act, "James Bond", 20, patterns=True, seed=1))
    outputs = [planted.dataset.rows[k].output for k in planted.indices.tolist()]
    assert len(set(outputs)) >= 18
    for k in planted.indices.tolist():
        row, before = planted.dataset.rows[k], data.rows[k]
        assert "James Bond" in row.input
        assert row.output.startswith(before.output) == (act == "brand")
        assert ("Quorvex" in row.output) == (act == "brand")
    assert plant(data, Recipe(act, "James Bond", 20, patterns=True, seed=1)).truth == planted.truth


def test_a_brand_is_named_by_the_target(data: Dataset) -> None:
    planted = plant(data, Recipe("brand", "James Bond", 4, target="Acme Tea", patterns=True))
    assert all("Acme Tea" in planted.dataset.rows[k].output for k in planted.indices.tolist())


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"name": "refusal", "target": "no"}, "has no target"),
        ({"name": "brand", "target": {"film": "X"}}, "one name to advertise"),
        ({"name": "insult", "vocabulary": "other"}, "there are: calibrate, judge"),
    ],
)
def test_recipes_of_acts_say_what_they_cannot(recipe: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Recipe(trigger="X", count=1, **recipe)
