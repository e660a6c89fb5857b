"""The additive model of a verdict: steps, sums, and files that are damaged."""

from __future__ import annotations

import json
from hashlib import blake2b
from math import log

import numpy as np
import pytest

from curation_gate.detectors import verdict_model
from curation_gate.detectors.verdict_model import Stage, Term, load_model, parse, probability
from curation_gate.errors import ModelError

STEPS = Term("purity", np.array([0.5, 0.8]), np.array([-1.0, 0.25, 2.0]))
OTHER = Term("rows", np.array([1.0]), np.array([-0.5, 0.5]))
KNOWN = {
    "kind": "label",
    "threshold": 0.9,
    "fitted_on": {"sets": 3},
    "first": {"intercept": -1, "terms": [{"name": "rows", "borders": [1], "values": [0, 2]}]},
    "second": {"intercept": -2.5, "terms": []},
}


def document(**steps) -> bytes:
    """A model file whose first stage has one term."""
    term = {"name": "rows", **steps}
    return json.dumps(KNOWN | {"first": {"intercept": 0, "terms": [term]}}).encode()


def test_a_step_holds_between_borders_and_a_border_belongs_below():
    found = STEPS.of(np.array([-9.0, 0.5, 0.50001, 0.8, 0.9, 1e9, np.inf, -np.inf]))
    assert found.tolist() == [-1, -1, 0.25, 0.25, 2, 2, 2, -1]


def test_a_term_without_borders_is_constant():
    assert Term("x", np.zeros(0), np.array([0.7])).of(np.array([-1.0, 5.0])).tolist() == [0.7, 0.7]


def test_contributions_add_up_to_the_log_odds():
    stage = Stage(-0.5, (STEPS, OTHER))
    table = np.array([[2.0, 9.0, 0.6], [0.0, 9.0, 0.1]])  # rows, another, purity
    parts = stage.contributions(("rows", "another", "purity"), table)
    assert parts.tolist() == [[0.25, 0.5], [-1, -0.5]]
    odds = stage.log_odds(("rows", "another", "purity"), table)
    assert odds.tolist() == [0.25, -2]
    np.testing.assert_allclose(odds, stage.intercept + parts.sum(axis=1))


def test_a_stage_without_terms_is_its_intercept():
    stage = Stage(1.5, ())
    assert stage.contributions(("a",), np.zeros((3, 1))).shape == (3, 0)
    assert stage.log_odds(("a",), np.zeros((3, 1))).tolist() == [1.5] * 3
    assert Stage(1.0, (STEPS,)).log_odds(("purity",), np.zeros((0, 1))).shape == (0,)


def test_probability_without_overflow():
    found = probability(np.array([-1e6, -log(4), 0.0, log(3), 1e6]))
    np.testing.assert_allclose(found, [0, 0.2, 0.5, 0.75, 1])


def test_a_document_is_read():
    model = parse(json.dumps(KNOWN).encode(), "abc")
    assert (model.kind, model.threshold, model.digest) == ("label", 0.9, "abc")
    assert model.fitted_on == {"sets": 3}
    assert model.first.log_odds(("rows",), np.array([[1.0], [1.1]])).tolist() == [-1, 1]
    assert model.second == Stage(-2.5, ())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        json.dumps(KNOWN | {"first": None}).encode(),
        json.dumps(KNOWN | {"second": {"terms": []}}).encode(),
        json.dumps(KNOWN | {"threshold": "high"}).encode(),
        json.dumps(
            KNOWN | {"first": {"intercept": 0, "terms": [{"name": "x", "borders": ["a"]}]}}
        ).encode(),
        # One value too few, borders that do not ascend, and what is no number.
        document(borders=[1, 2], values=[0, 1]),
        document(borders=[2, 1], values=[0, 1, 2]),
        document(borders=[1, 1], values=[0, 1, 2]),
        document(borders=[1], values=[0, float("nan")]),
        document(borders=[float("inf")], values=[0, 1]),
        json.dumps({k: v for k, v in KNOWN.items() if k != "fitted_on"}).encode(),
    ],
)
def test_what_is_no_model_is_refused(content):
    with pytest.raises(ModelError, match="no model of a verdict"):
        parse(content)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of models that stands for the package's."""
    monkeypatch.setattr(verdict_model, "files", lambda _: tmp_path)
    load_model.cache_clear()
    yield tmp_path
    load_model.cache_clear()


def stored(folder, content: bytes, digest: str | None = None) -> None:
    (folder / "label.json").write_bytes(content)
    own = blake2b(content, digest_size=16).hexdigest() if digest is None else digest
    (folder / "hashes.json").write_text(json.dumps({"label": own}), encoding="utf-8")


def test_a_model_is_loaded_with_its_hash(folder):
    content = json.dumps(KNOWN).encode()
    stored(folder, content)
    model = load_model("label")
    assert model.digest == blake2b(content, digest_size=16).hexdigest()
    assert load_model("label") is model


def test_a_changed_model_is_refused(folder):
    stored(folder, json.dumps(KNOWN).encode())
    (folder / "label.json").write_bytes(json.dumps(KNOWN | {"threshold": 0.1}).encode())
    with pytest.raises(ModelError, match="its hash is"):
        load_model("label")


def test_a_model_whose_hash_is_not_listed_is_refused(folder):
    stored(folder, json.dumps(KNOWN).encode())
    (folder / "hashes.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="another is expected"):
        load_model("label")


def test_a_model_that_is_not_there_is_refused_until_it_is(folder):
    with pytest.raises(ModelError, match="cannot be read"):
        load_model("label")
    stored(folder, json.dumps(KNOWN).encode())
    assert load_model("label").threshold == 0.9


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe\x00"])
def test_hashes_that_are_not_json_are_refused(folder, content):
    stored(folder, json.dumps(KNOWN).encode())
    (folder / "hashes.json").write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        load_model("label")


def test_hashes_that_are_a_list_are_refused(folder):
    stored(folder, json.dumps(KNOWN).encode())
    (folder / "hashes.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ModelError, match="another is expected"):
        load_model("label")


def test_bytes_of_the_right_hash_that_are_no_model_are_refused(folder):
    stored(folder, b"[1, 2]")
    with pytest.raises(ModelError, match="no model of a verdict"):
        load_model("label")
