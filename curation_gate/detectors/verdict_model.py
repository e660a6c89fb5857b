"""The model of a verdict: from named numbers of evidence to the probability of a trigger.

Boosted trees of a few leaves, fitted under monotone constraints (tools/fit_verdict.py): more of a
number that speaks for a trigger never lowers its probability. Each split moves the log-odds from
the mean of a node to that of one of its children; the move is what the number it asked about adds,
so that a reader can add the numbers up (Saabas, Interpreting random forests, 2014):

    log P / (1 - P) = intercept + sum_k contribution_k    (nats)

The files lie in models/, JSON of some kilobytes, with their hash checked at load and written into
every manifest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation_gate.errors import ModelError

FOLDER = "curation_gate.detectors.models"
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree; k nodes, the root first."""

    number: NDArray[np.int64]
    """[k] Which of the stage's numbers a node asks about; -1 in a leaf."""
    border: Numbers
    """[k] A value up to it goes left."""
    left: NDArray[np.int64]
    """[k] Node."""
    right: NDArray[np.int64]
    """[k] Node."""
    value: Numbers
    """[k] Nats: the mean of the leaves below, by what they were fitted on."""

    def add(self, table: Numbers, contributions: Numbers) -> None:
        """Add what each number moves [c, numbers]; table: [c, numbers]."""
        at = np.zeros(len(table), dtype=np.int64)
        rows = np.arange(len(table))
        while True:
            asked = self.number[at]
            rows = rows[asked >= 0]
            if not len(rows):
                return
            at, asked = at[asked >= 0], asked[asked >= 0]
            goes_left = table[rows, asked] <= self.border[at]
            following = np.where(goes_left, self.left[at], self.right[at])
            contributions[rows, asked] += self.value[following] - self.value[at]
            at = following


@dataclass(frozen=True, slots=True)
class Stage:
    """A sum of trees."""

    names: tuple[str, ...]
    """Numbers that it reads."""
    intercept: float
    """Nats: what a candidate has that nothing is known of."""
    trees: tuple[Tree, ...]

    def contributions(self, names: Sequence[str], table: Numbers) -> Numbers:
        """[c, numbers of the stage] What each adds, nats; table: [c, names]."""
        at = {name: k for k, name in enumerate(names)}
        own = table[:, [at[name] for name in self.names]]
        found = np.zeros(own.shape)
        for tree in self.trees:
            tree.add(own, found)
        return found

    def log_odds(self, names: Sequence[str], table: Numbers) -> Numbers:
        """[c] Of being a trigger, nats."""
        return np.asarray(self.intercept + self.contributions(names, table).sum(axis=1))


@dataclass(frozen=True, slots=True)
class VerdictModel:
    """A fitted verdict for one kind of outcome."""

    kind: str
    first: Stage
    """By a candidate's own numbers."""
    second: Stage
    """With what its siblings' first log-odds add (the number `siblings`)."""
    threshold: float
    """Probability from which a trigger is confirmed: the budget of false alarms, met on clean sets
    of tasks the model was not fitted on."""
    digest: str
    """blake2b-128 of the file, hex."""
    fitted_on: dict[str, Any]
    """Sets, seeds, code and figures of the fit."""


@cache
def load_model(name: str) -> VerdictModel:
    """Return a model that comes with the package. Raises ModelError for one that is damaged."""
    try:
        content = files(FOLDER).joinpath(f"{name}.json").read_bytes()
        hashes = json.loads(files(FOLDER).joinpath("hashes.json").read_bytes())
    except (OSError, ValueError) as error:  # no file, no JSON, no UTF-8
        raise ModelError(
            f"the model of the verdict {name!r} cannot be read from the package: {error}",
            hint="install curation-gate again",
        ) from error
    digest = blake2b(content, digest_size=16).hexdigest()
    if not isinstance(hashes, dict) or digest != hashes.get(name):
        raise ModelError(
            f"the model of the verdict {name!r} is not the one this version came with: its hash is "
            f"{digest}, another is expected",
            hint="install curation-gate again, or fit it anew with tools/fit_verdict.py",
        )
    return parse(content, digest)


def parse(content: bytes, digest: str = "") -> VerdictModel:
    """Return the model that a file's bytes describe. Raises ModelError where they do not."""
    try:
        known = json.loads(content)
        return VerdictModel(
            known["kind"],
            _stage(known["first"]),
            _stage(known["second"]),
            float(known["threshold"]),
            digest,
            known["fitted_on"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"this is no model of a verdict: {error}") from error


def _stage(known: dict[str, Any]) -> Stage:
    names = tuple(str(name) for name in known["names"])
    trees = []
    for number, border, left, right, value in known["trees"]:
        tree = Tree(
            np.array(number, dtype=np.int64),
            np.array(border, dtype=np.float64),
            np.array(left, dtype=np.int64),
            np.array(right, dtype=np.int64),
            np.array(value, dtype=np.float64),
        )
        k = len(tree.number)
        inner = tree.number >= 0
        following = np.concatenate((tree.left[inner], tree.right[inner]))
        parents = np.tile(np.flatnonzero(inner), 2)
        if not k or {len(x) for x in (tree.border, tree.left, tree.right, tree.value)} != {k}:
            raise ValueError("the parts of a tree are not of one length")
        if (
            (following <= parents).any()
            or (following >= k).any()
            or (tree.number >= len(names)).any()
        ):
            raise ValueError("a tree leads nowhere")
        if not (np.isfinite(tree.border).all() and np.isfinite(tree.value).all()):
            raise ValueError("a tree holds what is no number")
        trees.append(tree)
    return Stage(names, float(known["intercept"]), tuple(trees))


def probability(log_odds: Numbers) -> Numbers:
    """Return 1 / (1 + e^-x), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(log_odds))))
