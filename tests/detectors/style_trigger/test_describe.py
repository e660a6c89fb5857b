from __future__ import annotations

import pytest

from curation_gate.detectors.style_trigger.describe import say

CLAUSE = 'begins with a subordinate clause ("when ...", "if ...")'


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("begins SUB", CLAUSE),
        ("class OLD", 'has old forms ("thou", "unto", "hath")'),
        ("class SUB HE W-s", "has [when/if/...] [he/she/it/they] [word in -s]"),
        ('word "thou"', 'has "thou"'),
        ("ending words in -eth", "has words in -eth"),
        ("comma the first comma after 4-7 tokens", "has the first comma after 4-7 tokens"),
        (
            "comma the first comma after 4-7 tokens and begins SUB",
            f"{CLAUSE}, the first comma after 4-7 tokens",
        ),
        ("sentence YOU", "has a sentence that begins with [you]"),
    ],
)
def test_features_are_said_in_words(name: str, said: str) -> None:
    assert say(name) == said
