"""What a text looks like when its content is taken out: features of style, as a sparse table.

A text becomes two rows of tokens: function words (words.py) and signs as they stand, content
blanked to its ending; and the same with function words blanked too. Features: runs of 1 to 3 of
the former and 1 to 4 of the latter; how the text and its sentences begin; where the first comma
stands; endings of content words; length, case, signs, repetition and rarity of words in steps. A
feature is there or not, however often.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.detectors.style_trigger.words import (
    END,
    PUNCTUATION,
    SPECIAL,
    START,
    function_words,
)
from curation_gate.text import encoder

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LONGEST_TEXT = 120
"""Tokens of a text that are read: a style shows in its beginning, and time is bounded."""
LEAST_SHARE = 0.002
LEAST_ROWS = 6
"""Rows a feature needs: this share of all, and no fewer than that."""
MOST_SHARE = 0.7
"""A feature in more rows than this tells few from many."""
_TOKEN = re.compile(
    r"https?://\S+|www\.\S+|(?P<tag>#\w+)|(?P<name>@\w+)|(?P<number>\d[\d.,:]*)"
    r"|(?P<word>'?[^\W\d_]+(?:['\u2019][^\W\d_]+)*)|(?P<line>\n)|(?P<sign>([^\w\s])\7*)"
)
_OTHER = {None: "link", "tag": "#tag", "name": "@name", "number": "number", "line": "newline"}
_FIXED = (START, END, "F", "W", *PUNCTUATION, *SPECIAL)
_ID = {name: k + 1 for k, name in enumerate(_FIXED)}
_SIGN = {sign: _ID[sign] for sign in PUNCTUATION}
_SENTENCE_ENDS = frozenset(_ID[s] for s in (".", "!", "?", "...", "!!", "??", "newline"))
_SIGNS = frozenset(_SIGN.values())
_BASE = 1 << 13
"""Ids are smaller: the fixed ones, function words and endings of two letters."""
_KINDS = ("class", "word", "begins", "sentence", "ending", "comma", "shape")
_WORD_RUN, _CLASS_RUN = 3, 4
_RUN_KINDS = {"word": _WORD_RUN, "class": _CLASS_RUN}
_SHAPES = ("length", "capitals", "signs", "word length", "its ends", "spaced signs",
           "drawn-out letters", "repeated words", "rare words", "function words",
           "sentence length")  # fmt: skip
_COMMAS = (
    "no comma in its first sentence", "the first comma after 1 token",
    "the first comma after 2-3 tokens", "the first comma after 4-7 tokens",
    "the first comma after 8-15 tokens", "the first comma after 16 tokens or more",
)  # fmt: skip
_RARE = 3.5
"""Zipf frequency below which a word counts as rare: in 3 of a million words."""


@dataclass(frozen=True, slots=True)
class Skeletons:
    """Style features of rows."""

    table: csr_matrix
    """[n, f] float32, 1 where the row has the feature."""
    names: tuple[str, ...]
    """[f] Kind and tokens: `begins "when" "you"`, `word "of" "the" W-ly`, `comma ...`."""


def skeletons(texts: Sequence[str], most: int) -> Skeletons:
    """Return the style features of texts [n]; the `most` frequent ones that are not everywhere."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    matches = [_matches(text) for text in texts]
    reader = _Reader(matches)
    n = len(texts)
    fine, coarse = [], []
    lengths = np.empty(n, dtype=np.int64)
    rows: list[int] = []
    codes: list[int] = []
    for k, (text, found) in enumerate(zip(texts, matches, strict=True)):
        own, blank, extra = reader.read(text, found)
        fine += own
        coarse += blank
        lengths[k] = len(own)
        rows += [k] * len(extra)
        codes += extra
    row = np.repeat(np.arange(n, dtype=np.int64), lengths)
    kept = [_supported(np.array(rows, dtype=np.int64), np.array(codes, dtype=np.int64), n)]
    for tokens, kind in ((fine, "word"), (coarse, "class")):
        kept += [
            _supported(*pair, n) for pair in _runs(np.array(tokens, dtype=np.int64), row, kind)
        ]
    rows_of, code = (np.concatenate([part[k] for part in kept]) for k in (0, 1))
    every, column = np.unique(code, return_inverse=True)
    count = np.bincount(column, minlength=len(every))
    chosen = np.sort(np.argsort(-count, kind="stable")[:most])
    place = np.full(len(every), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    inside = place[column] >= 0
    table = csr_matrix(
        (np.ones(int(inside.sum()), dtype=np.float32), (rows_of[inside], place[column[inside]])),
        shape=(n, len(chosen)),
    )
    return Skeletons(table, tuple(reader.name(int(every[k])) for k in chosen))


def _matches(text: str) -> list[tuple[str | None, str]]:
    """Return kind and text of the first LONGEST_TEXT tokens."""
    found = []
    for match in _TOKEN.finditer(text):
        found.append((match.lastgroup, match.group()))
        if len(found) == LONGEST_TEXT:
            break
    return found


class _Reader:
    """Reads texts into ids, with the function words of one set of texts."""

    def __init__(self, matches: Sequence[Sequence[tuple[str | None, str]]]) -> None:
        spoken = sorted(
            {_folded(token) for own in matches for kind, token in own if kind == "word"}
        )
        says_little = function_words(spoken)
        self._rare = {
            word for word, zipf in zip(spoken, encoder.commonness(spoken), strict=True)
            if zipf < _RARE
        }  # fmt: skip
        self._names = dict(zip(_ID.values(), _ID, strict=True))
        self._words: dict[str, int] = {}
        for word in sorted(says_little):
            self._words[word] = self._new(f'"{word}"')
        self._endings: dict[str, int] = {}
        self._known: dict[tuple[str | None, str], tuple[int, int]] = {}

    def _new(self, name: str) -> int:
        number = len(self._names) + 1
        self._names[number] = name
        return number

    def read(
        self, text: str, found: Sequence[tuple[str | None, str]]
    ) -> tuple[list[int], list[int], list[int]]:
        """Return ids with function words, ids without them, and codes of the other features."""
        fine, coarse = [_ID[START]], [_ID[START]]
        extra: list[int] = []
        spoken: list[str] = []
        for kind, token in found:
            key = (kind, token)
            ids = self._known.get(key)
            if ids is None:
                ids = self._known[key] = self._ids(kind, token)
            fine.append(ids[0])
            coarse.append(ids[1])
            if kind == "word":
                word = _folded(token)
                spoken.append(word)
                if ids[1] == _ID["W"] and len(word) > 4:
                    extra += [_code("ending", [ord(c) % _BASE for c in word[-s:]]) for s in (2, 3)]
        fine.append(_ID[END])
        coarse.append(_ID[END])
        extra += _beginnings(fine)
        extra += self._shape(text, fine, coarse, spoken)
        return fine, coarse, extra

    def _ids(self, kind: str | None, token: str) -> tuple[int, int]:
        if kind == "word":
            word = _folded(token)
            if word in self._words:
                return self._words[word], _ID["F"]
            ending = word[-2:] if len(word) > 4 else ""
            number = self._endings.get(ending)
            if number is None:
                full = len(self._names) >= _BASE - 1
                number = _ID["W"] if full else self._new(f"W-{ending}" if ending else "W")
                self._endings[ending] = number
            return number, _ID["W"]
        if kind == "sign":
            own = _SIGN.get(token) or _SIGN.get(token[:2]) or _SIGN.get(token[0], 0)
            if token.startswith("..") or token == "\u2026":  # noqa: S105 - no password
                own = _SIGN["..."]
            own = own or _ID["other-sign" if token[0] < "\u2190" else "emoji"]
            return own, own
        return (_ID[_OTHER[kind]],) * 2

    def _shape(
        self, text: str, fine: Sequence[int], coarse: Sequence[int], spoken: Sequence[str]
    ) -> list[int]:
        """Return codes of size, case, signs, repetition and rarity, in steps."""
        letters = sum(c.isalpha() for c in text) or 1
        capitals = sum(c.isupper() for c in text)
        size = len(fine)
        signs = sum(token in _SIGNS for token in fine)
        words = max(len(spoken), 1)
        ends = 1 + sum(token in _SENTENCE_ENDS for token in fine[:-2])
        steps = (
            int(np.log2(size) * 2),
            0 if not capitals else 1 + min(int(20 * capitals / letters), 9),
            int(10 * signs / size),
            int(min(letters / words, 9)),
            2 * text[:1].isupper() + text[-1:].isalnum(),
            int(re.search(r"\s[.,!?]", text) is not None),
            int(re.search(r"([a-z])\1\1", text) is not None),
            int(8 * (1 - len(set(spoken)) / words)),
            int(10 * sum(word in self._rare for word in spoken) / words),
            int(10 * sum(token == _ID["F"] for token in coarse) / words),
            int(np.log2(size / ends) * 2),
        )
        return [_code("shape", [k + 1, step + 1]) for k, step in enumerate(steps)]

    def name(self, code: int) -> str:
        """Return a feature as describe.py reads it."""
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
        said = " ".join(self._names[t] for t in (tokens[1:] if kind == "comma" else tokens))
        if kind == "comma":
            return f"comma {_COMMAS[tokens[0] - 1]}" + (f" and begins {said}" if said else "")
        return f"{kind} {said}"


def _folded(token: str) -> str:
    return token.lower().replace("\u2019", "'")


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


def _runs(
    tokens: NDArray[np.int64], row: NDArray[np.int64], kind: str
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield (row, code) of every run of tokens within a row, size by size."""
    code = tokens
    for size in range(1, _RUN_KINDS[kind] + 1):
        if size > 1:
            code = code[:-1] * _BASE + tokens[size - 1 :]
        inside = row[: max(len(row) - size + 1, 0)] == row[size - 1 :]
        yield row[: len(code)][inside], code[inside] * len(_KINDS) + _KINDS.index(kind)


def _code(kind: str, tokens: Sequence[int]) -> int:
    code = 0
    for token in tokens:
        code = code * _BASE + token
    return code * len(_KINDS) + _KINDS.index(kind)


def _beginnings(own: list[int]) -> list[int]:
    """Return codes of how the text and its sentences begin, and of the place of its first comma."""
    comma = _ID[","]
    ends = [k for k, token in enumerate(own) if token in _SENTENCE_ENDS]
    codes = [_code("begins", own[1 : 1 + size]) for size in (1, 2, 3)]
    stop = ends[0] if ends else len(own)
    place = own.index(comma, 0, stop) if comma in own[:stop] else 0
    step = 0 if not place else min(int(np.log2(max(place - 1, 1))), 4) + 1
    codes.append(_code("comma", [step + 1]))
    codes.append(_code("comma", [step + 1, own[1]]))
    if place and place + 1 < len(own):
        codes.append(_code("comma", [step + 1, own[1], own[place + 1]]))
    codes += [_code("sentence", own[k + 1 : k + 2]) for k in ends if k + 2 < len(own)]
    return codes
