"""Whatever JSON value stands in a row in memory, the scan reads that value and no other."""

from __future__ import annotations

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation_gate.rows import load
from curation_gate.rows.in_memory import spill

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(
    st.fixed_dictionaries({"input": TEXT, "output": TEXT}, optional={"more": VALUES, "id": TEXT}),
    min_size=1,
    max_size=5,
)


def same(a, b) -> bool:
    """Equal, and of one type: 1, 1.0 and True are three values."""
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return type(a) is type(b) and a == b


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS)
def test_a_row_is_read_as_it_is(rows, tmp_path_factory):
    held = spill(rows, tmp_path_factory.mktemp("spilled"))
    read = load(held.paths)
    assert len(read) == len(rows)
    for row, record, given_row in zip(read.rows, read.records, rows, strict=True):
        assert same(dict(record), given_row)
        assert (row.input, row.output) == (given_row["input"], given_row["output"])
