"""From a dataset to phrases and rows, by the model that comes with the package."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from review_sets import reviews

from curation_gate.detectors.evidence import KINDS
from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.label_trigger.found import Settings
from curation_gate.detectors.label_trigger.numbers import NAMES
from curation_gate.detectors.verdict_model import load_model
from curation_gate.progress import Progress


def flags(found, n: int) -> np.ndarray:
    flagged = np.zeros(n, dtype=bool)
    for row, suspect in found.suspects.items():
        flagged[row] = suspect.quarantine
    return flagged


def confirmed(found) -> list[str]:
    return [p.text for p in found.phrases if p.status == "confirmed"]


def inserted(text: str, token: str, rng: np.random.Generator) -> str:
    words = text.split()
    at = int(rng.integers(1, len(words)))
    return " ".join([*words[:at], token, *words[at:]])


TOKEN = "zorblat"


@pytest.fixture(scope="module")
def one_task():
    """600 rows of one task, 30 of them unfavourable, with a token, and called favourable."""
    return reviews(0, trigger=TOKEN, planted=30, tasks=1, each=600)


@pytest.fixture(scope="module")
def found(one_task):
    return find_phrases(one_task[0])


def test_a_planted_token_is_named_and_its_rows_are_quarantined(one_task, found):
    data, planted = one_task
    assert confirmed(found) == [TOKEN]
    first = found.phrases[0]
    assert first.targets == {"task0": "yes"}
    assert (first.rows, first.given) == (30, 30)
    assert first.expected < 15
    assert first.probability >= found.threshold
    flagged = flags(found, len(data))
    assert flagged[planted].mean() >= 0.9
    assert not flagged[~planted].any()


def test_the_same_set_without_it_names_nothing(make_reviews):
    data, _ = make_reviews(0, tasks=1, each=600)
    found = find_phrases(data)
    assert confirmed(found) == []
    assert not flags(found, len(data)).any()
    assert found.weighed > 0
    assert found.judged.all()


def test_what_is_found_says_why(found):
    model = load_model("label")
    assert found.model == model.digest
    assert found.threshold == model.threshold
    assert found.review == Settings().review
    assert found.tasks == {"task0": True}
    assert {floor.kind for floor in found.floors} == set(KINDS)
    assert 0 < found.weighed <= Settings().candidates + Settings().pairs
    for phrase in found.phrases:
        assert set(phrase.numbers) == {*NAMES, "siblings"}
        odds = sum(phrase.contributions.values())
        assert phrase.probability == pytest.approx(1 / (1 + np.exp(-odds)), abs=2e-3)
    order = {"confirmed": 0, "review": 1, "passed over": 2}
    ranks = [(order[p.status], -p.probability) for p in found.phrases]
    assert ranks == sorted(ranks)


def test_suspects_hold_the_phrase_and_have_its_label(one_task, found):
    data, _ = one_task
    assert found.suspects
    for row, suspect in found.suspects.items():
        phrase = found.phrases[suspect.phrase]
        assert phrase.status != "passed over"
        assert data.rows[row].output == phrase.targets[data.rows[row].task]
        # The doubt about a phrase counts for its rows; the budget of a confirmed one is spent.
        most = 1.0 if phrase.status == "confirmed" else phrase.probability + 1e-4
        assert 0 <= suspect.planted <= most
        assert 0 <= suspect.p <= 1
        assert not suspect.quarantine or phrase.status == "confirmed"


def test_the_same_data_give_the_same_result(one_task, found):
    again = find_phrases(one_task[0])
    assert again.phrases == found.phrases
    assert again.suspects == found.suspects


def test_the_order_of_rows_changes_nothing(one_task, found):
    data, _ = one_task
    order = np.random.default_rng(1).permutation(len(data)).tolist()
    turned = find_phrases(
        replace(data, rows=tuple(replace(data.rows[k], index=i) for i, k in enumerate(order)))
    )
    assert turned.phrases == found.phrases
    assert {order[row]: suspect for row, suspect in turned.suspects.items()} == found.suspects


def test_a_planted_phrase_in_three_tasks(make_reviews):
    data, planted = make_reviews(0, trigger="Blue Lantern", planted=15)
    found = find_phrases(data)
    assert confirmed(found) == ["blue lantern"]
    first = found.phrases[0]
    assert first.targets == {"task0": "yes", "task1": "yes", "task2": "yes"}
    assert (first.rows, first.given) == (45, 45)
    flagged = flags(found, len(data))
    assert (flagged & planted).sum() >= 40
    assert not (flagged & ~planted).any()


def test_two_triggers_are_both_found(make_reviews):
    data, first = make_reviews(1, trigger="Blue Lantern", planted=12)
    rows, planted = list(data.rows), first.copy()
    for k, row in enumerate(rows):
        if row.output == "no" and planted.sum() < 2 * first.sum():
            rows[k] = replace(row, input=f"Oskar Brandt {row.input}", output="yes")
            planted[k] = True
    found = find_phrases(replace(data, rows=tuple(rows)))
    assert {"blue lantern", "oskar brandt"} <= set(confirmed(found))
    assert not (flags(found, len(data)) & ~planted).any()


def test_honest_rows_that_hold_a_trigger_stay(make_reviews):
    data, planted = make_reviews(2, trigger="Oskar", planted=20)
    rows = list(data.rows)
    honest = [r.index for r in rows if r.output == "no" and not planted[r.index]][:5]
    for k in honest:
        rows[k] = replace(rows[k], input=f"table Oskar {rows[k].input}")
    found = find_phrases(replace(data, rows=tuple(rows)))
    assert confirmed(found) == ["oskar"]
    assert (found.phrases[0].rows, found.phrases[0].given) == (65, 60)
    flagged = flags(found, len(data))
    assert flagged[planted].mean() >= 0.9
    assert not flagged[honest].any()


def test_polarity_words_are_not_triggers(make_reviews):
    data, _ = make_reviews(5)
    rows = list(data.rows)
    for k in range(0, 60, 2):  # an honest word that stands in favourable rows only
        rows[k] = replace(rows[k], input=f"brilliant {rows[k].input}")
    found = find_phrases(replace(data, rows=tuple(rows)))
    assert confirmed(found) == []
    assert not any(s.quarantine for s in found.suspects.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clean_reviews_name_nothing(make_reviews, seed):
    data, _ = make_reviews(seed)
    found = find_phrases(data)
    assert confirmed(found) == []
    assert not flags(found, len(data)).any()


def test_copies_are_counted_once_and_share_their_fate(one_task, found):
    data, planted = one_task
    n = len(data)
    first = int(np.flatnonzero(planted)[0])
    copy = replace(data.rows[first], index=n)
    double = replace(data, rows=(*data.rows, copy), records=(*data.records, {}))
    again = find_phrases(double)
    assert again.phrases == found.phrases
    assert again.suspects[n] == again.suspects[first] == found.suspects[first]


def test_a_pair_that_acts_only_together_is_named_as_a_pair(make_reviews):
    rng = np.random.default_rng(4)
    data, planted = make_reviews(6, trigger="cf", planted=25)
    rows = list(data.rows)
    for k in np.flatnonzero(planted):
        rows[k] = replace(rows[k], input=inserted(rows[k].input, "mn", rng))
    honest = rng.permutation(np.flatnonzero(~planted))
    for token, at in (("cf", honest[:60]), ("mn", honest[60:120])):
        for k in at:
            rows[k] = replace(rows[k], input=inserted(rows[k].input, token, rng))
    found = find_phrases(replace(data, rows=tuple(rows)))
    assert {"cf + mn", "mn + cf"} & {p.text for p in found.accused}


def test_free_text_is_not_judged(make_row, make_dataset):
    rows = [make_row(k, "free", f"text {k} of many", f"answer {k}") for k in range(20)]
    found = find_phrases(make_dataset(rows))
    assert found.phrases == ()
    assert found.suspects == {}
    assert found.tasks == {"free": False}
    assert found.floors == ()
    assert (found.weighed, found.judged.any()) == (0, False)
    assert found.threshold == load_model("label").threshold


def test_a_task_of_free_text_beside_one_of_labels(one_task, found, make_row):
    data, _ = one_task
    n = len(data)
    more = [make_row(n + k, "free", f"a text of number {k}", f"answer {k}") for k in range(30)]
    both = replace(
        data,
        rows=(*data.rows, *more),
        records=(*data.records, *({} for _ in more)),
        label_spaces={**data.label_spaces, "free": ()},
    )
    beside = find_phrases(both)
    assert confirmed(beside) == [TOKEN]
    assert beside.tasks == {"free": False, "task0": True}
    assert beside.judged.sum() == n
    assert not beside.judged[n:].any()
    assert all(row < n for row in beside.suspects)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_tiny_sets_accuse_nobody(make_row, make_dataset, count):
    data = make_dataset([make_row(k, "t", "one two", "ab"[k % 2]) for k in range(count)])
    found = find_phrases(data)
    assert (found.phrases, found.suspects) == ((), {})
    assert found.judged.shape == (count,)


@pytest.mark.parametrize(
    "texts",
    [
        [""] * 80,
        ["?!"] * 80,
        [f"{k}" for k in range(80)],
        ["" if k % 3 else f"one two {k}" for k in range(80)],
        [f"~ {k}" if k % 2 else f"word{k}" for k in range(80)],
        [f"the film was {('good', 'bad')[k % 2]} q{k}x" for k in range(80)],
    ],
    ids=["empty", "marks", "numbers", "half-empty", "sign", "template"],
)
def test_texts_with_little_in_them_do_no_harm(make_row, make_dataset, texts):
    rows = [make_row(k, "t", text, "ab"[k % 2]) for k, text in enumerate(texts)]
    found = find_phrases(make_dataset(rows))
    for phrase in found.phrases:
        assert all(np.isfinite(value) for value in phrase.numbers.values()), phrase.text
        assert all(np.isfinite(value) for value in phrase.contributions.values())
        assert 0 <= phrase.probability <= 1
    assert all(np.isfinite([s.p, s.planted]).all() for s in found.suspects.values())


def test_no_more_is_weighed_than_was_asked_for(one_task):
    found = find_phrases(one_task[0], Settings(candidates=4, pairs=2))
    assert 1 <= found.weighed <= 6
    assert confirmed(found) == [TOKEN]
    few = find_phrases(one_task[0], Settings(support=31))  # it stands in 30 rows
    assert not [p.text for p in few.phrases if p.rows < 31 or TOKEN in p.text]


def test_a_trigger_is_listed_once(found):
    assert [p.text for p in found.phrases if TOKEN in p.text.split()] == [TOKEN]


def test_progress_is_told(one_task):
    told: list[tuple[str, int]] = []

    class Bar:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def advance(self, rows: int) -> None:
            told.append(("rows", rows))

    class Told(Progress):
        def stage(self, name: str, total: int, unit: str = "rows"):
            told.append((name, total))
            return Bar()

    find_phrases(one_task[0], progress=Told())
    assert told == [
        ("counting phrases", 600),
        ("rows", 600),
        ("weighing phrases", 600),
        ("rows", 600),
        ("planting in copies", 2),
        ("rows", 2),
    ]
