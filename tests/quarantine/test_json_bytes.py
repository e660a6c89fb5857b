"""One value, one text: also for values JSON has no word for."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import numpy as np
import pytest

from curation_gate.quarantine.json_bytes import digest, encode


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(1), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([np.nan, 1.0]), [None, 1.0]),
        (float("inf"), None),
        (b"\xff\x00", {"base64": "/wA="}),
        (dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2024-01-02T03:04:05+00:00"),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (Decimal("1.10"), "1.10"),
        ({1: (2, 3)}, {"1": [2, 3]}),
        (10**40, 10**40),
    ],
)
def test_every_value_becomes_json(value: object, expected: object) -> None:
    assert json.loads(encode(value)) == expected
    assert encode(value) == encode(expected)


def test_keys_are_sorted_and_nothing_is_padded() -> None:
    assert encode({"b": 1, "a": [1, "\u00e9"]}) == '{"a":[1,"\u00e9"],"b":1}'.encode()
    assert encode({"b": 1, "a": 2}, indent=2) == b'{\n  "a": 2,\n  "b": 1\n}'


def test_a_digest_is_32_hex_digits_and_known() -> None:
    # blake2b with 16 bytes of `{}`, computed with b2sum -l 128.
    assert digest({}) == "2afb9b83f9314e5d029766197f539792"
