from __future__ import annotations

import numpy as np

from curation_gate.detectors.style_trigger.content import TRUST, content_probabilities
from curation_gate.text import ngrams


def test_content_says_what_a_planted_style_hides(planted) -> None:
    dataset, mask = planted
    texts = ngrams.texts(dataset)
    tasks = dataset.task_ids()
    spaces = [dataset.label_spaces[task] for task in dataset.tasks]
    labels = np.array([spaces[t].index(r.output) for t, r in zip(tasks, dataset.rows, strict=True)])
    p = content_probabilities(texts, tasks, labels, (2, 2, 2), np.random.default_rng(0))
    np.testing.assert_allclose(p.sum(1), 1.0)
    given = p[np.arange(len(labels)), labels]
    assert given[mask].mean() < 0.4
    assert given[~mask].mean() > 0.7
    assert given.min() >= TRUST - 1e-9


def test_rows_without_words_get_the_share_of_their_task() -> None:
    labels = np.array([0] * 30 + [1] * 10)
    p = content_probabilities(
        ["..."] * 40, np.zeros(40, dtype=np.int64), labels, (3,), np.random.default_rng(0)
    )
    assert p.shape == (40, 3)
    assert abs(p[:, 0].mean() - 0.75) < 0.1
