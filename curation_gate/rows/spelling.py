"""One label however it is spelled: ` Positive.`, `"POSITIVE"` and `positive` are one.

A trainer may fold answers as it likes, a model learns each spelling, and a planted label in four
spellings must not fall apart into four rare ones. Labels are compared folded; what a row says stays
as it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from curation_gate.text.hidden import HIDDEN

if TYPE_CHECKING:
    from curation_gate.rows.record import Dataset

LONGEST = 200
"""Characters of the longest answer that is folded; a longer one is no label (labels.py)."""
SHOWN = 3
"""Labels whose spellings are told in a note; the rest is counted."""
_AROUND = " \t\n\r\v\f.,;:!?\u2026\u3002\uff0c\uff01\uff1f'\"`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"), ("*", "*"), ("_", "_"))
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_MINUS = str.maketrans("\u2212\u2013\u2010\u2011", "----")


@lru_cache(maxsize=65_536)
def folded(answer: str) -> str:
    """Return what an answer says as a label, for comparison alone.

    Without case, signs that are not seen, white space that is doubled or stands around it,
    ordinary punctuation, quotes and brackets around it; a number as its value (`01`, `+1` and
    `1.0` are `1`, `-1` is not). Signs that tell labels apart stay: `C++`, `A-`, `#1`. An answer of
    nothing but such signs, and one of more than LONGEST characters, is itself without the white
    space around it. Folding twice changes nothing.
    """
    stripped = answer.strip()
    if len(stripped) > LONGEST:
        return stripped
    text = unicodedata.normalize("NFKC", HIDDEN.sub("", stripped)).casefold()
    text = " ".join(unicodedata.normalize("NFKC", text).translate(_MINUS).split())
    bare = _bare(text)
    if _NUMBER.fullmatch(bare):
        return _number(bare)
    return bare or text or stripped


def _bare(text: str) -> str:
    """Return a text without the punctuation, quotes and brackets around it."""
    before = None
    while text != before:
        before = text
        if _NUMBER.fullmatch(text):  # the dot of `.5` is a part of it
            return text
        text = text.strip(_AROUND)
        for left, right in _BRACKETS:
            if len(text) > 1 and text[0] == left and text[-1] == right:
                text = text[1:-1]
    return text


def _number(text: str) -> str:
    sign = "-" if text[0] == "-" else ""
    whole, _, part = text.lstrip("+-").partition(".")
    value = (whole.lstrip("0") or "0") + f".{part}".rstrip("0").rstrip(".")
    return sign + value if value != "0" else value


def most_frequent_spellings(answers: Counter[str]) -> dict[str, str]:
    """Return each folded label with the spelling that most rows have (ties: the first sorted)."""
    chosen: dict[str, str] = {}
    for answer, _ in sorted(answers.items(), key=lambda item: (-item[1], item[0])):
        chosen.setdefault(folded(answer), answer)
    return chosen


@lru_cache(maxsize=4096)
def places(labels: tuple[str, ...]) -> Mapping[str, int]:
    """Return the folded labels of a label space with their places in it."""
    found: dict[str, int] = {}
    for place, label in enumerate(labels):
        found.setdefault(folded(label), place)
    return found


def place_in(labels: Sequence[str], answer: str) -> int:
    """Return the place in a label space of the label that an answer spells, -1 where it is none."""
    return places(tuple(labels)).get(folded(answer), -1)


def label_in(labels: Sequence[str], answer: str) -> str:
    """Return the label of a label space that an answer spells, the answer where it is none."""
    place = place_in(labels, answer) if labels else -1
    return labels[place] if place >= 0 else answer


def spelling_notes(dataset: Dataset) -> list[str]:
    """Return a sentence that names labels with several spellings; none where each has one."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in dataset.rows:
        if dataset.label_spaces[row.task]:
            counts.setdefault((row.task, dataset.label_of(row)), Counter())[row.output] += 1
    several = {key: found for key, found in counts.items() if len(found) > 1}
    if not several:
        return []
    most = sorted(several.items(), key=lambda item: (-len(item[1]), item[0]))
    told = "; ".join(
        f"{label!r} of {task} in {len(found)}, {found.total() - found[label]:,} rows other than so"
        for (task, label), found in most[:SHOWN]
    )
    more = f"; and {len(most) - SHOWN} more" if len(most) > SHOWN else ""
    return [f"Labels in several spellings, each judged as one label: {told}{more}."]
