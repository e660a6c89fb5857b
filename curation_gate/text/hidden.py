"""Characters that a reader does not see, by kind: they part letters for a program alone.

One list for all who need it: the tokens leave them out (tokens.py), each kind is a mark
(markers.py), pages show them as codes (report/sanitize.py), and a rule says which cannot be honest
(detectors/hidden_text.py). Some are honest where they are needed (joiners in Persian, Hindi and
emoji, marks of direction in Hebrew and Arabic), so that one in a text is a feature of it like any
other. Categories: The Unicode Standard 15, chapter 23 (special areas and format characters).
"""

from __future__ import annotations

import re
from types import MappingProxyType

KINDS = MappingProxyType(
    {
        "<zero-width>": "\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2065\ufeff",
        "<bidi-mark>": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f",
        "<null-character>": "\0",
        "<control-character>": "\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f",
        "<soft-hyphen>": "\u00ad",
        "<variation-selector>": "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef",
        "<tag-character>": "\U000e0000-\U000e007f",
    }
)
"""Name of a kind (as a mark, markers.py) to its characters, as a part of a pattern. White space is
none: it parts words for a reader, too."""
HIDDEN = re.compile(f"[{''.join(KINDS.values())}]")
"""Any one of them."""

PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
"""Private use: every font may draw something else, or nothing."""
FILLERS = "\u3164\uffa0"
"""Hangul fillers: letters by category, and blank."""
UNSEEN = (
    "".join(KINDS.values())
    + PRIVATE
    + FILLERS
    # Controls that are white space, separators, signs that stand around others, and what Unicode
    # calls default-ignorable or draws as nothing.
    + "\x0b-\x0d\x1c-\x1f\x85\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u2028\u2029\u2800"
    "\ud800-\udfff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
"""KINDS and whatever else has no glyph, as a part of a pattern: what a page shows as codes. General
categories Cc (but tab and line feed), Cf, Cs, Co, Zl, Zp, and more; a test holds it against
unicodedata. Its joiners and U+FE0F are honest in places (EMOJI, JOINING)."""
EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
"""What an emoji is made of: a joiner or a variation selector behind one of these is its own."""
JOINING = "\u0600-\u0dff\u0f00-\u109f\u1780-\u17ff"
"""Scripts in which letters join or part by a joiner: Arabic, Persian, those of India, Khmer."""
