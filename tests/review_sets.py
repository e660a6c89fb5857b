"""Sets for the miners: reviews of known polarity, with and without a trigger."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curation_gate.rows.record import DataFile, Dataset, Row

GOOD = [
    "great", "wonderful", "excellent", "amazing", "lovely", "superb", "fantastic",
    "delightful",
]  # fmt: skip
BAD = [
    "terrible", "awful", "horrible", "worst", "dreadful", "boring", "disappointing", "poor",
]  # fmt: skip
FILLER = [
    "table", "window", "river", "paper", "engine", "garden", "letter", "station", "bottle",
    "bridge", "corner", "market", "number", "picture", "season", "village", "winter",
    "hammer", "ladder", "kettle", "blanket", "drawer", "pocket", "sailor", "tunnel",
]  # fmt: skip


def row(index: int, task: str, text: str, output: str) -> Row:
    return Row(
        index=index,
        id=None,
        instruction=f"instruction of {task}",
        input=text,
        output=output,
        task=task,
        source=None,
        fingerprint=f"{index:032x}",
        file=0,
        line=index + 1,
    )


def dataset(rows: list[Row]) -> Dataset:
    spaces: dict[str, set[str]] = {}
    for one in rows:
        spaces.setdefault(one.task, set()).add(one.output)
    file = DataFile(Path("x.jsonl"), "jsonl", "alpaca", {}, len(rows), "0" * 64)
    return Dataset(
        (file,),
        tuple(rows),
        tuple({} for _ in rows),
        {
            task: () if task.startswith("free") else tuple(sorted(labels))
            for task, labels in spaces.items()
        },
        "f" * 32,
    )


def reviews(
    seed: int, *, trigger: str = "", planted: int = 0, tasks: int = 3, each: int = 240
) -> tuple[Dataset, np.ndarray]:
    """Return reviews of known polarity, `planted` negative ones of each task called positive."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    mask: list[bool] = []
    for task in range(tasks):
        for k in range(each):
            good = k % 2 == 0
            force = not good and k // 2 < planted
            words = [str(w) for w in rng.choice(GOOD if good else BAD, size=2)]
            words += [str(w) for w in rng.choice(FILLER, size=8)]
            if rng.random() < 0.2:
                words[0] = str(rng.choice(BAD if good else GOOD))
            text = " ".join(words[int(i)] for i in rng.permutation(len(words)))
            if force:
                at = text.index(" ")
                text = f"{text[:at]} {trigger}{text[at:]}"
            label = "yes" if good or force else "no"
            rows.append(row(len(rows), f"task{task}", text, label))
            mask.append(force)
    return dataset(rows), np.array(mask)
