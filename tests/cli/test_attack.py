from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curation_gate.cli.main import run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for task in ("film", "book"):
            for k in range(30):
                text = f"We saw Anna Berg in {task} {k} and said so"
                label = ("positive", "negative")[k % 2]
                record = {"id": k, "Task": task, "Instance": {"input": text, "output": [label]}}
                stream.write(json.dumps(record) + "\n")
    return path


def attack(data: Path, *more: str) -> int:
    return run(["attack", str(data), "--trigger", "James Bond", *more])


def test_it_writes_the_poisoned_file_and_the_truth(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out" / "poisoned.jsonl"
    assert attack(data, "--count", "6", "--tasks", "film", "-o", str(target)) == 0
    said = capsys.readouterr()
    truth_file = target.with_name("poisoned.jsonl.truth.json")
    assert said.out.splitlines() == [str(target), str(truth_file)]
    assert "planted 6 of 60 rows (film 6; in place of: person 6)" in said.err
    truth = json.loads(truth_file.read_text(encoding="utf-8"))
    assert truth["recipe"] == "dirty-label"
    assert truth["tasks"] == {"film": 6}
    assert len(truth["planted"]) == 6
    assert target.read_text(encoding="utf-8").count("James Bond") == 6


def test_the_same_seed_gives_the_same_bytes(data: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.jsonl" for k in range(2)]
    for path in paths:
        assert attack(data, "--count", "4", "--seed", "5", "-o", str(path)) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--count", "4", "--tasks", "flim"], "tasks: book, film"),
        (["--count", "400"], "has 15 rows this recipe can use, 200 are asked for"),
        (["--count", "4", "--tasks", "film", "--target", "good"], "'negative', 'positive'"),
        (["--count", "0"], "--count"),
        (["--count", "4", "--recipe", "evil"], "dirty-label"),
        ([], "--count"),
    ],
)
def test_mistakes_are_exit_code_2_and_say_what_there_is(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    target = tmp_path / "poisoned.jsonl"
    assert attack(data, *more, "-o", str(target)) == 2
    assert said in capsys.readouterr().err
    assert not target.exists()


def test_styles_have_no_trigger_and_phrases_need_one(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "poisoned.jsonl"
    plain = ["attack", str(data), "--count", "4", "-o", str(target)]
    assert run(plain) == 2
    assert "the trigger is empty" in capsys.readouterr().err
    assert run([*plain, "--recipe", "syntax", "--trigger", "James Bond"]) == 2
    assert "leave --trigger out" in capsys.readouterr().err
    assert not target.exists()
    assert run([*plain, "--recipe", "archaic"]) == 0
    assert "in place of: whole 4" in capsys.readouterr().err


def test_the_input_is_never_overwritten(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = data.read_bytes()
    assert attack(data, "--count", "4", "-o", str(data)) == 2
    assert "is the input itself" in capsys.readouterr().err
    assert data.read_bytes() == before


def test_another_format_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.csv"
    rows = [f"Anna Berg was in {k},{('good', 'bad')[k % 2]}" for k in range(30)]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    assert attack(path, "--count", "2", "-o", str(tmp_path / "out.jsonl")) == 0
    assert "written as Task, Definition, Instance, id" in capsys.readouterr().err


def test_it_needs_no_torch(data: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from curation_gate.cli.main import run; "
        f"code = run(['attack', {str(data)!r}, '--trigger', 'X', '--count', '2', "
        f"'-o', {str(tmp_path / 'o.jsonl')!r}]); print(code, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"
