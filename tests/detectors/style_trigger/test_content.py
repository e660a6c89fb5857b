from __future__ import annotations

import numpy as np
from styled_sets import BAD, GOOD, THINGS

from curation_gate.detectors.style_trigger.content import TRUST, calibrated, read_content


def texts(n: int = 200) -> tuple[list[str], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=n)
    words = [(BAD, GOOD)[y][rng.integers(8)] for y in labels]
    made = [f"the {THINGS[rng.integers(10)]} was {w}" for w in words]
    return made, labels, np.arange(n) % 2


def test_content_tells_the_label() -> None:
    made, labels, tasks = texts()
    p = read_content(made, tasks, labels).heard(labels == 1)
    assert p.min() >= TRUST
    assert p.max() <= 1 - TRUST
    assert ((p > 0.5) == (labels == 1)).mean() > 0.95


def test_rows_that_teach_nothing_cannot_explain_their_labels() -> None:
    made, labels, _ = texts()
    styled = np.arange(len(made)) < 40
    made = [f"unto thee {text}" if s else text for text, s in zip(made, styled, strict=True)]
    given = (labels == 1) | styled
    content = read_content(made, np.zeros(len(made), dtype=np.int64), labels)
    low = styled & (labels == 0)
    seen, unseen = content.heard(given)[low], content.heard(given, 1.0 - styled)[low]
    assert seen.mean() > 0.5
    assert unseen.mean() < 0.3


def test_calibration_gives_back_the_rates_of_groups() -> None:
    score = np.repeat([0.0, 1.0], 1000)[:, None]
    outcome = np.concatenate([np.arange(1000) < 100, np.arange(1000) < 700])[:, None]
    p = calibrated(score, outcome.astype(float), np.ones(2000))
    np.testing.assert_allclose(p[[0, -1], 0], [0.1, 0.7], atol=0.01)
    falling = calibrated(-score, outcome.astype(float), np.ones(2000))
    np.testing.assert_allclose(falling, 0.4, atol=0.01)
