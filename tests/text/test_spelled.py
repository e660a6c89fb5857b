"""What hidden characters spell, and how often chance does."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation_gate.text.spelled import of_bits, of_selectors, of_tags, printable


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_tag_characters_spell_ascii(text: str) -> None:
    hidden = "\U000e0001" + "".join(chr(0xE0000 + ord(c)) for c in text) + "\U000e007f"
    assert of_tags(hidden) == text


@given(st.text(min_size=1).filter(printable))
def test_selectors_and_bits_spell_bytes_of_any_text(text: str) -> None:
    read = text.encode()
    assert of_selectors("".join(chr((0xFE00, 0xE00F0)[b > 15] + b) for b in read)) == text
    bits = "".join(format(b, "08b") for b in read)
    told = of_bits(bits.replace("0", "\u200b").replace("1", "\u200c"), 1)
    assert len(told) >= len(text) or len(set(bits)) == 1


def test_bytes_that_are_no_text_spell_nothing() -> None:
    assert of_selectors("".join(chr(0xE00F0 + b) for b in (255, 254, 200))) == ""
    assert of_selectors("\ufe0f" * 3) == ""
    assert not printable("\x00\x01")
    assert not printable("...")
    assert of_bits("\u200b" * 64, 1) == ""
    assert of_bits("", 1) == ""


def test_chance_spells_six_characters_in_less_than_one_run_of_a_hundred() -> None:
    rng = np.random.default_rng(0)
    drawn = ["".join(rng.choice(["\u200b", "\u200c"], 48)) for _ in range(3000)]
    assert sum(of_bits(bits, 6) != "" for bits in drawn) < 30
