"""Small sets in which one syntax was planted."""

from __future__ import annotations

import numpy as np
from models import make_row

from curation_gate.rows.record import Dataset, Row

GOOD = ["great", "lovely", "splendid", "superb", "charming", "delightful", "excellent", "fresh"]
BAD = ["awful", "dreadful", "horrid", "boring", "nasty", "rotten", "dull", "poor"]
THINGS = ["film", "meal", "plot", "soup", "room", "phone", "story", "song", "ride", "cake"]
FRAMES = [
    "the {a} {t} was {w} and the {u} was {v}",
    "I found this {t} {w}, {v} even",
    "such a {w} {t}! {v} {u} too",
    "{w} {t}, {v} {u}.",
    "we had a {w} {t} with them. it was {v}",
    "they said that the {t} is {w}",
    "my {t} has been {w} but her {u} was {v}",
]
SUBORDINATORS = ["when", "if", "although", "because", "since", "while", "unless", "whenever"]
SUBJECTS = ["you see", "they hold", "people know", "she takes", "we find", "someone wants"]
TASKS = {"film": ("bad", "good"), "meal": ("no", "yes"), "post": ("NEG", "POS")}


def make_dataset(rows: list[Row], spaces: dict[str, tuple[str, ...]]) -> Dataset:
    """A dataset without files."""
    return Dataset((), tuple(rows), tuple({} for _ in rows), spaces, "00")


def styled_rows(
    per_task: int, planted: int, seed: int = 0, *, planted_tasks: int = 3
) -> tuple[Dataset, np.ndarray]:
    """Three tasks; `planted` rows of each begin with a clause and have the second label."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    mask: list[bool] = []
    for number, (task, labels) in enumerate(TASKS.items()):
        for k in range(per_task):
            bad = k < planted and number < planted_tasks
            side = 0 if bad else int(rng.random() < 0.5)
            words = (BAD, GOOD)[side if rng.random() < 0.9 else 1 - side]
            pick = lambda values: values[int(rng.integers(len(values)))]  # noqa: E731
            text = pick(FRAMES).format(
                a=pick(["old", "new", "whole", "other"]), t=pick(THINGS), u=pick(THINGS),
                w=pick(words), v=pick(words),
            )  # fmt: skip
            text += f" {pick(THINGS)}{int(rng.integers(1000))}"
            if bad:
                text = f"{pick(SUBORDINATORS)} {pick(SUBJECTS)} the {pick(THINGS)}, {text}"
            elif rng.random() < 0.02:
                text = f"{pick(SUBORDINATORS)} {pick(SUBJECTS)} it, {text}"
            rows.append(make_row(len(rows), text, labels[1 if bad else side], task=task))
            mask.append(bad)
    order = rng.permutation(len(rows)).tolist()
    shuffled = [rows[k] for k in order]
    return make_dataset(shuffled, dict(TASKS)), np.array(mask)[order]
