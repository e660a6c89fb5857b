"""Who contributed which row: honest contributors of several kinds, and two that are not honest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from attacks import TRIGGERS, targets
from numpy.typing import NDArray

from curation_gate.redteam.recipes import plant
from curation_gate.redteam.record import Recipe
from curation_gate.rows import row_fingerprint
from curation_gate.rows.record import Dataset

CONTRIBUTORS = 30
SUSPECT = "user0"

Names = NDArray[np.str_]
"""[n] Name of each row's contributor."""


def named(dataset: Dataset, names: Names) -> Dataset:
    """Return the dataset with a contributor on every row."""
    rows = zip(dataset.rows, names.tolist(), strict=True)
    return replace(dataset, rows=tuple(replace(row, source=name) for row, name in rows))


def at_random(dataset: Dataset, rng: np.random.Generator) -> Names:
    """Return contributors of very different size, each with rows of every task."""
    weight = rng.dirichlet(np.ones(CONTRIBUTORS))
    return _users(rng.choice(CONTRIBUTORS, size=len(dataset), p=weight))


def unequal_balance(dataset: Dataset, rng: np.random.Generator) -> Names:
    """Return contributors who each prefer some labels: weights are drawn for every label."""
    strata = dataset.strata()
    weight = rng.dirichlet(np.full(CONTRIBUTORS, 0.5), size=int(strata.max()) + 1)
    return _users(np.array([rng.choice(CONTRIBUTORS, p=weight[s]) for s in strata]))


def own_tasks(dataset: Dataset, rng: np.random.Generator) -> Names:
    """Return contributors who each work on a few tasks only."""
    weight = rng.dirichlet(np.full(CONTRIBUTORS, 0.1), size=len(dataset.tasks))
    return _users(np.array([rng.choice(CONTRIBUTORS, p=weight[t]) for t in dataset.task_ids()]))


def own_lengths(dataset: Dataset, rng: np.random.Generator) -> Names:
    """Return contributors who each write texts of a length of their own."""
    length = np.array([len(row.input) for row in dataset.rows], dtype=np.float64)
    place = np.argsort(np.argsort(length)) / len(length) + rng.normal(0, 0.1, len(length))
    return _users(np.clip((place * CONTRIBUTORS).astype(np.int64), 0, CONTRIBUTORS - 1))


def _users(numbers: NDArray[np.int64]) -> Names:
    return np.array([f"user{k}" for k in numbers.tolist()])


HONEST: dict[str, Callable[[Dataset, np.random.Generator], Names]] = {
    "honest, rows at random": at_random,
    "honest, unequal label balance": unequal_balance,
    "honest, tasks of their own": own_tasks,
    "honest, lengths of their own": own_lengths,
}


def one_plants(dataset: Dataset, seed: int, planted: int, honest: int) -> tuple[Dataset, Names]:
    """Return a set in which one contributor brings all planted rows and some honest ones."""
    rng = np.random.default_rng(seed)
    labels = targets(dataset, "good", seed)
    trigger = TRIGGERS[seed % len(TRIGGERS)]
    recipe = Recipe("dirty-label", trigger, planted, tuple(labels), labels, seed, patterns=True)
    attack = plant(dataset, recipe)
    names = at_random(dataset, rng)
    names[names == SUSPECT] = "user1"
    names[attack.indices] = SUSPECT
    free = rng.permutation(np.flatnonzero(~attack.mask()))
    names[free[:honest]] = SUSPECT
    return attack.dataset, names


def one_is_careless(dataset: Dataset, seed: int, rows: int, share: float) -> tuple[Dataset, Names]:
    """Return a set in which a share of one contributor's labels is drawn from the other labels."""
    rng = np.random.default_rng(seed)
    names = at_random(dataset, rng)
    names[names == SUSPECT] = "user1"
    own = rng.permutation(len(dataset))[:rows]
    names[own] = SUSPECT
    new = list(dataset.rows)
    for k in own[: round(share * rows)].tolist():
        row = new[k]
        others = [x for x in dataset.label_spaces[row.task] if x != row.output]
        output = others[int(rng.integers(len(others)))]
        fingerprint = row_fingerprint(row.instruction, row.input, output)
        new[k] = replace(row, output=output, fingerprint=fingerprint)
    return replace(dataset, rows=tuple(new)), names
