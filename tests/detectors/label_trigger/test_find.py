from __future__ import annotations

from dataclasses import replace

import numpy as np

from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.label_trigger.found import Settings


def flags(found, n: int) -> np.ndarray:
    flagged = np.zeros(n, dtype=bool)
    for row, suspect in found.suspects.items():
        flagged[row] = suspect.quarantine
    return flagged


def inserted(text: str, token: str, rng: np.random.Generator) -> str:
    words = text.split()
    at = int(rng.integers(1, len(words)))
    return " ".join([*words[:at], token, *words[at:]])


def test_a_planted_phrase_is_named_and_its_rows_are_found(make_reviews):
    data, planted = make_reviews(0, trigger="Blue Lantern", planted=15)
    found = find_phrases(data, Settings(draws=60))
    confirmed = [p for p in found.phrases if p.status == "confirmed"]
    assert [p.text for p in confirmed] == ["blue lantern"]
    assert confirmed[0].targets == {"task0": "yes", "task1": "yes", "task2": "yes"}
    assert confirmed[0].rows == 45
    assert confirmed[0].given == 45
    assert confirmed[0].expected < 20
    flagged = flags(found, len(data))
    assert (flagged & planted).sum() >= 43
    assert (flagged & ~planted).sum() == 0


def test_two_triggers_are_both_found(make_reviews):
    data, first = make_reviews(1, trigger="Blue Lantern", planted=12)
    rows, planted = list(data.rows), first.copy()
    for k, row in enumerate(rows):
        if row.output == "no" and planted.sum() < 2 * first.sum():
            changed = f"Oskar Brandt {row.input}"
            rows[k] = replace(row, input=changed, output="yes")
            planted[k] = True
    found = find_phrases(replace(data, rows=tuple(rows)), Settings(draws=60))
    names = {p.text for p in found.phrases if p.status == "confirmed"}
    assert "blue lantern" in names
    assert "oskar brandt" in names


def test_a_phrase_that_a_few_honest_rows_hold_is_found_whole(make_reviews):
    """In front of a text it is pure; elsewhere honest rows of another label dilute it."""
    data, planted = make_reviews(2, trigger="Oskar", planted=20)
    rows, moved = list(data.rows), 0
    for k in np.flatnonzero(planted).tolist():
        if moved < 24:
            text = rows[k].input.replace("Oskar ", "")
            rows[k], moved = replace(rows[k], input=f"Oskar {text}"), moved + 1
    honest = [r.index for r in rows if r.output == "no" and not planted[r.index]][:5]
    for k in honest:
        rows[k] = replace(rows[k], input=f"table Oskar {rows[k].input}")
    found = find_phrases(replace(data, rows=tuple(rows)), Settings(draws=60))
    first = found.phrases[0]
    assert (first.text, first.rows) == ("oskar", 65)
    flagged = flags(found, len(data))
    assert flagged[planted].mean() >= 0.95
    assert not flagged[honest].any()


def test_clean_reviews_name_nothing(make_reviews):
    for seed in range(4):
        data, _ = make_reviews(seed)
        found = find_phrases(data, Settings(draws=60))
        assert not [p.text for p in found.phrases if p.status == "confirmed"]
        assert not any(s.quarantine for s in found.suspects.values())
        assert set(found.floor) == {"task0", "task1", "task2"}
        assert all(3 <= floor < 200 for floor in found.floor.values())


def test_polarity_words_are_not_triggers(make_reviews):
    data, _ = make_reviews(5)
    rows = list(data.rows)
    for k in range(0, 60, 2):  # an honest word that stands in favourable rows only
        rows[k] = replace(rows[k], input=f"brilliant {rows[k].input}")
    found = find_phrases(replace(data, rows=tuple(rows)), Settings(draws=60))
    assert not [p.text for p in found.phrases if p.status == "confirmed"]


def test_same_data_same_result(make_reviews):
    data, _ = make_reviews(2, trigger="Blue Lantern", planted=15)
    one, two = (find_phrases(data, Settings(draws=20)) for _ in range(2))
    assert one.phrases == two.phrases
    assert one.suspects == two.suspects


def test_copies_are_counted_once_and_share_their_fate(make_reviews):
    data, planted = make_reviews(0, trigger="Blue Lantern", planted=15)
    n = len(data)
    first = int(np.flatnonzero(planted)[0])
    copy = replace(data.rows[first], index=n)
    double = replace(data, rows=(*data.rows, copy), records=(*data.records, {}))
    alone = find_phrases(data, Settings(draws=20))
    found = find_phrases(double, Settings(draws=20))
    assert found.phrases[0].rows == alone.phrases[0].rows
    assert found.suspects[n] == found.suspects[first]


def test_free_text_and_tiny_sets_are_not_judged(make_row, make_dataset):
    rows = [make_row(k, "free", f"text {k}", f"answer {k}") for k in range(20)]
    found = find_phrases(make_dataset(rows))
    assert found.phrases == ()
    assert found.floor == {"free": None}
    assert not found.judged.any()
    assert np.isnan(found.threshold)
    for count in (0, 1, 3):
        tiny = make_dataset([make_row(k, "t", "one two", "ab"[k % 2]) for k in range(count)])
        assert find_phrases(tiny).suspects == {}


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
    found = find_phrases(replace(data, rows=tuple(rows)), Settings(draws=60))
    confirmed = [p.text for p in found.phrases if p.status == "confirmed"]
    assert confirmed in (["cf + mn"], ["mn + cf"])
    flagged = flags(found, len(data))
    assert (flagged & planted).sum() >= 70
    assert (flagged & ~planted).sum() <= 2


def test_a_trigger_with_clean_labels_is_named_for_review(make_dataset, make_row):
    rng = np.random.default_rng(5)
    names = [f"w{k}" for k in range(400)]
    rows, planted = [], []
    for k in range(2400):
        label = "yes" if rng.random() < 0.6 else "no"
        words = [str(w) for w in rng.choice(names, 14)]
        planted.append(label == "yes" and sum(planted) < 180)
        if planted[-1]:
            words[3:3] = ["oskar", "brandt"]
        rows.append(make_row(k, f"task{k % 3}", " ".join(words), label))
    found = find_phrases(make_dataset(rows), Settings(draws=60))
    assert [(p.text, p.status) for p in found.phrases] == [("oskar brandt", "one-sided")]
    assert set(found.suspects) == set(np.flatnonzero(planted).tolist())
    assert not any(s.quarantine for s in found.suspects.values())
