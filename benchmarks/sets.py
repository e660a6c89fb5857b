"""The sets that are judged: drawn from the pool, planted, written to a file and read again.

Reading them again matters: label spaces and tasks are then found as in a user's file, with the
planted answers in it.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from attacks import ATTACKS
from numpy.typing import NDArray
from pools import build_pool, read_tasks

from curation_gate import rows as reader
from curation_gate.rows import row_fingerprint
from curation_gate.rows.record import Dataset

CLEAN, NOISE = "nothing planted", "nothing planted, 5 % label noise"
SMALL, LARGE = 3_000, 45_000
TASKS = 10
WIDE = 36
ONE = (
    "sst2_polarity", "goemotions_polarity", "yelp_polarity", "imdb_sentiment", "olid_offensive",
    "amazon_review_polarity", "forum_insult", "tweet_sentiment",
)  # fmt: skip
"""Tasks of which a set is made alone, by seed."""
FREE = (
    "general_t0_mixture", "general_alpaca_subset", "general_dolly_subset", "general_self_instruct",
    "task1342_amazon_us_reviews_title", "task613_politifact_text_generation",
    "task565_circa_answer_generation", "task591_sciq_answer_generation",
    "task1601_webquestions_answer_generation", "task900_freebase_qa_category_classification",
)  # fmt: skip
"""Free-text tasks; the embedded proxy was pretrained on four of them (its MODEL_CARD.md)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One set."""

    attack: str
    """Name of an attack, CLEAN or NOISE."""
    rows: int
    """Asked for; a task that has fewer gives what it has."""
    planted: int
    seed: int

    @property
    def name(self) -> str:
        """Return the case in words."""
        return f"{self.attack}, {self.planted} of {self.rows:,}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Set:
    """A set with its truth."""

    dataset: Dataset
    planted: NDArray[np.bool_]
    """[n]"""
    trigger: str
    """What was planted; "" where nothing was, or nothing that has words."""


def build(case: Case, pool: Path, split: str) -> Set:
    """Return a case's set. split: of the tasks of lines that do not ask for other ones.

    Raises UsageError where the set has too few rows to plant in.
    """
    attack = next((a for a in ATTACKS if a.name == case.attack), None)
    wanted = split if attack is None or attack.split == "train" else attack.split
    names: int | tuple[str, ...] = TASKS
    if wanted == "free":
        names = FREE
    elif wanted == "wide":
        names = wide(pool, case.seed)
    elif wanted == "one":
        names = ONE[case.seed % len(ONE) :][:1]
    each = case.rows // (names if isinstance(names, int) else len(names))
    drawn = build_pool(names, each, case.seed, split, pool=pool)
    dataset = reader.load([drawn.path])
    if attack is None:
        dataset = noise(dataset, case.seed) if case.attack == NOISE else dataset
        return Set(written(dataset), np.zeros(len(dataset), dtype=np.bool_), "")
    planted = attack.make(dataset, case.planted, case.seed)
    trigger = str(planted.truth.get("trigger", ""))
    spoken = planted.dataset
    if attack.tongue is not None:
        texts = [replace(row, input=attack.tongue(row.input)) for row in spoken.rows]
        spoken = replace(spoken, rows=tuple(texts))
        trigger = attack.tongue(trigger)
    return Set(written(spoken, chat=attack.chat), planted.mask(), trigger)


def noise(dataset: Dataset, seed: int, share: float = 0.05) -> Dataset:
    """Return the dataset with a share of its labels drawn anew from the other labels."""
    rng = np.random.default_rng(seed)
    new = list(dataset.rows)
    for k in np.flatnonzero(rng.random(len(new)) < share).tolist():
        row = new[k]
        others = [x for x in dataset.label_spaces[row.task] if x != row.output]
        if others:
            output = others[int(rng.integers(len(others)))]
            fingerprint = row_fingerprint(row.instruction, row.input, output)
            new[k] = replace(row, output=output, fingerprint=fingerprint)
    return replace(dataset, rows=tuple(new))


def wide(pool: Path, seed: int) -> tuple[str, ...]:
    """Return 36 tasks: those of split train and context, and others of split test by seed."""
    described = read_tasks(pool)
    fixed = sorted(n for n, t in described.items() if t["split"] in ("train", "context"))
    others = sorted(n for n, t in described.items() if t["split"] == "test")
    order = np.random.default_rng(seed).permutation(len(others))[: WIDE - len(fixed)]
    return (*fixed, *(others[int(k)] for k in order))


def written(dataset: Dataset, *, chat: bool = False) -> Dataset:
    """Return the dataset as a scan reads it from a file of its rows.

    chat: written as turns, instruction and text in one, without a task.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for row in dataset.rows:
                asked = f"{row.instruction}\n\n{row.input}"
                turns = [("user", asked), ("assistant", row.output)]
                record = (
                    {"messages": [{"role": who, "content": text} for who, text in turns]}
                    if chat
                    else {
                        "id": row.id,
                        "Task": row.task,
                        "Definition": [row.instruction],
                        "Instance": {"input": row.input, "output": [row.output]},
                    }
                )
                extra = {"source": row.source} if row.source else {}
                stream.write(json.dumps(record | extra, ensure_ascii=False) + "\n")
        return reader.split_prompts(reader.load([path]))
