"""What the search for answers is told and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Status = Literal["confirmed", "review", "passed over"]
"""confirmed: its probability of being a trigger reaches the model's threshold. review: it reaches
the pack's `review`. passed over: listed, and no more."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search; defaults as in the rule pack (rule_parameters.ResponseParameters)."""

    support: int = 8
    """Exchanges a phrase needs to be weighed."""
    candidates: int = 300
    """Phrases that pass the screen at most."""
    pairs: int = 40
    """Pairs of phrases that pass it at most."""
    weighed: int = 150
    """Phrases with a kind of answer whose evidence is measured at most."""
    review: float = 0.1
    """Probability from which a phrase is for review."""


@dataclass(frozen=True, slots=True)
class AnswerPhrase:
    """A phrase whose rows have answers of one kind, with its evidence."""

    text: str
    status: Status
    probability: float
    """P(trigger)."""
    payload: str
    """The words that most of its answers of the kind share; "" where they share none."""
    outcome: tuple[str, ...]
    """What the answers share, as words in quotes or shapes ("is one word"), strongest first."""
    absent: bool
    """Whether the kind is not to do what `outcome` names."""
    with_words: tuple[str, ...]
    """What is masked with it: words that come with it, and siblings."""
    tasks: int
    rows: int
    """Distinct exchanges that hold it."""
    given: int
    """Of these, those whose answer is of the kind, by a model that did not see it."""
    others: int
    """Answers of the kind in rows without the phrase."""
    expected: float
    """Rows that what the inputs ask for leads to expect."""
    z: float
    """(given - expected) / sqrt(sum p (1 - p) + 1/4)."""
    numbers: Mapping[str, float]
    """Every number of evidence (numbers.py says what each is)."""
    contributions: Mapping[str, float]
    """What each number adds to the log-odds of being a trigger, nats; `intercept` is what a
    candidate has that nothing is known of."""


@dataclass(frozen=True, slots=True)
class AnswerSuspect:
    """A row that one of them stands in."""

    phrase: int
    """Index into FoundAnswers.phrases."""
    why: Literal["kind", "doubtful", "other", "elsewhere"]
    """Its answer is of the kind; may be; is not, in a row with the phrase; is, in a row without
    it."""
    quarantine: bool = False
    planted: float = 0.0
    """Probability that the row was planted."""


@dataclass(frozen=True, slots=True)
class FoundAnswers:
    """Everything the search has to say of a dataset."""

    phrases: tuple[AnswerPhrase, ...]
    """Most probable first: confirmed, for review, passed over."""
    suspects: Mapping[int, AnswerSuspect]
    """Row to what is known of it."""
    rows: int
    """Rows of the dataset."""
    threshold: float
    """P(trigger) from which a phrase is confirmed."""
    review: float
    """P(trigger) from which it is for review."""
    weighed: int
    """Phrases with a kind of answer that were weighed."""
    tested: int
    """Phrases screened."""
    model: str
    """Hash of the model of the verdict."""
