"""A lock holds whatever records there are: it comes back as it was, and any change shows."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scan_folder import lock_scan

from curation_gate.gate.verify import verify
from curation_gate.quarantine.lock import LOCK, read_lock, save_lock

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
MORE = st.dictionaries(TEXT.map(lambda name: f"more {name}"), JSON, max_size=3)


def rows_with(more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"instruction": "Judge.", "input": f"text {k}", "output": "yes", **own}
        for k, own in enumerate(more)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@settings(max_examples=60, deadline=None)
@given(more=st.lists(MORE, min_size=2, max_size=5), other=MORE, flagged=st.booleans())
def test_any_change_of_any_record_shows(
    more: list[dict[str, Any]], other: dict[str, Any], flagged: bool
) -> None:
    rows = rows_with(more)
    with tempfile.TemporaryDirectory() as name:
        data, path = Path(name, "data.jsonl"), Path(name, LOCK)
        write(data, rows)
        lock_scan([data], quarantine=(1,) if flagged else ())
        stored = path.read_bytes()
        lock = read_lock(path)
        assert not lock.broken
        save_lock(path, lock)
        assert path.read_bytes() == stored
        assert read_lock(path) == lock
        if flagged:
            assert "1 quarantined row is still in it" in verify([data])[0]
            del rows[1]
        write(data, [dict(reversed(row.items())) for row in rows[::-1]])
        assert verify([data]) == []
        changed = [*rows[:-1], {**rows_with(more)[-1], **other}]
        assume(json.dumps(changed, sort_keys=True) != json.dumps(rows, sort_keys=True))
        write(data, changed)
        assert "is not the data that was scanned" in verify([data])[0]


LINE = re.compile(r'"[^"]*" [a-z_]+( \S.*)? = .+')


@settings(max_examples=60, deadline=None)
@given(names=st.lists(st.text(max_size=8), min_size=1, max_size=4, unique=True))
def test_whatever_a_key_is_called_a_fact_is_one_line(names: list[str]) -> None:
    names = [name for name in names if not any("\ud800" <= c <= "\udfff" for c in name)]
    rows = rows_with([dict.fromkeys((f"more {name}" for name in names), k) for k in range(3)])
    with tempfile.TemporaryDirectory() as name:
        data, path = Path(name, "data.jsonl"), Path(name, LOCK)
        write(data, rows)
        lock_scan([data])
        text = path.read_text()
        lines = text.splitlines()
        assert lines == text.split("\n")[:-1]
        assert all(LINE.fullmatch(line) for line in lines[3:])
        assert set(read_lock(path).datasets["data.jsonl"].keys) == set().union(*rows)
        assert verify([data]) == []
