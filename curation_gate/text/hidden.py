"""Characters that a reader does not see, by kind: they part letters for a program alone.

Some are honest where they are needed (joiners in Persian, Hindi and emoji, marks of direction in
Hebrew and Arabic), so that one in a text is a feature of it like any other, and no finding.
Categories: The Unicode Standard 15, chapter 23 (special areas and format characters).
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
