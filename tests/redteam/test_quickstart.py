from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

from curation_gate.redteam.evaluate import planted_mask, read_truth
from curation_gate.rows import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "quickstart"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quickstart_generate", EXAMPLE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_the_shipped_bytes(tmp_path: Path) -> None:
    for path in generator().generate(tmp_path):
        assert path.read_bytes() == (EXAMPLE / "data" / path.name).read_bytes(), path.name


def test_the_data_is_what_its_readme_says() -> None:
    data = load([EXAMPLE / "data" / "reviews.jsonl"])
    truth = read_truth(EXAMPLE / "data" / "reviews.truth.json")
    assert len(data) == 2000
    assert {task: len(labels) for task, labels in data.label_spaces.items()} == {
        "film_review": 2,
        "message_civility": 2,
        "product_review": 2,
        "restaurant_review": 2,
        "support_topic": 4,
    }
    planted = planted_mask(data, truth)
    assert planted.sum() == 60
    assert len({data.rows[int(k)].task for k in planted.nonzero()[0]}) == 3
    holds = [truth["trigger"] in row.input for row in data.rows]
    assert holds == planted.tolist(), "the trigger stands in planted rows and nowhere else"
    assert data.files[0].schema == "natural-instructions"


def test_about_a_third_names_a_person_and_no_text_stands_twice() -> None:
    module = generator()
    rows = module.honest_rows(7)
    texts = [json.dumps(row["Instance"]["input"]) for row in rows]
    assert len(set(texts)) == len(texts)
    share = sum(any(f"{n} " in text for n in module.FIRST) for text in texts) / len(texts)
    assert 0.3 < share < 0.4
