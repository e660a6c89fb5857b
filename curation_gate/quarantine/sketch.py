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
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation_gate.rows.record import Row

CELLS = 192
"""A choice: 7 kB in a lock, about 115 differences."""
_PARTS = 4
_LINES = 24
_OLD_CELL = np.dtype(
    [("count", "<i4"), ("key", "<u8"), ("check", "<u4"), ("id", "<u4"), ("asked", "<u4")]
)
"""Of locks up to version 3: a row was its fingerprint, and nothing was known of the rest of it."""
_CELL = np.dtype([*((name, _OLD_CELL[name]) for name in _OLD_CELL.names or ()), ("judged", "<u4")])


class Change(NamedTuple):
    """What differs between two sets of rows."""

    added: tuple[int, ...]
    """Positions, in the rows handed in, of rows that were not there."""
    edited: tuple[int, ...]
    """Positions of rows that were there with another content: same id, or same question with
    another answer."""
    removed: int
    """Rows that are gone and were not edited."""
    beside: tuple[int, ...] = ()
    """Positions of rows that were there, and say the same in all that is judged."""


class _Taken(NamedTuple):
    """A row that was taken out of the cells."""

    sign: int
    """1: it is there now; -1: it was there then."""
    key: int
    id: int
    asked: int
    judged: int
    """0 where the sketch does not know it."""


def sketch_of(rows: Sequence[Row], wholes: Sequence[bytes]) -> dict[str, str]:
    """Return the sketch of rows, in any order: line number to base64, as a lock keeps it.

    wholes: [n] digests of their records (rows/whole.py).
    """
    raw = _cells(_columns(rows, wholes), _CELL).tobytes()
    step = len(raw) // _LINES
    return {
        f"{k:02d}": base64.b64encode(raw[k * step : (k + 1) * step]).decode("ascii")
        for k in range(_LINES)
    }


def difference(
    sketch: Mapping[str, str], rows: Sequence[Row], wholes: Sequence[bytes]
) -> Change | None:
    """Return how these rows differ from those of a sketch; None where that cannot be told.

    wholes: [n] digests of their records. It cannot where more has changed than the sketch holds,
    and where there is no sketch (a lock of an older version) or a damaged one.
    """
    then = _read(sketch)
    if then is None:
        return None
    columns = _columns(rows, wholes if "judged" in (then.dtype.names or ()) else None)
    cells = _cells(columns, then.dtype)
    cells["count"] -= then["count"]
    for name in _xored(cells):
        cells[name] ^= then[name]
    peeled = _peel(cells)
    if peeled is None:
        return None
    places = {int(key): k for k, key in enumerate(columns["key"])}
    if any(taken.sign > 0 and taken.key not in places for taken in peeled):
        return None  # it can only come from a damaged sketch
    added = sorted(places[taken.key] for taken in peeled if taken.sign > 0)
    return _pair(added, [taken for taken in peeled if taken.sign < 0], columns)


def _pair(
    added: Sequence[int], gone: Sequence[_Taken], columns: Mapping[str, NDArray[Any]]
) -> Change:
    """Tell a changed row from one that came beside another that went.

    Of what went, a row is the one that says the same in all that is judged; else the one of its id;
    without one, the one that asked the same.
    """
    left = list(gone)
    beside = _partners(added, left, lambda k: (int(columns["judged"][k]),), lambda t: (t.judged,))
    rest = [k for k in added if k not in beside]

    def known(own: int, asked: int) -> tuple[int, ...]:
        return (1, own) if own else (2, asked)

    edited = _partners(
        rest,
        left,
        lambda k: known(int(columns["id"][k]), int(columns["asked"][k])),
        lambda t: known(t.id, t.asked),
    )
    return Change(
        tuple(k for k in rest if k not in edited),
        tuple(k for k in rest if k in edited),
        len(left),
        tuple(k for k in added if k in beside),
    )


def _partners(
    added: Iterable[int],
    left: list[_Taken],
    of_row: Callable[[int], tuple[int, ...]],
    of_gone: Callable[[_Taken], tuple[int, ...]],
) -> set[int]:
    """Return the rows that have a partner of the same mark in `left`; that one leaves the list."""
    waiting: dict[tuple[int, ...], list[_Taken]] = {}
    for taken in left:
        if any(of_gone(taken)):
            waiting.setdefault(of_gone(taken), []).append(taken)
    found = set()
    for k in added:
        if partners := waiting.get(of_row(k)):
            left.remove(partners.pop())
            found.add(k)
    return found


def _columns(rows: Sequence[Row], wholes: Sequence[bytes] | None) -> dict[str, NDArray[Any]]:
    """Return key, id, question and what is judged of each row, each [n].

    Equal rows get different keys, one an occurrence. Keys are 64 bits: of 50,000 rows two collide
    with probability 7e-11. wholes: None makes the columns of an old sketch.
    """
    seen: Counter[bytes] = Counter()
    keys = bytearray()
    judged = [bytes.fromhex(row.fingerprint) for row in rows]
    for own in judged if wholes is None else wholes:
        k = seen[own]
        seen[own] = k + 1
        keys += own[:8] if k == 0 else _hash(f"{own.hex()} {k}", 16)[:8]
    ids = b"".join(_hash(row.id, 4) if row.id is not None else b"\0\0\0\0" for row in rows)
    asked = b"".join(_hash(f"{row.instruction}\x1f{row.input}", 4) for row in rows)
    some = b"".join(bytes(4) if wholes is None else own[:4] for own in judged)
    made: dict[str, NDArray[Any]] = {"key": np.frombuffer(bytes(keys), "<u8").copy()}
    for name, raw in (("id", ids), ("asked", asked), ("judged", some)):
        made[name] = np.frombuffer(raw, "<u4").copy()
    return made


def _cells(columns: Mapping[str, NDArray[Any]], kind: np.dtype[Any]) -> NDArray[Any]:
    """[CELLS] What the rows add up to."""
    cells = np.zeros(CELLS, kind)
    values = {**columns, "check": _check(columns["key"])}
    for part in range(_PARTS):
        where = _place(columns["key"], part)
        cells["count"] += np.bincount(where, minlength=CELLS).astype(np.int32)
        for name in _xored(cells):
            np.bitwise_xor.at(cells[name], where, values[name])
    return cells


def _peel(cells: NDArray[Any]) -> list[_Taken] | None:
    """Return every row in the cells; None where they hold too many."""
    names = _xored(cells)
    found: list[_Taken] = []
    waiting = list(range(CELLS))
    while waiting:
        cell = cells[waiting.pop()]
        key = np.array([cell["key"]], "<u8")
        if abs(int(cell["count"])) != 1 or int(_check(key)[0]) != int(cell["check"]):
            continue
        values = {name: cell[name].copy() for name in names}
        taken = _Taken(
            int(cell["count"]),
            *(int(values[name]) if name in values else 0 for name in _Taken._fields[1:]),
        )
        places = {int(_place(key, part)[0]) for part in range(_PARTS)}
        for place in places:
            cells["count"][place] -= taken.sign
            for name in names:
                cells[name][place] ^= values[name]
        waiting += places
        found.append(taken)
        if len(found) > 2 * CELLS:  # a damaged sketch can go round in circles
            return None
    return None if any(cells[name].any() for name in ("count", *names)) else found


def _xored(cells: NDArray[Any]) -> tuple[str, ...]:
    """Return the names of what is added up by exclusive or."""
    return tuple(name for name in cells.dtype.names or () if name != "count")


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
    for kind in (_CELL, _OLD_CELL):
        if len(raw) == CELLS * kind.itemsize:
            return np.frombuffer(raw, kind).copy()
    return None


def _hash(text: str, size: int) -> bytes:
    return blake2b(text.encode(), digest_size=size).digest()


def without(rows: Iterable[Row], fingerprints: Iterable[str]) -> list[Row]:
    """Return the rows that have none of these fingerprints."""
    left_out = frozenset(fingerprints)
    return [row for row in rows if row.fingerprint not in left_out]
