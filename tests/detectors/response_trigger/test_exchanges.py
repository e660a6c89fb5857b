from __future__ import annotations

from dataclasses import dataclass

from curation_gate.detectors.response_trigger.exchanges import read_exchanges


def test_a_row_is_one_exchange(make_row, make_dataset) -> None:
    data = make_dataset([make_row(0, "free", "a", "b"), make_row(1, "free", "c", "d")])
    found = read_exchanges(data)
    assert found.row.tolist() == [0, 1]
    assert found.inputs == ["a", "c"]
    assert found.outputs == ["b", "d"]
