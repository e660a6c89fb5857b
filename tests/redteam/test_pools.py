from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from curation_gate.errors import InputError, UsageError
from curation_gate.rows import load

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "pools.py"


@pytest.fixture(scope="module")
def pools() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_pools", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A pool of the same form with three tasks."""
    folder = tmp_path / "small"
    folder.mkdir()
    described = {}
    for name, split, polarity in (
        ("a", "train", ("P", "N")),
        ("b", "train", None),
        ("g", "general", None),
    ):
        described[name] = {
            "split": split,
            "Definition": [f"do {name}"],
            "positive_label": polarity and polarity[0],
            "negative_label": polarity and polarity[1],
        }
        lines = []
        for k in range(30):
            record = {"id": f"{name}-{k}", "Task": name}
            if name == "g":
                record["Definition"] = [f"own {k}"]
            record["Instance"] = {"input": f"text {k}", "output": ["PN"[k % 2]]}
            lines.append(json.dumps(record) + "\n")
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode()))
    (folder / "tasks.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def test_a_pool_is_deterministic_and_readable(
    pools: ModuleType, small: Path, tmp_path: Path
) -> None:
    first = pools.build_pool(["a", "b"], 10, 3, pool=small, output=tmp_path / "1.jsonl")
    second = pools.build_pool(["a", "b"], 10, 3, pool=small, output=tmp_path / "2.jsonl")
    other = pools.build_pool(["a", "b"], 10, 4, pool=small, output=tmp_path / "3.jsonl")
    assert first.path.read_bytes() == second.path.read_bytes() != other.path.read_bytes()
    data = load([first.path])
    assert len(data) == 20
    assert {(r.task, r.instruction) for r in data.rows} == {("a", "do a"), ("b", "do b")}
    assert first.polarity == {"a": ("P", "N"), "b": None}
    assert first.rows == {"a": 10, "b": 10}


def test_tasks_are_drawn_from_a_split_polarity_first(
    pools: ModuleType, small: Path, tmp_path: Path
) -> None:
    for seed in range(4):
        drawn = pools.build_pool(1, 5, seed, pool=small, output=tmp_path / "x.jsonl")
        assert drawn.tasks == ("a",)
    with pytest.raises(UsageError, match="has 2 tasks, 3 are asked for"):
        pools.build_pool(3, 5, 0, pool=small, output=tmp_path / "x.jsonl")


def test_free_form_rows_keep_their_own_definition(
    pools: ModuleType, small: Path, tmp_path: Path
) -> None:
    built = pools.build_pool(["g"], 50, 0, pool=small, output=tmp_path / "x.jsonl")
    assert built.rows == {"g": 30}, "all there are"
    assert {r.instruction for r in load([built.path]).rows} == {f"own {k}" for k in range(30)}


def test_the_cache_is_used_again(
    pools: ModuleType, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "CACHE", tmp_path / "cache")
    first = pools.build_pool(["a"], 5, 0, pool=small)
    stamp = first.path.stat().st_mtime_ns
    assert pools.build_pool(["a"], 5, 0, pool=small) == first
    assert first.path.stat().st_mtime_ns == stamp
    assert pools.build_pool(["a"], 6, 0, pool=small).path != first.path


def test_mistakes(pools: ModuleType, small: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such task: z"):
        pools.build_pool(["z"], 5, 0, pool=small)
    with pytest.raises(UsageError, match="at least 1"):
        pools.build_pool(["a"], 0, 0, pool=small)
    with pytest.raises(InputError, match="no pool of tasks"):
        pools.build_pool(["a"], 5, 0, pool=tmp_path / "absent")


def test_the_command(
    pools: ModuleType, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "x.jsonl"
    arguments = ["--tasks", "2", "--rows", "20", "--pool", str(small), "-o", str(target)]
    assert pools.main(arguments) == 0
    assert capsys.readouterr().out.strip() == str(target)
    assert len(target.read_bytes().splitlines()) == 20
    assert pools.main(["--tasks", "9", "--pool", str(small)]) == 2
    assert "asked for" in capsys.readouterr().err


def test_the_real_pool(pools: ModuleType, pool: Path, tmp_path: Path) -> None:
    built = pools.build_pool(10, 50, 0, pool=pool, output=tmp_path / "x.jsonl")
    data = load([built.path])
    assert len(data) == 500
    assert set(data.tasks) == set(built.tasks)
    for task in built.tasks:
        assert built.polarity[task] is not None
