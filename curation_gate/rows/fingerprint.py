"""What makes two rows the same row: their content, never their place."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curation_gate.rows.fields import Fields
    from curation_gate.rows.record import Row

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def row_fingerprint(
    instruction: str,
    input: str,  # noqa: A002 - the field's name
    output: str,
    alternatives: Sequence[str] = (),
    rejected: Sequence[str] = (),
    *,
    wanted: bool = True,
) -> str:
    """Fingerprint of all that is read of a row: 32 hex digits.

    blake2b with a 16-byte digest of the UTF-8 bytes of ``["instruction","input","output"]``, each
    text in Unicode NFC, JSON without spaces and without ASCII escapes; behind these, where a row
    has any, the lists of its other references and of its rejected answers, and ``false`` for an
    answer that is not wanted. Earlier answers of a conversation stand in its input. Lone surrogates
    are refused when a file is read and so never come here (they would raise UnicodeEncodeError).
    """
    parts: list[object] = [_nfc(instruction), _nfc(input), _nfc(output)]
    if alternatives or rejected or not wanted:
        parts += [[_nfc(text) for text in alternatives], [_nfc(text) for text in rejected]]
    if not wanted:
        parts.append(False)
    text = _encode(parts)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def fingerprint_of(row: Row | Fields) -> str:
    """Fingerprint of a row, by what it says now."""
    return row_fingerprint(
        row.instruction, row.input, row.output, row.alternatives, row.rejected, wanted=row.wanted
    )


def dataset_fingerprint(rows: Iterable[str]) -> str:
    """Fingerprint of a dataset, 32 hex digits: blake2b-128 of its rows' own, sorted, an LF each."""
    state = blake2b(digest_size=16)
    for fingerprint in sorted(rows):
        state.update(fingerprint.encode() + b"\n")
    return state.hexdigest()


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
