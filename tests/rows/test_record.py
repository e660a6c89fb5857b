from __future__ import annotations

import json
from typing import TYPE_CHECKING

from curation_gate.rows import load

if TYPE_CHECKING:
    from pathlib import Path


def test_tasks_and_strata_are_indices_by_row(tmp_path: Path) -> None:
    rows = [{"text": f"{k}", "label": "yn"[k % 2], "task": "b"} for k in range(10)]
    rows += [{"text": "x", "label": f"free {k}", "task": "a"} for k in range(2)]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    dataset = load([path])

    assert dataset.tasks == ("a", "b")
    assert dataset.task_ids().tolist() == [1] * 10 + [0, 0]
    assert dataset.strata().tolist() == [0, 1] * 5 + [2, 2]


def test_spans_do_not_count_when_files_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"text": "a", "label": "x"}\n')

    assert load([path]).files == load([path]).files
    assert "spans=" not in repr(load([path]).files[0])
