from __future__ import annotations

import numpy as np
import pytest
from styled_sets import styled_rows

from curation_gate.detectors.style_trigger.evidence import (
    NAMES,
    NUMBERS,
    auc,
    average_precision,
    weigh,
)
from curation_gate.detectors.style_trigger.find import _judged_rows, _read
from curation_gate.detectors.style_trigger.search import Searched, search
from curation_gate.rule_parameters import StyleParameters
from curation_gate.text import ngrams


@pytest.fixture(scope="module")
def found() -> tuple[Searched, np.ndarray]:
    dataset, mask = styled_rows(200, 24)
    texts = ngrams.texts(dataset)
    _, first, names = _judged_rows(dataset, texts)
    read = _read(dataset, [texts[k] for k in first], first, names)
    searched = search(read, **StyleParameters().model_dump(exclude={"review"}), seed=0)
    assert searched is not None
    return searched, mask[first]


def best(searched: Searched, mask: np.ndarray) -> int:
    called = searched.whole.planted >= 0.5
    hits = (called & mask[:, None]).sum(0)
    return int(np.argmax(2 * hits / (called.sum(0) + mask.sum())))


def test_average_precision_and_auc_by_hand() -> None:
    marks = np.array([[True], [False], [True], [False]])
    scores = np.array([[4.0], [3.0], [2.0], [1.0]])
    np.testing.assert_allclose(average_precision(marks, scores), [(1 + 2 / 3) / 2])
    assert auc(marks[:, 0], scores[:, 0]) == 0.75
    assert auc(np.array([True, True]), np.array([0.0, 1.0])) == 0.5


def test_the_planted_style_is_a_candidate_and_its_numbers_say_so(found) -> None:
    searched, mask = found
    k = best(searched, mask)
    called = searched.whole.planted[:, k] >= 0.5
    assert (called & mask).sum() >= 0.8 * mask.sum()
    assert (called & ~mask).sum() <= 0.1 * called.sum()
    own = dict(zip(NAMES, weigh(searched)[k], strict=True))
    assert own["purity"] > 0.9
    assert own["content_z"] > 6
    assert own["agreement"] > 0.5
    assert own["position"] < 0.5, "its rows read like those of the other label"
    assert own["style_ap"] > own["topic_ap"]
    assert own["tasks"] == pytest.approx(np.log2(3))
    assert own["sure"] == pytest.approx(
        own["style_ap"] * own["purity_bound"] * own["against_bound"]
    )
    held = searched.held.styled[:, k] >= 0.5
    assert own["purity"] == pytest.approx(searched.rows.given[held, k].mean())


def test_every_number_is_named_once_and_finite(found) -> None:
    searched, _ = found
    table = weigh(searched)
    assert table.shape == (len(searched.z), len(NUMBERS))
    assert np.isfinite(table).all()
    assert len(set(NAMES)) == len(NAMES)


def test_content_is_heard_without_the_rows_of_the_style(found) -> None:
    searched, mask = found
    k = best(searched, mask)
    assert searched.rows.p[mask, k].mean() < 0.3
