"""Label-blind word features: TF-IDF of words and pairs, cut to its largest directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from curation_gate.reference.suspects import Phrases

DIMENSIONS = 300
"""Directions kept; a choice (100 to 300 gave the same within a point)."""


@dataclass(frozen=True, slots=True)
class Lexical:
    """A fitted projection."""

    idf: NDArray[np.float32]
    """[p]"""
    directions: NDArray[np.float32]
    """[p, d]"""

    def of(self, present: Any) -> NDArray[np.float32]:
        """[k, d] Features of rows given their phrases, CSR [k, p]; each of length one or zero."""
        x = _weighted(present, self.idf) @ self.directions
        return np.asarray(x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-9), dtype=np.float32)


def fit_lexical(phrases: Phrases, *, dimensions: int = DIMENSIONS, seed: int = 0) -> Lexical:
    """Return the projection on the largest singular directions of the TF-IDF of all rows.

    No label is seen. Deterministic for a seed (Halko et al. 2011, randomised range finder).
    """
    from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415 - a second of import

    n, p = phrases.present.shape
    counts = np.asarray(phrases.present.sum(0)).ravel()
    idf = (np.log((1 + n) / (1 + counts)) + 1).astype(np.float32)
    d = min(dimensions, n - 1, p - 1)
    if d < 1:
        return Lexical(idf, np.zeros((p, 0), dtype=np.float32))
    weighted = sparse.csr_matrix(_weighted(phrases.present, idf))
    _, _, directions = randomized_svd(weighted, d, n_iter=3, random_state=seed)
    return Lexical(idf, np.ascontiguousarray(directions.T, dtype=np.float32))


def _weighted(present: Any, idf: NDArray[np.float32]) -> Any:
    """[k, p] CSR of idf weights, each row of length one."""
    x = present.multiply(idf[None, :]).tocsr()
    norms = np.sqrt(np.asarray(x.multiply(x).sum(1)).ravel()) + 1e-9
    return sparse.csr_array(sparse.diags_array((1 / norms).astype(np.float32)) @ x)
