"""Writing without blanks between words, and signs that belong to the letter before them.

Chinese, Japanese, Thai and their like are read letter by letter, so that a phrase of a few letters
is found wherever it stands. Vowel signs and accents (Devanagari, Thai, Arabic) are no letters to
`re`: without them a Hindi word would fall into pieces.
"""

from __future__ import annotations

import re
import unicodedata

UNSPACED = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0f40-\u0f6c"
    "\u1000-\u102a\u103f\u1050-\u1055\u1780-\u17b3\u1950-\u19ab\u1a20-\u1a54\uaa60-\uaa6f"
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Letters of Thai, Lao, Tibetan, Burmese, Khmer, Tai; kana; Han. Each is read as a word."""
COMBINING = "".join(
    sign for sign in map(chr, range(0x370, 0xFE00)) if unicodedata.category(sign) in ("Mn", "Mc")
)
"""Vowel signs and accents that are written around the letter before them. Those of Latin letters
are left out: whatever no letter holds already (NFKC) is worth being read by itself."""
LETTER = rf"[^\W_{UNSPACED}][{COMBINING}]*"
"""Pattern of a letter or digit that makes a word with those beside it, and of its signs."""
LONE_LETTER = rf"[{UNSPACED}][{COMBINING}]*"
"""Pattern of one that is read as a word."""
_UNSPACED = re.compile(f"[{UNSPACED}]")


def is_unspaced(letter: str) -> bool:
    """Tell whether a letter is one of a script without blanks between words."""
    return _UNSPACED.match(letter) is not None
