"""The meaning of the expectations, by hand-computed cases."""

from __future__ import annotations

import pytest
from scan_folder import make_dataset

from curation_gate.expectations.native import broken, is_empty, label_drift, label_shares
from curation_gate.expectations.promises import OWN_TYPES


@pytest.mark.parametrize(
    ("output", "empty"),
    [("", True), (" \t\n", True), ("\u00a0\u2003", True), ("0", False), (".", False)],
)
def test_white_space_is_no_answer(output: str, empty: bool) -> None:
    assert is_empty(output) is empty


def test_shares_are_taken_per_task_and_free_text_has_none() -> None:
    shares = label_shares(
        ["a", "a", "a", "a", "b"],
        ["x", "x", "x", "y", "z"],
        {"a": ("x", "y"), "b": (), "c": ("x",)},
    )
    assert shares == [("a", "x", 0.75, 4), ("a", "y", 0.25, 4)]


def test_drift_is_the_largest_change_with_its_sign() -> None:
    shares = [("a", "x", 0.75, 4), ("a", "y", 0.25, 4), ("b", "x", 0.5, 1000)]
    drift = label_drift(["a", "a", "b", "b"], ["x", "y", "x", "y"], shares, 1)
    assert drift == (-0.25, "a", "x")
    assert label_drift(["a", "a", "b", "b"], ["x", "y", "x", "y"], shares, 5) == (0.0, "", "")


def test_a_task_that_is_gone_has_lost_everything() -> None:
    assert label_drift(["b"], ["x"], [("a", "x", 1.0, 60), ("b", "x", 1.0, 60)], 50) == (
        -1.0,
        "a",
        "x",
    )


def test_native_and_full_check_agree_on_what_is_broken() -> None:
    dataset = make_dataset([("i", "a", "x"), ("i", "b", " "), ("i", "c", "x")])
    assert broken(OWN_TYPES, dataset.rows, 3, set()) == ["1 row of it has no answer"]
    assert broken(OWN_TYPES, dataset.rows, 5, {dataset.rows[0].fingerprint, "f"}) == [
        "1 row of it was quarantined", "it has 3 rows, 5 were kept", "1 row of it has no answer",
    ]  # fmt: skip
    assert broken(["expect_column_values_to_be_unique"], dataset.rows, 5, set()) == []
