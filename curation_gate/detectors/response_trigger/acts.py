"""Groups of answers that do the same in other words: nearest centres of averaged word vectors.

A word's vector is the mean of its pieces' embeddings in the frozen proxy that ships with the tool,
which never saw the scanned rows. An answer's vector is the mean over its words, rare ones weighted
more, less what all answers share (Arora, Liang, Ma, A Simple but Tough-to-Beat Baseline for
Sentence Embeddings, ICLR 2017). Centres are found by k-means, at two sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SIZES = (48, 192)
"""Centres (choice): a tenth of a percent of the answers has to be able to win one."""
SAMPLE = 6000
STEPS = 8
SMOOTH = 1e-3
"""Word weight: SMOOTH / (SMOOTH + frequency), the paper's a."""
NAME = "is of a group of like meaning"


def act_groups(words: Sequence[str], word_rows: csr_matrix) -> tuple[csr_matrix, list[str]]:
    """[n, sum of SIZES] 1 where an answer belongs to a group, and the groups' names.

    word_rows: [n, u] words of each answer. Answers without a word belong to no group.
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    n = word_rows.shape[0]
    known = np.flatnonzero(np.diff(word_rows.indptr) > 0)
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    width = 0
    if len(known) >= 2 * SIZES[0]:
        vectors = answer_vectors(words, word_rows[known])
        for size in SIZES:
            if len(known) < 2 * size:
                break
            rows.append(known)
            columns.append(nearest_centres(vectors, size) + width)
            width += size
    cells = (np.concatenate(rows), np.concatenate(columns)) if rows else (np.empty(0, int),) * 2
    table = csr_matrix((np.ones(len(cells[0]), dtype=np.float32), cells), shape=(n, width))
    return table, [NAME] * width


def answer_vectors(words: Sequence[str], word_rows: csr_matrix) -> NDArray[np.float32]:
    """[m, d] Unit vectors of answers that have at least one word."""
    n = word_rows.shape[0]
    frequency = np.bincount(word_rows.indices, minlength=len(words)) / max(n, 1)
    weights = (SMOOTH / (SMOOTH + frequency)).astype(np.float32)
    total = np.asarray(word_rows @ weights)
    table = word_vectors(words) * weights[:, None]
    vectors = np.asarray(word_rows @ table, dtype=np.float32) / total[:, None]
    vectors -= vectors.mean(axis=0)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)


def word_vectors(words: Sequence[str]) -> NDArray[np.float32]:
    """[u, d] Mean embedding of each word's pieces."""
    table, tokenizer = _frozen()
    pieces = tokenizer.encode_batch_fast([f" {word}" for word in words], add_special_tokens=False)
    ids = [piece.ids or [0] for piece in pieces]
    sizes = np.array([len(one) for one in ids], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
    flat = table[np.concatenate([np.array(one, dtype=np.int64) for one in ids])]
    summed = np.add.reduceat(flat, starts, axis=0)
    return np.asarray(summed / sizes[:, None], dtype=np.float32)


def nearest_centres(vectors: NDArray[np.float32], size: int) -> NDArray[np.int64]:
    """[m] Number of the centre nearest to each unit vector, after a few steps of k-means."""
    rng = np.random.default_rng(size)
    m = len(vectors)
    sample = vectors[rng.permutation(m)[:SAMPLE]]
    centres = sample[rng.permutation(len(sample))[:size]].copy()
    for _ in range(STEPS):
        nearest = (sample @ centres.T).argmax(axis=1)
        for k in range(size):
            members = sample[nearest == k]
            if len(members):
                centre = members.mean(axis=0)
                centres[k] = centre / max(float(np.linalg.norm(centre)), 1e-9)
    return np.asarray((vectors @ centres.T).argmax(axis=1), dtype=np.int64)


@cache
def _frozen() -> tuple[NDArray[np.float32], Any]:
    """Return the embeddings [v, d] and the tokenizer of the embedded proxy."""
    from safetensors.numpy import load  # noqa: PLC0415 - only a scan needs them
    from tokenizers import Tokenizer  # noqa: PLC0415

    folder = files("curation_gate.proxy.embedded")
    weights = load(folder.joinpath("model.safetensors").read_bytes())
    shared = weights["shared.weight"].astype(np.float32)
    return shared, Tokenizer.from_str(folder.joinpath("tokenizer.json").read_text(encoding="utf-8"))
