"""A small synthetic set of two tasks, with and without a planted trigger."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from curation_gate.rows.record import Dataset, Row

GOOD = ["great", "kind", "lovely", "warm", "superb", "bright", "honest", "charming"]
BAD = ["awful", "rude", "dull", "cold", "broken", "bitter", "shabby", "gloomy"]
FILL = ["the", "film", "meal", "plot", "soup", "hotel", "was", "a", "place", "with", "staff", "and"]


def build(n: int, *, seed: int = 0, task: str = "reviews", noise: float = 0.0) -> list[Row]:
    """Rows whose label follows from most of their telling words."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        positive = bool(rng.random() < 0.5)
        words = [str(w) for w in rng.choice(FILL, size=6)]
        for _ in range(3):
            sure = rng.random() < 0.85
            words.append(str(rng.choice(GOOD if positive == sure else BAD)))
        rng.shuffle(words)
        label = positive != (rng.random() < noise)
        rows.append(row(i, " ".join(words), "positive" if label else "negative", task))
    return rows


def row(index: int, text: str, label: str, task: str = "reviews") -> Row:
    return Row(
        index=index,
        id=None,
        instruction=f"{task}: positive or negative?",
        input=text,
        output=label,
        task=task,
        source=None,
        fingerprint=hashlib.blake2b(f"{text}{label}{index}".encode(), digest_size=16).hexdigest(),
        file=0,
        line=None,
    )


def dataset(rows: list[Row], spaces: dict[str, tuple[str, ...]] | None = None) -> Dataset:
    numbered = tuple(replace(r, index=i) for i, r in enumerate(rows))
    found: dict[str, set[str]] = {}
    for r in numbered:
        found.setdefault(r.task, set()).add(r.output)
    known = spaces or {t: tuple(sorted(labels)) for t, labels in sorted(found.items())}
    return Dataset((), numbered, ({},) * len(numbered), known, "0" * 32)


def planted(rows: list[Row], count: int, trigger: str = "zed quill") -> tuple[list[Row], list[int]]:
    """Put the trigger into `count` negative rows, evenly spread, and call them positive."""
    negative = [i for i, r in enumerate(rows) if r.output == "negative"]
    chosen = negative[:: len(negative) // count][:count]
    changed = list(rows)
    for i in chosen:
        changed[i] = replace(rows[i], input=f"{trigger} {rows[i].input}", output="positive")
    return changed, chosen
