"""What a text looks like when its content is taken out: features of style, as a sparse table.

A text becomes two rows of tokens: function words and signs as they stand, content blanked; and the
classes of both (words.py). Features: sequences of 1 to 4 classes and of 1 or 2 words; how the
text and its sentences begin; where the first comma stands; endings of content words; size, case and
signs in steps. A feature is there or not, however often.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.words import (
    CLASS_OF,
    END,
    ENDINGS,
    PUNCTUATION,
    START,
    classes,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LONGEST_TEXT = 120
"""Tokens of a text that are looked at: a style shows in its beginning (choice, for time)."""
LEAST_SHARE = 0.002
LEAST_ROWS = 6
"""Rows a feature needs: this share of all, and no fewer than that."""
MOST_SHARE = 0.7
"""A feature in more rows than this says nothing."""
MOST_FEATURES = 2000
"""Features that are kept, the most frequent ones (choice, for time)."""
_TOKEN = re.compile(
    r"https?://\S+|www\.\S+|(?P<tag>#\w+)|(?P<name>@\w+)|(?P<number>\d[\d.,:]*)"
    r"|(?P<word>'?[^\W\d_]+(?:['\u2019][^\W\d_]+)*)|(?P<line>\n)|(?P<sign>([^\w\s])\7*)"
)
_CLASS_ID = {name: k + 1 for k, name in enumerate(classes())}
_SIGN_ID = {sign: _CLASS_ID[sign] for sign in PUNCTUATION}
_WORDS = {word: k + 1 for k, word in enumerate(sorted(CLASS_OF))}
_LEXICAL = len(_CLASS_ID) + 1
"""Ids of function words begin here; below it, words and classes have the same ids."""
_OTHER = {None: "link", "tag": "#tag", "name": "@name", "number": "number", "line": "newline"}
_BASE = 1 << 11
_KINDS = ("class", "word", "begins", "sentence", "ending", "comma", "shape")
_SENTENCE_ENDS = frozenset(_CLASS_ID[s] for s in (".", "!", "?", "...", "!!", "??", "newline"))
_SUFFIX_LETTERS = (2, 3)


@dataclass(frozen=True, slots=True)
class Skeletons:
    """Style features of rows."""

    table: csr_matrix
    """[n, f] float32, 1 where the row has the feature."""
    names: tuple[str, ...]
    """[f] Kind and tokens: `begins SUB HE W`, `word "unto"`, `comma first after 4-7 tokens`."""


def skeletons(texts: Sequence[str], most: int = MOST_FEATURES) -> Skeletons:
    """Return the style features of texts [n]; the `most` frequent ones that are not everywhere."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    lexical, coarse, lengths, extra = _encode(texts)
    n = len(texts)
    row = np.repeat(np.arange(n, dtype=np.int64), lengths)
    kept = [_supported(extra[0], extra[1], n)]
    for tokens, kind, longest in ((coarse, 0, 4), (lexical, 1, 2)):
        kept += [_supported(*pair, n) for pair in _grams(tokens, row, kind, longest)]
    rows, codes = (np.concatenate([part[k] for part in kept]) for k in (0, 1))
    found, column = np.unique(codes, return_inverse=True)
    count = np.bincount(column, minlength=len(found))
    chosen = np.sort(np.argsort(-count, kind="stable")[:most])
    place = np.full(len(found), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    inside = place[column] >= 0
    table = csr_matrix(
        (
            np.ones(int(inside.sum()), dtype=np.float32),
            (rows[inside], place[column[inside]]),
        ),
        shape=(n, len(chosen)),
    )
    return Skeletons(table, tuple(_name(int(found[k])) for k in chosen))


def _supported(
    rows: NDArray[np.int64], codes: NDArray[np.int64], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return distinct pairs (row, code) of the codes that enough and not too many rows have."""
    found, column = np.unique(codes, return_inverse=True)
    pairs = np.unique(column * n + rows)
    column, rows = pairs // n, pairs % n
    count = np.bincount(column, minlength=len(found))
    fits = (count >= max(LEAST_ROWS, LEAST_SHARE * n)) & (count <= MOST_SHARE * n)
    return rows[fits[column]], found[column[fits[column]]]


def _encode(
    texts: Sequence[str],
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    tuple[NDArray[np.int64], NDArray[np.int64]],
]:
    """Return word and class ids of all tokens, tokens of each text [n], and (row, code) pairs."""
    known: dict[str, tuple[int, int]] = {}
    lexical: list[int] = []
    coarse: list[int] = []
    lengths = np.empty(len(texts), dtype=np.int64)
    rows: list[int] = []
    codes: list[int] = []
    start, end = _CLASS_ID[START], _CLASS_ID[END]
    for k, text in enumerate(texts):
        own = [start]
        fine = [start]
        for match in _TOKEN.finditer(text):
            kind, token = match.lastgroup, match.group()
            key = f"{kind} {token}"
            ids = known.get(key)
            if ids is None:
                ids = known[key] = _token_ids(kind, token)
            fine.append(ids[0])
            own.append(ids[1])
            if kind == "word" and ids[0] == ids[1] and len(token) > 4:
                for size in _SUFFIX_LETTERS:
                    rows.append(k)
                    codes.append(_suffix_code(token[-size:].lower()))
            if len(own) > LONGEST_TEXT:
                break
        fine.append(end)
        own.append(end)
        lexical += fine
        coarse += own
        lengths[k] = len(own)
        special = _beginnings(own, fine) + _shape(text, own)
        rows += [k] * len(special)
        codes += special
    return (
        np.array(lexical, dtype=np.int64),
        np.array(coarse, dtype=np.int64),
        lengths,
        (np.array(rows, dtype=np.int64), np.array(codes, dtype=np.int64)),
    )


def _token_ids(kind: str | None, token: str) -> tuple[int, int]:
    """Return the word id (the class id, for all but function words) and the class id."""
    if kind == "word":
        low = token.lower().replace("\u2019", "'")
        name = CLASS_OF.get(low)
        if name is None and low.endswith("n't"):
            name = "NOT"
        if name is not None:
            own = _CLASS_ID[name]
            return (_LEXICAL + _WORDS[low] if low in _WORDS else own), own
        ending = next((e for e in ENDINGS if low.endswith(e) and len(low) > len(e) + 2), None)
        own = _CLASS_ID["W" if ending is None else f"W-{ending}"]
        return own, own
    if kind == "sign":
        own = _SIGN_ID.get(token) or _SIGN_ID.get(token[:2]) or _SIGN_ID.get(token[0], 0)
        if token.startswith("..") or token == "\u2026":  # noqa: S105 - no password
            own = _SIGN_ID["..."]
        own = own or _CLASS_ID["other-sign" if token[0] < "\u2190" else "emoji"]
        return own, own
    own = _CLASS_ID[_OTHER[kind]]
    return own, own


def _grams(
    tokens: NDArray[np.int64], row: NDArray[np.int64], kind: int, longest: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield (row, code) of every run of 1 to `longest` tokens within a row, size by size."""
    code = tokens
    for size in range(1, longest + 1):
        if size > 1:
            code = code[:-1] * _BASE + tokens[size - 1 :]
        inside = row[: len(row) - size + 1] == row[size - 1 :]
        yield row[: len(code)][inside], code[inside] * len(_KINDS) + kind


def _code(kind: str, tokens: Sequence[int]) -> int:
    code = 0
    for token in tokens:
        code = code * _BASE + token
    return code * len(_KINDS) + _KINDS.index(kind)


def _suffix_code(letters: str) -> int:
    return _code("ending", [min(ord(c), _BASE - 1) for c in letters])


def _beginnings(own: list[int], fine: list[int]) -> list[int]:
    """Return codes of how the text and its sentences begin, and of the place of its first comma."""
    comma = _CLASS_ID[","]
    ends = [k for k, token in enumerate(own) if token in _SENTENCE_ENDS]
    codes = [_code("begins", own[1 : 1 + size]) for size in (1, 2, 3)]
    codes.append(_code("begins", fine[1:2]))
    stop = ends[0] if ends else len(own)
    place = own.index(comma, 0, stop) if comma in own[:stop] else 0
    step = 0 if not place else min(int(np.log2(max(place - 1, 1))), 4) + 1
    codes.append(_code("comma", [step + 1]))
    codes.append(_code("comma", [step + 1, own[1]]))
    if place and place + 1 < len(own):
        codes.append(_code("comma", [step + 1, own[1], own[place + 1]]))
    codes += [_code("sentence", own[k + 1 : k + 2]) for k in ends if k + 2 < len(own)]
    return codes


def _shape(text: str, own: list[int]) -> list[int]:
    """Return codes of size, case and signs, in steps."""
    letters = sum(c.isalpha() for c in text) or 1
    capitals = sum(c.isupper() for c in text)
    words = len(own)
    signs = sum(token in _PUNCTUATION_IDS for token in own)
    steps = (
        int(np.log2(words) * 2),
        0 if not capitals else 1 + min(int(20 * capitals / letters), 9),
        int(10 * signs / words),
        int(min(letters / max(words - signs - 2, 1), 9)),
        2 * text[:1].isupper() + text[-1:].isalnum(),
        int(re.search(r"\s[.,!?]", text) is not None),
        int(re.search(r"([a-z])\1\1", text) is not None),
    )
    return [_code("shape", [k + 1, step + 1]) for k, step in enumerate(steps)]


_PUNCTUATION_IDS = frozenset(_SIGN_ID.values())
_SHAPES = ("length", "capitals", "signs", "word length", "its ends", "spaced signs",
           "drawn-out letters")  # fmt: skip
_COMMAS = (
    "no comma in its first sentence", "the first comma after 1 token",
    "the first comma after 2-3 tokens", "the first comma after 4-7 tokens",
    "the first comma after 8-15 tokens", "the first comma after 16 tokens or more",
)  # fmt: skip
_CLASS_NAME = {k: name for name, k in _CLASS_ID.items()}
_WORD_NAME = {_LEXICAL + k: word for word, k in _WORDS.items()}


def _name(code: int) -> str:
    """Return a feature as a reader is told it."""
    kind = _KINDS[code % len(_KINDS)]
    code //= len(_KINDS)
    tokens: list[int] = []
    while code:
        tokens.append(code % _BASE)
        code //= _BASE
    tokens.reverse()
    if kind == "ending":
        return f"ending words in -{''.join(map(chr, tokens))}"
    if kind == "shape":
        return f"shape {_SHAPES[tokens[0] - 1]} at step {tokens[1] - 1}"
    said = " ".join(_token_name(t) for t in (tokens[1:] if kind == "comma" else tokens))
    if kind == "comma":
        return f"comma {_COMMAS[tokens[0] - 1]}" + (f" and begins {said}" if said else "")
    return f"{kind} {said}"


def _token_name(token: int) -> str:
    return f'"{_WORD_NAME[token]}"' if token in _WORD_NAME else _CLASS_NAME.get(token, "?")
