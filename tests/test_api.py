"""`from curation_gate import scan`: files and data in memory, and the cleaned set it hands back."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest
from places import REPOSITORY

import curation_gate
from curation_gate import api
from curation_gate.errors import InconclusiveError, InputError, UsageError
from curation_gate.rulebook import parse_rules

REVIEWS = REPOSITORY / "examples" / "quickstart" / "data" / "reviews.jsonl"
PACK = """\
name: quick
rules:
  - id: CG008
    title: high loss
    detector: loss
    severity: quarantine
    parameters: {fraction: 0.05}
    rationale: a test
policy: {minimum_rows: 20}
proxy: {name: scratch, epochs: 1, max_tokens: 32}
probes: {origin: entities, count: 6}
influence: {factor_rows: 32, lambda_rows: 16}
"""


@pytest.fixture
def rows():
    lines = REVIEWS.read_text(encoding="utf-8").splitlines()[:80]
    found = [json.loads(line) for line in lines]
    return [
        {"task": r["Task"], "prompt": text["input"], "completion": text["output"][0]}
        for r in found
        for text in [r["Instance"]]
    ]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def quick():
    return parse_rules(PACK, Path("quick.yaml"))


def test_importing_is_cheap():
    probe = (
        "import sys; from curation_gate import scan, ScanResult; "
        "print([m for m in ('torch', 'transformers', 'datasets', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.strip() == "[]"
    assert curation_gate.scan is api.scan
    assert (Path(curation_gate.__file__).parent / "py.typed").is_file()


def test_a_list_goes_in_and_a_list_comes_out(rows, monkeypatch, tmp_path):
    import torch

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    torch.set_num_threads(2)
    state = torch.random.get_rng_state()
    result = curation_gate.scan(rows, rules=quick())
    assert torch.get_num_threads() == 2  # the caller trains next
    assert torch.equal(torch.random.get_rng_state(), state)
    assert result.exit_code == 1
    assert result.cleaned == [row for k, row in enumerate(rows) if result.kept[k]]
    assert all(any(a is b for b in rows) for a in result.cleaned)
    assert result.cleaned is result.cleaned
    assert len(result.quarantined) == result.manifest["counts"]["quarantine"] == 4
    assert "4 quarantined" in repr(result)
    folder = result.folder
    assert (folder / "report.html").is_file()
    assert folder.parent == tmp_path
    assert not list(tmp_path.rglob("curate.lock"))
    assert list(tmp_path.glob("curate*")) == [folder]  # the copy is gone
    del result
    gc.collect()
    assert not folder.exists()


def test_splits_stay_splits_and_a_given_folder_stays(rows, tmp_path):
    datasets = pytest.importorskip("datasets")
    whole = datasets.Dataset.from_list(rows)
    splits = datasets.DatasetDict(train=whole.select(range(50)), test=whole.select(range(50, 80)))
    folder = tmp_path / "scan"
    result = curation_gate.scan(splits, folder, rules=quick(), seed=1)
    cleaned = result.cleaned
    assert type(cleaned) is datasets.DatasetDict
    assert list(cleaned) == ["train", "test"]
    assert cleaned["train"].features == whole.features
    kept = [row for k, row in enumerate(rows) if result.kept[k]]
    assert [*cleaned["train"], *cleaned["test"]] == kept
    assert cleaned["train"].num_rows == int(result.kept[:50].sum())
    del result
    gc.collect()
    assert (folder / "manifest.json").is_file()
    assert not list(tmp_path.rglob("curate.lock"))
    # The same rows have the same fingerprint, whatever they came in.
    from curation_gate.rows import load

    path = tmp_path / "same.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["dataset"]["fingerprint"] == load([path]).fingerprint


def test_files_go_in_and_paths_come_out(rows, tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = curation_gate.scan(path, rules=quick())
    assert result.cleaned == tmp_path / "data.jsonl.curation" / "cleaned.jsonl"
    assert len(result.cleaned.read_text().splitlines()) == int(result.kept.sum())
    assert (tmp_path / "curate.lock").is_file()


def test_data_that_changed_is_not_cut(rows, monkeypatch, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows)
    result = curation_gate.scan(frame, rules=quick())
    frame.drop(index=3, inplace=True)
    with pytest.raises(UsageError, match="79 rows now and had 80"):
        _ = result.cleaned


def test_bad_rows_name_the_row_and_leave_nothing(rows, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    rows[7]["completion"] = None
    with pytest.raises(InputError, match=r'^data\[7\]: "completion" is null'):
        curation_gate.scan(rows, rules=quick())
    with pytest.raises(InconclusiveError, match="too few"):
        curation_gate.scan(rows[:5], rules=quick())
    with pytest.raises(InconclusiveError, match="empty"):
        curation_gate.scan([], rules=quick())
    with pytest.raises(TypeError, match="rulez"):
        curation_gate.scan(rows, rulez="strict")
    assert list(tmp_path.glob("curate*")) == []


def test_every_named_setting_is_one_of_options():
    from dataclasses import fields

    from curation_gate.settings import Options

    assert set(api.ScanOptions.__annotations__) <= {field.name for field in fields(Options)}
