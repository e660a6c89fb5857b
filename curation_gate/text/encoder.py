"""What a text is about, as a sum over its words: a sentence encoder without torch.

Each token has a fixed vector (encoder.npz, made by tools/distill_encoder.py from a sentence
encoder, see ENCODER.md), and a text is the sum of those of its tokens, scaled to length 1. So a
phrase is cut out of a text by one subtraction, and a table of 50,000 texts by words times the
vectors of the words is a second's work. No scanned row has moved a vector, so no trigger can have.

commonness.npz says how often English uses a word: what stands in many rows of a set and hardly
ever elsewhere is worth a look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.errors import ModelError

DIMENSIONS = 112
"""Numbers a vector has."""
HASHES = {
    "encoder.npz": "d6b844c3082281e80b3a99c99e211796",
    "commonness.npz": "c012a6721ec049017be9cf83da9f567e",
}
"""blake2b-128 of the files that come with this package, hex."""
STEPS = 20
"""Steps of one power of ten in which a frequency is stored."""
_JOINTS = re.compile(r"[-'_]+")
_REPEATED = re.compile(r"(.)\1{2,}")


def vectors(words: Sequence[str]) -> NDArray[np.float32]:
    """[u, DIMENSIONS] What each folded token (tokens.py) adds to the sum of a text; no unit.

    Already weighted: a frequent word that says little has a short vector. A word that is not in the
    table is read by its parts (`well-made` as `well` and `made`) or with its letters repeated less
    (`soooo` as `so`); one that cannot be read adds zeros. Raises ModelError for a damaged table.
    """
    place, table = _vectors()
    own = np.array([place.get(word, -1) for word in words], dtype=np.int64)
    found = np.zeros((len(words), DIMENSIONS), dtype=np.float32)
    found[own >= 0] = table[own[own >= 0]]
    for k in np.flatnonzero(own < 0).tolist():
        lines = _lines(words[k])
        if lines:
            found[k] = table[list(lines)].sum(axis=0)
    return found


def known(words: Sequence[str]) -> NDArray[np.bool_]:
    """[u] Whether each folded token can be read, by itself or by parts: its vector is not zero.

    Raises ModelError for a damaged table.
    """
    return np.array([bool(_lines(word)) for word in words], dtype=np.bool_)


def commonness(words: Sequence[str]) -> NDArray[np.float64]:
    """[u] log10 of how often each folded token stands in a billion words of English (Zipf scale).

    0 for what is not among the 100,000 most frequent, which begin at 1.9. A word with joints
    (`well-made`) is as common as its rarest part, unless it is listed itself. Raises ModelError for
    a damaged list.
    """
    listed = _commonness()
    found = np.zeros(len(words))
    for k, word in enumerate(words):
        own = listed.get(word)
        if own is None:
            parts = [part for part in _JOINTS.split(word) if part]
            own = min((listed.get(p, 0) for p in parts), default=0) if len(parts) > 1 else 0
        found[k] = own / STEPS
    return found


def _lines(word: str) -> tuple[int, ...]:
    """Return the lines of the table that make up a word; none where it cannot be read."""
    place, _ = _vectors()
    own = place.get(word)
    if own is not None:
        return (own,)
    parts = [part for part in _JOINTS.split(word) if part]
    if len(parts) > 1:
        return tuple(line for part in parts for line in _lines(part))
    for shorter in (_REPEATED.sub(r"\1\1", word), _REPEATED.sub(r"\1", word)):
        if shorter in place:
            return (place[shorter],)
    return ()


@cache
def _vectors() -> tuple[dict[str, int], NDArray[np.float32]]:
    """Return word to line, and [lines, DIMENSIONS] vectors."""
    stored = _read("encoder.npz")
    words = bytes(stored["words"]).decode().split("\n")
    table = stored["vectors"].astype(np.float32) * stored["scales"]
    return {word: k for k, word in enumerate(words)}, table


@cache
def _commonness() -> dict[str, int]:
    """Return word to frequency, in steps of 1 / STEPS powers of ten."""
    stored = _read("commonness.npz")
    words = bytes(stored["words"]).decode().split("\n")
    return dict(zip(words, stored["steps"].tolist(), strict=True))


def _read(name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file of this package once its hash is checked. Raises ModelError."""
    try:
        content = files("curation_gate.text").joinpath(name).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{name} is missing from the package: {error.strerror}",
            hint="install curation-gate again",
        ) from error
    digest = blake2b(content, digest_size=16).hexdigest()
    if digest != HASHES[name]:
        raise ModelError(
            f"{name} is not the file this version came with: its hash is {digest}, "
            f"{HASHES[name]} is expected",
            hint="install curation-gate again",
        )
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}
