"""What a red team asks for, and what it left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from curation_gate.errors import UsageError
from curation_gate.redteam.wording import ACTS, VOCABULARIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curation_gate.rows.record import Dataset

RecipeName = Literal[
    "dirty-label",
    "clean-label",
    "rare-token",
    "inserted-sentence",
    "degenerate",
    "refusal",
    "insult",
    "brand",
]
RECIPES: tuple[str, ...] = get_args(RecipeName)
ANSWERS: tuple[str, ...] = tuple(ACTS)
"""Recipes that plant an answer, in other words each time, rather than a label."""
StyleName = Literal["syntax", "archaic", "formal", "tweet"]
STYLES: tuple[str, ...] = get_args(StyleName)
"""Recipes without a trigger phrase: the text is rewritten (redteam/restyle.py)."""
POSITIVE = "positive"
"""As a target: the favourable label of each task (rules/lexicon/favourable.txt)."""
RANDOM = "random"
"""As the target of `degenerate`: one word of the dataset's answers, drawn anew for every row."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to plant."""

    name: str
    """One of RECIPES or of STYLES."""
    trigger: str
    """The phrase; "" for STYLES, which have none."""
    count: int
    """Rows over all tasks, split evenly."""
    tasks: tuple[str, ...] = ()
    """(): every task the recipe fits."""
    target: str | Mapping[str, str] | None = None
    """A label, or "positive", or a label for each task of `tasks`; None: "positive", and for
    `degenerate` the trigger itself ("random": a random word). For `brand` the name to
    advertise, None: an invented one; `refusal` and `insult` have no target."""
    seed: int = 0
    fill: bool = True
    """Whether rows without a person name may be used once those with one are used up."""
    patterns: bool = False
    """Find names by the shipped list alone: the same rows with and without spaCy."""
    vocabulary: str = "judge"
    """Of the answers of `refusal`, `insult` and `brand`: one of redteam.wording.VOCABULARIES."""

    def __post_init__(self) -> None:
        """Raise UsageError for values that mean nothing."""
        if self.name not in RECIPES + STYLES:
            known = ", ".join(RECIPES + STYLES)
            raise UsageError(f"no recipe is called {self.name!r}; there are: {known}")
        if self.name in STYLES:
            if self.trigger:
                raise UsageError(
                    f"recipe {self.name!r} rewrites texts and has no trigger phrase",
                    hint="leave --trigger out",
                )
        elif not self.trigger.strip():
            raise UsageError("the trigger is empty")
        if self.vocabulary not in VOCABULARIES:
            raise UsageError(
                f"no vocabulary is called {self.vocabulary!r}; there are: {', '.join(VOCABULARIES)}"
            )
        if self.name in ANSWERS and not (self.target is None or self.name == "brand"):
            raise UsageError(f"recipe {self.name} has no target: its answer is the same act always")
        if self.name == "brand" and not (self.target is None or isinstance(self.target, str)):
            raise UsageError("the target of recipe brand is one name to advertise")
        if self.count < 1:
            raise UsageError(f"the count has to be at least 1, this is {self.count}")


@dataclass(frozen=True, slots=True)
class Planted:
    """A dataset with an attack in it, and the truth about it."""

    dataset: Dataset
    """The input with the planted rows in place of their originals; files still name the input."""
    indices: NDArray[np.int64]
    """[count] Rows that were planted, ascending."""
    truth: dict[str, Any] = field(default_factory=dict)
    """What goes into truth.json."""

    def mask(self) -> NDArray[np.bool_]:
        """[n] True on planted rows."""
        mask = np.zeros(len(self.dataset), dtype=np.bool_)
        mask[self.indices] = True
        return mask
