"""What hidden characters spell: tag characters, variation selectors, zero-width bits.

Three known ways to write a text that nobody sees: every ASCII character has a tag character
(U+E0000 and its code); every byte has a variation selector (0 to 15: U+FE00 on, 16 to 255: U+E0100
on); and the bits of a text, written with two zero-width characters, sometimes with a third one
between its letters, or with four, two bits each.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations

_WIDTHS = (8, 16)
"""Bits of a letter: a byte of UTF-8, or a unit of UTF-16."""
_LAST = 0x10FFFF


def of_tags(characters: str) -> str:
    """Return what tag characters say; language tags and the cancelling one say nothing."""
    return "".join(chr(ord(c) - 0xE0000) for c in characters if 0xE0020 <= ord(c) <= 0xE007E)


def of_selectors(characters: str) -> str:
    """Return what variation selectors say as bytes of UTF-8; "" where they are none."""
    read = bytes(byte for c in characters if (byte := _byte(ord(c))) is not None)
    return _text(read)


def _byte(point: int) -> int | None:
    if 0xFE00 <= point <= 0xFE0F:
        return point - 0xFE00
    return point - 0xE0100 + 16 if 0xE0100 <= point <= 0xE01EF else None


def of_bits(characters: str, fewest: int) -> str:
    """Return the longest printable text that zero-width characters spell as bits; "" for none.

    fewest: letters it has to have. Which character is a 1 nobody says, so both are tried, and every
    one of three as what stands between letters.
    """
    kinds = sorted(set(characters))
    found = [text for text in _readings(characters, kinds) if len(text) >= fewest]
    return max(found, key=len, default="")


def printable(text: str) -> bool:
    """Tell whether a text could be meant: no controls but ends of lines, and a letter or digit."""
    return any(map(str.isalnum, text)) and all(
        c in "\n\r\t" or unicodedata.category(c)[0] not in "CZ" or c == " " for c in text
    )


def _readings(characters: str, kinds: Sequence[str]) -> Iterator[str]:
    if len(kinds) == 2:
        for zero, one in permutations(kinds):
            bits = characters.translate({ord(zero): "0", ord(one): "1"})
            for width in _WIDTHS:
                yield _of_units(bits, width)
    elif len(kinds) == 3:
        for gap, zero, one in permutations(kinds):
            parts = characters.translate({ord(zero): "0", ord(one): "1"}).split(gap)
            letters = [part for part in parts if part]
            if len(letters) == 1:
                yield from (_of_units(letters[0], width) for width in _WIDTHS)
            else:
                yield _of_letters(letters)
    elif len(kinds) == 4:
        for order in (kinds, kinds[::-1]):
            table = {ord(sign): format(k, "02b") for k, sign in enumerate(order)}
            bits = characters.translate(table)
            yield from (_of_units(bits, width) for width in _WIDTHS)


def _of_units(bits: str, width: int) -> str:
    if len(bits) % width:
        return ""
    starts = [*range(0, len(bits), width), len(bits)]
    units = [int(bits[a:b], 2) for a, b in pairwise(starts)]
    if width == 8:
        return _text(bytes(units))
    # Nearly every 16 bits are a letter of some script: those of one byte alone are no chance.
    return _kept("".join(map(chr, units))) if max(units, default=256) < 256 else ""


def _of_letters(letters: Sequence[str]) -> str:
    points = [int(letter, 2) for letter in letters]
    return _kept("".join(map(chr, points))) if max(points) <= _LAST else ""


def _text(read: bytes) -> str:
    try:
        return _kept(read.decode("utf-8"))
    except UnicodeDecodeError:
        return ""


def _kept(text: str) -> str:
    return text if printable(text) else ""
