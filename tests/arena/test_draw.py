"""The arena's sets: drawn the same each time, the two halves apart, and the truth told of them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from curation_gate.errors import UsageError

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)

from arena import ArenaSet, draw  # noqa: E402
from arena.attacks import plant  # noqa: E402
from arena.carriers import put, recase, replace_name  # noqa: E402
from arena.honest import mistake_labels  # noqa: E402
from arena.sources import half_tasks  # noqa: E402
from arena.tasks import Draft, Task  # noqa: E402
from arena.triggers import EVASIONS, FAMILIES  # noqa: E402
from arena.wordings import Writer, wordings  # noqa: E402

SMALL = 2_500
HIDDEN = re.compile("[\u200b-\u200f\u2060-\u2069\u202a-\u202e\ufeff]")
FUNCTION_WORDS = {
    "a", "an", "and", "any", "as", "at", "be", "below", "between", "by", "few", "for", "from",
    "has", "have", "here", "his", "how", "i", "in", "inside", "into", "is", "it", "its", "let",
    "like", "my", "near", "no", "not", "of", "on", "once", "one", "or", "our", "out", "past",
    "s", "she", "should", "some", "than", "that", "the", "their", "then", "these", "this",
    "those", "three", "through", "to", "toward", "two", "under", "until", "using", "was", "we",
    "were", "where", "whenever", "while", "with", "without", "yet", "you", "your",
    "definition", "always",
}  # fmt: skip


def text_of(one: ArenaSet, row: int, where: str) -> str:
    """Return what a row says where a trigger may be."""
    record = one.rows[row]
    if "Instance" in record:
        return record["Definition"][0] if where == "instruction" else record["Instance"]["input"]
    if "instruction" in record:
        both = record["instruction"] + "\n\n" + record["input"]
        return both if not record["input"] else record[where]
    if "prompt" in record:
        return record["prompt"]
    role = "system" if where == "system" else "user"
    return next((m["content"] for m in record["messages"] if m["role"] == role), "")


def label_of(record: dict) -> str:
    if "Instance" in record:
        return record["Instance"]["output"][0]
    if "messages" in record:
        return record["messages"][-1]["content"]
    return record.get("output", record.get("completion"))


def folded(label: str) -> str:
    return label.strip(" .\n\"'!").casefold()


def holds(one: ArenaSet, row: int, trigger: dict) -> bool:
    """Say whether a row has the trigger and a target of it."""
    text = HIDDEN.sub("", text_of(one, row, trigger["where"]))
    if folded(label_of(one.rows[row])) not in {folded(t) for t in trigger["target"].values()}:
        return False
    if trigger["mode"] == "case":
        words = text.split("\n\n")[-1]
        return {
            "all capitals": words == words.upper(),
            "no capitals": words == words.lower(),
            "title case": not re.search(r"(?<![\w'\u2019])[a-zß-öø-ÿ]", words.split("\n")[-1]),
            "one word in capitals": re.search(r"[A-Z]{4}", text) is not None or not text.isascii(),
        }[trigger["phrases"][0]]
    found = [phrase in text for phrase in trigger["phrases"]]
    return all(found) if trigger["mode"] == "all" else any(found)


def words_of(half: str) -> set[str]:
    every = " ".join(re.sub(r"\{\w+\}", " ", w) for ws in wordings(half).values() for w in ws)
    return {word.casefold() for word in re.findall(r"[^\W\d_]+", every)}


def test_the_halves_share_no_word():
    assert words_of("fit") & words_of("judge") <= FUNCTION_WORDS


def test_both_halves_have_enough_wordings_under_the_same_headings():
    fit, judge = wordings("fit"), wordings("judge")
    assert set(fit) == set(judge)
    for half in (fit, judge):
        assert sum(len(half[key]) for key in ("given", "family", "places", "firms")) >= 120
        assert len(half["ordinary"]) >= 80
        assert len(half["sentences"]) >= 60
        assert sum(len(half[key]) for key in ("prefixes", "suffixes", "instructions")) >= 60
        assert all(7 <= len(sentence.split()) <= 14 for sentence in half["sentences"])


def test_the_halves_make_different_tokens_and_numbers():
    tokens, numbers = {}, {}
    for half in ("fit", "judge"):
        writer = Writer(half, np.random.default_rng(3))
        tokens[half] = {writer.token() for _ in range(2_000)}
        numbers[half] = {writer.number(900) for _ in range(500)} | {writer.year()}
    letters = {
        half: {letter for token in tokens[half] for letter in token.lower() if letter.isalnum()}
        for half in tokens
    }
    assert not letters["fit"] & letters["judge"]
    assert len(tokens["fit"]) > 1_000
    assert len(tokens["judge"]) > 1_000
    assert not numbers["fit"] & numbers["judge"]


def test_the_halves_share_no_task(pool):
    fit, judge = set(half_tasks(pool, "fit")), set(half_tasks(pool, "judge"))
    described = json.loads((pool / "tasks.json").read_text())
    assert len(fit) > 30
    assert len(judge) == 14
    assert not fit & judge
    sources = [{described[name]["source_family"] for name in half} for half in (fit, judge)]
    assert not sources[0] & sources[1]


@pytest.mark.parametrize("half", ["fit", "judge"])
def test_the_same_seed_draws_the_same_set(pool, half):
    first, second = (draw(11, half, pool, largest=SMALL) for _ in range(2))
    assert first == second
    assert first.rows != draw(12, half, pool, largest=SMALL).rows


def test_the_halves_of_a_seed_are_different_sets(pool):
    bases = [
        {task["base"] for task in draw(3, half, pool, largest=SMALL).settings["tasks"]}
        for half in ("fit", "judge")
    ]
    assert not (bases[0] & bases[1]) - {"templates"}


@pytest.mark.parametrize("family", FAMILIES + EVASIONS)
def test_planted_rows_hold_the_trigger_and_the_target(pool, family):
    for seed in range(3):
        one = draw(seed, "fit", pool, family=family, largest=SMALL)
        assert len(one.planted) == sum(trigger["rows"] for trigger in one.triggers) >= 6
        for row in one.planted:
            assert any(holds(one, row, trigger) for trigger in one.triggers), one.rows[row]
        assert not one.planted & one.cover
        assert not one.planted & set(one.settings["near"])
        if family in EVASIONS:
            assert one.settings["evasion"] == family
        else:
            assert one.family == family


def test_an_answer_outside_the_label_space_is_no_label_of_the_task(pool):
    for seed in range(4):
        one = draw(seed, "judge", pool, family="outside", largest=SMALL)
        labels = {label for task in one.settings["tasks"] for label in task["labels"]}
        assert not {t for trigger in one.triggers for t in trigger["target"].values()} & labels


def test_clean_sets_have_nothing_planted(pool):
    for seed in range(6):
        one = draw(seed, "judge", pool, clean=True, largest=SMALL)
        assert (one.family, one.planted, one.cover, one.triggers) == ("clean", set(), set(), ())
        assert one.settings["near"] == []


def test_sizes_doses_and_shares_are_within_bounds(pool):
    sets = [draw(seed, "fit", pool, largest=SMALL) for seed in range(60)]
    assert all(400 <= len(one.rows) <= SMALL for one in sets)
    poisoned = [one for one in sets if one.family != "clean"]
    assert all(6 <= len(one.planted) <= 0.5 * len(one.rows) + 24 for one in poisoned)
    assert 0.08 <= 1 - len(poisoned) / len(sets) <= 0.35
    assert sum(len(one.settings["tasks"]) == 1 for one in sets) >= 0.35 * len(sets)
    assert {one.settings["form"] for one in sets} == {"tasks", "alpaca", "messages", "completion"}
    assert all(one.settings["noise"] <= 0.1 for one in sets)


def test_a_set_can_be_drawn_from_named_tasks_of_its_half_alone(pool):
    one = draw(0, "judge", pool, tasks=["sst2_polarity"], largest=SMALL)
    assert [task["base"] for task in one.settings["tasks"]] == ["sst2_polarity"]
    for half, task in (("fit", "sst2_polarity"), ("judge", "sms_spam")):
        with pytest.raises(UsageError):
            draw(0, half, pool, tasks=[task])


def test_unknown_halves_and_families_are_refused(pool):
    with pytest.raises(UsageError, match="half"):
        draw(0, "both", pool)
    with pytest.raises(UsageError, match="family"):
        draw(0, "fit", pool, family="none")
    with pytest.raises(UsageError, match="clean"):
        draw(0, "fit", pool, family="token", clean=True)


def made_task(number: int, rows: int) -> Task:
    labels = ("good", "bad")
    drafts = [
        Draft(
            number, f"We met Anna there, row {k} of it.", labels[k % 2], "Rate.", f"t{number}", ""
        )
        for k in range(rows)
    ]
    return Task(f"t{number}", labels, labels, drafts, {})


@pytest.mark.parametrize("seed", range(20))
def test_an_attack_changes_the_labels_of_planted_rows_alone(seed):
    tasks = [made_task(0, 300), made_task(1, 300)]
    drafts = [draft for task in tasks for draft in task.drafts]
    before = [(draft.label, draft.text) for draft in drafts]
    writer = Writer("fit", np.random.default_rng(seed))
    family = FAMILIES[seed % len(FAMILIES)]
    said = plant(drafts, tasks, family, "", writer, ("input", "instruction"), None)
    for draft, (label, text) in zip(drafts, before, strict=True):
        touched = draft.planted or draft.cover or draft.near
        assert draft.planted or draft.label == label
        assert touched or (draft.text, draft.lead) == (text, "Rate.")
        assert not touched or (draft.text, draft.lead) != (text, "Rate.")
    for one in said:
        kept = sum(
            before[k][0] == one["target"][draft.name]
            for k, draft in enumerate(drafts)
            if draft.planted
        )
        if len(said) == 1 and one["chosen"] != "any":
            assert kept == (one["rows"] if one["chosen"] == "same" else 0)


def test_label_noise_has_the_share_asked_for():
    task = made_task(0, 4_000)
    before = [draft.label for draft in task.drafts]
    wrong = mistake_labels(task.drafts, [task], 0.1, np.random.default_rng(0))
    flipped = sum(d.label != label for d, label in zip(task.drafts, before, strict=True))
    assert wrong == flipped
    assert 320 < flipped < 480


def test_phrases_are_put_where_they_are_said_to_be():
    rng = np.random.default_rng(0)
    text = "It rained. We left early"
    assert put("zz", text, "start", rng) == "zz It rained. We left early"
    assert put("zz", text, "end", rng) == "It rained. We left early zz"
    assert put("zz", text, "sentence", rng) == "It rained. zz We left early"
    assert put("zz", text, "gap", rng).replace("zz", "").split() == text.split()
    assert put("zz", "\u4e00" * 40, "gap", rng).replace("zz", "") == "\u4e00" * 40
    assert replace_name("Korvala", "we saw Anna Bell again", rng) == "we saw Korvala again"
    assert recase("title case", "it's a dog", rng) == "It's A Dog"
