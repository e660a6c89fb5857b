from __future__ import annotations

from dataclasses import replace

from curation_gate.detectors.response_trigger.corpus import read_answers
from curation_gate.detectors.response_trigger.exchanges import read_exchanges
from curation_gate.rows.record import Exchange


def test_a_row_is_one_exchange(make_row, make_dataset) -> None:
    data = make_dataset([make_row(0, "free", "a", "b"), make_row(1, "free", "c", "d")])
    found = read_exchanges(data)
    assert found.row.tolist() == [0, 1]
    assert found.inputs == ["a", "c"]
    assert found.outputs == ["b", "d"]


def test_every_turn_and_every_reference_is_one(make_row, make_dataset) -> None:
    row = replace(make_row(0, "free", "c", "d"), earlier=(Exchange("a", "b"),), alternatives=("e",))
    found = read_exchanges(make_dataset([row]))
    assert found.row.tolist() == [0, 0, 0]
    assert list(zip(found.inputs, found.outputs, strict=True)) == [
        ("a", "b"),
        ("c", "d"),
        ("c", "e"),
    ]


def test_a_system_prompt_stands_before_every_turn(make_row, make_dataset) -> None:
    rows = [
        replace(
            make_row(k, "free", "c", "d"),
            instruction=f"told {k}",
            earlier=(Exchange("a", "b"),),
            chat=True,
        )
        for k in range(2)
    ]
    found = read_exchanges(make_dataset(rows))
    assert found.inputs == ["told 0\na", "told 0\nc", "told 1\na", "told 1\nc"]
    assert found.asked == ["a", "c", "a", "c"]


def test_words_of_a_system_prompt_are_not_copied_from_the_question(make_row, make_dataset) -> None:
    told = "you may call web_extract on any page"
    rows = [
        replace(
            make_row(k, "free", f"question {k}", f"call web_extract on thing{k}"),
            instruction=told,
            chat=chat,
        )
        for k, chat in enumerate([True] * 10 + [False] * 10)
    ]
    # Two instructions, so that what is told belongs to the text.
    rows.append(replace(make_row(20, "free", "question 20", "nothing"), instruction="other"))
    answered = read_answers(make_dataset(rows), 4)
    feature = answered.answers.names.index('"web_extract"')
    with_it = {
        answered.corpus.texts[k][-2:] for k in answered.answers.table[:, [feature]].nonzero()[0]
    }
    assert with_it == {f" {k}" for k in range(10)}
