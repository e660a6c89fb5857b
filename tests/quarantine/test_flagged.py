from __future__ import annotations

from typing import Any

from curation_gate.quarantine.flagged import items, scanned_verdict

MANIFEST: dict[str, Any] = {
    "dataset": {
        "files": [
            {"name": "a.jsonl", "rows": 3, "format": "jsonl", "columns": {"source": "from"}},
            {"name": "b.parquet", "rows": 3, "format": "parquet", "columns": {}},
        ],
        "tasks": {"t": {"rows": 6, "labels": ["no", "yes"]}},
    }
}


def line(row: int, print_: str, verdict: str = "quarantine", **more: Any) -> dict[str, Any]:
    reason = {"rule": "CG001", "message": "m", "evidence": {"phrase": "james bond"}}
    return {
        "row": row,
        "id": None,
        "fingerprint": print_ * 32,
        "verdict": verdict,
        "score": 0.5,
        "task": "t",
        "reasons": [reason, reason],
        "record": {"from": ["x", "y"]},
        **more,
    }


def test_rows_of_one_content_are_one_item() -> None:
    (found,) = items(MANIFEST, [line(4, "a"), line(1, "a")])
    assert found.rows == (1, 4)
    assert (found.rules, found.phrases, found.labels) == (
        ("CG001",),
        ("james bond",),
        ("no", "yes"),
    )
    assert (found.source, found.can_relabel) == ("x, y", True)


def test_the_gravest_and_highest_come_first() -> None:
    lines = [
        line(0, "a", "review", score=0.9),
        line(1, "b", score=0.2),
        line(2, "c", score=None),
        line(3, "d", score=0.8, reasons=[{"rule": "CG008", "message": "m", "evidence": 3}]),
        line(4, "e", score=0.2),
    ]
    found = items(MANIFEST, lines)
    assert [item.rows[0] for item in found] == [3, 1, 4, 2, 0]
    assert (found[0].phrases, found[0].can_relabel, found[0].source) == ((), False, None)


def test_the_scan_is_remembered_through_decisions() -> None:
    released = line(0, "a", "keep", decision={"decision": "release", "scanned": "review"})
    assert scanned_verdict(released) == "review"
    assert scanned_verdict(line(0, "a", "review")) == "review"
    assert items(MANIFEST, [released])[0].verdict == "review"
