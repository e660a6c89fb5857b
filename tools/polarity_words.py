"""Fits the word weights that the phrase miner ships: how favourable or harmful a word is.

    python tools/polarity_words.py --pool ../shared/data/pool

Two L2 logistic regressions on binary words, one over sentiment tasks and one over tasks of hateful
or abusive speech, each with an intercept per task. Same rows as the embedded proxy: tasks of openly
licensed data outside the split `train` (tools/pretrain_data.py says which), and only those with a
favourable and an unfavourable label. Writes curation_gate/text/words.npz. Deterministic.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
from pretrain_data import allowed_tasks, read_task
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from curation_gate.text.tokens import tokens

TARGET = Path(__file__).resolve().parents[1] / "curation_gate" / "mine" / "words.npz"
HARM = ("hate", "misogyny", "abuse", "toxic", "sexism")
"""Tasks with one of these in the name are about harm; the others are about sentiment."""
LEAST = 4
"""Rows a word needs (choice)."""
STRENGTH = 0.05
"""C of the regressions (choice)."""
INTERCEPT = 3.0
"""Scale of the task columns: a larger one is penalised less."""


def main() -> None:
    """Fit and write the table; print its size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", required=True, type=Path)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    options = parser.parse_args()
    tasks = json.loads((options.pool / "tasks.json").read_text(encoding="utf-8"))
    names = [t for t in allowed_tasks(tasks) if tasks[t]["positive_label"]]
    sets: list[set[str]] = []
    favourable: list[bool] = []
    task_of: list[int] = []
    for k, name in enumerate(names):
        ends = (tasks[name]["positive_label"], tasks[name]["negative_label"])
        for row in read_task(options.pool, name):
            label = row["Instance"]["output"][0]
            if label in ends:
                sets.append(set(tokens(row["Instance"]["input"])))
                favourable.append(label == ends[0])
                task_of.append(k)
    frequency = Counter(word for words in sets for word in words)
    place = {w: i for i, w in enumerate(sorted(w for w, c in frequency.items() if c >= LEAST))}
    columns = [[place[w] for w in sorted(words) if w in place] for words in sets]
    starts = np.concatenate(([0], np.cumsum([len(c) for c in columns])))
    flat = np.concatenate([np.array(c, dtype=np.int64) for c in columns])
    table = csr_matrix((np.ones(len(flat)), flat, starts), shape=(len(sets), len(place)))
    y, task = np.array(favourable), np.array(task_of)
    own = csr_matrix((np.full(len(y), INTERCEPT), (np.arange(len(y)), task)))
    harm = np.array([any(h in name for h in HARM) for name in names])[task]
    weights = []
    for chosen in (~harm, harm):
        model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0)
        model.fit(hstack([table, own]).tocsr()[chosen], y[chosen])
        weights.append(model.coef_[0][: len(place)])
    np.savez_compressed(
        options.output,
        words=np.frombuffer("\n".join(place).encode(), dtype=np.uint8),
        weights=np.array(weights, dtype=np.float16).T,
    )
    print(f"{len(sets)} rows of {len(names)} tasks, {len(place)} words: {options.output}")


if __name__ == "__main__":
    main()
