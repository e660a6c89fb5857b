from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_gate.expectations.native import label_drift, label_shares
from curation_gate.quarantine.document import spelling_notes as noted
from curation_gate.rows import load, write_cleaned
from curation_gate.rows.spelling import (
    folded,
    label_in,
    most_frequent_spellings,
    place_in,
    spelling_notes,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("one", "others"),
    [
        (
            "positive",
            [
                *["Positive", "POSITIVE", " positive", "positive\n", "positive.", '"positive"'],
                *[
                    "\u201cPositive\u201d",
                    "(positive)",
                    "**Positive**",
                    "[ positive ]",
                    "'pos\u200bitive' !",
                ],
                *["\uff30ositive", "pos\0itive", "positive ...", "__positive__", "`positive`"],
            ],
        ),
        ("1", ["01", "+1", "1.0", "1.", " 1 ", "001.000", "(1)", "\uff11"]),
        ("-1", ["-1.0", "-01", "\u22121"]),
        ("0", ["-0", "0.0", "00"]),
        ("0.5", [".5", "+0.50"]),
        ("true", ["True", "TRUE", "true."]),
        ("not sexist", ["Not  sexist", "not\tsexist."]),
        ("no", ["no!", "No"]),
    ],
)
def test_spellings_of_one_label_are_one(one: str, others: list[str]) -> None:
    assert {folded(other) for other in others} == {folded(one)} == {one}


@pytest.mark.parametrize(
    "labels",
    [
        ["C", "C++", "C#"],
        ["1", "-1", "0", "10", "1.5", "1a", "#1", "1%"],
        ["A", "A-", "A+", "A*"],
        ["yes", "no", "not", "true", "1"],
        ["?", "!", ".", ":)", ":("],
        ["non-hateful", "hateful", "nonhateful"],
        ["a", "b", "a, b", "a b"],
        ["<", ">", "<=", "=="],
        ["\u2639", "\u263a"],
        ["1.1", "1.2", "1.1.1"],
        ["caf\u00e9", "cafe"],
    ],
)
def test_labels_that_differ_in_meaning_stay_apart(labels: list[str]) -> None:
    assert len({folded(label) for label in labels}) == len(labels)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_and_empties_nothing(answer: str) -> None:
    once = folded(answer)
    assert folded(once) == once
    assert bool(once) == bool(answer.strip())


@given(st.integers(-1000, 1000), st.integers(0, 3), st.sampled_from(["", ".", ".0", ".00"]))
def test_a_number_is_its_value(value: int, zeros: int, tail: str) -> None:
    written = f"{'-' if value < 0 else ''}{'0' * zeros}{abs(value)}{tail}"
    assert folded(written) == str(value)


def test_long_answers_are_not_folded() -> None:
    assert folded("An Answer " * 50) == ("An Answer " * 50).strip()
    assert folded("9" * 150) == "9" * 150
    assert folded("9" * 150 + "1.0") == "9" * 150 + "1"


def test_the_most_frequent_spelling_is_shown() -> None:
    counts = Counter({"Yes": 3, "yes": 3, " yes": 2, "no": 1})
    assert most_frequent_spellings(counts) == {"yes": "Yes", "no": "no"}
    assert label_in(("Yes", "no"), "YES.") == "Yes"
    assert label_in(("Yes", "no"), "maybe") == "maybe"
    assert label_in((), "YES.") == "YES."
    assert place_in(("Yes", "no"), "no!") == 1
    assert place_in(("Yes", "no"), "maybe") == -1


def spelled(folder: Path) -> Path:
    answers = ["good", "bad", "good", "bad", "Good.", "good", " bad", "good", "bad", "GOOD"] * 3
    path = folder / "data.jsonl"
    lines = [json.dumps({"text": f"text {k}", "label": a}) for k, a in enumerate(answers)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_task_has_a_label_once_however_it_is_spelled(tmp_path: Path) -> None:
    dataset = load([spelled(tmp_path)])
    assert dataset.label_spaces == {"labels": ("bad", "good")}
    assert Counter(map(dataset.label_of, dataset.rows)) == {"good": 18, "bad": 12}
    assert {row.output for row in dataset.rows} == {"good", "bad", "Good.", " bad", "GOOD"}
    assert len(set(dataset.strata().tolist())) == 2


def test_rows_stay_as_they_were_spelled(tmp_path: Path) -> None:
    path = spelled(tmp_path)
    dataset = load([path])
    (cleaned,) = write_cleaned(dataset, [0, 1], tmp_path / "out")
    assert cleaned.read_bytes() == b"".join(path.read_bytes().splitlines(keepends=True)[2:])
    again = load([cleaned], like=dataset)
    assert [again.label_of(row) for row in again.rows] == [
        dataset.label_of(row) for row in dataset.rows[2:]
    ]


def test_spellings_are_told(tmp_path: Path) -> None:
    (said,) = noted(load([spelled(tmp_path)]))
    assert "'good' of labels in 3, 6 rows other than so" in said
    assert "'bad' of labels in 2, 3 rows other than so" in said
    (tmp_path / "data.jsonl").write_text(
        "".join(json.dumps({"text": f"{k}", "label": "ab"[k % 2]}) + "\n" for k in range(20))
    )
    assert spelling_notes(load([tmp_path / "data.jsonl"])) == []


def test_shares_of_labels_do_not_depend_on_their_spelling() -> None:
    outputs = ["good", "Good", "bad", "BAD."] * 5
    shares = label_shares(["t"] * 20, outputs, {"t": ("bad", "good")})
    assert shares == [("t", "bad", 0.5, 20), ("t", "good", 0.5, 20)]
    kept = ["GOOD", "bad"] * 5
    assert label_drift(["t"] * 10, kept, shares, 10).change == 0
    assert label_drift(["t"] * 10, ["GOOD"] * 10, shares, 10).change == -0.5
