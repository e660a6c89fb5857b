"""Groups of answers that do the same in other words: nearest centres of answer vectors.

An answer's vector is the sum of its words' by the frozen encoder (text/encoder.py), which never saw
the scanned rows, less what all answers share (Arora, Liang, Ma, A Simple but Tough-to-Beat Baseline
for Sentence Embeddings, ICLR 2017). Centres are found by k-means, at two sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.text import encoder

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SIZES = (24, 96)
"""Centres (choice): a kind of answer that a hundredth of the rows give has to win one."""
SAMPLE = 6000
STEPS = 8
NAME = "is of a group of like meaning"


def act_groups(words: Sequence[str], word_rows: csr_matrix) -> tuple[csr_matrix, list[str]]:
    """[n, sum of SIZES] 1 where an answer belongs to a group, and the groups' names.

    word_rows: [n, u] words of each answer. Answers without a word that the encoder can read belong
    to no group.
    """
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only a scan needs scipy

    n = word_rows.shape[0]
    vectors, known = answer_vectors(words, word_rows)
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    width = 0
    for size in SIZES:
        if len(known) < 4 * size:
            break
        rows.append(known)
        columns.append(nearest_centres(vectors, size) + width)
        width += size
    cells = (np.concatenate(rows), np.concatenate(columns)) if rows else (np.empty(0, int),) * 2
    table = csr_matrix((np.ones(len(cells[0]), dtype=np.float32), cells), shape=(n, width))
    return table, [NAME] * width


def answer_vectors(
    words: Sequence[str], word_rows: csr_matrix
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """[m, d] Unit vectors of the answers with a word that can be read, and [m] which they are."""
    sums = np.asarray(word_rows @ encoder.vectors(words), dtype=np.float32)
    length = np.linalg.norm(sums, axis=1)
    known = np.flatnonzero(length > 0)
    vectors = sums[known] / length[known, None]
    if len(known):
        vectors -= vectors.mean(axis=0)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(length, 1e-9), known


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
