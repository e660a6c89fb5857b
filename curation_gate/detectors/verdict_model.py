"""The model of a verdict: from named numbers of evidence to the probability of a trigger.

An additive model in log-odds: an intercept, and for each number a step function of its value,
fitted by boosting stumps under monotone constraints (tools/fit_verdict.py). So every number's
contribution is a term of a sum, in nats, and a reader can add them up:

    log P / (1 - P) = intercept + sum_k f_k(number_k)

Each f_k is a table of borders and values. The files lie beside this one, JSON of a few kilobytes,
with their hash checked at load and written into every manifest.
"""

from __future__ import annotations

import json
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
class Term:
    """What one number adds."""

    name: str
    borders: Numbers
    """[b] Ascending; a value on a border belongs below it."""
    values: Numbers
    """[b + 1] Nats."""

    def of(self, numbers: Numbers) -> Numbers:
        """Return what values of the number add, nats."""
        return np.asarray(self.values[np.searchsorted(self.borders, numbers, side="left")])


@dataclass(frozen=True, slots=True)
class Stage:
    """One additive model."""

    intercept: float
    terms: tuple[Term, ...]

    def contributions(self, names: tuple[str, ...], table: Numbers) -> Numbers:
        """[c, terms] What each term adds, nats; table: [c, names]."""
        at = {name: k for k, name in enumerate(names)}
        if not self.terms:
            return np.zeros((len(table), 0))
        return np.stack([term.of(table[:, at[term.name]]) for term in self.terms], axis=1)

    def log_odds(self, names: tuple[str, ...], table: Numbers) -> Numbers:
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
    terms = []
    for term in known["terms"]:
        borders = np.array(term["borders"], dtype=np.float64)
        values = np.array(term["values"], dtype=np.float64)
        if len(values) != len(borders) + 1 or not (np.diff(borders) > 0).all():
            raise ValueError(f"the steps of {term['name']!r} do not fit its borders")
        if not (np.isfinite(borders).all() and np.isfinite(values).all()):
            raise ValueError(f"the steps of {term['name']!r} are no numbers")
        terms.append(Term(str(term["name"]), borders, values))
    return Stage(float(known["intercept"]), tuple(terms))


def probability(log_odds: Numbers) -> Numbers:
    """Return 1 / (1 + e^-x), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(log_odds))))
