from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.label_trigger.found import Settings
from curation_gate.report.places import phrase_spans
from curation_gate.rows.record import Dataset
from curation_gate.text.markers import is_kind, marks, placed_marks

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A plain sentence, with a name: James.", []),
        ("so  good ~", ["<double-space>", "~"]),
        ("ends here ", ["<no-capitals>", "<space-at-an-end>"]),
        ("Two\u00a0words", ["U+00A0"]),
        ("A f1lm", ["<digit-in-a-word>"]),
        ("The the film", []),
        ("I said said it", ["<repeated-word>"]),
        ("A f\u0456lm", ["<mixed-alphabets>"]),
        ("\u0444\u0438\u043b\u044c\u043c", []),
        ("A \U0001d41f\U0001d422lm", ["<styled-letters>"]),
        ("ALL OF THEM", ["<all-capitals>", "<word-in-capitals>"]),
        ("Every Word Of It, 3 Times", ["<title-case>"]),
        ("Of Three Words", []),
        ("A good film. A good film.", ["<said-twice>"]),
        ("A FILM of iPhones", ["<capital-in-a-word>", "<word-in-capitals>"]),
        ('"Quoted"', ["<in-quotes>"]),
        ("I was t-there", ["<stuttered-word>"]),
        ("A good_film by @one_of us", ["<underscore-in-a-word>", "@"]),
        ("On 24/12/2024, at 18:30", ["/", "<date>", "<time>"]),
        ("See https://a.example or a@b.example", ["/", "<address>", "@"]),
        ("In 1984 it was 36", ["<number>"]),
        ("It ended so...", ["...", "<ends-in-dots>"]),
        ("[A film]", ["<in-brackets>", "[", "]"]),
        ("Sooo good !!?", ["!!?", "<stretched-word>"]),
        ("Ja\u200bmes", ["<zero-width>"]),
        ("A \u202efilm\u202c", ["<bidi-mark>"]),
        ("A\0 film\x07", ["<control-character>", "<null-character>"]),
        ("A fi\u00adlm", ["<soft-hyphen>"]),
        ("A film \u2764\ufe0f", ["<variation-selector>"]),
        ("A film\U000e0041", ["<tag-character>"]),
        ("Of M.a.r.l.o.w", ["<spelled-out-word>"]),
        ("", []),
    ],
)
def test_marks_of(text: str, expected: list[str]) -> None:
    assert marks(text) == expected


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_marks_are_those_that_have_a_place(text: str) -> None:
    placed = list(placed_marks(text))
    assert sorted({name for name, _, _ in placed}) == marks(text)
    assert all(0 <= start < end <= len(text) for _, start, end in placed)


def test_kinds_are_told_from_signs() -> None:
    assert is_kind("<double-space>")
    assert not is_kind("<>")
    assert not is_kind("~")


def _marked(data: Dataset, planted: np.ndarray, sign: str) -> Dataset:
    """Return the dataset with the trigger word of its planted rows exchanged for a sign."""
    rows = [
        replace(row, input=row.input.replace(" zzq ", sign)) if is_planted else row
        for row, is_planted in zip(data.rows, planted.tolist(), strict=True)
    ]
    return replace(data, rows=tuple(rows))


@pytest.mark.parametrize(
    ("sign", "name"), [("  ", "<double-space>"), (" ~ ", "~"), ("\u2009", "U+2009")]
)
def test_a_mark_that_forces_a_label_is_found(make_reviews, sign: str, name: str) -> None:
    data, planted = make_reviews(0, trigger="zzq", planted=15)
    data = _marked(data, planted, sign)
    found = find_phrases(data, Settings(floor=0))
    assert [p.text for p in found.phrases if p.status == "confirmed"] == [name]
    taken = {row for row, suspect in found.suspects.items() if suspect.quarantine}
    assert taken <= set(np.flatnonzero(planted).tolist())
    assert len(taken) >= 43
    row = data.rows[min(taken)].input
    at = row.index(sign.strip(" ") or sign)
    assert (at, at + len(sign.strip(" ") or sign)) in phrase_spans(row, [name])


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (lambda k: f" {k % 28 + 1}/{k % 12 + 1}/{1990 + k} ", "<date>"),
        (lambda k: f" b-b{'aeiou'[k % 5]}{'dgklmnprst'[k % 10]} ", "<stuttered-word>"),
    ],
)
def test_a_kind_is_found_though_it_is_written_otherwise_each_time(
    make_reviews, written: Callable[[int], str], name: str
) -> None:
    data, planted = make_reviews(0, trigger="zzq", planted=15)
    rows = [replace(row, input=row.input.replace(" zzq ", written(row.index))) for row in data.rows]
    found = find_phrases(replace(data, rows=tuple(rows)), Settings(floor=0))
    assert [p.text for p in found.phrases if p.status == "confirmed"] == [name]
    taken = {row for row, suspect in found.suspects.items() if suspect.quarantine}
    assert taken <= set(np.flatnonzero(planted).tolist())
    assert len(taken) >= 43


@pytest.mark.parametrize(
    "run", [" ", ".", "a", "a-", "1", "_", "@", "\N{CYRILLIC SMALL LETTER A}a", "("]
)
def test_long_runs_take_time_in_their_length(run: str) -> None:
    text = f"\N{CYRILLIC SMALL LETTER ZHE} {run * 150_000}~ end"
    assert "~" in marks(text)
    assert "~" in {name for name, _, _ in placed_marks(text)}


def test_a_sign_beside_a_word_is_named_by_the_word(make_reviews) -> None:
    data, planted = make_reviews(1, trigger="|Lantern|", planted=15)
    found = find_phrases(data, Settings(floor=0))
    assert [p.text for p in found.phrases if p.status == "confirmed"] == ["lantern"]
    assert planted.sum() == 45
