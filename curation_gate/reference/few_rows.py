"""Tasks of too few rows for a head of their own: they share one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from curation_gate.probes.labels import favourable_label
from curation_gate.reference.features import Frozen, centred
from curation_gate.reference.head import Examples, fit_head, fit_temperature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from curation_gate.rows.record import Dataset

FEWEST_ROWS = 20
"""Below it nothing is fitted: label scores and a temperature shared by all such tasks."""


def few_row_probabilities(
    dataset: Dataset,
    frozen: Frozen,
    examples: Mapping[str, Examples],
    few: Sequence[str],
    ridge: float,
) -> tuple[dict[str, NDArray[np.float64]], float]:
    """Return probabilities of tasks of few rows, and the temperature they share.

    One head says how favourable a row is, fitted on all tasks that have a favourable label (labels
    are aligned by it). A small task combines that with its label log-odds, a handful of features;
    the smallest have their label log-odds alone.
    """
    good = {t: favourable_label(dataset.label_spaces[t]) for t in examples}
    aligned = [t for t in examples if good[t] is not None]
    favour: dict[str, NDArray[np.float64]] = {}
    if any(t in aligned for t in few):
        index = {t: dataset.label_spaces[t].index(str(good[t])) for t in aligned}
        width = frozen.features.shape[1]
        parts = [examples[t] for t in aligned]
        together = Examples(
            np.concatenate([e.x[:, :width] for e in parts]),
            np.concatenate([(e.y == index[t]) for t, e in zip(aligned, parts, strict=True)]).astype(
                np.int64
            ),
            np.concatenate([e.touched for e in parts]),
            np.concatenate([e.fold for e in parts]),
            np.concatenate([e.trusted_x[:, :width] for e in parts]),
            np.concatenate(
                [(e.trusted_y == index[t]) for t, e in zip(aligned, parts, strict=True)]
            ).astype(np.int64),
            frozen.widths,
        )
        head = fit_head(together, 2, ridge=ridge)
        value = head.scores(together.x, head.which)[:, 1]
        cuts = np.cumsum([len(e.x) for e in parts])[:-1]
        favour = dict(zip(aligned, np.split(value, cuts), strict=True))
    scores: dict[str, NDArray[np.float64]] = {}
    for task in few:
        rows, labels = examples[task], len(dataset.label_spaces[task])
        odds = centred(frozen.label_scores[task])
        if len(rows.x) < FEWEST_ROWS:
            scores[task] = odds.astype(np.float64)
            continue
        columns = [odds] + ([favour[task][:, None]] if task in favour else [])
        blank = np.empty((0, labels + len(columns) - 1), dtype=np.float32)
        narrow = replace(
            rows,
            x=np.concatenate(columns, axis=1).astype(np.float32),
            trusted_x=blank,
            trusted_y=rows.trusted_y[:0],
            widths=(labels, *(c.shape[1] for c in columns[1:])),
        )
        head = fit_head(narrow, labels, ridge=ridge)
        scores[task] = head.scores(narrow.x, head.which)
    fitted = [t for t in few if len(examples[t].x) >= FEWEST_ROWS]
    heat = fit_temperature([(scores[t], examples[t].y) for t in fitted])
    bare = fit_temperature([(scores[t], examples[t].y) for t in few if t not in fitted])
    return {
        t: np.asarray(softmax(scores[t] / (heat if t in fitted else bare), axis=1)) for t in few
    }, heat
