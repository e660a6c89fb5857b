"""What a record is as a whole, read or not: every column, every key, every letter as it stands.

The fingerprint of a row (rows/fingerprint.py) holds what rules read; a trainer may read more. What
is hashed here is the record as JSON without spaces, keys sorted, text exactly as in the file: two
letters that look the same, or that Unicode calls equal, are two. Spacing, line endings, the order
of keys and how a number or an escape is written (``1.0``, ``1.00``) do not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from curation_gate.rows.record import Dataset

MOST_KEYS = 64
"""Keys that are told apart (a choice): records with more have keys that are data themselves."""

_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False
).encode


def whole_fingerprints(dataset: Dataset) -> list[bytes]:
    """[n] Digest of 16 bytes of each record, with what its file says once for all rows."""
    made: list[bytes] = []
    for shared, records in _by_file(dataset):
        if shared:
            behind = b"\n" + _encode(shared).encode()
            made += [_digest(_encode(record).encode() + behind) for record in records]
        else:
            made += [_digest(_encode(record).encode()) for record in records]
    return made


def whole_fingerprint(rows: Iterable[bytes]) -> str:
    """Fingerprint of a dataset, 32 hex digits: blake2b-128 of its rows' digests, sorted."""
    return blake2b(b"".join(sorted(rows)), digest_size=16).hexdigest()


def key_sums(dataset: Dataset, rows: Iterable[int]) -> dict[str, str]:
    """Return top-level key to 16 hex digits that depend on what some rows hold under it.

    rows: indices of the rows. Their order does not count; a key that is not there counts
    otherwise than one that holds null. Empty where there are more than MOST_KEYS keys. The digits
    tell which key differs once it is known that something does; they are sums, which somebody who
    wants to can make come out equal.
    """
    sums: dict[str, int] = {}
    wanted = frozenset(rows)
    first = 0
    for shared, records in _by_file(dataset):
        once = [(key, _number(value)) for key, value in shared.items()]
        for index, record in enumerate(records, start=first):
            if index in wanted:
                for key, number in (*once, *((k, _number(v)) for k, v in record.items())):
                    sums[key] = sums.get(key, 0) + number
            if len(sums) > MOST_KEYS:
                return {}
        first += len(records)
    return {key: f"{total % 2**64:016x}" for key, total in sorted(sums.items())}


def _by_file(dataset: Dataset) -> list[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]:
    ends = [0]
    for file in dataset.files:
        ends.append(ends[-1] + file.rows)
    return [
        (file.shared, dataset.records[first:end])
        for file, (first, end) in zip(dataset.files, pairwise(ends), strict=True)
    ]


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


def _number(value: Any) -> int:
    return int.from_bytes(blake2b(_encode(value).encode(), digest_size=8).digest(), "big")
