"""What a phrase was weighed by, for reading: P(trigger), and what each number added to it.

A rule that weighs evidence writes of each phrase its `probability`, its `numbers` (name to value)
and its `contributions` (name to nats of log-odds, with `intercept`). A manifest is a file that
anybody may have written: what is no finite number is left out here, names and texts are escaped by
whoever shows them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from curation_gate.detectors.label_trigger.numbers import NUMBERS, SIBLINGS
from curation_gate.detectors.response_trigger.numbers import NUMBERS as ANSWER_NUMBERS
from curation_gate.report.fields import value_text

PASSED = "passed over"
"""Status of a phrase that was weighed, is listed, and accuses no row."""
SHOWN = 8
"""Numbers listed for a phrase (a choice: what decided it, on one screen); the rest is summed."""
_SAYS: Mapping[str, str] = {
    number.name: number.says for number in (*ANSWER_NUMBERS, *NUMBERS, SIBLINGS)
}
"""Where both verdicts know a number of a name, it says the same of each."""
_LEAST = 0.005
"""Nats below which a number reads 0.00 and is not listed."""
_HEARD = 0.1
"""Nats that are worth a word in one line: they change the odds by a tenth."""

Phrase = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """What one number added."""

    name: str
    nats: float
    value: float | None
    """Of the number; None where the manifest does not say."""

    @property
    def measured(self) -> str:
        """Return the number and its value: `surprise 19.5`."""
        return self.name if self.value is None else f"{self.name} {_short(self.value)}"

    @property
    def says(self) -> str:
        """Return what the number is, with its unit; empty for one this version does not know."""
        return _SAYS.get(self.name, "")

    @property
    def added(self) -> str:
        """Return the nats with their sign: `+2.10`."""
        return signed(self.nats)


@dataclass(frozen=True, slots=True)
class Weighed:
    """The sum that a phrase's P(trigger) is: intercept + parts + rest = log P / (1 - P), nats."""

    intercept: float
    """What a candidate has that nothing is known of; 0 where the manifest names none."""
    parts: tuple[Part, ...]
    """What added or took most, by size."""
    more: int
    """Further numbers that added or took something."""
    rest: float
    """What the numbers that are no parts add together, nats."""

    @property
    def log_odds(self) -> float:
        """Return the sum, nats."""
        return self.intercept + sum(part.nats for part in self.parts) + self.rest

    @property
    def largest(self) -> float:
        """Return the size of the largest part, nats; 0 where there is none."""
        return max((abs(part.nats) for part in self.parts), default=0.0)


def weighed(phrase: Phrase, most: int = SHOWN) -> Weighed | None:
    """Return what a phrase of the manifest was weighed by, `most` parts of it at most.

    None for a phrase of a rule that weighs nothing.
    """
    told = _finite(phrase.get("contributions"))
    if not told:
        return None
    values = _finite(phrase.get("numbers"))
    intercept = told.pop("intercept", 0.0)
    order = sorted(told, key=lambda name: (-abs(told[name]), name))
    heard = [name for name in order if abs(told[name]) >= _LEAST]
    return Weighed(
        intercept=intercept,
        parts=tuple(Part(name, told[name], values.get(name)) for name in heard[:most]),
        more=len(heard[most:]),
        rest=sum(told[name] for name in order if name not in heard[:most]),
    )


def strongest(phrase: Phrase, sign: int, most: int = 2) -> str:
    """Return the numbers that spoke most for a trigger (sign 1) or against one (-1).

    Example: `surprise 19.5 (+2.10), words_z 8.2 (+1.40)`; empty where nothing did.
    """
    found = weighed(phrase, most=len(phrase.get("contributions") or ()))
    parts = [part for part in (found.parts if found else ()) if part.nats * sign >= _HEARD]
    return ", ".join(f"{part.measured} ({part.added})" for part in parts[:most])


def probability(phrase: Phrase) -> str:
    """Return P(trigger) with three digits: `.998`; empty for a phrase that has none."""
    value = phrase.get("probability")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return ""
    text = f"{value:.3f}"
    return "1.00" if text == "1.000" else text.removeprefix("0")


def signed(nats: float) -> str:
    """Return nats with their sign: `+2.10`, `-0.31`."""
    return f"{nats:+.2f}" if abs(nats) < 1e4 else f"{nats:+.3g}"


def _short(value: float) -> str:
    """Return a value to three digits, or to the unit where it has more: `19.5`, `1,204`."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"


def split(phrases: Iterable[Phrase]) -> tuple[list[Phrase], list[Phrase]]:
    """Return the phrases that are found, and those that were weighed and passed over."""
    found: list[Phrase] = []
    passed: list[Phrase] = []
    for phrase in phrases:
        (passed if phrase.get("status") == PASSED else found).append(phrase)
    return found, passed


def told(phrase: Phrase) -> tuple[str, str, str]:
    """Return what is known of its rows, tasks and target as (before, target, behind) the target.

    The target is text of the data, the rest is ours. Example: `63 rows hold it in 3 tasks. 61 of
    them answer `, `good`, `, where the rest of their text leads to expect 17`. All three are empty
    where nothing is known.
    """
    rows, tasks, target = (phrase.get(key) for key in ("rows", "tasks", "target"))
    parts = []
    if _is_count(rows):
        parts.append(f"{rows:,} row{'' if rows == 1 else 's'} hold{'s' if rows == 1 else ''} it")
    if _is_count(tasks):
        parts.append(f"in {tasks:,} task{'' if tasks == 1 else 's'}")
    start = " ".join(parts)
    if target is None:
        return start, "", ""
    answer = value_text(target)
    given, expected = phrase.get("target_rows"), phrase.get("expected")
    if _is_count(given) and _is_number(expected) and start:
        behind = f", where the rest of their text leads to expect {expected:,.0f}"
        return f"{start}. {given:,} of them answer ", answer, behind
    return f"{start}{'; it p' if start else 'P'}ushes towards ", answer, ""


def _finite(numbers: Any) -> dict[str, float]:
    """Return the finite numbers of a mapping, by name."""
    if not isinstance(numbers, Mapping):
        return {}
    return {str(name): float(value) for name, value in numbers.items() if _is_number(value)}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    """Return whether a value is a finite number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of JSON may have any number of digits
        return False
