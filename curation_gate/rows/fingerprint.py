"""What makes two rows the same row: their content, never their place."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def row_fingerprint(instruction: str, input: str, output: str) -> str:  # noqa: A002 - the field's name
    """Fingerprint of a row: 32 hex digits.

    blake2b with a 16-byte digest of the UTF-8 bytes of ``["instruction","input","output"]``, each
    text in Unicode NFC, JSON without spaces and without ASCII escapes. Lone surrogates are refused
    when a file is read and so never come here (they would raise UnicodeEncodeError).
    """
    text = _encode([_nfc(instruction), _nfc(input), _nfc(output)])
    return blake2b(text.encode(), digest_size=16).hexdigest()


def dataset_fingerprint(rows: Iterable[str]) -> str:
    """Fingerprint of a dataset, 32 hex digits: blake2b-128 of its rows' own, sorted, an LF each."""
    state = blake2b(digest_size=16)
    for fingerprint in sorted(rows):
        state.update(fingerprint.encode() + b"\n")
    return state.hexdigest()


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
