"""What the answer miner is told and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search; defaults as in the rule pack."""

    alpha: float = 0.05
    """Family-wise error rate, over all phrases of a set."""
    draws: int = 10
    """Permutations of the answers inside their tasks behind the null."""
    support: int = 8
    """Rows a phrase needs to be judged."""
    candidates: int = 400
    """Phrases that pass the screen."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class AnswerPhrase:
    """A phrase whose rows have answers of one kind, with its evidence."""

    text: str
    status: Literal["confirmed", "suspected"]
    outcome: tuple[str, ...]
    """What the answers share, as words in quotes or shapes ("is one word"), strongest first."""
    tasks: int
    rows: int
    given: int
    """Rows whose answer has the outcome, by a model that did not see it."""
    others: int
    """Rows without the phrase, of the same tasks, that were compared."""
    others_given: int
    """Of those, how many have the outcome."""
    expected: float
    """Rows of the phrase that would have it at the others' rate."""
    z: float
    threshold: float
    ordinary_rows: int
    """Rows whose input without the phrase is like those of other rows."""
    ordinary_given: int
    """Of those, how many have the outcome: the context does not explain it."""
    input_auc: float
    """How well the rest of the input tells these rows from others; 1/2 = not at all."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Something in answers that no phrase goes with and no input explains."""

    text: str
    kind: Literal["name", "link", "degenerate"]
    rows: int
    tasks: int
    input_auc: float
    """As above; NaN for degenerate answers."""


@dataclass(frozen=True, slots=True)
class AnswerSuspect:
    """A row that one of them stands in."""

    phrase: int
    """Index into FoundAnswers.phrases, or into `bursts` where `burst`."""
    burst: bool
    quarantine: bool


@dataclass(frozen=True, slots=True)
class FoundAnswers:
    """Everything the answer miner has to say of a dataset."""

    phrases: tuple[AnswerPhrase, ...]
    bursts: tuple[Burst, ...]
    suspects: Mapping[int, AnswerSuspect]
    """Row to what is known of it."""
    rows: int
    """Rows of the dataset."""
    threshold: float
    """z a phrase has to reach; NaN where nothing was tested."""
    tested: int
    """Phrases screened."""
