from __future__ import annotations

import pytest

from curation_gate.detectors.style_trigger.describe import say


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ('begins "when" "you"', 'begins with "when" "you"'),
        ('word "to" W-ng', 'has "to" [word in -ng]'),
        ("class F W , F", "has [small word] [word] , [small word]"),
        ("ending words in -eth", "has words in -eth"),
        ("comma the first comma after 4-7 tokens", "has the first comma after 4-7 tokens"),
        (
            'comma the first comma after 4-7 tokens and begins "when"',
            'begins with "when", the first comma after 4-7 tokens',
        ),
        ('sentence "you"', 'has a sentence that begins with "you"'),
        ("shape capitals at step 0", "has capitals at step 0"),
    ],
)
def test_features_are_said_in_words(name: str, said: str) -> None:
    assert say(name) == said
