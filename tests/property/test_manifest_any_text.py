"""Whatever stands in a row comes back from the scan folder, on lines of its own."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from scan_folder import make_dataset, make_verdicts, write_folder

from curation_gate.quarantine.json_bytes import digest, encode
from curation_gate.quarantine.manifest import QUARANTINE
from curation_gate.quarantine.reading import read_quarantine

TEXT = st.text(st.characters())  # every code point, surrogates and controls too
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON)
def test_json_bytes_come_back(value: object) -> None:
    stored = encode(value)
    assert json.loads(stored) == value
    assert len(stored.decode().splitlines()) == 1
    assert all(character.isprintable() or character in " \u00a0\u00ad" or ord(character) > 0xFF
               for character in stored.decode())  # fmt: skip


@given(value=st.dictionaries(TEXT, JSON, min_size=2, max_size=5))
def test_key_order_changes_nothing(value: dict[str, object]) -> None:
    assert encode(dict(reversed(value.items()))) == encode(value)


@given(one=JSON, other=JSON)
def test_equal_digests_mean_equal_bytes(one: object, other: object) -> None:
    assert (digest(one) == digest(other)) == (encode(one) == encode(other))


@settings(max_examples=30, deadline=None)
@given(record=st.dictionaries(TEXT, JSON, max_size=4))
def test_records_come_back_as_they_were(record: dict[str, object]) -> None:
    dataset = make_dataset(3)
    dataset = replace(dataset, records=(dataset.records[0], record, dataset.records[2]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_folder(folder, dataset, make_verdicts(3, quarantine=(1,)))
        lines = read_quarantine(folder)
        assert len((folder / QUARANTINE).read_bytes().splitlines()) == 1
    assert [line["record"] for line in lines] == [record]
