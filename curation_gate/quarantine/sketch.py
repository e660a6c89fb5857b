"""A few kilobytes that tell which rows came, went or changed since a scan, however large the set.

An invertible Bloom lookup table (Goodrich and Mitzenmacher, arXiv 1101.2245; used to compare two
sets by Eppstein et al., "What's the difference?", SIGCOMM 2011): every row is added to four of
CELLS cells; the cells of now minus those of then hold the difference alone, and are peeled row by
row. That works up to about 0.6 * CELLS differences; of more, `difference` names none and says so.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation_gate.rows.record import Row

CELLS = 192
"""A choice: 6 kB in a lock, about 115 differences."""
_PARTS = 4
_LINES = 24
_CELL = np.dtype(
    [("count", "<i4"), ("key", "<u8"), ("check", "<u4"), ("id", "<u4"), ("asked", "<u4")]
)
_XORED = ("key", "check", "id", "asked")


class Change(NamedTuple):
    """What differs between two sets of rows."""

    added: tuple[int, ...]
    """Positions, in the rows handed in, of rows that were not there."""
    edited: tuple[int, ...]
    """Positions of rows that were there with another content: same id, or same question with
    another answer."""
    removed: int
    """Rows that are gone and were not edited."""


def sketch_of(rows: Sequence[Row]) -> dict[str, str]:
    """Return the sketch of rows, in any order: line number to base64, as a lock keeps it."""
    raw = _cells(*_columns(rows)).tobytes()
    step = len(raw) // _LINES
    return {
        f"{k:02d}": base64.b64encode(raw[k * step : (k + 1) * step]).decode("ascii")
        for k in range(_LINES)
    }


def difference(sketch: Mapping[str, str], rows: Sequence[Row]) -> Change | None:
    """Return how these rows differ from those of a sketch; None where that cannot be told.

    It cannot where more has changed than the sketch holds, and where there is no sketch (a lock of
    an older version) or a damaged one.
    """
    then = _read(sketch)
    if then is None:
        return None
    columns = _columns(rows)
    cells = _cells(*columns)
    cells["count"] -= then["count"]
    for name in _XORED:
        cells[name] ^= then[name]
    peeled = _peel(cells)
    if peeled is None:
        return None
    places = {int(key): k for k, key in enumerate(columns[0])}
    added: list[int] = []
    gone: list[tuple[int, int]] = []
    for sign, key, own, asked in peeled:
        if sign < 0:
            gone.append((own, asked))
        elif key in places:
            added.append(places[key])
        else:  # it can only come from a damaged sketch
            return None
    return _pair(sorted(added), gone, columns[1], columns[2])


def _pair(
    added: list[int],
    gone: list[tuple[int, int]],
    ids: NDArray[np.uint32],
    asked: NDArray[np.uint32],
) -> Change:
    """Tell an edited row from one that came beside another that went."""
    by_id = Counter(own for own, _ in gone if own)
    by_question = Counter(question for own, question in gone if not own)
    edited = []
    for place in added:
        own, question = int(ids[place]), int(asked[place])
        known, key = (by_id, own) if own else (by_question, question)
        if known[key]:
            known[key] -= 1
            edited.append(place)
    taken = set(edited)
    return Change(
        tuple(place for place in added if place not in taken),
        tuple(edited),
        len(gone) - len(edited),
    )


def _columns(
    rows: Sequence[Row],
) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32]]:
    """[n] Key, id and question of each row; equal rows get different keys, one an occurrence.

    Keys are 64 bits: of 50,000 rows two collide with probability 7e-11.
    """
    seen: Counter[str] = Counter()
    keys = bytearray()
    for row in rows:
        k = seen[row.fingerprint]
        seen[row.fingerprint] = k + 1
        own = row.fingerprint if k == 0 else _hash(f"{row.fingerprint} {k}", 16).hex()
        keys += bytes.fromhex(own[:16])
    ids = b"".join(_hash(row.id, 4) if row.id is not None else b"\0\0\0\0" for row in rows)
    asked = b"".join(_hash(f"{row.instruction}\x1f{row.input}", 4) for row in rows)
    return (
        np.frombuffer(bytes(keys), "<u8").copy(),
        np.frombuffer(ids, "<u4").copy(),
        np.frombuffer(asked, "<u4").copy(),
    )


def _cells(
    keys: NDArray[np.uint64], ids: NDArray[np.uint32], asked: NDArray[np.uint32]
) -> NDArray[Any]:
    """[CELLS] What the rows add up to."""
    cells = np.zeros(CELLS, _CELL)
    values: dict[str, Any] = {"key": keys, "check": _check(keys), "id": ids, "asked": asked}
    for part in range(_PARTS):
        where = _place(keys, part)
        cells["count"] += np.bincount(where, minlength=CELLS).astype(np.int32)
        for name in _XORED:
            np.bitwise_xor.at(cells[name], where, values[name])
    return cells


def _peel(cells: NDArray[Any]) -> list[tuple[int, int, int, int]] | None:
    """Return (sign, key, id, question) of every row in the cells; None where they hold too many."""
    found: list[tuple[int, int, int, int]] = []
    waiting = list(range(CELLS))
    while waiting:
        cell = cells[waiting.pop()]
        key = np.array([cell["key"]], "<u8")
        if abs(int(cell["count"])) != 1 or int(_check(key)[0]) != int(cell["check"]):
            continue
        taken = (int(cell["count"]), *(int(cell[name]) for name in ("key", "id", "asked")))
        values = {name: cell[name].copy() for name in _XORED}
        places = {int(_place(key, part)[0]) for part in range(_PARTS)}
        for place in places:
            cells["count"][place] -= taken[0]
            for name in _XORED:
                cells[name][place] ^= values[name]
        waiting += places
        found.append((taken[0], taken[1], taken[2], taken[3]))
        if len(found) > 2 * CELLS:  # a damaged sketch can go round in circles
            return None
    return None if any(cells[name].any() for name in ("count", *_XORED)) else found


def _place(keys: NDArray[np.uint64], part: int) -> NDArray[np.int64]:
    """[n] Cell of each key in one of the three parts of the table."""
    size = CELLS // _PARTS
    return (_mix(keys, part) % np.uint64(size)).astype(np.int64) + part * size


def _check(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    return (_mix(keys, _PARTS) >> np.uint64(32)).astype(np.uint32)


def _mix(keys: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """[n] 64 bits that depend on all bits of a key (the finalizer of SplitMix64)."""
    x = keys + np.uint64((0x9E3779B97F4A7C15 * (salt + 1)) % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _read(sketch: Mapping[str, str]) -> NDArray[Any] | None:
    try:
        raw = b"".join(base64.b64decode(sketch[f"{k:02d}"], validate=True) for k in range(_LINES))
    except (KeyError, ValueError, binascii.Error):
        return None
    if len(raw) != CELLS * _CELL.itemsize:
        return None
    return np.frombuffer(raw, _CELL).copy()


def _hash(text: str, size: int) -> bytes:
    return blake2b(text.encode(), digest_size=size).digest()


def without(rows: Iterable[Row], fingerprints: Iterable[str]) -> list[Row]:
    """Return the rows that have none of these fingerprints."""
    left_out = frozenset(fingerprints)
    return [row for row in rows if row.fingerprint not in left_out]
