r"""JSON bytes that depend on nothing but the value, for every file this package writes.

Keys are sorted, separators fixed, text is UTF-8. Characters that reorder, break or steer what a
reader sees in a terminal or an editor (C1 controls, bidi marks, line separators) are written as
``\uXXXX``, as are lone surrogates, which UTF-8 cannot hold; reading gives back the same text.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np

_ESCAPED = re.compile(
    "[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def plain(value: Any) -> Any:
    """Return `value` made of JSON's own types, so that equal content gives equal bytes.

    numpy scalars and arrays become numbers and lists; NaN and infinities, which JSON lacks, become
    null; bytes become ``{"base64": text}``; dates ISO text; anything else its `str`.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def encode(value: Any, *, indent: int | None = None) -> bytes:
    """Return the one JSON form of `value`: sorted keys, no white space unless `indent` is given."""
    text = json.dumps(
        plain(value),
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=(",", ": ") if indent else (",", ":"),
    )
    # These characters stand inside strings only, so that an escape is always right here.
    return _ESCAPED.sub(lambda m: f"\\u{ord(m[0]):04x}", text).encode()


def digest(value: Any) -> str:
    """Return the blake2b-128, hex, of the JSON form of `value`."""
    return blake2b(encode(value), digest_size=16).hexdigest()
