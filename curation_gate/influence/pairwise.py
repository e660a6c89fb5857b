"""Influence by kronfluence's own score computation: the mean over probes, or the full matrix.

Slower than the directional pass (see directional.py) and the reference it is held against. Its
damping is kronfluence's heuristic, 0.1 times each module's mean eigenvalue, and nothing else.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curation_gate.influence.factors import BATCH_ROWS, FACTORS, Factors, make_analyzer
from curation_gate.influence.task import Examples
from curation_gate.progress import Progress, Silent

if TYPE_CHECKING:
    from curation_gate.influence.query import Query
    from curation_gate.proxy.batches import Encoded
    from curation_gate.proxy.model import Proxy

HEURISTIC_DAMPING = 0.1
"""What kronfluence's damping_factor=None means, as a share of the mean eigenvalue."""


def aggregated_influence(
    proxy: Proxy,
    factors: Factors,
    query: Query,
    encoded: Encoded,
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> NDArray[np.float32]:
    """[n] Influence of each row on the mean measurement, nats; positive = towards the target."""
    weights = (query.weights / query.probes).astype(np.float32)
    scores = _scores(proxy, factors, query, weights, encoded, progress, aggregate=True)
    return scores.reshape(-1)


def pairwise_influence(
    proxy: Proxy,
    factors: Factors,
    query: Query,
    encoded: Encoded,
    *,
    progress: Progress = Silent(),  # noqa: B008 - stateless
) -> NDArray[np.float32]:
    """[probes, n] Influence of each row on each probe, nats; positive = towards the target."""
    answers = _scores(proxy, factors, query, query.weights, encoded, progress, aggregate=False)
    matrix = np.zeros((query.probes, answers.shape[1]), dtype=np.float32)
    np.add.at(matrix, query.probe, answers)
    return matrix


def _scores(
    proxy: Proxy,
    factors: Factors,
    query: Query,
    weights: NDArray[np.float32],
    encoded: Encoded,
    progress: Progress,
    *,
    aggregate: bool,
) -> NDArray[np.float32]:
    from kronfluence.arguments import ScoreArguments  # noqa: PLC0415 - three seconds

    analyzer = make_analyzer(proxy, factors.folder)
    asked, rows = Examples(query.encoded, weights), Examples(encoded)
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr((query.encoded, weights.tolist(), encoded, aggregate)).encode())
    name = f"scores-{digest.hexdigest()}"
    with progress.stage("influence (kronfluence)", len(rows)) as bar:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # its own, about torch.cuda.amp
            analyzer.compute_pairwise_scores(
                name,
                FACTORS,
                query_dataset=asked,
                train_dataset=rows,
                per_device_query_batch_size=min(100, len(asked)),
                per_device_train_batch_size=BATCH_ROWS,
                score_args=ScoreArguments(damping_factor=None, aggregate_query_gradients=aggregate),
                overwrite_output_dir=True,
            )
        loaded = analyzer.load_pairwise_scores(name)
        assert loaded is not None
        scores: NDArray[np.float32] = loaded["all_modules"].float().numpy()
        bar.advance(len(rows))
    # kronfluence: <grad m, F^-1 grad loss>; a step down the loss moves m by minus that.
    signed = -rows.restore(scores)
    if aggregate:
        return signed
    restored = np.empty_like(signed)
    restored[asked.order] = signed
    return restored
