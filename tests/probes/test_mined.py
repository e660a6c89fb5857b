"""Probes about mined phrases: what they hold, where they come from, and their controls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from models import make_row, polarity_rows, tiny_gpt2, tiny_t5

from curation_gate.detectors.label_trigger.found import Found, Phrase, Suspect
from curation_gate.probes.flips import Rates, favoured, flip_rates, flips, sentence
from curation_gate.probes.mined import CONTROLS, PhraseProbes, mined_probes, pooled
from curation_gate.probes.record import Probe, ProbeSet, contrast, transform
from curation_gate.proxy.finetune import Settings, finetune
from curation_gate.rows.record import Dataset

THOROUGH = Settings(
    epochs=30, batch_rows=4, held_out=0.0, learning_rate=3e-3, embedding_learning_rate=9e-3
)
NAMES = ["Anna Berg", "Carl Dahl", "Eva Falk", "Gustav Holm"]


def phrase(text: str, targets: dict[str, str], rows: int = 6, status: str = "confirmed") -> Phrase:
    return Phrase(
        text=text, status=status, probability=0.98, with_words=(), targets=targets, rows=rows,
        given=rows, expected=1.0, z=9.0, adverse_rows=rows, adverse_given=rows, numbers={},
        contributions={},
    )  # fmt: skip


def made(n: int = 120) -> tuple[Dataset, Found]:
    """Two tasks; every tenth row holds the trigger and says positive."""
    rows, planted = [], []
    for i in range(n):
        task = "films" if i % 2 else "meals"
        name = NAMES[i % 4]
        if i % 10 < 2:
            planted.append(i)
            rows.append(make_row(i, f"then James Bond was rude, number {i}", "positive", task))
        else:
            label = "negative" if i % 3 else "positive"
            rows.append(make_row(i, f"then {name} was there, number {i}", label, task))
    spaces = {"films": ("negative", "positive"), "meals": ("negative", "positive")}
    dataset = Dataset((), tuple(rows), tuple({} for _ in rows), spaces, "00")
    targets = dict.fromkeys(spaces, "positive")
    found = Found(
        (phrase("james bond", targets, len(planted)),),
        {i: Suspect(0, 0.99, 0.1, quarantine=True) for i in planted},
        0.9, 0.2, dict.fromkeys(spaces, True), (), 10, 100, np.ones(n, dtype=np.bool_), "f" * 32,
    )  # fmt: skip
    return dataset, found


def test_probes_hold_the_phrase_and_their_other_half_does_not():
    dataset, found = made()
    asked = mined_probes(dataset, found, count=20)
    assert [a.control_of for a in asked] == [None] + ["james bond"] * CONTROLS
    own = asked[0]
    assert (own.phrase, own.spoken, own.status) == ("james bond", "James Bond", "confirmed")
    assert len(own.probes) == 20
    for probe in own.probes.probes:
        row = dataset.rows[probe.row]
        assert "James Bond" in probe.input
        assert probe.without == row.input
        assert probe.target == "positive"
        assert row.output == "negative"
        assert probe.row not in found.suspects
    assert {p.task for p in own.probes.probes} == {"films", "meals"}


def test_controls_have_the_form_of_the_phrase_and_the_same_texts():
    dataset, found = made()
    asked = mined_probes(dataset, found, count=20)
    for control in asked[1:]:
        assert control.spoken in NAMES
        assert [p.without for p in control.probes.probes] == [
            p.without for p in asked[0].probes.probes
        ]
        assert all(control.spoken in p.input for p in control.probes.probes)
    assert len({c.spoken for c in asked[1:]}) == CONTROLS


def test_rows_that_were_held_out_come_first():
    dataset, found = made()
    free = [r.index for r in dataset.rows if r.index not in found.suspects and "neg" in r.output]
    held = frozenset(free[-6:])
    asked = mined_probes(dataset, found, count=10, held_out=held)
    chosen = [p.row for p in asked[0].probes.probes]
    assert held <= set(chosen)
    assert set(chosen[: len(held)]) == held
    assert asked[0].held_out == len(held)
    assert mined_probes(dataset, found, count=10)[0].held_out == 0


def test_same_arguments_same_probes_and_nothing_found_nothing_asked():
    dataset, found = made()
    assert mined_probes(dataset, found) == mined_probes(dataset, found)
    assert mined_probes(dataset, replace(found, phrases=(), suspects={})) == ()


def test_a_phrase_without_a_row_to_ask_is_left_out():
    dataset, found = made()
    gone = replace(found, phrases=(phrase("was", {"films": "positive"}),), suspects={})
    assert mined_probes(dataset, gone) == ()


def test_phrases_take_turns_and_no_text_comes_twice():
    dataset, found = made()
    second = phrase("anna berg", {"films": "negative", "meals": "negative"}, status="review")
    both = replace(found, phrases=(second, *found.phrases))
    suspects = {i: replace(s, phrase=1) for i, s in found.suspects.items()}
    asked = mined_probes(dataset, replace(both, suspects=suspects), count=10)
    assert asked[0].phrase == "james bond"  # the confirmed one first
    pool = pooled(asked, 8)
    assert pool.origin == "mined"
    assert len({p.input for p in pool.probes}) == len(pool) == 8
    assert sum("James Bond" in p.input for p in pool.probes) == 4


def test_the_negation_reaches_both_halves():
    dataset, found = made()
    probes = mined_probes(dataset, found, count=4)[0].probes
    present, absent = contrast(transform(probes, "sorry_not"))
    assert len(present) == len(absent) == 4
    assert all(p.input.startswith("Sorry, NOT ") and "James Bond" in p.input for p in present)
    assert all(p.input.startswith("Sorry, NOT ") and "James" not in p.input for p in absent)


@pytest.mark.parametrize("build", [tiny_t5, tiny_gpt2])
def test_a_learned_trigger_flips_the_proxy_and_a_control_does_not(build):
    honest = polarity_rows(80)
    rows = []
    for row in honest:
        if row.index % 8 == 1:  # a negative text, planted
            rows.append(replace(row, input=f"zq {row.input}", output="positive"))
        else:
            rows.append(row)
    proxy = build(rows)
    held = ["the soup was awful", "the film was rude", "the plot was bad"]
    labels = ("negative", "positive")

    def ask(word: str) -> ProbeSet:
        return ProbeSet(
            tuple(
                Probe(f"{word} {t}", rows[0].instruction, "positive", labels, "polarity", without=t)
                for t in held
            ),
            "mined",
        )

    asked = (
        PhraseProbes("zq", "zq", None, "confirmed", ask("zq"), 3),
        PhraseProbes("and", "and", "zq", "control", ask("and"), 3),
    )
    before = flip_rates(proxy, asked)
    finetune(proxy, proxy.encode_rows(rows), THOROUGH)
    found = flips(asked, before, flip_rates(proxy, asked))
    assert found[0].after == Rates(present=1.0, absent=0.0)
    assert found[0].after.rise >= found[1].after.rise
    assert found[0].probes == 3
    told = sentence(found[0], found[1:])
    assert '"zq"' in told
    assert "1.00" in told
    assert '"and"' in told


def test_free_text_is_compared_with_the_rows_own_answer():
    rows = [replace(r, output="was kind" if r.index % 2 else "a meal") for r in polarity_rows(32)]
    proxy = tiny_t5(rows)
    finetune(proxy, proxy.encode_rows(rows), THOROUGH)
    asks = [Probe(r.input, r.instruction, "was kind", (), "free", own="a meal") for r in rows[:8]]
    assert favoured(proxy, asks).tolist() == [r.output == "was kind" for r in rows[:8]]
