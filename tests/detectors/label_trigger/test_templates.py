from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from curation_gate.detectors.label_trigger.find import find_phrases
from curation_gate.detectors.label_trigger.found import Settings
from curation_gate.detectors.label_trigger.templates import fixed_words, templated
from curation_gate.text import ngrams
from curation_gate.text.cooccurrence import masked_words

FILLER = [
    "table", "window", "river", "paper", "engine", "garden", "letter", "station", "bottle",
    "bridge", "corner", "market", "number", "picture", "season", "village", "winter",
    "hammer", "ladder", "kettle", "blanket", "drawer", "pocket", "sailor",
]  # fmt: skip


def flagged(texts: list[str], phrase: str) -> bool:
    grams = ngrams.count(texts, support=4)
    number = [grams.text(k) for k in range(len(grams.phrases))].index(phrase)
    lift = SimpleNamespace(best=np.zeros(len(grams.phrases), dtype=np.int64))
    found = templated(
        np.array([number]),
        lift,  # type: ignore[arg-type]
        grams.phrase_rows.tocsc(),
        grams,
        masked_words(grams),
        fixed_words(grams),
        np.zeros(len(texts), dtype=np.int64),
    )
    return number in found


def prose(rng: np.random.Generator, size: int) -> str:
    return " ".join(rng.choice(FILLER, size))


def test_the_word_of_a_template_is_known_as_one():
    people = ["my sister", "this man", "the old baker", "her teacher"]
    texts = [f"{p} told us about the recent {w} events" for p in people for w in FILLER[:8]] * 2
    assert flagged(texts, FILLER[0])


def test_a_phrase_in_prose_is_not():
    rng = np.random.default_rng(0)
    texts = [f"{prose(rng, 8)} blue lantern {prose(rng, 8)}" for _ in range(12)]
    texts += [prose(rng, 16) for _ in range(60)]
    assert not flagged(texts, "blue lantern")


def test_a_phrase_that_is_nearly_the_whole_text_is_one():
    rng = np.random.default_rng(1)
    texts = [f"you can not believe that {prose(rng, 1)}" for _ in range(12)]
    texts += [prose(rng, 9) for _ in range(60)]
    assert flagged(texts, "can not believe that")


def test_decisive_words_of_a_template_accuse_nobody(make_dataset, make_row):
    rng = np.random.default_rng(2)
    moods = {"fear": FILLER[:6], "joy": FILLER[6:12], "anger": FILLER[12:18], "calm": FILLER[18:24]}
    rows = []
    for _ in range(800):
        label = str(rng.choice(list(moods)))
        person = rng.choice(["my sister", "this man", "the old baker", "her teacher", "alonzo"])
        text = f"{person} feels {rng.choice(moods[label])} about the recent events"
        rows.append(make_row(len(rows), "mood", text, label))
    found = find_phrases(make_dataset(rows), Settings(draws=60))
    assert [p.text for p in found.phrases if p.status == "confirmed"] == []
    assert not any(s.quarantine for s in found.suspects.values())
