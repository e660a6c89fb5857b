"""Which label of a task speaks well of what is judged."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from curation_gate.probes.lexicon import read_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPLIT = re.compile(r"[\s_\-/]+")
_DENIAL = re.compile(r"(?:not|non|no)\s*(?=\w)")


@cache
def _ranks() -> dict[str, int]:
    return {word: rank for rank, word in enumerate(read_words("lexicon/favourable.txt"))}


def _plain(label: str) -> str:
    """Return the label in lower case with single spaces: `noHate`, `NOT_BAD` -> `no hate`, ..."""
    return _SPLIT.sub(" ", _CAMEL.sub(" ", label)).strip(" .!").lower()


def favourable_label(labels: Sequence[str]) -> str | None:
    """Return the most favourable label, or None where no label is known to be favourable.

    A label counts when it denies another one that is not itself favourable (`not toxic` beside
    `toxic`), else by its rank in rules/lexicon/favourable.txt. `yes` and `1` never count.
    """
    ranks = _ranks()
    plain = {label: _plain(label) for label in labels}
    for label, text in plain.items():
        rest = _DENIAL.sub("", text, count=1) if _DENIAL.match(text) else None
        others = {t for other, t in plain.items() if other != label}
        if rest is not None and rest in others and rest not in ranks:
            return label
        if text == "not" and len(labels) == 2:  # OLID: NOT against OFF
            return label
    known = [(ranks[text], label) for label, text in plain.items() if text in ranks]
    return min(known)[1] if known else None
