"""The model of a verdict: trees, sums, and files that are damaged."""

from __future__ import annotations

import json
from hashlib import blake2b
from math import log

import numpy as np
import pytest

from curation_gate.detectors import verdict_model
from curation_gate.detectors.verdict_model import Stage, Tree, load_model, parse, probability
from curation_gate.errors import ModelError

# purity <= .5: -1; else rows <= 1: .5, else 2; the means of the inner nodes are -.25 and 1.
NESTED = [
    [1, -1, 0, -1, -1],
    [0.5, 0, 1, 0, 0],
    [1, 0, 3, 0, 0],
    [2, 0, 4, 0, 0],
    [-0.25, -1, 1, 0.5, 2],
]
SINGLE = [[0, -1, -1], [1, 0, 0], [1, 0, 0], [2, 0, 0], [1, 0, 2]]
KNOWN = {
    "kind": "label",
    "threshold": 0.9,
    "fitted_on": {"sets": 3},
    "first": {"names": ["rows"], "intercept": -1, "trees": [SINGLE]},
    "second": {"names": [], "intercept": -2.5, "trees": []},
}


def tree(parts) -> Tree:
    number, border, left, right, value = parts
    whole = [np.array(x, dtype=np.int64) for x in (number, left, right)]
    return Tree(whole[0], np.array(border, float), whole[1], whole[2], np.array(value, float))


def document(**parts) -> bytes:
    """A model file whose first stage has one tree, changed."""
    names = ("number", "border", "left", "right", "value")
    changed = [parts.get(name, own) for name, own in zip(names, SINGLE, strict=True)]
    first = {"names": ["rows"], "intercept": 0, "trees": [changed]}
    return json.dumps(KNOWN | {"first": first}).encode()


def test_a_value_on_a_border_goes_left():
    stage = Stage(("rows",), 0.0, (tree(SINGLE),))
    table = np.array([[1.0], [1.00001], [-np.inf], [np.inf]])
    assert stage.log_odds(("rows",), table).tolist() == [-1, 1, -1, 1]


def test_each_split_gives_what_it_moves_to_the_number_it_asks():
    stage = Stage(("rows", "purity"), -0.5, (tree(NESTED), tree(SINGLE)))
    table = np.array([[2.0, 9.0, 0.6], [0.0, 9.0, 0.6], [2.0, 9.0, 0.1]])  # rows, another, purity
    parts = stage.contributions(("rows", "another", "purity"), table)
    # of NESTED purity moves -.25 to 1 or to -1, rows 1 to 2 or .5; of SINGLE rows moves 1 to 2 or 0
    assert parts.tolist() == [[1 + 1, 1.25], [-0.5 - 1, 1.25], [1, -0.75]]
    odds = stage.log_odds(("rows", "another", "purity"), table)
    assert odds.tolist() == [2.75, -0.75, -0.25]
    np.testing.assert_allclose(odds, stage.intercept + parts.sum(axis=1))


def test_a_stage_without_trees_is_its_intercept():
    stage = Stage((), 1.5, ())
    assert stage.contributions(("a",), np.zeros((3, 1))).shape == (3, 0)
    assert stage.log_odds(("a",), np.zeros((3, 1))).tolist() == [1.5] * 3
    empty = Stage(("rows",), 1.0, (tree(SINGLE),)).log_odds(("rows",), np.zeros((0, 1)))
    assert empty.shape == (0,)


def test_probability_without_overflow():
    found = probability(np.array([-1e6, -log(4), 0.0, log(3), 1e6]))
    np.testing.assert_allclose(found, [0, 0.2, 0.5, 0.75, 1])


def test_a_document_is_read():
    model = parse(json.dumps(KNOWN).encode(), "abc")
    assert (model.kind, model.threshold, model.digest) == ("label", 0.9, "abc")
    assert model.fitted_on == {"sets": 3}
    assert model.first.log_odds(("rows",), np.array([[1.0], [1.1]])).tolist() == [-2, 0]
    assert model.second == Stage((), -2.5, ())


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
        json.dumps(KNOWN | {"second": {"names": [], "trees": []}}).encode(),
        json.dumps(KNOWN | {"threshold": "high"}).encode(),
        document(border=["a", 0, 0]),
        # A part too short, a way back or out of the tree, a number that is not asked, no number.
        document(value=[1, 0]),
        document(left=[0, 0, 0]),
        document(right=[3, 0, 0]),
        document(number=[1, -1, -1]),
        document(value=[0, 1, float("nan")]),
        document(border=[float("inf"), 0, 0]),
        document(number=[], border=[], left=[], right=[], value=[]),
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
